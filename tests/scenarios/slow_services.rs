//! Services when things go wrong around them, and on the other engine.

use anyhow::{Result, ensure};
use serde_json::Value;
use tests::product::{self, SPEC};
use tests::registry;
use tests::site::{self, NAMES, Site};

#[test]
fn an_empty_host_gets_its_services_on_podman() -> Result<()> {
    let site = Site::ready()?;
    site.guest.write_file(SPEC, site::storage("/var/lib/containers") + &site::services("podman"))?;
    let applied = product::apply(&site.guest, &[])?;
    ensure!(applied.code == 0, "{:#}", applied.report);
    site.everything_runs("podman")?;
    site.a_second_apply_does_nothing("podman")?;
    site.units_are_sound()?;

    site.guest.reboot_and_wait()?;
    site.everything_runs("podman")?;
    ensure!(product::plan(&site.guest)? == Vec::<Value>::new());
    Ok(())
}

fn on_root(engine: &str) -> String {
    format!("[storage]\ndriver = \"overlay2\"\n\n{}", site::services(engine))
}

#[test]
fn without_its_registry_a_host_starts_what_it_has_and_waits_for_the_rest() -> Result<()> {
    let mut site = Site::with_daemon()?;
    site.guest.write_file(SPEC, on_root("docker"))?;
    site.everything_runs("docker")?;

    site.registry.stop();
    site.guest.reboot_and_wait()?;
    site.everything_runs("docker")?;

    // One image is missing: its container waits and says why; one that needs no new image is not held up.
    let (host, more) = (registry::HOST, on_root("docker").replace("8080:80", "8081:80"));
    site.guest.write_file(SPEC, format!("{more}\n[container.late]\nimage = \"{host}/site/web:2\"\npublish = [\"8090:80\"]\n"))?;
    ensure!(site.fetch(8081, "index.html")? == "version 1");
    site.holds("it is said what waits", "atomic host status | grep -q 'container-late\\|site/web:2'")?;
    let applied = product::apply(&site.guest, &[])?;
    ensure!(applied.code == 3, "{:#}", applied.report);
    let waits = &applied.waiting()[0]["waits"];
    ensure!(waits["for"] == "later" && product::text(&waits["why"]).contains(host), "{waits}");
    site.guest.check("! test -e /etc/systemd/system/container-late.service")?;

    // The daemon tries again by itself.
    site.registry.start_again()?;
    ensure!(site.fetch(8090, "index.html")? == "version 2");
    Ok(())
}

#[test]
fn an_engine_that_is_restarted_or_killed_gets_its_services_back() -> Result<()> {
    let site = Site::ready()?;
    site.guest.write_file(SPEC, on_root("docker"))?;
    ensure!(product::apply(&site.guest, &[])?.code == 0);
    for blow in ["systemctl restart docker", "systemctl kill -s KILL --kill-who=main docker", "pkill -KILL container-runn"] {
        site.guest.check(blow)?;
        site.everything_runs("docker")?;
        let shims = site.guest.check("pgrep -c containerd-shim")?;
        ensure!(shims == NAMES.len().to_string(), "after {blow}: {shims} containers");
        site.holds("nothing is left to do", "atomic host plan | grep -q '^nothing to do'")?;
    }
    // Options of the engine restart it, once.
    let spec = on_root("docker").replace("kind = \"docker\"", "kind = \"docker\"\nlog-level = \"warn\"\nlive-restore = true");
    site.guest.write_file(SPEC, &spec)?;
    let applied = product::apply(&site.guest, &[])?;
    ensure!(applied.code == 0 && applied.kinds().contains(&"restart-engine".to_owned()), "{:#}", applied.report);
    site.everything_runs("docker")?;
    site.guest.check("tr '\\0' ' ' < /proc/$(pidof dockerd)/cmdline | grep -q -- '--log-level=warn'")?;
    ensure!(product::plan(&site.guest)? == Vec::<Value>::new());

    // Live restore: containers live on while dockerd restarts, and the runners find them again.
    let before = site.incarnations("docker", &NAMES)?;
    site.guest.check("systemctl restart docker && sleep 5")?;
    site.everything_runs("docker")?;
    ensure!(site.incarnations("docker", &NAMES)? == before);
    Ok(())
}
