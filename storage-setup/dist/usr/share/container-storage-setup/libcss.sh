# shellcheck shell=dash
# Functions that other programs source, with bash or any sh: messages, the syntax of sizes, whether a volume group is there.

# Messages go to standard error: standard output belongs to results.
Info() {
  printf 'INFO: %s\n' "$1" >&2
}

Error() {
  printf 'ERROR: %s\n' "$1" >&2
}

# Says what is wrong and ends the program.
Fatal() {
  Error "$1"
  exit 1
}

# True for a number with or without a unit: 10, 10b, 10K, 10GB, 10GiB.
check_numeric_size_syntax() {
  case $1 in
  [0-9]*) ;;
  *) return 1 ;;
  esac
  case ${1#"${1%%[!0-9]*}"} in
  '' | [bB] | [sSkKmMgGtTpPeE] | [sSkKmMgGtTpPeE][bB] | [sSkKmMgGtTpPeE]i[bB]) return 0 ;;
  *) return 1 ;;
  esac
}

# True for what DATA_SIZE may be: a number as above, or a share from 1 to 100, as 40%FREE or 20%VG.
check_data_size_syntax() {
  case $1 in
  *%FREE | *%VG) ;;
  *)
    check_numeric_size_syntax "$1"
    return
    ;;
  esac
  case ${1%\%*} in
  [0-9] | [0-9][0-9] | [0-9][0-9][0-9]) [ "${1%\%*}" -ge 1 ] && [ "${1%\%*}" -le 100 ] ;;
  *) return 1 ;;
  esac
}

# True when LVM shows a volume group of that name.
vg_exists() {
  local name
  for name in $(vgs --noheadings -o vg_name); do
    if [ "$name" = "$1" ]; then
      return 0
    fi
  done
  return 1
}
