//! What scenarios rely on of the machine: power cuts, disks that come and go. What stands beside it: slow_harness.rs.

use anyhow::Result;
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
