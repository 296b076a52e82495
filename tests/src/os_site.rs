//! A host that can follow a server of OS versions, as the scenarios of the OS use it: set up, asked, looked at.
//! In: lines of the spec, and words for `atomic host`. Out: what it said, the deployments, and what the bootloader would boot.

use crate::guest::{Guest, Output};
use crate::image::Layout;
use crate::product::{self, SPEC, text};
use crate::server::{Server, URL};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Where the server's public key is.
const KEY: &str = "/etc/pki/ostree/site.asc";
/// What the spec says of storage.
pub const STORAGE: &str = "[storage]\ndriver = \"overlay2\"\n";

/// The host and the server.
#[derive(Debug)]
pub struct OsSite {
    /// The host.
    pub guest: Guest,
    /// The server, with the version that the host runs.
    pub server: Server,
}

impl OsSite {
    /// A fresh host with the remote `site`, its key, and the spec applied; `os` is the spec's first line.
    pub fn ready(os: &str) -> Result<Self> {
        let guest = Guest::ready(&Layout::default())?;
        let server = Server::of(&guest)?;
        guest.check("mkdir -p /etc/pki/ostree && systemctl stop atomic-hostd.service")?;
        guest.write_file(KEY, server.public_key()?)?;
        guest.write_file(SPEC, format!("{os}{STORAGE}[os.remote.site]\nurl = \"{URL}\"\ngpg-keys = [\"{KEY}\"]\n"))?;
        let applied = product::apply(&guest, &[])?;
        ensure!(applied.kinds().contains(&"write-remote".to_owned()), "{:#}", applied.report);
        ensure!(product::plan(&guest)? == Vec::<Value>::new(), "a second plan is empty");
        guest.check("systemctl start atomic-hostd.service && ostree remote list | grep -qx site")?;
        Ok(Self { guest, server })
    }

    /// Runs `atomic host`; any exit code is fine.
    pub fn host(&self, words: &[&str]) -> Result<Output> {
        let mut argv = vec!["/usr/bin/atomic", "host"];
        argv.extend(words);
        self.guest.run(&argv)
    }

    /// Runs `atomic host`, which has to succeed; gives what it said.
    pub fn succeeds(&self, words: &[&str]) -> Result<String> {
        let output = self.host(words)?;
        ensure!(output.code == 0, "{words:?} ended with {}: {}{}", output.code, output.stdout, output.stderr);
        Ok(output.stdout)
    }

    /// The deployments of `atomic host status --json`, in boot order.
    pub fn deployments(&self) -> Result<Vec<Value>> {
        deployments(&product::status(&self.guest)?)
    }

    /// The deployment in use.
    pub fn booted(&self) -> Result<Value> {
        self.deployments()?.into_iter().find(|deployment| deployment["booted"] == true).context("one is booted")
    }

    /// The versions in boot order, and whether each runs.
    pub fn versions(&self) -> Result<Vec<(String, bool)>> {
        Ok(self.deployments()?.iter().map(|deployment| (text(&deployment["version"]), deployment["booted"] == true)).collect())
    }

    /// The hold of `atomic host status --json`; null without one.
    pub fn held(&self) -> Result<Value> {
        Ok(product::status(&self.guest)?["held"]["Ok"].clone())
    }

    /// What the bootloader would boot now, as `COMMIT.SERIAL`, looked up as it does: a staged deployment is not there yet.
    pub fn bootable(&self) -> Result<String> {
        self.guest.check(
            "set -e; entry=$(sed -n '/^LABEL/,$p' /boot/loader/syslinux.cfg)\n\
             first() { echo \"$entry\" | sed -n \"s|$1|\\\\1|p\" | head -n 1; }\n\
             test -s /boot\"$(first '.*KERNEL \\([^ ]*\\).*')\"\n\
             test -s /boot\"$(first '.*INITRD \\([^ ]*\\).*')\"\n\
             target=$(readlink -e /sysroot\"$(first '.* ostree=\\([^ ]*\\).*')\")\n\
             test -x \"$target/usr/lib/systemd/systemd\"; basename \"$target\"",
        )
    }

    /// The services that a host of this kind runs, and none failed.
    pub fn services_run(&self) -> Result<()> {
        self.guest.check("systemctl is-active docker.service ssh.service atomic-hostd.service")?;
        let failed = self.guest.check("systemctl --failed --plain --no-legend")?;
        ensure!(failed.is_empty(), "{failed}");
        Ok(())
    }
}

/// The deployments in a status.
pub fn deployments(status: &Value) -> Result<Vec<Value>> {
    status["os"]["Ok"]["deployments"].as_array().cloned().context("status has deployments")
}
