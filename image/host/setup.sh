#!/usr/bin/env bash
# Installs what building the workspace and making and running the guest need.
# In:  a Debian machine with Rust, gcc, python3 and git; root, or sudo.
# Out: the packages of the table below. Changes nothing, and starts no apt, when all are there.
set -euo pipefail

# package | what needs it
table='
pkg-config        | crates ostree and devicemapper find their C libraries with it
libostree-dev     | crate image: OSTree
liblvm2-dev       | crate lvm2-sys: lvm2cmd.h
libdevmapper-dev  | crate devicemapper
libclang-dev      | bindgen reads C headers with it
dbus-daemon       | tests talk to the D-Bus service on a private bus
gpg               | tests sign commits
gpg-agent         | tests sign commits
mmdebstrap        | guest: the Debian tree
ostree            | guest: commits and the first deployment
lvm2              | guest: volume group on the image, without device-mapper
fdisk             | guest: partition table (sfdisk)
systemd           | guest: systemctl --root enables units
mount             | guest: loop devices
e2fsprogs         | guest: file system of /boot
xfsprogs          | guest: root file system
grub-common       | guest: grub-mkimage, grub-editenv
grub-pc-bin       | guest: GRUB modules for BIOS
qemu-system-x86   | guest: the machine itself
qemu-utils        | guest: qemu-img
openssh-client    | guest: make ssh
socat             | guest: connections to the registry and the log server beside it
'

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

command -v dpkg-query >/dev/null || { echo "setup: this is for Debian; install by hand:$table" >&2; exit 1; }

missing=()
while IFS='|' read -r package _; do
    package=${package// /}
    [ -z "$package" ] || installed "$package" || missing+=("$package")
done <<<"$table"
[ ${#missing[@]} -gt 0 ] || exit 0

echo "setup: installing ${missing[*]}"
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "setup: neither root nor sudo; ask an administrator to install: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -q update

# A qemu-utils from backports breaks the release's qemu-system: both come from one version, in one call.
qemu=$(apt-cache policy qemu-system-x86 | sed -n 's/^  Candidate: //p')
wanted=("${missing[@]/%qemu-system-x86/qemu-system-x86=$qemu}")
wanted=("${wanted[@]/%qemu-utils/qemu-utils=$qemu}")
case " ${missing[*]} " in *" qemu-system-x86 "*) installed qemu-utils && wanted+=("qemu-utils=$qemu") ;; esac
"${as_root[@]}" apt-get -q install --yes --no-install-recommends --allow-downgrades "${wanted[@]}"
