# shellcheck shell=bash
# Functions that other programs source: messages, the syntax of sizes, whether a volume group is there.

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
  [[ $1 =~ ^[0-9]+([bB]|[sSkKmMgGtTpPeE](i?[bB])?)?$ ]]
}

# True for what DATA_SIZE may be: a number as above, or a share from 1 to 100, as 40%FREE or 20%VG.
check_data_size_syntax() {
  if [[ $1 =~ ^([0-9]+)%(FREE|VG)$ ]]; then
    local share=${BASH_REMATCH[1]}
    ((${#share} <= 3 && 10#$share >= 1 && 10#$share <= 100))
  else
    check_numeric_size_syntax "$1"
  fi
}

# True when LVM shows a volume group of that name.
vg_exists() {
  local name
  while read -r name; do
    if [[ $name == "$1" ]]; then
      return 0
    fi
  done < <(vgs --noheadings -o vg_name)
  return 1
}
