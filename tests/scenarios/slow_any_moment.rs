//! SIGKILL at any moment of an edit of storage, in the middle of LVM's commands too: the next run makes the host what an uncut run makes it.
//!
//! The moments are spread evenly over the time that a clean run takes.

use anyhow::{Result, ensure};
use std::time::{Duration, Instant};
use tests::edits::{Edit, Made, consents, converge};
use tests::guest::Guest;
use tests::image::Layout;
use tests::product;

/// Name of the state before the edit is applied.
const EDITED: &str = "edited";
const MOMENTS: u32 = 12;

fn killed_at_any_moment(edit: &Edit) -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    edit.prepare(&guest)?;
    guest.save(EDITED)?;
    let consents = consents(&guest)?.join(" ");
    let whole = {
        let begun = Instant::now();
        let applied = product::apply(&guest, &consents.split_whitespace().collect::<Vec<_>>())?;
        ensure!(!applied.effects().is_empty(), "the edit does nothing");
        begun.elapsed()
    };
    let expected = Made::on(&guest)?;
    let (mut cut_off, mut failures) = (0, Vec::new());
    for number in 1..=MOMENTS {
        guest.restore(EDITED)?;
        let moment = whole * number / (MOMENTS + 1);
        cut_off += u32::from(killed_after(&guest, moment, &consents)?);
        let left = guest.check("lvs -a -o +lv_tags,segtype,devices; pvs; dmsetup info -c -o name,open,attr,events,uuid")?;
        if let Err(error) = converge(&guest).and_then(|_| edit.ensure_same(&Made::on(&guest)?, &expected)) {
            failures.push(format!("killed after {} ms of {} ms:\n{left}\n{error:?}", moment.as_millis(), whole.as_millis()));
        }
    }
    println!("killed at {cut_off} moments of {} ms", whole.as_millis());
    ensure!(cut_off >= MOMENTS / 2, "most runs ended before they were killed");
    ensure!(failures.is_empty(), "{} of {MOMENTS}:\n{}", failures.len(), failures.join("\n\n"));
    Ok(())
}

/// Whether the run was still at work.
fn killed_after(guest: &Guest, moment: Duration, consents: &str) -> Result<bool> {
    let script = format!(
        "systemd-run -q --unit=edit atomic host apply {consents}; sleep {}; control=/sys/fs/cgroup/system.slice/edit.service; \
         if [ -d $control ]; then echo 1 >$control/cgroup.kill; echo killed; fi; \
         for i in $(seq 50); do pgrep -x storage-worker >/dev/null || exit 0; sleep 0.2; done; exit 1",
        moment.as_secs_f64()
    );
    Ok(guest.check(&script)? == "killed")
}

#[test]
fn killed_at_any_moment_while_two_disks_are_added() -> Result<()> {
    killed_at_any_moment(&Edit::TWO_DISKS)
}

#[test]
fn killed_at_any_moment_while_the_first_pool_is_made() -> Result<()> {
    killed_at_any_moment(&Edit::POOL)
}

#[test]
fn killed_at_any_moment_while_volumes_are_added() -> Result<()> {
    killed_at_any_moment(&Edit::VOLUMES)
}

#[test]
fn killed_at_any_moment_while_a_group_in_use_grows() -> Result<()> {
    killed_at_any_moment(&Edit::GROWTH)
}

#[test]
fn killed_at_any_moment_while_volumes_are_removed() -> Result<()> {
    killed_at_any_moment(&Edit::REMOVAL)
}
