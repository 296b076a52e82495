//! What the extender is held to, as ratios against bare LVM in the same guest: prints a table, and fails when a limit is missed.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::guest::Guest;
use tests::image::Layout;
use tests::pool::{self, THIN, WRITER};

/// A guest with a pool of this size in a group of 8 GiB, and a thin device of 8 GiB in it.
fn host(size: &str, autoextend: &str) -> Result<Guest> {
    let mut guest = Guest::ready(&Layout::default())?;
    pool::make(&mut guest, 8, size, autoextend)?;
    pool::thin(&guest, 8)?;
    guest.wait_until_idle()?;
    Ok(guest)
}

fn free(guest: &Guest) -> Result<u64> {
    tests::product::free(guest, pool::GROUP)
}

/// The daemon ends, and what it gave back to dmeventd is taken from that too.
fn leave_alone(guest: &Guest) -> Result<()> {
    guest.check("systemctl stop atomic-hostd && lvchange --monitor n fill/docker-pool").map(drop)
}

/// The longest write while one bare lvextend runs, in microseconds; and the longest without.
fn stall_of_a_bare_lvextend() -> Result<(u64, u64)> {
    let guest = host("3G", "headroom = \"0\"")?;
    leave_alone(&guest)?;
    let without = pool::fill(&guest, 700)?.longest;
    let mut longest = 0;
    for _ in 0..3 {
        guest.check("dmsetup remove load && dmsetup message fill-docker--pool 0 'delete 7000'")?;
        pool::thin(&guest, 8)?;
        pool::begin(&guest, 1000)?;
        guest.check("sleep 1; lvextend -q -l +128 fill/docker-pool")?;
        longest = longest.max(pool::finish(&guest)?.longest);
    }
    Ok((longest, without))
}

#[test]
fn six_gibibytes_at_full_speed_never_stall() -> Result<()> {
    let (stall, without) = stall_of_a_bare_lvextend()?;
    let guest = host("1G", "threshold = 60, percent = 20")?;
    let written = pool::fill(&guest, 6 << 10)?;
    let (switches, growths) = (pool::switches(&guest)?, pool::growths(&guest)?);
    println!("\nfilling 6 GiB into a pool of 1 GiB in a group of 8 GiB");
    println!("  MiB a second                           {:8}", written.mib * 1_000_000 / written.took);
    println!("  longest write, no lvextend             {without:8} us");
    println!("  longest write during one bare lvextend {stall:8} us");
    println!("  longest write                          {:8} us   at most twice that", written.longest);
    println!("  switches to out-of-data-space          {switches:8}      none");
    println!("  our extensions                         {:8}      at most 4", growths.len());
    growths.iter().for_each(|line| println!("    {line}"));
    ensure!(switches == 0 && growths.len() <= 4 && written.longest <= 2 * stall, "a limit is missed");

    // Up to the last extent: what the thin device still holds of the pool.
    let left = guest.check("dmsetup status --noflush fill-docker--pool | awk '{split($6, d, \"/\"); print (d[2] - d[1]) / 2}'")?;
    println!("  free in the pool, MiB                  {left:>8}");
    println!("  extents never used                     {:8}      none", free(&guest)?);
    ensure!(free(&guest)? == 0, "the last extent is not used");
    Ok(())
}

#[test]
fn a_pool_of_128_mebibytes_does_not_stall_either() -> Result<()> {
    let guest = host("136M", "threshold = 60, percent = 20")?;
    let written = pool::fill(&guest, 4 << 10)?;
    let (switches, growths) = (pool::switches(&guest)?, pool::growths(&guest)?);
    println!("\nfilling 4 GiB into a pool of 128 MiB");
    println!("  longest write                          {:8} us", written.longest);
    println!("  switches to out-of-data-space          {switches:8}      none");
    growths.iter().for_each(|line| println!("    {line}"));
    ensure!(switches == 0, "a limit is missed");
    Ok(())
}

#[test]
fn dmeventd_alone_for_comparison() -> Result<()> {
    let guest = host("1G", "threshold = 60, percent = 20, headroom = \"0\"")?;
    guest.check("systemctl stop atomic-hostd && lvs --noheadings -o seg_monitor fill/docker-pool | grep -qx ' *monitored *'")?;
    let before = tests::product::seqno(&guest, pool::GROUP)?;
    let written = pool::fill(&guest, 6 << 10)?;
    println!("\ndmeventd alone, filling 6 GiB into a pool of 1 GiB");
    println!("  longest write                          {:8} us", written.longest);
    println!("  switches to out-of-data-space          {:8}", pool::switches(&guest)?);
    println!("  writes of metadata by LVM              {:8}", tests::product::seqno(&guest, pool::GROUP)? - before);
    println!("  extents never used                     {:8}", free(&guest)?);
    Ok(())
}

#[test]
fn from_event_to_extension_takes_little_more_than_a_bare_lvextend() -> Result<()> {
    const TIMES: usize = 20;
    let guest = host("1G", "threshold = 60, percent = 1, headroom = \"0\"")?;
    let from = pool::fill(&guest, 600)?.mib;
    let grown = "journalctl -b -q -o json -u atomic-hostd GREW=data";
    let mut began: Vec<u64> = Vec::new();
    let mut at = from;
    while guest.check(&format!("{grown} | wc -l"))?.parse::<usize>()? < TIMES {
        let output = guest.check(&format!("{WRITER} drip {THIN} {at} 60 400"))?;
        began.extend(serde_json::from_str::<Vec<u64>>(&output).context(output)?);
        at += 60;
        ensure!(at < 8000, "{TIMES} events do not come");
    }
    let ended = guest.check(grown)?.lines().map(timestamp).collect::<Result<Vec<u64>>>()?;
    // The write that crossed the mark is the last that began before the growth ended.
    let mut ours: Vec<u64> = ended.iter().filter_map(|end| Some(end - began.iter().rev().find(|begin| *begin < end)?)).collect();

    leave_alone(&guest)?;
    let mut bare: Vec<u64> = serde_json::from_str(&guest.check(&format!("{WRITER} time {TIMES} lvextend -q -l +3 fill/docker-pool"))?)?;
    let (ours, bare) = (median(&mut ours), median(&mut bare));
    let ratio = percent(ours, bare);
    println!("\nfrom the kernel's event to the finished extension, medians of {TIMES}");
    println!("  bare lvextend                          {bare:8} us");
    println!("  ours                                   {ours:8} us   {ratio} %, at most 120 %");
    ensure!(ratio <= 120, "a limit is missed");
    Ok(())
}

#[test]
fn at_rest_nothing_wakes_the_daemon() -> Result<()> {
    let guest = host("1G", "threshold = 60, percent = 20")?;
    // A second look comes half a second after the last event.
    guest.check("sleep 20")?;
    let switches = "cat /proc/$(pidof atomic-hostd)/task/*/status | awk '/^voluntary_ctxt_switches/ { all += $2 } END { print all }'";
    let before: u64 = guest.check(switches)?.parse()?;
    guest.check("sleep 180")?;
    let after: u64 = guest.check(switches)?.parse()?;
    println!("\nwake-ups of the daemon in 3 minutes        {:8}      none", after - before);
    ensure!(after == before, "a limit is missed");
    Ok(())
}

fn timestamp(line: &str) -> Result<u64> {
    let entry: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
    // The time at which it was said, not at which the journal had it.
    let field = entry.get("_SOURCE_REALTIME_TIMESTAMP").or_else(|| entry.get("__REALTIME_TIMESTAMP")).context("an entry has a time")?;
    Ok(field.as_str().context("a text")?.parse()?)
}

fn median(all: &mut [u64]) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

fn percent(one: u64, of: u64) -> u64 {
    one * 100 / of.max(1)
}
