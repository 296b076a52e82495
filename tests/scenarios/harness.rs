//! What scenarios rely on: power cuts, disks that come and go, served files, an image to run.

use anyhow::Result;
use std::fs;
use tests::archive::{self, BUSYBOX};
use tests::guest::Guest;
use tests::image::Layout;

#[test]
fn what_was_flushed_is_there_after_a_power_cut() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    guest.write_file("/var/probe", "kept")?;
    guest.check("sync")?;
    guest.power_cycle()?;
    assert_eq!(guest.read_file("/var/probe")?, b"kept");
    Ok(())
}

#[test]
fn disks_come_and_go_and_stay_so_over_a_reboot() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    guest.add_disk("extra", 1)?;
    guest.remove_disk("data3")?;
    guest.reboot_and_wait()?;
    assert_eq!(guest.check("lsblk -dno SERIAL | grep -e data -e extra | sort | xargs")?, "data1 data2 extra");
    Ok(())
}

#[test]
fn the_archived_image_loads_and_runs_and_files_are_served_to_the_guest() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    fs::write(guest.www().join("busybox.tar"), archive::busybox()?)?;
    guest.check("curl -sSf http://10.0.2.9:8123/busybox.tar -o /var/busybox.tar && podman load -q -i /var/busybox.tar")?;
    let said = guest.check(&format!("podman run --rm --network none {BUSYBOX} echo from inside"))?;
    assert_eq!(said, "from inside");
    Ok(())
}
