#!/usr/bin/env bash
# The disk of a fresh machine, never booted.
# In:  ref .../host; options --vg NAME (volume group, default atomicos) or --plain (root without LVM).
# Out: target/guest/disk-LABEL.qcow2, LABEL being default, vg-NAME or plain; target/guest/ssh/id_ed25519.
# Loop devices by offset and LVM metadata written without device-mapper: no kernel module is needed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

vg=atomicos
label=default
while [ $# -gt 0 ]; do
    case $1 in
        --vg) vg=$2; [ "$vg" = atomicos ] || label=vg-$vg; shift 2 ;;
        --plain) label=plain; shift ;;
        *) die "disk.sh: unknown option $1" ;;
    esac
done
need_root

hash=$(ostree --repo="$repo" rev-parse $branch/host)-$(hash_of $host/disk.sh $host/grub.cfg)
if fresh "disk-$label" "$hash" && [ -f "$out/disk-$label.qcow2" ]; then exit 0; fi
say "disk $label"

work=$(mktemp -d "$out/disk.XXXXXX")
loops=()
finish() {
    umount -q "$work/m/boot" 2>/dev/null || true
    umount -q "$work/m" 2>/dev/null || true
    for loop in "${loops[@]}"; do losetup -d "$loop" || true; done
    rm -rf --one-file-system "$work"
}
trap finish EXIT

mib=1048576
boot_at=$mib boot_size=$((512 * mib))
root_at=$((boot_at + boot_size))
raw=$work/disk.raw
truncate -s 16G "$raw"
loop() { # sets $dev; OFFSET SIZE
    dev=$(losetup -f --show -o "$1" ${2:+--sizelimit "$2"} "$raw")
    loops+=("$dev")
}

partition() {
    local rest='type=8e'
    [ $label != plain ] || rest='type=83,size=4G'
    sfdisk -q "$raw" <<TABLE
label: dos
start=2048,size=512M,type=83,bootable
$rest
TABLE
}

# Volume group with a 3 GiB root at its very start. Sets $root_at and $root_size to where its data is.
volume_group() {
    local config='global{use_lvmpolld=0 event_activation=0} activation{monitoring=0 udev_sync=0 udev_rules=0}
        backup{backup=0 archive=0} devices{obtain_device_list_from_udev=0 external_device_info_source="none" use_devicesfile=0'
    loop "$root_at" ""
    config+=" filter=[\"a|^$dev\$|\",\"r|.*|\"]}"
    lvm_offline() { LVM_SUPPRESS_FD_WARNINGS=1 lvm "$1" -qq --driverloaded n --config "$config" "${@:2}" 2>"$work/lvm.log" || { cat "$work/lvm.log" >&2; return 1; }; }
    lvm_offline pvcreate "$dev" >/dev/null
    lvm_offline vgcreate "$vg" "$dev" >/dev/null
    lvm_offline lvcreate -an -Zn -Wn --yes -n root -L 3g "$vg" >/dev/null
    [ "$(lvm_offline lvs --noheadings -o seg_pe_ranges "$vg/root" | tr -d ' ')" = "$dev:0-767" ] ||
        die "the root volume is not at the start of its group"
    root_at=$((root_at + mib)) root_size=$((3072 * mib))
}

# GRUB with its configuration inside, in front of OSTree's syslinux entries.
bootloader() {
    local m=$1 modules=/usr/lib/grub/i386-pc
    mkdir -p "$work/memdisk/boot/grub" "$m/boot/grub"
    cp $host/grub.cfg "$work/memdisk/boot/grub/"
    tar -C "$work/memdisk" --owner=0 --group=0 --mtime=@0 -cf "$work/memdisk.tar" boot
    grub-mkimage -O i386-pc -o "$work/core.img" -m "$work/memdisk.tar" -p '(memdisk)/boot/grub' \
        memdisk tar biosdisk part_msdos ext2 normal configfile serial terminal echo linux linux16 syslinuxcfg test \
        loadenv sleep search search_label minicmd ls cat reboot boot
    [ "$(stat -c %s "$work/core.img")" -lt $((boot_at - 512)) ] || die "GRUB does not fit before the first partition"
    dd if=$modules/boot.img of="$raw" bs=440 count=1 conv=notrunc status=none
    dd if="$work/core.img" of="$raw" bs=512 seek=1 conv=notrunc status=none
    grub-editenv "$m/boot/grub/grubenv" create
}

# Sysroot with one deployment, whose entries go through the syslinux backend.
deployment() {
    local m=$1 root=$2
    ostree admin init-fs --modern "$m"
    ln -s . "$m/boot/boot"              # entries name /boot/ostree/...
    ostree admin os-init atomicos --sysroot="$m" >/dev/null
    ostree --repo="$m/ostree/repo" config set sysroot.readonly true
    mkdir -p "$m/boot/syslinux" "$m/boot/loader.0"
    ln -s loader.0 "$m/boot/loader"
    printf 'PROMPT 0\nTIMEOUT 50\nSERIAL 0 115200\n' >"$m/boot/loader.0/syslinux.cfg"
    ln -s ../loader/syslinux.cfg "$m/boot/syslinux/syslinux.cfg"     # its being there selects the backend
    ostree --repo="$m/ostree/repo" remote add --no-gpg-verify edge http://10.0.2.9:8123/ $branch/host
    ostree --repo="$m/ostree/repo" pull-local --remote=edge "$repo" $branch/host >/dev/null
    ostree admin deploy --sysroot="$m" --os=atomicos --karg=root="$root" --karg=rw --karg=console=ttyS0 --karg=quiet \
        --karg=panic=10 --karg=cryptomgr.notests --karg=mitigations=off edge:$branch/host >/dev/null
}

# What cloud-init would bring: the key, and the name server of the emulated network.
identity() {
    local stateroot=$1/ostree/deploy/atomicos deployed
    [ -f "$out/ssh/id_ed25519" ] || { mkdir -p "$out/ssh"; ssh-keygen -q -t ed25519 -N '' -C guest -f "$out/ssh/id_ed25519"; }
    install -d -m 700 "$stateroot/var/roothome" "$stateroot/var/roothome/.ssh"
    install -m 600 "$out/ssh/id_ed25519.pub" "$stateroot/var/roothome/.ssh/authorized_keys"
    for deployed in "$stateroot"/deploy/*.0; do echo 'nameserver 10.0.2.3' >"$deployed/etc/resolv.conf"; done
}

partition
loop $boot_at $boot_size
boot_dev=$dev
mkfs.ext4 -q -L boot -O ^64bit,^metadata_csum "$boot_dev"
root=/dev/mapper/${vg//-/--}-root root_size=$((4096 * mib))
[ $label = plain ] || volume_group
loop "$root_at" "$root_size"
mkfs.xfs -q "$dev"
[ $label != plain ] || root=UUID=$(blkid -p -s UUID -o value "$dev")
mkdir "$work/m"
mount "$dev" "$work/m"
mkdir "$work/m/boot"
mount "$boot_dev" "$work/m/boot"
deployment "$work/m" "$root"
bootloader "$work/m"
identity "$work/m"
umount "$work/m/boot" "$work/m"

qemu-img convert -O qcow2 "$raw" "$work/disk.qcow2"
mv "$work/disk.qcow2" "$out/disk-$label.qcow2"
[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID" "$out/ssh" "$out/disk-$label.qcow2"
mark "disk-$label" "$hash"
