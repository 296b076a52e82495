//! SIGKILL before and after every effect of a first apply, in turn: the next run converges to what an uncut run makes.
//!
//! The kill points are the records of a clean run: as many as its report has effects, no more and no fewer.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use tests::guest::Guest;
use tests::image::Layout;
use tests::product::{self, SPEC};

const SPEC_TEXT: &str = r#"
[storage]
driver = "overlay2"
root-size = "3500M"
devices = ["/dev/disk/by-id/virtio-data1"]

[storage.pool]
size = "60%FREE"

[storage.volume.containers]
mount = "/var/lib/docker"
size = "5G"
"#;

/// How many tests share the kill points.
const SHARES: usize = 4;

/// What a run leaves on the machine.
#[derive(Debug, PartialEq, Eq)]
struct Made {
    volumes: BTreeMap<String, u64>,
    free: u64,
    tags: String,
    mounted: String,
    files: String,
    docker: String,
}

fn fresh() -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    // The daemon would follow the file too; here one run at a time is looked at.
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file(SPEC, SPEC_TEXT)?;
    Ok(guest)
}

fn made(guest: &Guest) -> Result<Made> {
    Ok(Made {
        volumes: product::extents(guest, "atomicos")?,
        free: product::free(guest, "atomicos")?,
        tags: guest.check("lvs --noheadings -o lv_name,lv_tags atomicos")?,
        mounted: guest.check("findmnt -no SOURCE,FSTYPE,SIZE /var/lib/docker; df --output=size /sysroot")?,
        files: guest.check("sha256sum /etc/lvm/profile/*-extend.profile /etc/systemd/system/*.mount /etc/sysconfig/docker-storage")?,
        docker: guest.check("systemctl is-active docker.service; docker info --format '{{.Driver}}'")?,
    })
}

fn cut_at_every_effect_of_share(share: usize) -> Result<()> {
    let clean = fresh()?;
    let effects = product::apply(&clean, &[])?.effects();
    ensure!(effects.len() > 15, "a first apply has many effects: {effects:#?}");
    let expected = made(&clean)?;
    drop(clean);

    for (number, effect) in effects.iter().enumerate().filter(|(number, _)| number % SHARES == share) {
        for when in ["before", "after"] {
            let point = format!("{when}:{}", number + 1);
            cut_and_converge(&point, &expected).with_context(|| format!("killed {when} effect {}: {effect}", number + 1))?;
        }
    }
    Ok(())
}

fn cut_and_converge(point: &str, expected: &Made) -> Result<()> {
    let guest = fresh()?;
    let cut = guest.sh(&format!("ATOMIC_HOST_KILL={point} setsid --wait atomic host apply"))?;
    ensure!(cut.code != 0, "it was not killed:\n{}{}", cut.stdout, cut.stderr);
    guest.check("! pgrep -x storage-worker")?;
    let applied = product::apply(&guest, &[])?;
    ensure!(applied.code == 0, "the next run did not converge: {:#}", applied.report);
    let again = product::apply(&guest, &[])?;
    ensure!(again.effects().is_empty(), "the run after that still did something: {:#?}", again.effects());
    let now = made(&guest)?;
    ensure!(now == *expected, "{now:#?}\nis not\n{expected:#?}");
    Ok(())
}

#[test]
fn cut_at_the_first_fourth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(0)
}

#[test]
fn cut_at_the_second_fourth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(1)
}

#[test]
fn cut_at_the_third_fourth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(2)
}

#[test]
fn cut_at_the_last_fourth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(3)
}
