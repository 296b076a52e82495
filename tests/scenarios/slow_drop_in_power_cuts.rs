//! The power is cut at every flush of a run of the drop-in: the next run makes of it what an uncut run makes, and the one after that
//! writes nothing.
//!
//! As `slow_power_cuts` does it for the agent, which stays out of the way here.

use anyhow::{Context, Result, ensure};
use std::time::Instant;
use tests::guest::Guest;
use tests::image::Layout;
use tests::power::{ASIDE, Cut, Origin};

/// Nobody but the test runs anything on these disks.
const AGENT: &str = "atomic-hostd.service atomic-host-storage.service";

/// A run of the drop-in.
struct Doing {
    /// What the host is before.
    prepare: &'static str,
    /// What the power is cut in.
    command: &'static str,
    /// What is run after a cut. What it prints does not count.
    again: &'static str,
    /// What is there in the end, as text.
    made: &'static str,
}

const TWO_DISKS_AND_POOL: Doing = Doing {
    prepare: "printf 'STORAGE_DRIVER=devicemapper\\nVG=docker\\nDEVS=\"vdb vdc\"\\nMIN_DATA_SIZE=1G\\n' >/etc/sysconfig/docker-storage-setup",
    command: "docker-storage-setup",
    again: "docker-storage-setup",
    made: "vgs --noheadings -o vg_name,pv_count,vg_missing_pv_count,vg_free_count docker; \
           lvs -a --noheadings -o lv_name,lv_size,lv_profile,lv_tags docker; \
           cat /etc/sysconfig/docker-storage /etc/lvm/profile/docker--*; ! grep identity /var/lib/atomic-host/intents.json",
};

const OWN: &str = "printf 'STORAGE_DRIVER=devicemapper\\nVG=own\\nDEVS=/dev/vdc\\nCONTAINER_THINPOOL=pool\\nMIN_DATA_SIZE=200M\\nDATA_SIZE=400M\\n\
     CONTAINER_ROOT_LV_NAME=volume\\nCONTAINER_ROOT_LV_MOUNT_PATH=/var/own\\nCONTAINER_ROOT_LV_SIZE=400M\\n' >/var/tmp/own \
     && container-storage-setup create own /var/tmp/own";

const ANOTHER_DISK: Doing = Doing {
    prepare: OWN,
    command: "container-storage-setup add-dev own /dev/vdb",
    again: "container-storage-setup add-dev own /dev/vdb",
    made: "vgs --noheadings -o vg_name,pv_count,vg_missing_pv_count,vg_free_count own; \
           cat /var/lib/container-storage-setup/own/metadata; ! grep identity /var/lib/atomic-host/intents.json",
};

const REMOVAL: Doing = Doing {
    prepare: OWN,
    command: "container-storage-setup remove own",
    again: "test ! -e /var/lib/container-storage-setup/own || container-storage-setup remove own",
    made: "vgs --noheadings -o vg_name; wipefs -p /dev/vdb /dev/vdc; ls /var/lib/container-storage-setup /etc/lvm/profile; \
           ! grep identity /var/lib/atomic-host/intents.json",
};

const ROOT_AND_VOLUME: Doing = Doing {
    prepare: "printf 'ROOT_SIZE=+400M\\nSTORAGE_DRIVER=overlay2\\nCONTAINER_ROOT_LV_NAME=containers\\n\
              CONTAINER_ROOT_LV_MOUNT_PATH=/var/containers\\nCONTAINER_ROOT_LV_SIZE=400M\\n' >/etc/sysconfig/docker-storage-setup",
    command: "docker-storage-setup",
    again: "docker-storage-setup",
    made: "vgs --noheadings -o vg_name,vg_free_count atomicos; lvs -a --noheadings -o lv_name,lv_size,lv_tags atomicos; \
           df -B1M --output=size /sysroot; cat /etc/sysconfig/docker-storage /etc/systemd/system/var-containers.mount; \
           systemctl is-enabled var-containers.mount; systemctl is-active var-containers.mount; \
           findmnt -no SOURCE,FSTYPE,FS-OPTIONS /var/containers; touch /var/containers/writable",
};

/// One of so many tests that share the cuts of a run, counted from 1.
#[derive(Clone, Copy)]
struct Share(usize, usize);

fn cut_at_every_flush(doing: &Doing, Share(number, of): Share) -> Result<()> {
    let origin = Origin::ready(&Layout::vg("atomicos"))?;
    let clean = origin.start()?;
    clean.guest.check(&format!("systemctl stop {ASIDE} {AGENT}; systemctl mask -q {ASIDE} {AGENT}; mkdir -p /etc/sysconfig"))?;
    clean.guest.check(doing.prepare)?;
    let ((), history) = clean.record(|guest| guest.check(doing.command).map(drop))?;
    let expected = clean.guest.check(doing.made)?;
    let boot = history.begin_boot(&clean)?;
    drop(clean);

    let seed = 0;
    let cuts = history.cuts(seed)?;
    ensure!(cuts.distinct.len() > of, "there is something to cut: {cuts:#?}");
    let ours: Vec<&Cut> = cuts.distinct.iter().skip(number - 1).step_by(of).collect();
    println!(
        "{} writes, {} flushes: {} states after a cut, {} of them here",
        history.writes(),
        cuts.flushes,
        cuts.distinct.len(),
        ours.len()
    );
    for (place, cut) in ours.into_iter().enumerate() {
        let begun = Instant::now();
        let powered = if place == 0 { history.turn_on_after(*cut) } else { history.go_on_after(&boot, *cut) };
        let powered = powered.with_context(|| cut.to_string())?;
        let answered = begun.elapsed().as_secs();
        converges(&powered.guest, doing, &expected).with_context(|| cut.to_string())?;
        println!("{cut}: converged, {} s, of which {answered} until it answered", begun.elapsed().as_secs());
    }
    Ok(())
}

fn converges(guest: &Guest, doing: &Doing, expected: &str) -> Result<()> {
    let up = guest.wait_until_up()?;
    ensure!(up == "running", "the boot ended {up}: {}", guest.check("systemctl --failed --plain --no-legend")?);
    guest.check(doing.again)?;
    let made = guest.check(doing.made)?;
    ensure!(made == expected, "it made:\n{made}\nand not:\n{expected}");
    // Also not of a copy of its metadata that a cut left behind the others.
    let checked = guest.sh("vgck")?;
    ensure!(checked.code == 0 && checked.stderr.is_empty(), "vgck: {}{}", checked.stdout, checked.stderr);
    let writes = "vgs --noheadings -o vg_name,vg_seqno";
    let before = guest.check(writes)?;
    guest.check(doing.again)?;
    ensure!(guest.check(writes)? == before, "one more run wrote to LVM");
    Ok(())
}

#[test]
fn cut_at_the_first_eighth_of_the_flushes_while_two_disks_become_a_pool() -> Result<()> {
    cut_at_every_flush(&TWO_DISKS_AND_POOL, Share(1, 8))
}

#[test]
fn cut_at_the_second_eighth_of_the_flushes_while_two_disks_become_a_pool() -> Result<()> {
    cut_at_every_flush(&TWO_DISKS_AND_POOL, Share(2, 8))
}

#[test]
fn cut_at_the_third_eighth_of_the_flushes_while_two_disks_become_a_pool() -> Result<()> {
    cut_at_every_flush(&TWO_DISKS_AND_POOL, Share(3, 8))
}

#[test]
fn cut_at_the_fourth_eighth_of_the_flushes_while_two_disks_become_a_pool() -> Result<()> {
    cut_at_every_flush(&TWO_DISKS_AND_POOL, Share(4, 8))
}

#[test]
fn cut_at_the_fifth_eighth_of_the_flushes_while_two_disks_become_a_pool() -> Result<()> {
    cut_at_every_flush(&TWO_DISKS_AND_POOL, Share(5, 8))
}

#[test]
fn cut_at_the_sixth_eighth_of_the_flushes_while_two_disks_become_a_pool() -> Result<()> {
    cut_at_every_flush(&TWO_DISKS_AND_POOL, Share(6, 8))
}

#[test]
fn cut_at_the_seventh_eighth_of_the_flushes_while_two_disks_become_a_pool() -> Result<()> {
    cut_at_every_flush(&TWO_DISKS_AND_POOL, Share(7, 8))
}

#[test]
fn cut_at_the_last_eighth_of_the_flushes_while_two_disks_become_a_pool() -> Result<()> {
    cut_at_every_flush(&TWO_DISKS_AND_POOL, Share(8, 8))
}

#[test]
fn cut_at_the_first_third_of_the_flushes_while_a_disk_is_added_to_a_configuration() -> Result<()> {
    cut_at_every_flush(&ANOTHER_DISK, Share(1, 3))
}

#[test]
fn cut_at_the_second_third_of_the_flushes_while_a_disk_is_added_to_a_configuration() -> Result<()> {
    cut_at_every_flush(&ANOTHER_DISK, Share(2, 3))
}

#[test]
fn cut_at_the_last_third_of_the_flushes_while_a_disk_is_added_to_a_configuration() -> Result<()> {
    cut_at_every_flush(&ANOTHER_DISK, Share(3, 3))
}

#[test]
fn cut_at_the_first_sixth_of_the_flushes_while_a_configuration_is_removed() -> Result<()> {
    cut_at_every_flush(&REMOVAL, Share(1, 6))
}

#[test]
fn cut_at_the_second_sixth_of_the_flushes_while_a_configuration_is_removed() -> Result<()> {
    cut_at_every_flush(&REMOVAL, Share(2, 6))
}

#[test]
fn cut_at_the_third_sixth_of_the_flushes_while_a_configuration_is_removed() -> Result<()> {
    cut_at_every_flush(&REMOVAL, Share(3, 6))
}

#[test]
fn cut_at_the_fourth_sixth_of_the_flushes_while_a_configuration_is_removed() -> Result<()> {
    cut_at_every_flush(&REMOVAL, Share(4, 6))
}

#[test]
fn cut_at_the_fifth_sixth_of_the_flushes_while_a_configuration_is_removed() -> Result<()> {
    cut_at_every_flush(&REMOVAL, Share(5, 6))
}

#[test]
fn cut_at_the_last_sixth_of_the_flushes_while_a_configuration_is_removed() -> Result<()> {
    cut_at_every_flush(&REMOVAL, Share(6, 6))
}

#[test]
fn cut_at_the_first_fifth_of_the_flushes_while_root_grows_and_a_volume_is_made() -> Result<()> {
    cut_at_every_flush(&ROOT_AND_VOLUME, Share(1, 5))
}

#[test]
fn cut_at_the_second_fifth_of_the_flushes_while_root_grows_and_a_volume_is_made() -> Result<()> {
    cut_at_every_flush(&ROOT_AND_VOLUME, Share(2, 5))
}

#[test]
fn cut_at_the_third_fifth_of_the_flushes_while_root_grows_and_a_volume_is_made() -> Result<()> {
    cut_at_every_flush(&ROOT_AND_VOLUME, Share(3, 5))
}

#[test]
fn cut_at_the_fourth_fifth_of_the_flushes_while_root_grows_and_a_volume_is_made() -> Result<()> {
    cut_at_every_flush(&ROOT_AND_VOLUME, Share(4, 5))
}

#[test]
fn cut_at_the_last_fifth_of_the_flushes_while_root_grows_and_a_volume_is_made() -> Result<()> {
    cut_at_every_flush(&ROOT_AND_VOLUME, Share(5, 5))
}
