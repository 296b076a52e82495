//! SIGKILL before and after every effect of a first apply, in turn: the next run converges to what an uncut run makes.
//!
//! The kill points are the records of a clean run: as many as its report has effects, no more and no fewer.

use anyhow::{Context, Result, ensure};
use tests::edits::{Made, killed};
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

fn fresh() -> Result<Guest> {
    let guest = Guest::ready(&Layout::default())?;
    // The daemon would follow the file too; here one run at a time is looked at.
    guest.check("systemctl stop atomic-hostd.service")?;
    guest.write_file(SPEC, SPEC_TEXT)?;
    Ok(guest)
}

/// What a run leaves on the machine: of storage, and dockerd on it.
fn made(guest: &Guest) -> Result<(Made, String)> {
    let docker = guest.check("systemctl is-active docker.service; docker info --format '{{.Driver}}'")?;
    Ok((Made::on(guest)?, docker))
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

fn cut_and_converge(point: &str, (expected, docker): &(Made, String)) -> Result<()> {
    let guest = fresh()?;
    killed(&guest, point, &[])?;
    let applied = product::apply(&guest, &[])?;
    ensure!(applied.code == 0, "the next run did not converge: {:#}", applied.report);
    let again = product::apply(&guest, &[])?;
    ensure!(again.effects().is_empty(), "the run after that still did something: {:#?}", again.effects());
    let (now, engine) = made(&guest)?;
    ensure!(engine == *docker, "{engine} is not {docker}");
    now.ensure_same(expected)
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
