#!/bin/sh
# The files of a container image: Debian packages, unpacked and not configured, and the recipe's own files over them.
# In:  RECIPE/packages.list, RECIPE/files/ (there or not); root. Out: the directory TREE, made new.
set -eu
recipe=$1 tree=$2

packages=$(sed -e 's/#.*//' -e 's/ *$//' -e '/^$/d' "$recipe/packages.list" | paste -sd,)
rm -rf "$tree"
mmdebstrap --quiet --mode=root --variant=extract --include="$packages" --aptopt='APT::Install-Recommends "false"' bookworm "$tree"
[ ! -d "$recipe/files" ] || cp -rT --preserve=mode "$recipe/files" "$tree"

cd "$tree"
# Nothing is installed in an image: no package database, no services, no manuals; licences stay.
rm -rf var/lib/apt var/lib/dpkg var/cache var/log etc/apt etc/init.d etc/logrotate.d etc/default lib/systemd usr/lib/systemd
rm -rf usr/share/man usr/share/info usr/share/locale usr/share/lintian usr/share/bug usr/share/doc-base usr/share/initramfs-tools
rm -rf usr/lib/*/gconv etc/logcheck etc/dpkg dev
# Of the computer that made it.
rm -f etc/resolv.conf etc/hostname etc/fstab
find usr/share/doc ! -type d ! -name copyright -delete
# busybox is all the shell there is.
[ ! -x bin/busybox ] || for applet in cat cp ls mkdir mv rm sh sleep; do [ -e "bin/$applet" ] || ln -s busybox "bin/$applet"; done
mkdir -p dev etc proc run sys tmp var
chmod 1777 tmp
find . -mindepth 1 -type d -empty -path './usr/*' -delete
