//! Edits of the file on a running host: the daemon follows by itself, up to the ceiling; what loses data waits for consent.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tests::edits::DATA;
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

/// A host that is as [`DATA`] says, with its daemon running.
fn host() -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    guest.write_file(SPEC, DATA)?;
    converge(&guest)?;
    assert_eq!(guest.check("findmnt -no SOURCE,FSTYPE /var/data")?, "/dev/mapper/atomicos-data xfs");
    Ok(guest)
}

/// Waits for the daemon, not for us: only looks.
fn converge(guest: &Guest) -> Result<()> {
    let deadline = Instant::now() + Duration::from_mins(4);
    loop {
        let plan = product::plan(guest)?;
        if plan.iter().all(|step| !step["waits"].is_null()) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("the daemon did not get there: {plan:#?}\n{}", guest.check("journalctl -b -u atomic-hostd -o cat | tail -50")?);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn edit(guest: &Guest, from: &str, to: &str) -> Result<()> {
    let spec = String::from_utf8(guest.read_file(SPEC)?)?;
    assert!(spec.contains(from), "{from:?} is not in {spec}");
    guest.write_file(SPEC, spec.replace(from, to))?;
    converge(guest)
}

#[test]
fn an_edit_is_planned_within_two_seconds_of_its_last_write() -> Result<()> {
    let guest = host()?;
    guest.check(&format!("sed -i 's/size = \"1G\"/size = \"1100M\"/' {SPEC}"))?;
    converge(&guest)?;
    let written: f64 = guest.check(&format!("stat -c %.9Y {SPEC}"))?.parse()?;
    let line = guest.check("journalctl -b -u atomic-hostd -o json --grep 'the spec was edited' | tail -1")?;
    let entry: Value = serde_json::from_str(&line).context(line)?;
    let told: f64 = product::text(&entry["__REALTIME_TIMESTAMP"]).parse::<f64>()? / 1e6;
    let after = told - written;
    assert!((0.0..2.0).contains(&after), "planning began {after} s after the last write");
    Ok(())
}

#[test]
fn root_volumes_and_disks_follow_the_file() -> Result<()> {
    let guest = host()?;
    edit(&guest, "driver = \"overlay2\"", "driver = \"overlay2\"\nroot-size = \"3500M\"")?;
    assert_eq!(product::extents(&guest, "atomicos")?["root"], 875);

    edit(&guest, "size = \"1G\"", "size = \"1500M\"")?;
    let size: u64 = guest.check("df -B1 --output=size /var/data | tail -1")?.parse()?;
    assert!(size > 1400 << 20, "the file system grew with its volume: {size}");

    edit(
        &guest,
        "[storage.pool]",
        "[storage.volume.logs]\nmount = \"/var/srv-logs\"\nsize = \"300M\"\nthin = false\nfilesystem = \"ext4\"\n\n[storage.pool]",
    )?;
    assert_eq!(guest.check("findmnt -no SOURCE,FSTYPE /var/srv-logs")?, "/dev/mapper/atomicos-logs ext4");

    let before = product::free(&guest, "atomicos")?;
    edit(&guest, "driver = \"overlay2\"", "driver = \"overlay2\"\ndevices = [\"/dev/disk/by-id/virtio-data1\"]")?;
    // 4 GiB less the first MiB, in whole extents.
    assert_eq!(product::free(&guest, "atomicos")?, before + 1023);

    edit(&guest, "size = \"2G\"", "size = \"3G\"")?;
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    guest.reboot_and_wait()?;
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    guest.check("findmnt /var/data && findmnt /var/srv-logs")?;
    Ok(())
}

#[test]
fn removing_a_volume_waits_and_the_command_that_is_shown_does_it() -> Result<()> {
    let guest = host()?;
    guest.check("echo precious > /var/data/file")?;
    guest.write_file(SPEC, "[storage]\ndriver = \"overlay2\"\n\n[storage.pool]\nsize = \"2G\"\n\n[storage.volume.other]\nmount = \"/var/other\"\nsize = \"400M\"\n")?;
    converge(&guest)?;
    guest.check("findmnt /var/other")?;
    assert_eq!(guest.check("cat /var/data/file")?, "precious");
    follow_the_command(&guest)?;
    assert!(!product::extents(&guest, "atomicos")?.contains_key("data"));
    assert_ne!(guest.sh("findmnt /var/data")?.code, 0);
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    Ok(())
}

#[test]
fn shrinking_a_volume_waits_and_consent_for_another_state_is_void() -> Result<()> {
    let guest = host()?;
    guest.check("echo precious > /var/data/file")?;
    edit(&guest, "size = \"1G\"", "size = \"500M\"")?;
    let stale = product::losing(&guest)?;
    assert!(!stale.is_empty());
    assert_eq!(guest.check("cat /var/data/file")?, "precious");

    // The volume is made anew by hand, as another one of the same name: old consent must not reach it.
    guest.check("umount /var/data && lvremove -qy atomicos/data && lvcreate -qy -V 1g -T atomicos/docker-pool -n data --addtag atomic-host --addtag atomic-host/role=volume --addtag atomic-host/asked=1073741824 && mkfs.xfs -q /dev/atomicos/data && mount /dev/atomicos/data /var/data && echo other > /var/data/file")?;
    let arguments: Vec<&str> = stale.iter().flat_map(|id| ["--consent", id.as_str()]).collect();
    let applied = product::apply(&guest, &arguments)?;
    assert_eq!(applied.code, 3, "{:#}", applied.report);
    assert_eq!(guest.check("cat /var/data/file")?, "other");

    follow_the_command(&guest)?;
    assert_eq!(product::extents(&guest, "atomicos")?["data"], 125);
    assert_eq!(guest.check("ls /var/data")?, "");
    assert_eq!(product::plan(&guest)?, Vec::<Value>::new());
    Ok(())
}

/// Runs, word for word, the command that `status` shows for what waits.
fn follow_the_command(guest: &Guest) -> Result<()> {
    let status = guest.check("atomic host status")?;
    let line = status.lines().find_map(|line| line.trim().strip_prefix("to go on: ")).context(status.clone())?;
    let (command, warning) = line.split_once("   ").context(status.clone())?;
    assert_eq!(warning, "(data is lost for good)");
    guest.check(command)?;
    Ok(())
}
