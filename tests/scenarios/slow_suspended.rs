//! A command of LVM that is killed between the suspension of a device and its resumption: whoever touches the device hangs. The next run
//! finds it, resumes it first, and goes on. The disk is made slow, so that the moment is long enough to be met.

use anyhow::{Result, ensure};
use serde_json::json;
use tests::edits::{self, Edit};
use tests::guest::Guest;
use tests::image::Layout;
use tests::product;

/// Away from root's group: with root suspended nothing could even be killed.
const EDIT: Edit = Edit {
    before: "[storage]\ndriver = \"overlay2\"\nvolume-group = \"data\"\ndevices = [\"/dev/disk/by-id/virtio-data1\"]\n\n\
             [storage.pool]\nsize = \"1G\"\n\n[storage.volume.data]\nmount = \"/var/data\"\nsize = \"600M\"\n",
    after: "[storage]\ndriver = \"overlay2\"\nvolume-group = \"data\"\ndevices = [\"/dev/disk/by-id/virtio-data1\"]\n\n\
            [storage.pool]\nsize = \"2G\"\n\n[storage.volume.data]\nmount = \"/var/data\"\nsize = \"900M\"\n",
};

/// Reads and writes in a second that a disk does; `None`: as it can.
fn pace(guest: &Guest, disk: &str, limit: Option<u32>) -> Result<()> {
    let arguments = json!({ "device": disk, "iops": limit.unwrap_or(0), "iops_rd": 0, "iops_wr": 0, "bps": 0, "bps_rd": 0, "bps_wr": 0 });
    guest.qmp()?.execute("block_set_io_throttle", &arguments).map(drop)
}

fn suspended(guest: &Guest) -> Result<String> {
    guest.check("dmsetup info -c --noheadings -o name,suspended | sed -n 's/:Suspended$//p'")
}

#[test]
fn what_a_killed_command_left_suspended_is_resumed_and_the_run_goes_on() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    EDIT.prepare(&guest)?;
    pace(&guest, "data1", Some(6))?;
    // Without starting a program for each look, and all of the run at once: the moment is short all the same. LVM also suspends for the
    // blink of an eye, when it resumes a device with another table; that is not what is waited for.
    let killed = guest.sh("systemd-run -q --unit=edit atomic host apply; control=/sys/fs/cgroup/system.slice/edit.service; seen=0; \
         while [ -d $control ]; do \
           now=0; \
           for device in /sys/block/dm-*/dm/suspended; do read -r is <$device && [ \"$is\" = 1 ] && now=1; done; \
           seen=$(((seen + now) * now)); \
           [ $seen -lt 20 ] || { echo 1 >$control/cgroup.kill; exit 0; }; \
         done; exit 1")?;
    pace(&guest, "data1", None)?;
    ensure!(killed.code == 0, "nothing was seen suspended: {}", guest.check("journalctl -o cat -u edit")?);
    guest.check("for i in $(seq 50); do pgrep -x storage-worker || exit 0; sleep 0.2; done; exit 1")?;
    let left = suspended(&guest)?;
    ensure!(!left.is_empty(), "the command had resumed it before it died");

    let planned = product::plan(&guest)?;
    ensure!(!planned.is_empty() && planned.iter().all(|step| step["kind"] == "resume-device"), "{planned:#?}");
    ensure!(planned.len() == left.lines().count(), "{left}: {planned:#?}");
    edits::converge(&guest)?;
    ensure!(suspended(&guest)?.is_empty());
    ensure!(product::plan(&guest)?.is_empty(), "something is left to do");
    ensure!(product::extents(&guest, "data")?["data"] == 225, "the volume has another size");
    ensure!(guest.check("tail -1 /var/data/kept")? == "20000");
    guest.check("vgck data").map(drop)
}

#[test]
fn what_somebody_suspended_in_a_group_of_theirs_stays_suspended_and_nobody_waits_for_it() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    EDIT.prepare(&guest)?;
    guest.check(
        "vgcreate -qq away /dev/disk/by-id/virtio-data3 && vgexport -qq away && \
         vgcreate -qq theirs /dev/disk/by-id/virtio-data2 && lvcreate -qq -Wn -L 100M -n theirs theirs && dmsetup suspend theirs-theirs",
    )?;
    edits::converge(&guest)?;
    ensure!(suspended(&guest)? == "theirs-theirs", "{}", suspended(&guest)?);
    // Beside one of ours.
    guest.check("dmsetup suspend data-data")?;
    let planned = product::plan(&guest)?;
    ensure!(planned.len() == 1 && planned[0]["kind"] == "resume-device", "{planned:#?}");
    edits::converge(&guest)?;
    ensure!(suspended(&guest)? == "theirs-theirs", "{}", suspended(&guest)?);
    guest.check("dmsetup resume theirs-theirs && vgck data theirs")?;

    // docker's store on it, and nothing of it in memory.
    guest.check(
        "systemctl stop docker.socket docker.service && mkfs.ext4 -qF /dev/theirs/theirs && mount /dev/theirs/theirs /var/lib/docker && \
         sync && echo 3 >/proc/sys/vm/drop_caches && dmsetup suspend theirs-theirs",
    )?;
    let shown = guest.sh("timeout 120 atomic storage status --json")?;
    guest.check("dmsetup resume theirs-theirs && umount /var/lib/docker")?;
    ensure!(shown.code == 0, "{shown:?}");
    let told: serde_json::Value = serde_json::from_str(&shown.stdout)?;
    ensure!(told["storage"]["engine"]["docker"] == "images", "what cannot be looked into may hold anything: {told:#}");
    Ok(())
}
