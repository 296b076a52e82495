#!/usr/bin/env bash
# The host: the base, with the agent and the appliance's own files over it.
# In:  ref .../base; agent/dist/ and storage-setup/dist/ (laid out as on the host); overlay/; the built binaries in target/$PROFILE.
# Out: ref atomic/12/x86_64/host in target/guest/repo. Nothing, when the same files were committed last.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need_root

# binary | where it goes
binaries='
atomic            usr/bin
atomic-hostd      usr/libexec/atomic-host
storage-worker    usr/libexec/atomic-host
image-worker      usr/libexec/atomic-host
container-runner  usr/libexec/atomic-host
'
built=$top/target/${PROFILE:-debug}
dist=agent/dist
over=$out/overlay

# Files of $1 into the overlay, text without an execute bit; /etc is OSTree's default /usr/etc.
lay() {
    [ ! -d "$1/var" ] || die "$1/var: /var is the machine's; use tmpfiles.d"
    cp -rT --no-preserve=ownership,mode "$1" "$over"
    [ ! -d "$over/etc" ] || { mkdir -p "$over/usr/etc"; cp -rT "$over/etc" "$over/usr/etc"; rm -r "$over/etc"; }
}

# What the presets enable, as links in /usr/etc: presets alone count only on a first boot without /etc.
enable_units() {
    local scratch=$out/enable unit
    rm -rf "$scratch"
    mkdir -p "$scratch/usr/lib/systemd"
    cp -r "$tree/usr/lib/systemd/system" "$scratch/usr/lib/systemd/"
    cp -rT "$over/usr/lib/systemd/system" "$scratch/usr/lib/systemd/system"
    sed -n 's/^enable  *//p' "$over"/usr/lib/systemd/system-preset/*.preset | while read -r unit; do
        systemctl --root="$scratch" --quiet enable "$unit" || die "preset enables $unit, which cannot be enabled"
    done
    mkdir -p "$over/usr/etc/systemd"
    cp -r --no-preserve=ownership "$scratch/etc/systemd/system" "$over/usr/etc/systemd/"
    rm -rf "$scratch"
}

rm -rf "$over"
mkdir -p "$over"
lay $dist
lay storage-setup/dist
lay $host/overlay
while read -r name where; do
    [ -n "$name" ] || continue
    [ -x "$built/$name" ] || die "no $built/$name: build the workspace first"
    mkdir -p "$over/$where"
    strip -o "$over/$where/$name" "$built/$name"
done <<<"$binaries"
for dir in bin sbin libexec; do
    [ ! -d "$over/usr/$dir" ] || find "$over/usr/$dir" -type f -exec chmod 755 {} +
done
chmod 755 "$over/usr/share/container-storage-setup/css-child-read-write"
enable_units

hash=$(cat "$out/base.hash")-$(hash_of "${over#"$top/"}" $host/host.sh)
if fresh host "$hash"; then exit 0; fi
last=$(ostree --repo="$repo" show --print-metadata-key=version $branch/host 2>/dev/null | tr -d "'" || true)
version=12.$((${last#12.} + 1))
ostree --repo="$repo" commit -b $branch/host --tree=ref=$branch/base --tree=dir="$over" --bootable \
    --subject="host $version" --add-metadata-string=version="$version" >/dev/null
ostree --repo="$repo" prune --refs-only --depth=3 >/dev/null
mark host "$hash"
say "host commit $version"
