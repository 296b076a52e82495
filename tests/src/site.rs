//! A host with services, as scenarios use it: a guest, the registry and the log server beside it, and a spec that asks for containers.
//! In: nothing. Out: a [`Site`] whose registry has the images, and the spec's text, to be changed by the scenario.

mod expect;

pub use expect::NAMES;

use crate::containers::{self, Image};
use crate::guest::Guest;
use crate::image::Layout;
use crate::log_server::{self, LogServer};
use crate::registry::{self, Registry};
use anyhow::{Result, bail};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A guest with a registry and a log server beside it.
#[derive(Debug)]
pub struct Site {
    /// The host.
    pub guest: Guest,
    /// Has site/web 1 and 2, site/worker 1, and the image of rsyslog.
    pub registry: Registry,
    /// Where the host's log lines go.
    pub logs: LogServer,
}

impl Site {
    /// A host that was never configured, without its daemon: one run at a time is looked at.
    pub fn ready() -> Result<Site> {
        let site = Site::with_daemon()?;
        site.guest.check("systemctl stop atomic-hostd.service")?;
        Ok(site)
    }

    /// The same with the daemon, which follows the file.
    pub fn with_daemon() -> Result<Site> {
        let guest = Guest::ready(&Layout::default())?;
        let (registry, logs) = (Registry::start(&guest)?, LogServer::start(&guest)?);
        for version in ["1", "2"] {
            registry.push("site/web", version, &web(version)?)?;
        }
        registry.push("site/worker", "1", &worker()?)?;
        registry.push("atomic-host/rsyslog", "1", &containers::rsyslog()?)?;
        guest.check("mkdir -p /srv/www && echo from the volume > /srv/www/file")?;
        Ok(Site { guest, registry, logs })
    }

    /// What the container of that port answers with, once it does; the path as `index.html`.
    pub fn fetch(&self, port: u16, path: &str) -> Result<String> {
        let command = format!("curl -sf --max-time 5 http://127.0.0.1:{port}/{path}");
        self.until(&format!("port {port} answers"), |guest| {
            let output = guest.sh(&command)?;
            Ok((output.code == 0).then(|| output.stdout.trim().to_owned()))
        })
    }

    /// Waits until the look finds something; a minute is long even for a busy computer.
    pub fn until<T>(&self, what: &str, look: impl Fn(&Guest) -> Result<Option<T>>) -> Result<T> {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(found) = look(&self.guest)? {
                return Ok(found);
            }
            if Instant::now() > end {
                bail!(
                    "not within two minutes: {what}\n{}",
                    self.guest.check("systemctl status 'container-*' | tail -40; journalctl -b -n 30 -o cat")?
                );
            }
            sleep(Duration::from_millis(500));
        }
    }
}

/// A server of its own page, and of what is mounted at /www/data.
fn web(version: &str) -> Result<Image> {
    let image = Image::busybox()?.with_file("/www/index.html", &format!("version {version}\n"))?;
    Ok(image.with_command(&["httpd", "-f", "-p", "80", "-h", "/www"]))
}

/// Runs until it is asked to stop, and says so.
fn worker() -> Result<Image> {
    let script = "echo worker begins; trap 'echo worker ends; exit 0' TERM; while true; do sleep 1 & wait $!; done";
    Ok(Image::busybox()?.with_command(&["sh", "-c", script]))
}

/// The spec's storage: a pool, and the engine's store on a volume of it.
pub fn storage(store: &str) -> String {
    format!(
        "[storage]\ndriver = \"overlay2\"\n\n[storage.pool]\nsize = \"60%FREE\"\n\n\
         [storage.volume.containers]\nmount = \"{store}\"\nsize = \"5G\"\n\n"
    )
}

/// The spec's services: a privileged one, one with a volume and a port, one behind another, and rsyslog.
pub fn services(engine: &str) -> String {
    let (registry, logs) = (registry::HOST, log_server::ADDRESS);
    format!(
        r#"[engine]
kind = "{engine}"

[registry."{registry}"]
insecure = true

[container.web]
image = "{registry}/site/web:1"
publish = ["8080:80"]
volume = ["/srv/www:/www/data:ro"]
memory = "64M"

[container.watcher]
image = "{registry}/site/worker:1"
privileged = true
pid = "host"
network = "host"

[container.follower]
image = "{registry}/site/worker:1"
env = {{ TOKEN = "do-not-tell" }}
after = ["web"]
restart = "on-failure"

[rsyslog]
image = "{registry}/atomic-host/rsyslog:1"
forward = ["tcp://{logs}"]

[journal]
storage = "volatile"
"#
    )
}
