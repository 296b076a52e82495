//! A pool under a writer at full speed: it grows ahead of the writer, over a SIGKILL of the daemon too, data and metadata, with docker's
//! thin devices or LVM's; when nothing can be added somebody is told, and when space appears it goes on by itself.

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use tests::guest::Guest;
use tests::image::Layout;
use tests::pool;
use tests::product;

const WATCHED_BY_DMEVENTD: &str = "lvs --noheadings -o seg_monitor fill/docker-pool | grep -qx ' *monitored *'";
const TAKEN: &str = "lvs --noheadings -o seg_monitor fill/docker-pool | grep -qx ' *not monitored *'";

#[test]
fn a_small_pool_keeps_ahead_of_a_writer_and_dmeventd_has_it_while_the_daemon_is_dead() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    pool::make(&mut guest, 8, "1G", "threshold = 60, percent = 20")?;
    pool::thin(&guest, 8)?;
    pool::begin(&guest, 3000)?;
    pool::until(&guest, "the status shows that it fills", "atomic host status | grep 'docker-pool fills at'")?;
    println!("{:?}", pool::finish(&guest)?);
    let growths = pool::growths(&guest)?;
    println!("{}", growths.join("\n"));
    ensure!(pool::switches(&guest)? == 0 && !growths.is_empty());
    let status = guest.check("atomic host status")?;
    println!("{status}");
    ensure!(status.contains("grows by itself"), "{status}");

    pool::begin(&guest, 5500)?;
    guest.check("systemctl kill -s KILL --kill-who=main atomic-hostd")?;
    pool::until(&guest, "dmeventd has it", WATCHED_BY_DMEVENTD)?;
    pool::until(&guest, "the daemon has it back", TAKEN)?;
    println!("{:?}", pool::finish(&guest)?);
    println!("{}", guest.check("journalctl -b -q -o short-precise -u atomic-hostd -u dm-event | tail -60")?);
    ensure!(pool::switches(&guest)? == 0, "{}", pool::status(&guest)?);
    // A clean end gives it back as well.
    guest.check("systemctl stop atomic-hostd")?;
    guest.check(WATCHED_BY_DMEVENTD)?;
    guest.check("test ! -e /run/atomic-host/extender.json").map(drop)
}

#[test]
fn a_full_group_is_told_and_a_new_disk_is_used_by_itself() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    pool::make(&mut guest, 1, "600M", "threshold = 60, percent = 20")?;
    pool::thin(&guest, 8)?;
    // The headroom asks for more than there is: all of the group is in the pool before anybody writes.
    pool::until(&guest, "the group is full", "test $(vgs --noheadings -o vg_free_count fill) = 0")?;
    pool::fill(&guest, 700)?;
    pool::until(&guest, "somebody is told", "journalctl -b -q ALARM=group-full POOL=fill/docker-pool | grep .")?;
    let status = guest.check("atomic host status")?;
    println!("{status}");
    ensure!(status.contains("ALARM: fill/docker-pool is"), "{status}");
    ensure!(product::status(&guest)?["extender"]["alarm"]["cause"] == "group-full");

    // By hand, as no event of device-mapper tells of.
    guest.add_disk("more", 3)?;
    guest.check("pvcreate -q /dev/disk/by-id/virtio-more && vgextend -q fill /dev/disk/by-id/virtio-more")?;
    pool::until(&guest, "it is in order again", "journalctl -b -q ALARM=over POOL=fill/docker-pool | grep .")?;
    pool::fill(&guest, 2500)?;
    ensure!(pool::switches(&guest)? == 0, "{}", pool::status(&guest)?);

    // Writes wait for a minute when the pool is full: space that comes meanwhile saves them.
    pool::begin(&guest, 4500)?;
    pool::until(&guest, "the pool is full", "dmsetup status --noflush fill-docker--pool | grep -q out_of_data_space")?;
    pool::until(&guest, "it is urgent", "journalctl -b -q ALARM=group-full URGENT=true | grep .")?;
    guest.add_disk("last", 4)?;
    guest.check("pvcreate -q /dev/disk/by-id/virtio-last && vgextend -q fill /dev/disk/by-id/virtio-last")?;
    println!("{:?}", pool::finish(&guest)?);
    println!("{}", guest.check("journalctl -b -q -o short-precise -u atomic-hostd | tail -60")?);
    Ok(())
}

#[test]
fn the_limit_is_kept_and_a_higher_one_is_used_by_itself() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    pool::make(&mut guest, 8, "1G", "limit = \"1500M\"")?;
    pool::thin(&guest, 8)?;
    pool::fill(&guest, 1300)?;
    pool::until(&guest, "somebody is told", "journalctl -b -q ALARM=limit | grep .")?;
    ensure!(product::extents(&guest, pool::GROUP)?["docker-pool"] == 375);
    guest.check("sed -i 's/1500M/80%VG/' /etc/atomic-host.toml")?;
    pool::until(&guest, "it is in order again", "journalctl -b -q ALARM=over | grep .")?;
    pool::fill(&guest, 4000)?;
    ensure!(pool::switches(&guest)? == 0, "{}", pool::status(&guest)?);
    ensure!(product::extents(&guest, pool::GROUP)?["docker-pool"] <= 2047 * 80 / 100);
    Ok(())
}

#[test]
fn a_pool_that_was_pruned_after_the_kernel_told_of_it_is_told_of_again() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    pool::make(&mut guest, 8, "1G", "limit = \"1500M\"")?;
    pool::thin(&guest, 8)?;
    pool::fill(&guest, 1300)?;
    pool::until(&guest, "somebody is told", "journalctl -b -q ALARM=limit | grep .")?;
    // As images that are removed. The kernel has told of the mark, and does so once after each resume.
    guest.check("blkdiscard /dev/mapper/load")?;
    pool::until(&guest, "it is in order again", "journalctl -b -q ALARM=over | grep .")?;
    guest.check("sed -i 's/1500M/80%VG/' /etc/atomic-host.toml")?;
    ensure!(product::apply(&guest, &[])?.code == 0);
    // Longer than a timer is left running for a pool that does not fill.
    guest.check("sleep 15")?;
    ensure!(product::extents(&guest, pool::GROUP)?["docker-pool"] == 375, "nothing presses yet");
    pool::fill(&guest, 3000)?;
    ensure!(pool::switches(&guest)? == 0, "{}", pool::status(&guest)?);
    ensure!(product::extents(&guest, pool::GROUP)?["docker-pool"] >= 750);
    Ok(())
}

#[test]
fn an_edited_threshold_is_the_kernels_at_once() -> Result<()> {
    /// Percent of the pool that is free when the kernel tells.
    const MARK: &str = "dmsetup table fill-docker--pool | awk '{ print int(($7 * $6 * 100 + $2 / 2) / $2) }'";
    let mut guest = Guest::ready(&Layout::default())?;
    pool::make(&mut guest, 4, "1G", "threshold = 60")?;
    ensure!(guest.check(MARK)? == "40");
    for (from, to, free) in [(60, 80, 20), (80, 70, 30)] {
        guest.check(&format!("sed -i 's/threshold = {from}/threshold = {to}/' /etc/atomic-host.toml"))?;
        pool::until(&guest, "the table has another mark", &format!("test \"$({MARK})\" = {free}"))?;
        ensure!(product::apply(&guest, &[])?.code == 0);
        let text = guest.check("cat /etc/lvm/profile/fill--docker-pool-extend.profile")?;
        ensure!(text.contains(&format!("threshold={to}\n")) && !text.contains('#'), "{text}");
        ensure!(product::plan(&guest)?.is_empty());
        // LVM gives what it resumes to dmeventd.
        pool::until(&guest, "the daemon has the pool still", TAKEN)?;
    }
    Ok(())
}

#[test]
fn a_pool_with_lvms_volumes_keeps_ahead_of_a_writer() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    guest.add_disk(pool::GROUP, 8)?;
    let keys =
        "size = \"1G\"\nautoextend = { threshold = 60, percent = 20 }\n\n[storage.volume.load]\nmount = \"/var/load\"\nsize = \"7G\"\n";
    pool::make_on(&guest, "overlay2", keys)?;
    // LVM puts a layer between the pool and its own volumes.
    guest.check("dmsetup status --noflush fill-docker--pool-tpool | grep -q thin-pool")?;
    ensure!(guest.check("findmnt -no SOURCE /var/load")? == "/dev/mapper/fill-load");
    let before = pool::growths(&guest)?.len();

    guest.check("systemd-run -q --unit=load dd if=/dev/zero of=/var/load/file bs=1M count=3072 oflag=direct")?;
    // Both at once: it does not fill for long.
    let fills = "atomic storage status --json >/run/status.json & atomic storage status >/run/status.txt; wait; \
                 grep -q 'docker-pool fills at' /run/status.txt && grep -q '\"full_in\"' /run/status.json";
    pool::until(&guest, "the status shows that it fills", fills)?;
    let text = guest.check("cat /run/status.txt")?;
    println!("{text}");
    ensure!(text.contains(" a second: full in ") && text.contains(" with all of fill"), "{text}");
    let told: Value = serde_json::from_slice(&guest.read_file("/run/status.json")?)?;
    let extender = &told["extender"];
    ensure!(extender["group"] == "fill" && extender["pool"] == "docker-pool", "{extender:#}");
    let filling = &extender["filling"];
    ensure!(filling["rate"].as_u64().is_some_and(|rate| rate > 0), "{extender:#}");
    let (pool, group) = (filling["full_in"].as_u64(), filling["group_full_in"].as_u64());
    ensure!(pool.is_some() && group >= pool, "{extender:#}");

    pool::until(&guest, "the writer ends", "! systemctl is-active -q load")?;
    guest.check("! systemctl is-failed -q load && test $(stat -c %s /var/load/file) = $((3 << 30))")?;
    let growths = pool::growths(&guest)?;
    println!("{}", growths.join("\n"));
    ensure!(pool::switches(&guest)? == 0 && growths.len() > before, "{before} growths before the writer:\n{}", growths.join("\n"));
    ensure!(product::extents(&guest, pool::GROUP)?["docker-pool"] > 3 << 8, "what was written is in it");

    shown_as_lvm_counts_it(&guest)?;

    guest.check("systemctl stop atomic-hostd && test ! -e /run/atomic-host/extender.json")?;
    guest.check("lvs --noheadings -o seg_monitor fill/docker-pool | grep -qx ' *monitored'").map(drop)
}

/// Group and pool at rest, for people and as JSON.
fn shown_as_lvm_counts_it(guest: &Guest) -> Result<()> {
    pool::until(
        guest,
        "the pool is at rest",
        "a=$(dmsetup status --noflush fill-docker--pool-tpool); sleep 3; test \"$a\" = \"$(dmsetup status --noflush fill-docker--pool-tpool)\"",
    )?;
    let lvm = guest.check("lvs --noheadings -o data_percent,metadata_percent fill/docker-pool")?;
    let [data, metadata] = lvm.split_whitespace().collect::<Vec<_>>()[..] else { bail!("{lvm}") };
    let text = guest.check("atomic storage status")?;
    ensure!(text.contains(&format!("data {data} %, metadata {metadata} %, grows by itself")), "{lvm}: {text}");
    let told: Value = serde_json::from_str(&guest.check("atomic storage status --json")?)?;
    let group = &told["storage"]["groups"]["fill"];
    let hundredths = |percent: &str| percent.replace('.', "").parse::<u64>();
    let used = &group["volumes"]["docker-pool"]["role"]["pool"];
    ensure!(used["data_used"] == hundredths(data)? && used["metadata_used"] == hundredths(metadata)?, "{lvm}: {group:#}");
    ensure!(group["free"] == product::free(guest, "fill")?, "{group:#}");
    ensure!(group["volumes"]["docker-pool"]["extents"] == product::extents(guest, "fill")?["docker-pool"], "{group:#}");
    Ok(())
}

#[test]
fn metadata_grows_before_it_is_full() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    guest.add_disk(pool::GROUP, 8)?;
    // In extents of 1 MiB metadata of 2M is no more than that: 512 blocks, of which half are kept free. A block maps 252 chunks at most,
    // so that 6 GiB in chunks of 64K take 391 at least.
    guest.check("vgcreate -q -s 1M fill /dev/disk/by-id/virtio-fill")?;
    pool::make_on(&guest, "devicemapper", "size = \"6G\"\nchunk = \"64K\"\nmetadata = \"2M\"\n")?;
    ensure!(product::extents(&guest, pool::GROUP)?["[docker-pool_tmeta]"] == 2, "the metadata is larger from the start");
    pool::thin(&guest, 8)?;
    println!("{:?}", pool::fill(&guest, 6 << 10)?);
    pool::until(&guest, "the metadata grows", "journalctl -b -q -u atomic-hostd GREW=metadata POOL=fill/docker-pool | grep .")?;
    println!("{}", pool::growths(&guest)?.join("\n"));

    let status = pool::status(&guest)?;
    println!("{status}");
    ensure!(status.contains(" rw ") && !status.contains("needs_check") && pool::switches(&guest)? == 0, "{status}");
    let used: u64 =
        guest.check("dmsetup status --noflush fill-docker--pool | awk '{ split($5, blocks, \"/\"); print blocks[1] }'")?.parse()?;
    ensure!(used > 256, "it was never pressed: {status}");
    let volumes = product::extents(&guest, pool::GROUP)?;
    ensure!(volumes["[docker-pool_tmeta]"] >= 4 && volumes["[lvol0_pmspare]"] >= 4, "{volumes:?}");
    // To the end: nothing that was written is lost or waits.
    guest
        .check("dd if=/dev/mapper/load bs=1M skip=6143 count=1 iflag=direct status=none | tr -cd Z | wc -c | grep -qx $((1 << 20))")
        .map(drop)
}

#[test]
fn somebody_is_told_while_lvms_lock_keeps_a_pool_from_growing() -> Result<()> {
    let mut guest = Guest::ready(&Layout::default())?;
    pool::make(&mut guest, 8, "1G", "threshold = 60, percent = 20, headroom = \"0\"")?;
    pool::thin(&guest, 8)?;
    guest.check("systemd-run -q --unit=holder flock /run/lock/lvm/V_fill sleep 600; sleep 1; systemctl is-active holder")?;
    pool::fill(&guest, 700)?;
    pool::until(&guest, "somebody is told", "journalctl -b -q ALARM=refused URGENT=true POOL=fill/docker-pool | grep 'lslocks'")?;
    let status = guest.check("timeout 20 cat /run/atomic-host/extender.json")?;
    ensure!(status.contains("refused"), "{status}");
    guest.check("systemctl stop holder")?;
    pool::until(&guest, "it is in order again", "journalctl -b -q ALARM=over POOL=fill/docker-pool | grep .")?;
    ensure!(!pool::growths(&guest)?.is_empty() && pool::switches(&guest)? == 0, "{}", pool::status(&guest)?);
    Ok(())
}
