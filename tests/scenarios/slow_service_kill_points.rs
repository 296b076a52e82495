//! SIGKILL before and after every effect of the first services of a host, in turn: the next run converges to what an uncut run makes.
//!
//! The kill points are the records of a clean run: as many as its report has effects, no more and no fewer.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Instant;
use tests::edits::killed;
use tests::product::{self, SPEC};
use tests::registry;
use tests::site::{self, Site};

/// How many tests share the kill points.
const SHARES: usize = 6;

/// Name of the state before the first run.
const FRESH: &str = "fresh";

/// What a run leaves on the machine.
#[derive(Debug, PartialEq, Eq)]
struct Made {
    containers: String,
    units: String,
    files: String,
    journal: String,
}

/// One server behind another, and the logs.
fn spec() -> String {
    let (host, services) = (registry::HOST, site::services("docker"));
    let (first, rest) = services.split_once("[container.watcher]").unwrap_or_default();
    let (_, logs) = rest.split_once("[rsyslog]").unwrap_or_default();
    format!(
        "[storage]\ndriver = \"overlay2\"\n\n{first}[container.follower]\nimage = \"{host}/site/worker:1\"\nafter = [\"web\"]\n\n[rsyslog]{logs}"
    )
}

fn fresh() -> Result<Site> {
    let site = Site::ready()?;
    site.guest.write_file(SPEC, spec())?;
    Ok(site)
}

fn made(site: &Site) -> Result<Made> {
    let look = |command: &str| site.guest.check(command);
    Ok(Made {
        containers: look("docker ps -a --format '{{.Names}} {{.Image}} {{.State}} {{.Label \"io.atomic-host.blueprint\"}}' | sort")?,
        units: look(
            "systemctl list-units --all --plain --no-legend 'container-*.service' | awk '{print $1, $2, $3, $4}'; systemctl is-enabled container-web container-follower container-rsyslog",
        )?,
        files: look(
            "cd /etc && sha256sum systemd/system/container-* rsyslog.d/*.conf systemd/journald.conf.d/* sysconfig/docker-*; ls -a systemd/system | grep -c tmp || true",
        )?,
        journal: look("ls -l /proc/$(pidof systemd-journald)/fd | grep -c /var/log/journal || true; ls /run/atomic-host")?,
    })
}

fn cut_at_every_effect_of_share(share: usize) -> Result<()> {
    let site = fresh()?;
    site.guest.save(FRESH)?;
    let applied = product::apply(&site.guest, &[])?;
    ensure!(applied.code == 0, "{:#}", applied.report);
    let effects = applied.effects();
    ensure!(effects.len() > 20, "first services have many effects: {effects:#?}");
    let expected = made(&site)?;
    println!("{} effects", effects.len());

    for (number, effect) in effects.iter().enumerate().filter(|(number, _)| number % SHARES == share) {
        for when in ["before", "after"] {
            let point = format!("{when}:{}", number + 1);
            let begun = Instant::now();
            site.guest.restore(FRESH)?;
            cut_and_converge(&site, &point, &expected).with_context(|| format!("killed {when} effect {}: {effect}", number + 1))?;
            println!("{point}: converged, {} s", begun.elapsed().as_secs());
        }
    }
    Ok(())
}

fn cut_and_converge(site: &Site, point: &str, expected: &Made) -> Result<()> {
    killed(&site.guest, point, &[])?;
    let applied = product::apply(&site.guest, &[])?;
    ensure!(applied.code == 0, "the next run did not converge: {:#}", applied.report);
    ensure!(product::plan(&site.guest)? == Vec::<Value>::new(), "the run after that would still do something");
    ensure!(site.fetch(8080, "index.html")? == "version 1");
    let now = made(site)?;
    ensure!(now == *expected, "{now:#?}\nis not\n{expected:#?}");
    Ok(())
}

#[test]
fn services_cut_at_the_first_sixth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(0)
}

#[test]
fn services_cut_at_the_second_sixth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(1)
}

#[test]
fn services_cut_at_the_third_sixth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(2)
}

#[test]
fn services_cut_at_the_fourth_sixth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(3)
}

#[test]
fn services_cut_at_the_fifth_sixth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(4)
}

#[test]
fn services_cut_at_the_last_sixth_of_the_effects() -> Result<()> {
    cut_at_every_effect_of_share(5)
}
