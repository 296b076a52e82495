//! SIGKILL before and after every effect of an edit of storage, in turn: the next run makes the host what an uncut run makes it.
//!
//! The kill points are the records of a clean run: as many as its report has effects, no more and no fewer.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tests::edits::{Edit, Made, consents, converge, killed};
use tests::guest::Guest;
use tests::image::Layout;
use tests::product;

/// Name of the state before the edit is applied.
const EDITED: &str = "edited";

fn killed_at_every_effect(edit: &Edit) -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    edit.prepare(&guest)?;
    killed_from_here_on(&guest)
}

/// On a host that waits for the edit to be applied.
fn killed_from_here_on(guest: &Guest) -> Result<()> {
    guest.save(EDITED)?;
    let consents = consents(guest)?;
    let consents: Vec<&str> = consents.iter().map(String::as_str).collect();
    let effects = product::apply(guest, &consents)?.effects();
    ensure!(!effects.is_empty(), "the edit does nothing");
    let expected = (Made::on(guest)?, tables(guest)?);
    for (number, effect) in effects.iter().enumerate() {
        for when in ["before", "after"] {
            guest.restore(EDITED)?;
            let point = format!("{when}:{}", number + 1);
            kill_and_converge(guest, &point, &consents, &expected)
                .with_context(|| format!("killed {when} effect {}: {effect}", number + 1))?;
        }
    }
    println!("killed before and after each of {} effects", effects.len());
    Ok(())
}

fn kill_and_converge(guest: &Guest, point: &str, consents: &[&str], (expected, pools): &(Made, String)) -> Result<()> {
    killed(guest, point, consents)?;
    converge(guest)?;
    Made::on(guest)?.ensure_same(expected)?;
    let now = tables(guest)?;
    ensure!(now == *pools, "the kernel has {now}\nnot {pools}");
    Ok(())
}

/// Size, chunk and low-water mark of each pool, as the kernel has them.
fn tables(guest: &Guest) -> Result<String> {
    guest.check("dmsetup table --target thin-pool | awk '{ print $1, $3, $7, $8 }' | sort")
}

#[test]
fn killed_while_two_disks_are_added() -> Result<()> {
    killed_at_every_effect(&Edit::TWO_DISKS)
}

#[test]
fn killed_while_the_first_pool_is_made() -> Result<()> {
    killed_at_every_effect(&Edit::POOL)
}

#[test]
fn killed_while_volumes_are_added() -> Result<()> {
    killed_at_every_effect(&Edit::VOLUMES)
}

#[test]
fn killed_while_root_grows() -> Result<()> {
    killed_at_every_effect(&Edit::ROOT)
}

#[test]
fn killed_while_a_threshold_is_edited() -> Result<()> {
    killed_at_every_effect(&Edit::THRESHOLD)
}

#[test]
fn killed_while_a_group_in_use_grows() -> Result<()> {
    killed_at_every_effect(&Edit::GROWTH)
}

#[test]
fn killed_while_volumes_are_removed() -> Result<()> {
    killed_at_every_effect(&Edit::REMOVAL)
}

#[test]
fn killed_while_two_disks_are_wiped_and_added() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    Edit::WIPED_DISKS.prepare(&guest)?;
    guest.check(
        "printf 'label: gpt\\n,\\n' | sfdisk -q /dev/vdb && udevadm settle && mkfs.ext4 -qF /dev/vdb1 && mkfs.xfs -qf /dev/vdc && udevadm settle",
    )?;
    killed_from_here_on(&guest)
}

#[test]
fn killed_while_the_partition_below_root_grows() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    Edit::PARTITION.prepare(&guest)?;
    let size: u64 = guest.check("blockdev --getsize64 /dev/vda")?.parse()?;
    guest.qmp()?.execute("block_resize", &json!({ "device": "os", "size": size + (2 << 30) }))?;
    guest.check(&format!("for i in $(seq 30); do test $(blockdev --getsize64 /dev/vda) -gt {size} && exit; sleep 1; done; exit 1"))?;
    killed_from_here_on(&guest)
}
