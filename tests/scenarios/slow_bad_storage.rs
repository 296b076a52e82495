//! Storage that a host cannot have, in the ways that take a while to prepare: each gets its key, exit code 2, and no disk changes.

use anyhow::Result;
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

/// How the host is prepared, what the spec says of storage, and words that its diagnostics must have.
struct Bad {
    name: &'static str,
    prepare: &'static str,
    storage: &'static str,
    says: &'static [&'static str],
}

const BAD: [Bad; 10] = [
    Bad {
        name: "a disk with a holder",
        prepare: "printf '0 2048 linear /dev/vdb 0\\n' | dmsetup create held; udevadm settle",
        storage: "devices = [\"/dev/vdb\"]\n",
        says: &["/etc/atomic-host.toml:3:12", "storage.devices", "in use by held"],
    },
    Bad {
        name: "a disk with a mounted partition",
        prepare: "printf 'label: gpt\\n,\\n' | sfdisk -q /dev/vdc; udevadm settle; mkfs.ext4 -qF /dev/vdc1; mount -o ro,noload /dev/vdc1 /mnt",
        storage: "devices = [\"/dev/vdc\"]\nwipe = []\n",
        says: &["storage.devices", "in use by mounted on /var/mnt, by its partition /dev/vdc1"],
    },
    Bad {
        name: "a partition",
        prepare: "printf 'label: gpt\\n,\\n' | sfdisk -q /dev/vdc; udevadm settle",
        storage: "devices = [\"/dev/vdc1\"]\n",
        says: &["storage.devices", "/dev/vdc1 is a partition"],
    },
    Bad {
        name: "a read-only disk",
        prepare: "blockdev --setro /dev/vdd",
        storage: "devices = [\"/dev/vdd\"]\n",
        says: &["storage.devices", "/dev/vdd is read-only"],
    },
    Bad {
        name: "a disk that is too small",
        prepare: "truncate -s 3M /run/small; losetup /dev/loop7 /run/small; udevadm settle",
        storage: "devices = [\"/dev/loop7\"]\n",
        says: &["storage.devices", "/dev/loop7 has 3 MiB, which is less than one extent"],
    },
    Bad {
        name: "a pool below its minimum",
        prepare: "",
        storage: "[storage.pool]\nsize = \"10%FREE\"\nminimum = \"8G\"\n[storage.volume.a]\nmount = \"/var/a\"\nsize = \"1G\"\n",
        says: &["storage.pool.minimum", "less than its minimum of 8 GiB"],
    },
    Bad {
        name: "metadata above the maximum",
        prepare: "",
        storage: "[storage.pool]\nmetadata = \"16G\"\n[storage.volume.a]\nmount = \"/var/a\"\nsize = \"1G\"\n",
        says: &["/etc/atomic-host.toml:4:12", "storage.pool.metadata", "15.81 GiB"],
    },
    Bad {
        name: "a size that no number holds",
        prepare: "",
        storage: "root-size = \"99999999999999999999G\"\n",
        says: &["/etc/atomic-host.toml:3:13", "storage.root-size", "is more than any disk holds"],
    },
    Bad {
        name: "a name that is a path",
        prepare: "",
        storage: "[storage.volume.\"../../root\"]\nmount = \"/var/a\"\nsize = \"1G\"\n",
        says: &["/etc/atomic-host.toml:3:", "LVM names have only"],
    },
    Bad {
        name: "options that would start something",
        prepare: "",
        storage: "options = [\"overlay2.size=$(reboot)\"]\n",
        says: &["/etc/atomic-host.toml:3:12", "storage.options", "'$'"],
    },
];

const CLEAR: &str = "umount -q /mnt; dmsetup remove held 2>/dev/null; losetup -d /dev/loop7 2>/dev/null; blockdev --setrw /dev/vdd; \
                     for d in vdb vdc vdd; do wipefs -qa /dev/$d; done; udevadm settle";

#[test]
fn each_gets_its_key_and_exit_code_two_and_the_disks_keep_every_byte() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    for bad in &BAD {
        if !bad.prepare.is_empty() {
            guest.check(bad.prepare)?;
        }
        refused(&guest, bad.name, bad.storage, bad.says)?;
        if !bad.prepare.is_empty() {
            guest.check(CLEAR)?;
        }
    }
    Ok(())
}

#[test]
fn a_group_that_lacks_a_disk_is_left_alone_and_so_is_a_disk_that_vanished() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.remove_disk("data2")?;
    let gone = "devices = [\"/dev/disk/by-id/virtio-data2\"]\n";
    refused(&guest, "a disk that vanished", gone, &["/etc/atomic-host.toml:3:12", "there is no /dev/disk/by-id/virtio-data2"])?;

    guest.check("vgextend -qy atomicos /dev/vdb")?;
    guest.remove_disk("data1")?;
    let grown = "root-size = \"4G\"\n[storage.volume.a]\nmount = \"/var/a\"\nsize = \"1G\"\nthin = false\n";
    refused(&guest, "a group without one of its disks", grown, &["storage.volume-group", "atomicos lacks 1 of its physical volumes"])?;
    Ok(())
}

#[test]
fn a_group_that_lvm_does_not_show_keeps_its_disk_though_the_spec_wipes_it() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    // A healthy group with data, none of it active, hidden as a filter of long ago hides it. This one has no pattern that accepts: an
    // alias of the disk that it matched would bring the disk back.
    guest.check(
        "systemctl stop atomic-hostd.service; vgcreate -qy theirs /dev/vdd; lvcreate -qy -l 20 -n data theirs; \
         mkfs.ext4 -qF /dev/theirs/data; udevadm settle; vgchange -qan theirs",
    )?;
    guest.write_file("/etc/lvm/lvmlocal.conf", "devices {\n\tglobal_filter = [ \"r|^/dev/vdd|\" ]\n}\n")?;
    guest.check("! vgs theirs && vgs atomicos && blkid -p -s TYPE -o value /dev/vdd | grep -x LVM2_member")?;
    // Never configured: the spec's word alone would do.
    guest.check("rm -rf /var/lib/atomic-host/generations /var/lib/atomic-host/ledger.jsonl")?;
    guest.check("udevadm settle; sync; sync /dev/vdd")?;
    let before = guest.disk_checksum("data3")?;
    let disk = "\"/dev/disk/by-id/virtio-data3\"";
    guest.write_file(SPEC, format!("[storage]\ndriver = \"overlay2\"\ndevices = [{disk}]\nwipe = [{disk}]\n"))?;
    let says = ["/etc/atomic-host.toml:3:12", "storage.devices", "is in use by LVM, which does not show its group here"];
    product::refused(&guest, "a disk of a hidden group", &says)?;
    guest.check("sync /dev/vdd; ! test -e /var/lib/atomic-host/wiped.json")?;
    assert_eq!(guest.disk_checksum("data3")?, before);
    guest.check("rm /etc/lvm/lvmlocal.conf; vgchange -qay theirs && fsck.ext4 -fn /dev/theirs/data")?;
    Ok(())
}

#[test]
fn a_shell_file_that_would_run_something_is_read_and_not_run() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file("/etc/sysconfig/docker-storage-setup", "STORAGE_DRIVER=overlay2\nDEVS=$(touch /run/ran)\n")?;
    let says = ["/etc/sysconfig/docker-storage-setup:2:1", "this takes a shell", "does not run it"];
    refused_as_it_is(&guest, "a shell file that would run something", "[engine]\nkind = \"docker\"\n", &says)?;
    guest.check("! test -e /run/ran").map(drop)
}

fn refused(guest: &Guest, name: &str, storage: &str, says: &[&str]) -> Result<()> {
    refused_as_it_is(guest, name, &format!("[storage]\ndriver = \"overlay2\"\n{storage}"), says)
}

fn refused_as_it_is(guest: &Guest, name: &str, spec: &str, says: &[&str]) -> Result<()> {
    guest.write_file(SPEC, spec)?;
    let before = state(guest)?;
    product::refused(guest, name, says)?;
    assert_eq!(state(guest)?, before, "{name}: something changed");
    Ok(())
}

/// The data disks byte by byte, a file that stands for one, LVM's metadata on the root disk, and the files that storage writes.
fn state(guest: &Guest) -> Result<Vec<String>> {
    guest.check("sync; for d in /dev/vd[b-z]; do test ! -b $d || blockdev --flushbufs $d; done")?;
    let mut sums = ["data1", "data2", "data3"].map(|disk| guest.disk_checksum(disk)).into_iter().collect::<Result<Vec<String>>>()?;
    sums.push(guest.check(
        "test ! -e /run/small || sha256sum < /run/small; dd if=/dev/vda2 bs=1M count=1 iflag=direct status=none | sha256sum; \
         ls -lR --time-style=full-iso /etc/lvm/profile /etc/sysconfig /etc/systemd/system | sha256sum",
    )?);
    Ok(sums)
}
