//! A fresh disk, a spec in place, a reboot: the pool is there to the extent, docker runs on it, and a second apply does nothing.

use anyhow::{Context, Result};
use tests::archive;
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

const DEVICEMAPPER: &str = r#"
[storage]
driver = "devicemapper"
root-size = "4G"
"#;

const OVERLAY2: &str = r#"
[storage]
driver = "overlay2"
root-size = "4G"

[storage.pool]
size = "60%FREE"

[storage.volume.containers]
mount = "/var/lib/docker"
size = "5G"
"#;

#[test]
fn with_devicemapper_docker_runs_on_a_pool_of_sixty_percent() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    let free = product::free(&guest, "atomicos")?;
    configure_and_reboot(&guest, DEVICEMAPPER)?;
    pool_is_sixty_percent_of(&guest, free)?;
    assert!(low_water_mark(&guest)? > 0, "the pool's first table has its low-water mark");

    let info = guest.check("docker info --format '{{.Driver}} {{json .DriverStatus}}'")?;
    assert!(info.starts_with("devicemapper "), "{info}");
    assert!(info.contains("atomicos-docker--pool"), "{info}");
    let journal = guest.check("journalctl -b -o cat KIND=create-pool OUTCOME=made OBJECT=atomicos/docker-pool")?;
    assert!(journal.starts_with("done     create-pool atomicos/docker-pool: absent -> "), "the journal has structured fields: {journal}");
    a_container_runs(&guest)?;
    a_second_apply_does_nothing(&guest)
}

#[test]
fn with_overlay2_docker_runs_on_the_thin_volume() -> Result<()> {
    let guest = Guest::ready(&Layout::default())?;
    let free = product::free(&guest, "atomicos")?;
    configure_and_reboot(&guest, OVERLAY2)?;
    pool_is_sixty_percent_of(&guest, free)?;

    assert_eq!(guest.check("findmnt -no SOURCE,FSTYPE /var/lib/docker")?, "/dev/mapper/atomicos-containers xfs");
    let info = guest.check("docker info --format '{{.Driver}} {{json .DriverStatus}}'")?;
    assert!(info.starts_with("overlay2 "), "{info}");
    a_container_runs(&guest)?;
    a_second_apply_does_nothing(&guest)?;

    guest.reboot_and_wait()?;
    assert_eq!(guest.check("findmnt -no SOURCE /var/lib/docker")?, "/dev/mapper/atomicos-containers");
    assert_eq!(guest.check("docker run --rm --network none localhost/busybox:1 echo again")?, "again");
    assert_eq!(product::plan(&guest)?, Vec::<serde_json::Value>::new());
    Ok(())
}

fn configure_and_reboot(guest: &Guest, spec: &str) -> Result<()> {
    guest.write_file(SPEC, spec)?;
    guest.reboot_and_wait()?;
    guest.check("systemctl is-active atomic-host-storage.service atomic-hostd.service docker.service")?;
    assert_eq!(guest.check("systemctl --failed --plain --no-legend")?, "");
    Ok(())
}

/// Root grew to 4 GiB first; of what was then free, data, metadata and spare together take 60 %, rounded down.
fn pool_is_sixty_percent_of(guest: &Guest, free_before: u64) -> Result<()> {
    let volumes = product::extents(guest, "atomicos")?;
    let of = |name: &str| volumes.get(name).copied().with_context(|| format!("{name} is not among {volumes:?}"));
    assert_eq!(of("root")?, 1024);
    let free_for_pool = free_before - 256;
    let taken = of("[docker-pool_tdata]")? + of("[docker-pool_tmeta]")? + of("[lvol0_pmspare]")?;
    assert_eq!(taken, free_for_pool * 60 / 100);
    assert_eq!(product::free(guest, "atomicos")?, free_for_pool - taken);
    let root: u64 = guest.check("df -B1 --output=size /sysroot | tail -1")?.parse()?;
    assert!(root > 4000 << 20, "the root file system grew with its volume: {root}");
    Ok(())
}

/// Fifth word of the thin-pool's table: start length thin-pool metadata data chunk LOW-WATER.
fn low_water_mark(guest: &Guest) -> Result<u64> {
    let table = guest.check("dmsetup table atomicos-docker--pool || dmsetup table atomicos-docker--pool-tpool")?;
    let words: Vec<&str> = table.split_whitespace().collect();
    let pool = words.iter().position(|word| *word == "thin-pool").context(table.clone())?;
    words.get(pool + 4).context("a low-water mark")?.parse().context(table.clone())
}

fn a_container_runs(guest: &Guest) -> Result<()> {
    guest.write_file("/var/tmp/busybox.tar", archive::busybox()?)?;
    guest.check("docker load -i /var/tmp/busybox.tar && rm /var/tmp/busybox.tar")?;
    let said = guest.check("docker run --rm --network none localhost/busybox:1 echo from the container")?;
    assert_eq!(said, "from the container");
    Ok(())
}

/// No metadata written, no file touched, no process started but those that look.
fn a_second_apply_does_nothing(guest: &Guest) -> Result<()> {
    assert_eq!(product::plan(guest)?, Vec::<serde_json::Value>::new());
    let before = product::seqno(guest, "atomicos")?;
    guest.check(
        "touch /run/before-second-apply; cd /sys/kernel/tracing && echo > trace && echo 1 > events/sched/sched_process_exec/enable",
    )?;
    let applied = product::apply(guest, &[])?;
    // Left on: to switch it off patches the kernel's code once more, at which an emulated machine was seen to stand still.
    let trace = guest.check("cat /sys/kernel/tracing/trace")?;
    assert_eq!((applied.code, applied.effects()), (0, Vec::new()));
    assert_eq!(product::seqno(guest, "atomicos")?, before);
    let touched = guest.check(
        "find /etc /var/lib/atomic-host /var/lib/docker -xdev -newer /run/before-second-apply -not -path '/var/lib/docker/*' || true",
    )?;
    assert_eq!(touched, "");
    let started = started(&trace);
    assert!(started.contains(&"/usr/libexec/atomic-host/storage-worker".to_owned()), "the trace works: {started:?}");
    for program in &started {
        assert!(is_observer(program), "{program} was started by an apply with nothing to do: {started:?}");
    }
    Ok(())
}

fn started(trace: &str) -> Vec<String> {
    trace.lines().filter_map(|line| Some(line.split_once("filename=")?.1.split_whitespace().next()?.to_owned())).collect()
}

/// The guest agent's own shell and `cat` are the harness's.
fn is_observer(program: &str) -> bool {
    let ours = ["/usr/bin/atomic", "/usr/libexec/atomic-host/storage-worker"];
    let looks = ["blkid", "sh", "cat", "dash"];
    ours.contains(&program) || looks.iter().any(|name| program.ends_with(&format!("/{name}")))
}
