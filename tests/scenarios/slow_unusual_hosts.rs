//! Hosts that are not laid out as the appliance: a group named with dashes, a root that is not on LVM, a group that somebody made before.

use anyhow::Result;
use serde_json::Value;
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

#[test]
fn a_group_whose_name_has_dashes_gets_its_pool_and_docker_runs_on_it() -> Result<()> {
    let guest = Guest::ready(&Layout::vg("my-host-vg"))?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file(SPEC, "[storage]\ndriver = \"devicemapper\"\nroot-size = \"3500M\"\n[storage.volume.app-data]\nmount = \"/var/app-data\"\nsize = \"1G\"\nthin = false\n")?;
    let applied = product::apply(&guest, &[])?;
    assert_eq!(applied.code, 0, "{:#}", applied.report);
    let info = guest.check("docker info --format '{{.Driver}} {{json .DriverStatus}}'")?;
    assert!(info.contains("my--host--vg-docker--pool"), "{info}");
    assert_eq!(guest.check("findmnt -no SOURCE /var/app-data")?, "/dev/mapper/my--host--vg-app--data");
    assert_eq!(product::extents(&guest, "my-host-vg")?["root"], 875);
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    Ok(())
}

#[test]
fn a_root_on_a_partition_grows_and_a_group_is_made_of_disks() -> Result<()> {
    let guest = Guest::ready(&Layout::Plain)?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file(
        SPEC,
        "[storage]\ndriver = \"overlay2\"\nvolume-group = \"containers\"\ndevices = [\"/dev/vdb\", \"/dev/vdc\"]\nroot-size = \"6G\"\n[storage.pool]\nsize = \"60%FREE\"\n[storage.volume.docker]\nmount = \"/var/lib/docker\"\nsize = \"3G\"\n",
    )?;
    let applied = product::apply(&guest, &[])?;
    assert_eq!(applied.code, 0, "{:#}", applied.report);
    let root: u64 = guest.check("df -B1 --output=size /sysroot | tail -1")?.parse()?;
    assert!(root > 5900 << 20, "the root file system grew with its partition: {root}");
    let volumes = product::extents(&guest, "containers")?;
    let taken = volumes["[docker-pool_tdata]"] + volumes["[docker-pool_tmeta]"] + volumes["[lvol0_pmspare]"];
    assert_eq!(taken, (1023 + 511) * 60 / 100);
    assert_eq!(guest.check("docker info --format '{{.Driver}}'")?, "overlay2");
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    guest.reboot_and_wait()?;
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    assert_eq!(guest.check("systemctl is-active docker.service")?, "active");
    Ok(())
}

/// A group on the first data disk, made by hand.
fn host_with_a_group() -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service && vgcreate -q theirs /dev/vdb")?;
    Ok(guest)
}

/// docker runs on the pool in that group; the group has no other disk, and root's nothing of it.
fn docker_runs_on_the_pool_in_it(guest: &Guest) -> Result<()> {
    let info = guest.check("docker info --format '{{.Driver}} {{json .DriverStatus}}'")?;
    assert!(info.starts_with("devicemapper ") && info.contains("theirs-docker--pool"), "{info}");
    assert_eq!(guest.check("vgs --noheadings -o pv_name theirs")?, "/dev/vdb");
    assert_eq!(product::extents(guest, "atomicos")?.keys().map(String::as_str).collect::<Vec<_>>(), ["root"]);
    Ok(())
}

#[test]
fn a_group_that_is_there_gets_the_pool_without_a_list_of_disks() -> Result<()> {
    let guest = host_with_a_group()?;
    let root = product::seqno(&guest, "atomicos")?;
    guest.write_file(SPEC, "[storage]\ndriver = \"devicemapper\"\nvolume-group = \"theirs\"\n")?;
    let applied = product::apply(&guest, &[])?;
    assert_eq!(applied.code, 0, "{:#}", applied.report);
    let kinds = applied.kinds();
    assert!(kinds.contains(&"create-pool".to_owned()) && !kinds.contains(&"add-disk".to_owned()), "{kinds:?}");
    let volumes = product::extents(&guest, "theirs")?;
    let taken = volumes["[docker-pool_tdata]"] + volumes["[docker-pool_tmeta]"] + volumes["[lvol0_pmspare]"];
    assert_eq!(taken, 1023 * 60 / 100);
    docker_runs_on_the_pool_in_it(&guest)?;
    assert_eq!(product::seqno(&guest, "atomicos")?, root, "root's group was written to");
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    Ok(())
}

#[test]
fn a_group_that_is_named_without_its_disks_is_waited_for_at_boot() -> Result<()> {
    let guest = host_with_a_group()?;
    guest.write_file(SPEC, "[storage]\ndriver = \"devicemapper\"\nvolume-group = \"theirs\"\ndevice-timeout = \"2m\"\n")?;
    // Its disk is taken off the bus and comes back while the service waits, as at boot.
    guest.check(
        "udevadm settle; basename $(readlink -f /sys/block/vdb/device) >/run/disk; cd /sys/bus/virtio/drivers/virtio_blk; cat /run/disk >unbind; \
         for i in $(seq 60); do vgs theirs 2>/dev/null || break; sleep 1; done; ! vgs theirs 2>/dev/null; \
         systemctl restart --no-block atomic-host-storage.service; sleep 5",
    )?;
    assert_eq!(guest.check("systemctl show -P ActiveState atomic-host-storage.service")?, "activating", "it waits");
    guest.check(
        "cat /run/disk >/sys/bus/virtio/drivers/virtio_blk/bind; \
         for i in $(seq 90); do test $(systemctl show -P ActiveState atomic-host-storage.service) != activating && break; sleep 1; done",
    )?;
    assert_eq!(guest.check("systemctl show -P ActiveState atomic-host-storage.service")?, "active");
    guest.check("systemctl restart docker.service")?;
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    docker_runs_on_the_pool_in_it(&guest)
}

#[test]
fn docker_storage_setup_takes_a_group_that_is_there_too() -> Result<()> {
    let guest = host_with_a_group()?;
    guest.check("systemctl stop docker.socket docker.service; rm -f /etc/sysconfig/docker-storage")?;
    guest.write_file("/etc/sysconfig/docker-storage-setup", "STORAGE_DRIVER=devicemapper\nVG=theirs\nMIN_DATA_SIZE=1G\n")?;
    guest.check("docker-storage-setup")?;
    let data = product::extents(&guest, "theirs")?["docker-pool"];
    assert!((256..=1023 * 40 / 100).contains(&data), "40 % of the group: {data}");
    guest.check("systemctl start docker.service")?;
    docker_runs_on_the_pool_in_it(&guest)?;
    let seqno = product::seqno(&guest, "theirs")?;
    guest.check("docker-storage-setup")?;
    assert_eq!(product::seqno(&guest, "theirs")?, seqno, "a second run writes nothing");
    Ok(())
}

#[test]
fn no_overlay_is_put_on_an_xfs_without_file_types() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check(
        "systemctl stop atomic-hostd.service docker.socket docker.service && rm -f /etc/sysconfig/docker-storage && \
         mkfs.xfs -qf -m crc=0 -n ftype=0 /dev/vdb && mount /dev/vdb /var/lib/docker && mkdir -p /etc/sysconfig",
    )?;
    guest.write_file(SPEC, "[storage]\ndriver = \"overlay2\"\n")?;
    product::refused(
        &guest,
        "overlay2",
        &["atomic-host.toml:2", "storage.driver", "the XFS mounted at /var/lib/docker was made with ftype=0", "a volume of its own"],
    )?;
    guest.write_file(
        "/etc/sysconfig/docker-storage-setup",
        "STORAGE_DRIVER=overlay2\nDOCKER_ROOT_VOLUME=yes\nDOCKER_ROOT_VOLUME_SIZE=1G\n",
    )?;
    let output = guest.run(&["/usr/bin/docker-storage-setup"])?;
    let says = "ERROR: XFS filesystem at /var/lib/docker has ftype=0, cannot use overlay backend;";
    assert!(output.code == 1 && output.stderr.contains(says), "{output:?}");
    guest.check("test ! -e /etc/sysconfig/docker-storage")?;
    Ok(())
}

/// Root does not lie on it, but udev waits for all disks of a group before it makes anything of that active.
#[test]
fn a_host_boots_though_a_disk_of_roots_group_has_died() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file(SPEC, "[storage]\ndriver = \"overlay2\"\ndevices = [\"/dev/disk/by-id/virtio-data1\"]\n")?;
    let applied = product::apply(&guest, &[])?;
    assert_eq!(applied.code, 0, "{:#}", applied.report);
    guest.check("dd if=/dev/zero of=/dev/vdb bs=1M count=2 oflag=direct status=none")?;
    guest.reboot_and_wait()?;
    assert_eq!(guest.check("vgs --noheadings -o vg_missing_pv_count atomicos")?.trim(), "1");
    // It says so, and makes nothing worse.
    let seqno = product::seqno(&guest, "atomicos")?;
    let output = guest.run(&["/usr/bin/atomic", "host", "apply"])?;
    assert_eq!(output.code, 2, "{output:?}");
    assert_eq!(product::seqno(&guest, "atomicos")?, seqno);
    Ok(())
}
