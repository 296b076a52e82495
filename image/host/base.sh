#!/usr/bin/env bash
# The base of the host: Debian packages as an OSTree tree, without anything of the agent.
# In:  packages.list, base/ (files laid over the tree before packages configure themselves).
# Out: target/guest/tree, ref atomic/12/x86_64/base in target/guest/repo. Nothing, when the inputs did not change.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need_root

hash=$(hash_of $host/packages.list $host/base $host/base.sh $host/lib.sh)
if fresh base "$hash" && [ -d "$repo" ] && [ -d "$tree" ]; then exit 0; fi
say "base tree (about two minutes)"

packages=$(sed -e 's/#.*//' -e 's/ *$//' -e '/^$/d' $host/packages.list | paste -sd,)
rm -rf "$tree" "$out/base.hash"
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --essential-hook="cp -r --preserve=mode $host/base/. \"\$1\"" \
    --essential-hook='find "$1/usr/share/initramfs-tools" -path "*/hooks/*" -o -path "*/local-bottom/*" -o -path "*/local-block/*" | xargs chmod 755' \
    --customize-hook='cd "$1" && rm -f boot/initrd.img-*.old' \
    --customize-hook='chroot "$1" sh -c "cd /tmp && apt-get -q download grub-common && dpkg-deb --fsys-tarfile grub-common_*.deb | tar -C / -x ./usr/bin/grub-editenv && rm grub-common_*"' \
    bookworm "$tree" >&2

cd "$tree"
# Kernel and initramfs where OSTree looks for them.
kernel=$(basename boot/vmlinuz-* | sed s/^vmlinuz-//)
mv "boot/vmlinuz-$kernel" "usr/lib/modules/$kernel/vmlinuz"
mv "boot/initrd.img-$kernel" "usr/lib/modules/$kernel/initramfs.img"
rm -rf boot vmlinuz* initrd.img*

# Services the appliance starts on demand, or has no use for.
systemctl --root=. --quiet disable apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer podman-auto-update.timer podman-auto-update.service podman-restart.service podman.socket podman.service \
    containerd.service getty@tty1.service lvm2-lvmpolld.socket 2>/dev/null || true
systemctl --root=. --quiet enable systemd-networkd.service
systemctl --root=. --quiet mask serial-getty@ttyS0.service 2>/dev/null

# A machine's own identity is not the image's.
rm -f etc/ssh/ssh_host_*_key* etc/resolv.conf etc/hostname
: >etc/machine-id
: >etc/fstab

# /var is the machine's: keep the package database in /usr, let tmpfiles make the directories again.
mv var/lib/dpkg usr/share/dpkg-db
rm -rf var/cache/* var/lib/{apt,ucf,python} var/lib/systemd/deb-* var/log/* var/{backups,mail,opt,local} run/*
install -d usr/lib/tmpfiles.d
{
    echo 'L /var/lib/dpkg - - - - ../../usr/share/dpkg-db'
    for dir in home srv opt mnt usrlocal; do echo "d /var/$dir 0755 root root -"; done
    echo 'd /var/roothome 0700 root root -'
    echo 'd /run/media 0755 root root -'
    find var -mindepth 1 -type d -printf 'd "/%p" %#m %U %G -\n' | LC_ALL=C sort
} >usr/lib/tmpfiles.d/00-atomic-var.conf
rm -rf var home srv opt mnt root media usr/local usr/lib/tmpfiles.d/home.conf usr/lib/tmpfiles.d/provision.conf
mkdir -p boot var sysroot
for dir in home srv opt mnt; do ln -s "var/$dir" "$dir"; done
ln -s var/roothome root
ln -s run/media media
ln -s ../var/usrlocal usr/local
ln -s sysroot/ostree ostree
find dev -mindepth 1 -delete
mv etc usr/etc
cd "$top"

[ -d "$repo" ] || ostree --repo="$repo" init --mode=bare
ostree --repo="$repo" commit -b $branch/base --tree=dir="$tree" --bootable \
    --subject="base $hash" --add-metadata-string=version=12.base >/dev/null
mark base "$hash"
say "base tree: $(du -sh "$tree" | cut -f1), $kernel"
