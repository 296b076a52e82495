# Shared by the recipe's scripts; sourced, never run.
# In:  the source tree around it. Out: the names below, and small functions.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
host=image/host                         # the recipe, seen from $top
out=$top/target/guest                   # everything that is made
tree=$out/tree                          # the Debian tree as a directory
repo=$out/repo                          # bare OSTree repository
branch=atomic/12/x86_64
umask 022
mkdir -p "$out"
cd "$top" || exit 1

say() { printf 'image: %s\n' "$*" >&2; }
die() { printf 'image: %s\n' "$*" >&2; exit 1; }

# Hash of the contents and names of files and directories, given relative to $top.
hash_of() { find "$@" \( -type f -o -type l \) -print0 | LC_ALL=C sort -z | tar --null -T - -c --mtime=@0 --owner=0 --group=0 --mode=0 --numeric-owner 2>/dev/null | sha256sum | cut -c1-16; }

# fresh NAME HASH: is NAME already made from exactly this?
fresh() { [ "$(cat "$out/$1.hash" 2>/dev/null)" = "$2" ]; }
mark() { printf '%s\n' "$2" >"$out/$1.hash"; }

need_root() { [ "$(id -u)" = 0 ] || die "making the image needs root: it writes a file tree with its owners"; }
