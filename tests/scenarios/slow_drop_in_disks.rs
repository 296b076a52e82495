//! The disks of the drop-in's file on a real host: every name, every kind, and what may be on them.

use anyhow::{Result, ensure};
use tests::drop_in::{INPUT, done, host, refused, run, second_run_writes_nothing};
use tests::guest::Guest;
use tests::product;

/// The disks of a group, as `/dev/vdb1`, a line each.
fn members(guest: &Guest, group: &str) -> Result<String> {
    guest.check(&format!("pvs --noheadings -o pv_name -S vg_name={group} | tr -d ' ' | sort"))
}

/// Kinds of the signatures on a device.
fn signatures(guest: &Guest, device: &str) -> Result<String> {
    guest.check(&format!("wipefs --noheadings --output TYPE {device}"))
}

/// A loop device over a sparse file, set up with these options.
fn loop_device(guest: &Guest, options: &str, size: &str, file: &str) -> Result<String> {
    guest.check(&format!("truncate -s {size} {file} && losetup -f --show {options} {file} && udevadm settle"))
}

const SOMETHING_ON_TWO_DISKS: &str = "mkfs.ext4 -qF /dev/vdb && mount /dev/vdb /mnt && echo mine >/mnt/file && umount /mnt && \
                                      printf 'label: gpt\\n,\\n' | sfdisk -q /dev/vdc && udevadm settle && mkfs.ext4 -qF /dev/vdc1 && \
                                      udevadm settle";

#[test]
fn signatures_are_wiped_once_and_never_again() -> Result<()> {
    let guest = host()?;
    guest.check(SOMETHING_ON_TWO_DISKS)?;
    let text = "STORAGE_DRIVER=\nVG=wiped\nDEVS=\"/dev/vdb /dev/vdc\"\n";
    guest.write_file(INPUT, text)?;
    refused(&guest, "Found ext4 signature on device /dev/vdb at offset 0x438.")?;

    let text = format!("{text}WIPE_SIGNATURES=true\n");
    guest.write_file(INPUT, &text)?;
    let said = done(&guest, &[])?.stderr;
    for disk in ["/dev/vdb", "/dev/vdc"] {
        let wanted = format!("INFO: Wipe Signatures is set to true. Any signatures on {disk} will be wiped.\n");
        assert!(said.contains(&wanted), "{said}");
        assert_eq!(signatures(&guest, disk)?, "dos");
        assert_eq!(signatures(&guest, &format!("{disk}1"))?, "LVM2_member");
    }
    assert_eq!(members(&guest, "wiped")?, "/dev/vdb1\n/dev/vdc1");
    second_run_writes_nothing(&guest)?;

    // The key was left in the file, and somebody uses the disks for something else.
    guest.check(
        "vgremove -q wiped && pvremove -q /dev/vdb1 /dev/vdc1 && wipefs -qa /dev/vdb /dev/vdc && blockdev --rereadpt /dev/vdb && \
         blockdev --rereadpt /dev/vdc && udevadm settle",
    )?;
    guest.check(SOMETHING_ON_TWO_DISKS)?;
    refused(&guest, "Device /dev/vdb was wiped once already as WIPE_SIGNATURES=true asked, and something is on it again.")?;
    guest.write_file(INPUT, text.replace("/dev/vdb ", ""))?;
    refused(&guest, "Device /dev/vdc was wiped once already as WIPE_SIGNATURES=true asked, and something is on it again.")?;
    assert_eq!(guest.check("mount -o ro /dev/vdb /mnt && cat /mnt/file && umount /mnt")?, "mine");
    assert_eq!((signatures(&guest, "/dev/vdc")?.contains("gpt"), signatures(&guest, "/dev/vdc1")?.as_str()), (true, "ext4"));
    guest.check("! vgs wiped").map(drop)
}

#[test]
fn disks_are_found_by_every_name_and_taken_once() -> Result<()> {
    let guest = host()?;
    guest.check("ln -s /dev/disk/by-id/virtio-data2 /dev/a-link-of-mine; ln -s /dev/nothing /dev/a-link-to-nothing")?;
    let text = "STORAGE_DRIVER=\nVG=named\nDEVS=\"/dev/disk/by-id/virtio-data1 vdb /dev/a-link-of-mine disk/by-id/virtio-data3\"\n";
    guest.write_file(INPUT, text)?;
    done(&guest, &[])?;
    assert_eq!(members(&guest, "named")?, "/dev/vdb1\n/dev/vdc1\n/dev/vdd1");
    let said = second_run_writes_nothing(&guest)?.stderr;
    for disk in ["/dev/vdb", "/dev/vdc", "/dev/disk/by-id/virtio-data3"] {
        let wanted = format!("INFO: Device {disk} is already partitioned and is part of volume group named\n");
        assert_eq!(said.matches(&wanted).count(), 1, "{said}");
    }

    guest.write_file(INPUT, "STORAGE_DRIVER=\nVG=named\nDEVS=/dev/a-link-to-nothing\nDEVICE_WAIT_TIMEOUT=0\n")?;
    refused(&guest, "Failed to resolve symbolic link /dev/a-link-to-nothing")?;
    Ok(())
}

#[test]
fn a_loop_device_becomes_a_pool_whether_the_kernel_scans_it_for_partitions_or_not() -> Result<()> {
    let guest = host()?;
    let mut found = Vec::new();
    for (options, group) in [("-P", "scanned"), ("", "plain")] {
        let disk = loop_device(&guest, options, "3G", &format!("/var/tmp/{group}"))?;
        guest.write_file(INPUT, format!("VG={group}\nDEVS={disk}\nDATA_SIZE=2G\n"))?;
        done(&guest, &[])?;
        assert_eq!(members(&guest, group)?, format!("{disk}p1"));
        assert_eq!(product::extents(&guest, group)?["docker-pool"], 512);
        guest.check(&format!("dmsetup table {group}-docker--pool | grep -q thin-pool"))?;
        second_run_writes_nothing(&guest)?;
        done(&guest, &["--reset"])?;
        found.push(disk);
    }
    // Attached anew, as at a boot, and nobody looks for partitions: a group is on one of them.
    let disk = found.swap_remove(1);
    guest.check(&format!("vgchange -qan plain && partx --delete --nr 1 {disk} && losetup -d {disk} && udevadm settle"))?;
    let disk = loop_device(&guest, "", "3G", "/var/tmp/plain")?;
    guest.write_file(INPUT, format!("STORAGE_DRIVER=\nVG=plain\nDEVS={disk}\nWIPE_SIGNATURES=true\n"))?;
    refused(&guest, &format!("it has partitions that the kernel does not show; let it look with partx -a {disk}"))?;
    guest.check(&format!("partx -a {disk} && udevadm settle"))?;
    assert_eq!(members(&guest, "plain")?, format!("{disk}p1"));
    // Taken away and made again: nothing of the partition stays behind in the kernel.
    guest.check(&format!(
        "vgremove -q plain && pvremove -q {disk}p1 && udevadm settle && partx --delete --nr 1 {disk} && wipefs -qa {disk} && udevadm settle"
    ))?;
    guest.write_file("/var/tmp/own", format!("STORAGE_DRIVER=\nVG=own\nDEVS={disk}\n"))?;
    for _ in 0..2 {
        guest.check("container-storage-setup create own /var/tmp/own")?;
        assert_eq!(members(&guest, "own")?, format!("{disk}p1"));
        guest.check("container-storage-setup remove own")?;
        guest.check(&format!("! vgs own && test ! -b {disk}p1 && test -z \"$(wipefs -p {disk})\""))?;
    }
    Ok(())
}

#[test]
fn a_disk_beyond_two_tebibytes_gets_a_gpt() -> Result<()> {
    let guest = host()?;
    let disk = loop_device(&guest, "-P", "3T", "/var/tmp/large")?;
    guest.write_file(INPUT, format!("STORAGE_DRIVER=\nVG=large\nDEVS={disk}\n"))?;
    done(&guest, &[])?;
    let table = guest.check(&format!("sfdisk -d {disk} | sed -n 's/^label: //p; s/.* type=\\([^,]*\\).*/\\1/p'"))?;
    assert_eq!(table, "gpt\nE6D6D379-F507-44C2-A23C-238F2A3DF928");
    guest.check(&format!("sfdisk -q --verify {disk}"))?;
    let group = guest.check("vgs --noheadings -o pv_count,vg_extent_count,vg_missing_pv_count large")?;
    let words: Vec<&str> = group.split_whitespace().collect();
    // 3 TiB in extents of 4 MiB; one less for what GPT and LVM keep for themselves.
    assert_eq!(words, ["1", &((3 << 18) - 1).to_string(), "0"]);
    assert_eq!(members(&guest, "large")?, format!("{disk}p1"));
    second_run_writes_nothing(&guest)?;
    Ok(())
}

#[test]
fn a_configuration_without_a_driver_is_disks_alone() -> Result<()> {
    let guest = host()?;
    guest.write_file("/var/tmp/bare", "STORAGE_DRIVER=\nVG=bare\nDEVS=\"/dev/vdc /dev/disk/by-id/virtio-data3\"\n")?;
    let says = |line: &str, wanted: &str| -> Result<()> {
        let output = guest.sh(&format!("container-storage-setup {line}"))?;
        ensure!((output.code, output.stdout.as_str()) == (0, wanted), "{line}: {}{}", output.stdout, output.stderr);
        Ok(())
    };
    says("create -o /var/tmp/bare.out bare /var/tmp/bare", "Created storage configuration bare\n")?;
    assert_eq!(members(&guest, "bare")?, "/dev/vdc1\n/dev/vdd1");
    assert_eq!(product::extents(&guest, "bare")?.len(), 0);
    guest.check("test -e /var/tmp/bare.out && test ! -s /var/tmp/bare.out")?;
    says("export bare", "")?;
    says("list bare", "Name: bare\nStatus: active\nSTORAGE_DRIVER=\n")?;
    says("deactivate bare", "Deactivated storage config bare\n")?;
    says("activate bare", "Activated storage config bare\n")?;
    says("remove bare", "Deactivated storage config bare\nRemoved storage configuration bare\n")?;
    says("list", "")?;
    guest.check("! vgs bare && test -z \"$(wipefs -p /dev/vdc)$(wipefs -p /dev/vdd)\" && test ! -b /dev/vdc1")?;
    Ok(())
}

#[test]
fn the_partition_below_root_takes_what_its_disk_has_gained_and_root_takes_that() -> Result<()> {
    let guest = host()?;
    guest.write_file(INPUT, "STORAGE_DRIVER=\nGROWPART=true\n")?;
    second_run_writes_nothing(&guest)?;
    let (root, free) = (product::extents(&guest, "atomicos")?["root"], product::free(&guest, "atomicos")?);
    let size: u64 = guest.check("blockdev --getsize64 /dev/vda")?.parse()?;
    guest.qmp()?.execute("block_resize", &serde_json::json!({ "device": "os", "size": size + (2 << 30) }))?;
    guest.check(&format!("for i in $(seq 30); do test $(blockdev --getsize64 /dev/vda) -gt {size} && break; sleep 1; done"))?;

    // More than there was before: one run does both.
    let wanted = root + free + 512;
    guest.write_file(INPUT, format!("STORAGE_DRIVER=\nGROWPART=true\nROOT_SIZE={}M\n", wanted * 4))?;
    let said = done(&guest, &[])?.stderr;
    assert!(!said.contains("is not done"), "{said}");
    assert_eq!((product::extents(&guest, "atomicos")?["root"], product::free(&guest, "atomicos")?), (wanted, 0));
    guest.check("sfdisk -q --verify /dev/vda")?;
    let megabytes: u64 = guest.check("df -B1M --output=size /sysroot | tail -1")?.trim().parse()?;
    assert!(megabytes + 200 > wanted * 4, "the file system fills its volume but for its log: {megabytes} MiB");
    second_run_writes_nothing(&guest)?;
    Ok(())
}

#[test]
fn a_full_group_gets_its_pool_from_what_its_disk_has_gained() -> Result<()> {
    let guest = host()?;
    guest.check("lvcreate -qy -l 100%FREE -n full atomicos")?;
    guest.write_file(INPUT, "GROWPART=true\nMIN_DATA_SIZE=500M\nDATA_SIZE=500M\n")?;
    let short = "There is not enough free space in volume group atomicos to create data volume of size MIN_DATA_SIZE=500M.";
    refused(&guest, short)?;
    let size: u64 = guest.check("blockdev --getsize64 /dev/vda")?.parse()?;
    guest.qmp()?.execute("block_resize", &serde_json::json!({ "device": "os", "size": size + (2 << 30) }))?;
    guest.check(&format!("for i in $(seq 30); do test $(blockdev --getsize64 /dev/vda) -gt {size} && break; sleep 1; done"))?;
    // What is wrong with the file would still be wrong with more space: nothing grows.
    guest.write_file(INPUT, "GROWPART=true\nMIN_DATA_SIZE=500M\nDATA_SIZE=500M\nCHUNK_SIZE=7\n")?;
    refused(&guest, short)?;
    assert_eq!(product::free(&guest, "atomicos")?, 0);
    guest.write_file(INPUT, "GROWPART=true\nMIN_DATA_SIZE=500M\nDATA_SIZE=500M\n")?;
    done(&guest, &[])?;
    assert_eq!(product::extents(&guest, "atomicos")?["docker-pool"], 125);
    // What a killed LVM command leaves suspended is resumed first.
    guest.check("dmsetup suspend atomicos-docker--pool")?;
    done(&guest, &[])?;
    assert_eq!(guest.check("dmsetup info -c --noheadings -o suspended atomicos-docker--pool")?, "Active");
    second_run_writes_nothing(&guest)?;
    Ok(())
}

#[test]
fn a_run_that_was_killed_guards_the_pool_that_it_found_from_the_next_reset() -> Result<()> {
    let guest = host()?;
    guest.write_file(INPUT, "MIN_DATA_SIZE=500M\nDATA_SIZE=500M\n")?;
    done(&guest, &[])?;
    guest.write_file(INPUT, "MIN_DATA_SIZE=500M\nDATA_SIZE=500M\nPOOL_AUTOEXTEND_THRESHOLD=70\n")?;
    guest.check("! ATOMIC_HOST_KILL=before:1 setsid --wait docker-storage-setup")?;
    let output = run(&guest, &["--reset"])?;
    ensure!(output.code == 1 && output.stderr.contains("Run --reset once more"), "{output:?}");
    assert_eq!(product::extents(&guest, "atomicos")?["docker-pool"], 125);
    done(&guest, &["--reset"])?;
    assert!(!product::extents(&guest, "atomicos")?.contains_key("docker-pool"), "a person's second word counts");
    Ok(())
}

#[test]
fn a_member_of_a_group_that_is_not_to_be_seen_is_not_wiped() -> Result<()> {
    let guest = host()?;
    // The metadata of the group is on the disk that goes; the other one only says that a group has it.
    guest.check(
        "pvcreate -q /dev/vdb && pvcreate -q --metadatacopies 0 /dev/vdc && vgcreate -q theirs /dev/vdb /dev/vdc && wipefs -qa /dev/vdb",
    )?;
    guest.check("udevadm settle; ! vgs theirs 2>/dev/null && test \"$(pvs --noheadings -o pv_in_use /dev/vdc | tr -d ' ')\" = used")?;
    guest.write_file(INPUT, "STORAGE_DRIVER=\nVG=ours\nDEVS=/dev/vdc\nWIPE_SIGNATURES=true\n")?;
    refused(&guest, "Device /dev/vdc is in use by LVM, which does not show its group here")?;
    assert_eq!(signatures(&guest, "/dev/vdc")?, "LVM2_member");
    Ok(())
}

/// The state right after the effect of a command that makes this true, which was killed then.
fn killed_once(guest: &Guest, command: &str, is_so: &str) -> Result<()> {
    guest.save("before")?;
    for effect in 1..20 {
        guest.check(&format!("! ATOMIC_HOST_KILL=after:{effect} setsid -w {command}"))?;
        if guest.sh(is_so)?.code == 0 {
            return Ok(());
        }
        guest.restore("before")?;
    }
    anyhow::bail!("it was never so: {is_so}")
}

/// Sectors of physical volumes become zeros: what a disk may leave of writes that were not flushed.
fn tear(guest: &Guest, first: u32, count: u32, devices: &[&str]) -> Result<()> {
    for device in devices {
        guest.check(&format!("dd if=/dev/zero of={device} bs=512 seek={first} count={count} conv=notrunc oflag=direct status=none"))?;
    }
    Ok(())
}

/// Where LVM's metadata begin, and the text that they lead to, in sectors.
const HEADER: u32 = 8;
const TEXT: u32 = 9;

#[test]
fn labels_that_a_power_cut_left_without_their_metadata_are_made_anew() -> Result<()> {
    let guest = host()?;
    guest.write_file(INPUT, "STORAGE_DRIVER=\nVG=torn\nDEVS=\"vdb vdc\"\n")?;
    guest.save("clean")?;
    let volumes = ["/dev/vdb1", "/dev/vdc1"];
    for (first, count) in [(TEXT, 8), (HEADER, 1)] {
        guest.restore("clean")?;
        killed_once(&guest, "docker-storage-setup", "vgs torn")?;
        tear(&guest, first, count, &volumes)?;
        guest.save("torn")?;
        guest.check("! vgs torn && ! pvcreate -ff -y /dev/vdb1")?;
        guest.restore("torn")?;
        done(&guest, &[])?;
        assert_eq!(members(&guest, "torn")?, volumes.join("\n"));
        let said = guest.check("vgs torn 2>&1")?;
        ensure!(!said.contains("WARNING"), "LVM complains: {said}");
        second_run_writes_nothing(&guest)?;
    }
    Ok(())
}

#[test]
fn a_disk_is_given_back_though_a_power_cut_tore_what_lvm_says_on_it() -> Result<()> {
    let guest = host()?;
    guest.write_file("/var/tmp/own", "STORAGE_DRIVER=\nVG=own\nDEVS=/dev/vdc\n")?;
    ensure!(run(&guest, &["create", "own", "/var/tmp/own"])?.code == 0, "it was not made");
    killed_once(&guest, "container-storage-setup remove own", "pvs /dev/vdc1 && ! vgs own")?;
    tear(&guest, HEADER, 1, &["/dev/vdc1"])?;
    guest.save("torn")?;
    guest.check("! pvremove -ff -y /dev/vdc1")?;
    guest.restore("torn")?;
    let output = run(&guest, &["remove", "own"])?;
    ensure!(output.code == 0, "{output:?}");
    assert_eq!(signatures(&guest, "/dev/vdc")?, "");
    guest.check("! test -e /dev/vdc1 && ! test -e /var/lib/container-storage-setup/own").map(drop)
}

#[test]
fn a_volume_of_somebodys_becomes_no_part_of_a_configuration() -> Result<()> {
    let guest = host()?;
    guest.check("lvcreate -qy -L 400M -n home atomicos && mkfs.xfs -q /dev/atomicos/home")?;
    guest.check("mount /dev/atomicos/home /mnt && echo mine >/mnt/file && umount /mnt")?;
    let text = "STORAGE_DRIVER=overlay2\nVG=atomicos\nCONTAINER_ROOT_LV_NAME=home\nCONTAINER_ROOT_LV_MOUNT_PATH=/var/home-of\n";
    guest.write_file("/var/tmp/own", text)?;
    let output = run(&guest, &["create", "own", "/var/tmp/own"])?;
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stderr.contains("Volume atomicos/home already exists."), "{output:?}");
    assert_eq!(run(&guest, &["remove", "own"])?.code, 1, "there is none");
    assert_eq!(guest.check("mount -o ro /dev/atomicos/home /mnt && cat /mnt/file && umount /mnt")?, "mine");
    Ok(())
}

#[test]
fn a_disk_is_waited_for_and_one_that_does_not_come_is_told() -> Result<()> {
    let mut guest = host()?;
    guest.write_file(INPUT, "STORAGE_DRIVER=\nVG=late\nDEVS=/dev/disk/by-id/virtio-late\nDEVICE_WAIT_TIMEOUT=180\n")?;
    guest.check("systemctl start --no-block docker-storage-setup.service; sleep 3")?;
    let state = "systemctl show -P ActiveState docker-storage-setup.service";
    assert_eq!(guest.check(state)?, "activating", "it waits");
    guest.add_disk("late", 1)?;
    guest.check(&format!("for i in $(seq 60); do test $({state}) != activating && break; sleep 1; done"))?;
    assert_eq!(guest.check("systemctl show -P Result docker-storage-setup.service")?, "success");
    let disk = guest.check("readlink -f /dev/disk/by-id/virtio-late")?;
    assert_eq!(members(&guest, "late")?, format!("{disk}1"));
    let said = guest.check("journalctl -b -q -o cat -u docker-storage-setup.service")?;
    let wanted = "INFO: Waiting for device /dev/disk/by-id/virtio-late to be available. Wait time remaining is 180 seconds";
    assert!(said.lines().any(|line| line == wanted), "{said}");
    assert!(!said.contains("Timed out"), "{said}");

    guest.write_file(INPUT, "STORAGE_DRIVER=\nVG=never\nDEVS=vdz\nDEVICE_WAIT_TIMEOUT=6\n")?;
    let begun = std::time::Instant::now();
    let output = run(&guest, &[])?;
    let wanted = "INFO: Waiting for device /dev/vdz to be available. Wait time remaining is 6 seconds\n\
                  INFO: Waiting for device /dev/vdz to be available. Wait time remaining is 1 seconds\n\
                  INFO: Timed out waiting for device /dev/vdz\n\
                  ERROR: /dev/vdz is not a valid block device.\n";
    assert_eq!((output.code, output.stderr.as_str()), (1, wanted));
    assert!(begun.elapsed().as_secs() >= 5, "it waited");
    guest.check("! vgs never").map(drop)
}
