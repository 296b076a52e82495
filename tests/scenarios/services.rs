//! From a host that was never configured to running services: containers from a registry, units, logs that arrive.

use anyhow::Result;
use serde_json::Value;
use tests::product::{self, SPEC};
use tests::site::{self, Site};

#[test]
fn an_empty_host_gets_its_services_on_docker() -> Result<()> {
    let site = Site::ready()?;
    site.guest.write_file(SPEC, site::storage("/var/lib/docker") + &site::services("docker"))?;
    let applied = product::apply(&site.guest, &[])?;
    assert_eq!(applied.code, 0, "{:#}", applied.report);
    site.everything_runs("docker")?;
    site.a_second_apply_does_nothing("docker")?;
    site.units_are_sound()?;

    site.guest.reboot_and_wait()?;
    site.everything_runs("docker")?;
    assert_eq!(product::plan(&site.guest)?, Vec::<Value>::new());
    Ok(())
}
