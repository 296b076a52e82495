//! What the drop-in costs, against the LVM commands that it cannot do without. Ratios of medians, side by side in one guest.

use anyhow::Result;
use tests::guest::Guest;
use tests::image::Layout;

const INPUT: &str = "/etc/sysconfig/docker-storage-setup";
const RUNS: usize = 15;

/// Seconds of one command, by the guest's own clock.
fn seconds(guest: &Guest, command: &str) -> Result<f64> {
    let script = format!("a=$(date +%s%N); {{ {command}; }} >/dev/null 2>&1 || exit 1; b=$(date +%s%N); echo $((b - a))");
    let nanoseconds: f64 = guest.check(&script)?.parse()?;
    Ok(nanoseconds / 1e9)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[test]
fn a_run_with_nothing_to_do_costs_what_lvms_report_costs() -> Result<()> {
    let guest = Guest::ready(&Layout::vg("atomicos"))?;
    guest.check(
        "systemctl stop atomic-hostd.service docker.socket docker.service; mkdir -p /etc/sysconfig; rm -f /etc/sysconfig/docker-storage",
    )?;
    guest.write_file(INPUT, "STORAGE_DRIVER=devicemapper\nVG=docker\nDEVS=/dev/vdb\nMIN_DATA_SIZE=1G\n")?;
    guest.check("docker-storage-setup")?;
    guest.wait_until_idle()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        theirs.push(seconds(&guest, "lvm fullreport")?);
        ours.push(seconds(&guest, "docker-storage-setup")?);
    }
    told("nothing to do, against lvm fullreport", median(ours), median(theirs), 1.3)
}

#[test]
fn a_first_disk_and_pool_cost_what_their_lvm_commands_cost() -> Result<()> {
    let guest = Guest::ready(&Layout::vg("atomicos"))?;
    guest.check(
        "systemctl stop atomic-hostd.service docker.socket docker.service; mkdir -p /etc/sysconfig; rm -f /etc/sysconfig/docker-storage",
    )?;
    guest.write_file(INPUT, "STORAGE_DRIVER=devicemapper\nVG=docker\nDEVS=/dev/vdb\nMIN_DATA_SIZE=1G\nDATA_SIZE=1500M\n")?;
    guest.wait_until_idle()?;
    let bare = "echo 'start=1MiB, type=8e' | sfdisk -q --wipe always /dev/vdb && vgcreate docker /dev/vdb1 && \
                lvcreate -y --type thin-pool --zero n -c 512K --poolmetadatasize 8388608b -l 375 -n docker-pool docker";
    let away = "lvremove -qy docker/docker-pool; vgremove -q docker; pvremove -q /dev/vdb1; wipefs -qa /dev/vdb1 /dev/vdb; \
                blockdev --rereadpt /dev/vdb; rm -f /etc/sysconfig/docker-storage /etc/lvm/profile/docker--*; udevadm settle";
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        theirs.push(seconds(&guest, bare)?);
        guest.check(away)?;
        ours.push(seconds(&guest, "docker-storage-setup")?);
        guest.check(away)?;
    }
    told("first disk and pool, against the bare commands", median(ours), median(theirs), 1.3)
}

fn told(what: &str, ours: f64, theirs: f64, limit: f64) -> Result<()> {
    let ratio = ours / theirs;
    println!("{what}: {ours:.3} s / {theirs:.3} s = {ratio:.2} (at most {limit})");
    assert!(ratio <= limit, "{what}: {ratio:.2}");
    Ok(())
}
