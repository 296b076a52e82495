//! What the drop-in for docker-storage-setup refuses: each ends with 1 and its sentence, and no disk changes by a bit.

use anyhow::Result;
use tests::drop_in::{INPUT, OUTPUT, host, run};
use tests::guest::{Guest, Output};

/// Runs it with this file, and expects it to end with 1 and these words in its last line.
fn refused(guest: &Guest, text: &str, wanted: &str) -> Result<()> {
    guest.write_file(INPUT, format!("{text}\n"))?;
    told(&run(guest, &[])?, text, wanted);
    Ok(())
}

fn told(output: &Output, text: &str, wanted: &str) {
    assert_eq!(output.code, 1, "{text}: {}{}", output.stdout, output.stderr);
    let last = output.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("ERROR: ") && last.contains(wanted), "{text}: {}", output.stderr);
}

/// Whole disks as the machine's host has them. To be asked for the first time once all that was put on them is flushed.
fn checksums(guest: &Guest) -> Result<Vec<String>> {
    ["data1", "data2", "data3"].iter().map(|serial| guest.disk_checksum(serial)).collect()
}

const FLUSH: &str = "udevadm settle; sync; sync /dev/vdb /dev/vdc /dev/vdd";

/// Files, and the sentence that each is refused with.
const BAD: [(&str, &str); 20] = [
    ("VG=x\nDEVS=/dev/vdb\nDATA_SIZE=16E", "DATA_SIZE=16E is too large to handle."),
    ("VG=x\nDEVS=/dev/vdb\nMIN_DATA_SIZE=99999999999999999999", "is too large to handle."),
    ("VG=x\nDEVS=/dev/vdb\nDATA_SIZE=110%FREE", "DATA_SIZE value 110%FREE is invalid."),
    ("VG=x\nDEVS=/dev/vdb\nPOOL_META_SIZE=17G", "POOL_META_SIZE value 17G is invalid."),
    ("VG=../x\nDEVS=/dev/vdb", "VG value ../x is invalid."),
    ("VG=x\nDEVS=/dev/vdb\nSTORAGE_DRIVER=zfs", "Invalid storage driver: zfs."),
    ("VG=x\nDEVS='/dev/vdb /dev/loop1'", "It belongs to volume group other."),
    ("VG=x\nDEVS='/dev/vdb /dev/loop1'\nWIPE_SIGNATURES=true", "It belongs to volume group other."),
    ("VG=x\nDEVS='/dev/vdb /dev/loop3'", "Found xfs signature on device /dev/loop3 at offset 0x0."),
    ("VG=x\nDEVS='/dev/vdb /dev/vdc'", "Device /dev/vdc is already partitioned and cannot be added to volume group x"),
    ("VG=x\nDEVS='/dev/vdb /dev/vdc1'", "Partition specification unsupported at this time."),
    ("VG=x\nDEVS='/dev/vdb /dev/atomicos/root'", "Partition specification unsupported at this time."),
    ("VG=x\nDEVS='/dev/vdb /dev/vda'", "It belongs to volume group atomicos."),
    ("VG=x\nDEVS='/dev/vdb /dev/loop7'", "is read-only"),
    ("VG=x\nDEVS='/dev/vdb /dev/loop4'", "is too small"),
    ("VG=x\nDEVS='/dev/vdb vdz'\nDEVICE_WAIT_TIMEOUT=1", "/dev/vdz is not a valid block device."),
    ("VG=other\nDEVS=/dev/vdb", "lacks 1 of its physical volumes"),
    ("VG=x\nDEVS=/dev/vdb\nfalse", ":3: it is no assignment, so bash evaluated the file, which failed"),
    ("VG=x\nDEVS=/dev/vdb\nexit 0", "which ended before its last line"),
    ("VG=x\nDEVS='/dev/vdb", "the quote is not closed"),
];

/// A group with a disk that is gone, and disks with something on them; gives the checksums that are to stay.
fn prepare(guest: &Guest) -> Result<(String, Vec<String>)> {
    guest.check(
        "truncate -s 300M /var/tmp/a /var/tmp/b /var/tmp/ro /var/tmp/fs; truncate -s 2M /var/tmp/small; \
         for f in a b fs small; do losetup -P /dev/loop$(echo $f | tr abfs 1234 | head -c1) /var/tmp/$f; done; \
         losetup -r /dev/loop7 /var/tmp/ro; mkfs.xfs -q /dev/loop3; \
         vgcreate -q other /dev/loop1 /dev/loop2; losetup -d /dev/loop2; \
         echo 'label: gpt' | sfdisk -q /dev/vdc; echo ',100M' | sfdisk -q /dev/vdc",
    )?;
    guest.check(FLUSH)?;
    Ok((guest.check(SUMS)?, checksums(guest)?))
}

const SUMS: &str =
    "sha256sum /var/tmp/a /var/tmp/b /var/tmp/ro /var/tmp/fs /var/tmp/small; vgs --noheadings -o vg_name,vg_seqno 2>/dev/null";

#[test]
fn bad_input_ends_with_1_and_touches_no_disk() -> Result<()> {
    let guest = host()?;
    let (files, disks) = prepare(&guest)?;
    for (text, wanted) in BAD {
        refused(&guest, text, wanted)?;
    }
    assert_eq!(guest.check(SUMS)?, files);
    guest.check(FLUSH)?;
    assert_eq!(checksums(&guest)?, disks);
    guest.check(&format!("! test -e {OUTPUT} && ! test -e /var/lib/atomic-host/intents.json"))?;

    // The reset that `atomic storage` sends after a failure would take what was there before.
    let reset = run(&guest, &["--reset"])?;
    assert_eq!(reset.code, 1, "{}{}", reset.stdout, reset.stderr);
    guest.write_file(INPUT, "STORAGE_DRIVER=overlay2\n")?;
    let done = run(&guest, &["--reset"])?;
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    Ok(())
}

#[test]
fn a_configuration_of_bad_input_is_not_created() -> Result<()> {
    let guest = host()?;
    let (files, disks) = prepare(&guest)?;
    for (text, wanted) in BAD {
        // Here a disk goes by a path.
        let wanted = if text.contains("vdz") { "Failed to resolve path for device vdz" } else { wanted };
        // Last, so that lines have the same numbers.
        guest.write_file("/var/tmp/bad", format!("{text}\nCONTAINER_THINPOOL=pool\n"))?;
        told(&guest.sh("container-storage-setup create -o /var/tmp/bad.out bad /var/tmp/bad")?, text, wanted);
        guest.check("test -z \"$(ls -A /var/lib/container-storage-setup 2>/dev/null)\" && ! test -e /var/tmp/bad.out")?;
    }
    assert_eq!(guest.check(SUMS)?, files);
    guest.check(FLUSH)?;
    assert_eq!(checksums(&guest)?, disks);
    guest.check("! test -e /var/lib/atomic-host/intents.json && ! test -e /var/lib/atomic-host/wiped.json")?;
    Ok(())
}

#[test]
fn a_disk_in_use_is_neither_taken_nor_wiped() -> Result<()> {
    let guest = host()?;
    // Read-only and without its journal, so that the mount itself writes nothing.
    guest.check(
        "printf 'label: gpt\\n,\\n' | sfdisk -q /dev/vdc; udevadm settle; mkfs.ext4 -qF /dev/vdc1; mount -o ro,noload /dev/vdc1 /mnt; \
         echo 0 > /proc/sys/vm/swappiness",
    )?;
    let cases = [
        ("printf '0 2048 linear /dev/vdd 0\\n' | dmsetup create held", "/dev/vdd", "is in use by held"),
        ("dmsetup remove held", "/dev/vdc", "is in use by mounted on /var/mnt"),
        ("mkswap /dev/vdd && swapon /dev/vdd", "/dev/vdd", "is in use by swap"),
    ];
    for (prepare, disk, wanted) in cases {
        guest.check(prepare)?;
        guest.check(FLUSH)?;
        let before = checksums(&guest)?;
        for wipe in ["", "\nWIPE_SIGNATURES=true"] {
            refused(&guest, &format!("VG=x\nDEVS='/dev/vdb {disk}'{wipe}"), &format!("Device {disk} {wanted}"))?;
        }
        guest.check(FLUSH)?;
        assert_eq!(checksums(&guest)?, before, "{wanted}");
    }
    guest.check("findmnt /dev/vdc1 && grep /dev/vdd /proc/swaps && ! vgs x && ! test -e /var/lib/atomic-host/wiped.json")?;
    Ok(())
}

#[test]
fn a_disk_of_a_group_that_lvm_does_not_show_is_never_wiped() -> Result<()> {
    let guest = host()?;
    // Healthy groups, on a whole disk and on a partition, hidden as a filter of long ago hides them. Nothing in them is active.
    guest.check(
        "printf 'label: dos\\n,,8e\\n' | sfdisk -q /dev/vdc; udevadm settle; vgcreate -qy parted /dev/vdc1; vgcreate -qy theirs /dev/vdd; \
         lvcreate -qy -l 20 -n data theirs; mkfs.ext4 -qF /dev/theirs/data; udevadm settle; vgchange -qan theirs parted",
    )?;
    // An alias that some pattern accepts would bring the disk back: this has none that accepts.
    guest.write_file("/etc/lvm/lvmlocal.conf", "devices {\n\tglobal_filter = [ \"r|^/dev/vd[cd]|\" ]\n}\n")?;
    guest.check("! vgs theirs && ! vgs parted && vgs atomicos && blkid -p -s TYPE -o value /dev/vdd | grep -x LVM2_member")?;
    guest.check(FLUSH)?;
    let before = checksums(&guest)?;
    let wanted = "is in use by LVM, which does not show its group here";
    for disk in ["/dev/vdd", "/dev/vdc"] {
        refused(&guest, &format!("VG=x\nDEVS='/dev/vdb {disk}'\nWIPE_SIGNATURES=true"), &format!("Device {disk} {wanted}"))?;
    }
    // Nobody is told to wipe it, either.
    refused(&guest, "VG=x\nDEVS='/dev/vdb /dev/vdd'", wanted)?;
    guest.check(FLUSH)?;
    assert_eq!(checksums(&guest)?, before);
    guest.check("rm /etc/lvm/lvmlocal.conf; vgs parted && vgchange -qay theirs && fsck.ext4 -fn /dev/theirs/data")?;
    Ok(())
}
