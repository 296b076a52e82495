#!/usr/bin/env bash
# The host as a server has it: an archive repository with the newest commit of the branch.
# In:  ref .../host.
# Out: target/guest/archive. Nothing, when it has that commit already.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need_root

commit=$(ostree --repo="$repo" rev-parse $branch/host)
if fresh archive "$commit" && [ -d "$out/archive" ]; then exit 0; fi
say "archive repository"
rm -rf "$out/archive" "$out/archive.new"
ostree --repo="$out/archive.new" init --mode=archive
ostree --repo="$out/archive.new" pull-local --depth=0 "$repo" $branch/host >/dev/null
[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID" "$out/archive.new"
mv "$out/archive.new" "$out/archive"
mark archive "$commit"
