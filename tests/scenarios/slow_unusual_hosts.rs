//! Hosts that are not laid out as the appliance: a group named with dashes, and a root that is not on LVM.

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
