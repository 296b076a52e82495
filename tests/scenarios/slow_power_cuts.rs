//! The power is cut at every flush of an edit of storage: the machine boots, and its own run and the next one make the host what an
//! uncut run makes it.
//!
//! The disks of the machine are served by the test, so all that is written to them has one order. A test does its edit once, uncut;
//! then it turns machines on with what a cut at each flush may have left: all that was written and, by turns, only what had been
//! flushed, or some of the rest by chance. What leaves the disks alike is tried once. Tests of one edit share its cuts, each those of
//! a run of its own. The first boot of a test is a whole one; the others go on where the kernel has started and has not looked at a disk.

use anyhow::{Context, Result, ensure};
use std::time::Instant;
use tests::edits::{Edit, Made, converge};
use tests::guest::Guest;
use tests::image::Layout;
use tests::power::{ASIDE, Cut, Origin};

/// One of so many tests that share the cuts of an edit, counted from 1.
#[derive(Clone, Copy)]
struct Share(usize, usize);

fn cut_at_every_flush(edit: &Edit, Share(number, of): Share) -> Result<()> {
    let origin = Origin::ready(&Layout::default())?;
    let clean = origin.start()?;
    clean.guest.check(&format!("systemctl stop {ASIDE}; systemctl mask -q {ASIDE}"))?;
    edit.prepare(&clean.guest)?;
    let (effects, history) = clean.record(converge)?;
    ensure!(!effects.is_empty(), "the edit does nothing");
    let expected = Made::on(&clean.guest)?;
    let boot = history.begin_boot(&clean)?;
    drop(clean);

    let seed = 0;
    let cuts = history.cuts(seed)?;
    ensure!(cuts.flushes > effects.len(), "each effect is flushed: {cuts:#?}");
    let ours: Vec<&Cut> = cuts.distinct.iter().skip(number - 1).step_by(of).collect();
    println!(
        "{} effects, {} writes, {} flushes: {} states after a cut ({} more are like another), {} of them here",
        effects.len(),
        history.writes(),
        cuts.flushes,
        cuts.distinct.len(),
        cuts.same,
        ours.len()
    );
    for (place, cut) in ours.into_iter().enumerate() {
        let begun = Instant::now();
        let powered = if place == 0 { history.turn_on_after(*cut) } else { history.go_on_after(&boot, *cut) };
        let powered = powered.with_context(|| cut.to_string())?;
        let answered = begun.elapsed().as_secs();
        converges(&powered.guest, edit, &expected).with_context(|| cut.to_string())?;
        println!("{cut}: converged, {} s, of which {answered} until it answered", begun.elapsed().as_secs());
    }
    Ok(())
}

fn converges(guest: &Guest, edit: &Edit, expected: &Made) -> Result<()> {
    let up = guest.wait_until_up()?;
    let failed =
        guest.check("systemctl --failed --plain --no-legend; journalctl -b -o cat -u atomic-host-storage -u atomic-hostd | tail -40")?;
    ensure!(up == "running", "the boot ended {up}: {failed}");
    // The boot's own run was enough, mostly; what takes consent or failed is left for the next one.
    if Made::on(guest).and_then(|made| edit.ensure_same(&made, expected)).is_ok() {
        return Ok(());
    }
    converge(guest)?;
    edit.ensure_same(&Made::on(guest)?, expected)
}

#[test]
fn cut_at_the_first_fifth_of_the_flushes_while_two_disks_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::TWO_DISKS, Share(1, 5))
}

#[test]
fn cut_at_the_second_fifth_of_the_flushes_while_two_disks_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::TWO_DISKS, Share(2, 5))
}

#[test]
fn cut_at_the_third_fifth_of_the_flushes_while_two_disks_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::TWO_DISKS, Share(3, 5))
}

#[test]
fn cut_at_the_fourth_fifth_of_the_flushes_while_two_disks_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::TWO_DISKS, Share(4, 5))
}

#[test]
fn cut_at_the_last_fifth_of_the_flushes_while_two_disks_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::TWO_DISKS, Share(5, 5))
}

#[test]
fn cut_at_the_first_eighth_of_the_flushes_while_the_first_pool_is_made() -> Result<()> {
    cut_at_every_flush(&Edit::POOL, Share(1, 8))
}

#[test]
fn cut_at_the_second_eighth_of_the_flushes_while_the_first_pool_is_made() -> Result<()> {
    cut_at_every_flush(&Edit::POOL, Share(2, 8))
}

#[test]
fn cut_at_the_third_eighth_of_the_flushes_while_the_first_pool_is_made() -> Result<()> {
    cut_at_every_flush(&Edit::POOL, Share(3, 8))
}

#[test]
fn cut_at_the_fourth_eighth_of_the_flushes_while_the_first_pool_is_made() -> Result<()> {
    cut_at_every_flush(&Edit::POOL, Share(4, 8))
}

#[test]
fn cut_at_the_fifth_eighth_of_the_flushes_while_the_first_pool_is_made() -> Result<()> {
    cut_at_every_flush(&Edit::POOL, Share(5, 8))
}

#[test]
fn cut_at_the_sixth_eighth_of_the_flushes_while_the_first_pool_is_made() -> Result<()> {
    cut_at_every_flush(&Edit::POOL, Share(6, 8))
}

#[test]
fn cut_at_the_seventh_eighth_of_the_flushes_while_the_first_pool_is_made() -> Result<()> {
    cut_at_every_flush(&Edit::POOL, Share(7, 8))
}

#[test]
fn cut_at_the_last_eighth_of_the_flushes_while_the_first_pool_is_made() -> Result<()> {
    cut_at_every_flush(&Edit::POOL, Share(8, 8))
}

#[test]
fn cut_at_the_first_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(1, 9))
}

#[test]
fn cut_at_the_second_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(2, 9))
}

#[test]
fn cut_at_the_third_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(3, 9))
}

#[test]
fn cut_at_the_fourth_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(4, 9))
}

#[test]
fn cut_at_the_fifth_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(5, 9))
}

#[test]
fn cut_at_the_sixth_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(6, 9))
}

#[test]
fn cut_at_the_seventh_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(7, 9))
}

#[test]
fn cut_at_the_eighth_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(8, 9))
}

#[test]
fn cut_at_the_last_ninth_of_the_flushes_while_volumes_are_added() -> Result<()> {
    cut_at_every_flush(&Edit::VOLUMES, Share(9, 9))
}

#[test]
fn cut_at_the_first_third_of_the_flushes_while_root_grows() -> Result<()> {
    cut_at_every_flush(&Edit::ROOT, Share(1, 3))
}

#[test]
fn cut_at_the_second_third_of_the_flushes_while_root_grows() -> Result<()> {
    cut_at_every_flush(&Edit::ROOT, Share(2, 3))
}

#[test]
fn cut_at_the_last_third_of_the_flushes_while_root_grows() -> Result<()> {
    cut_at_every_flush(&Edit::ROOT, Share(3, 3))
}

#[test]
fn cut_at_the_first_sixth_of_the_flushes_while_a_group_in_use_grows() -> Result<()> {
    cut_at_every_flush(&Edit::GROWTH, Share(1, 6))
}

#[test]
fn cut_at_the_second_sixth_of_the_flushes_while_a_group_in_use_grows() -> Result<()> {
    cut_at_every_flush(&Edit::GROWTH, Share(2, 6))
}

#[test]
fn cut_at_the_third_sixth_of_the_flushes_while_a_group_in_use_grows() -> Result<()> {
    cut_at_every_flush(&Edit::GROWTH, Share(3, 6))
}

#[test]
fn cut_at_the_fourth_sixth_of_the_flushes_while_a_group_in_use_grows() -> Result<()> {
    cut_at_every_flush(&Edit::GROWTH, Share(4, 6))
}

#[test]
fn cut_at_the_fifth_sixth_of_the_flushes_while_a_group_in_use_grows() -> Result<()> {
    cut_at_every_flush(&Edit::GROWTH, Share(5, 6))
}

#[test]
fn cut_at_the_last_sixth_of_the_flushes_while_a_group_in_use_grows() -> Result<()> {
    cut_at_every_flush(&Edit::GROWTH, Share(6, 6))
}

#[test]
fn cut_at_the_first_fourth_of_the_flushes_while_volumes_are_removed() -> Result<()> {
    cut_at_every_flush(&Edit::REMOVAL, Share(1, 4))
}

#[test]
fn cut_at_the_second_fourth_of_the_flushes_while_volumes_are_removed() -> Result<()> {
    cut_at_every_flush(&Edit::REMOVAL, Share(2, 4))
}

#[test]
fn cut_at_the_third_fourth_of_the_flushes_while_volumes_are_removed() -> Result<()> {
    cut_at_every_flush(&Edit::REMOVAL, Share(3, 4))
}

#[test]
fn cut_at_the_last_fourth_of_the_flushes_while_volumes_are_removed() -> Result<()> {
    cut_at_every_flush(&Edit::REMOVAL, Share(4, 4))
}
