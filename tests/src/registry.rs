//! A registry beside the guest: Debian's docker-registry, without TLS and without passwords.
//! In: [`Image`]s pushed by the test. Out: what the guest pulls from [`HOST`], for as long as the registry is on.
//! Its files lie in the machine's directory; it listens on a socket, to which the machine relays the guest's connections.

mod http;

use crate::containers::{self, Image, digest};
use crate::guest::{Beside, Guest};
use crate::tied::Process;
use anyhow::{Context, Result, bail};
use http::{Answer, request};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Where the guest finds it.
pub const HOST: &str = Beside::REGISTRY.address;

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// A registry, on or off.
#[derive(Debug)]
pub struct Registry {
    home: PathBuf,
    socket: PathBuf,
    process: Option<Process>,
}

impl Registry {
    /// An empty registry for a guest. Without one, or while it is off, the guest's connections to [`HOST`] are closed at once.
    pub fn start(guest: &Guest) -> Result<Self> {
        let (home, socket) = Beside::REGISTRY.of(guest);
        Self::at(home, socket)
    }

    fn at(home: PathBuf, socket: PathBuf) -> Result<Self> {
        fs::create_dir_all(&home)?;
        let mut registry = Self { home, socket, process: None };
        registry.start_again()?;
        Ok(registry)
    }

    /// Ends it, with what it is just sending.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it after [`Registry::stop`], with all that was pushed before.
    pub fn start_again(&mut self) -> Result<()> {
        self.stop();
        let settings = self.home.join("config.yml");
        fs::write(&settings, self.settings().to_string())?;
        let mut command = containers::program("docker-registry", "usr/bin/docker-registry")?;
        command.arg("serve").arg(settings);
        self.process = Some(Process::serving(command, &self.socket, &self.home.join("log")).context("the registry")?);
        Ok(())
    }

    /// JSON, which is YAML too.
    fn settings(&self) -> Value {
        json!({
            "version": "0.1",
            "log": { "level": "error", "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": self.home.join("storage") }, "delete": { "enabled": true } },
            "http": { "net": "unix", "addr": self.socket, "relativeurls": true, "secret": "none" },
        })
    }

    /// Puts an image under a tag, which another may have had; gives the digest of its manifest.
    pub fn push(&self, repository: &str, tag: &str, image: &Image) -> Result<String> {
        let config = image.config();
        self.push_blob(repository, &config)?;
        for layer in &image.layers {
            self.push_blob(repository, layer)?;
        }
        let part = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "size": bytes.len(), "digest": digest(bytes) });
        let layers = image.layers.iter().map(|layer| part("application/vnd.docker.image.rootfs.diff.tar", layer));
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": part("application/vnd.docker.container.image.v1+json", &config), "layers": layers.collect::<Vec<_>>(),
        });
        let manifest = manifest.to_string().into_bytes();
        let kind = format!("Content-Type: {MANIFEST}");
        self.ask("PUT", &format!("/v2/{repository}/manifests/{tag}"), &[&kind], &manifest, 201)?;
        Ok(digest(&manifest))
    }

    /// Forgets an image by the digest of its manifest, and with it every tag that it has.
    pub fn remove(&self, repository: &str, manifest: &str) -> Result<()> {
        self.ask("DELETE", &format!("/v2/{repository}/manifests/{manifest}"), &[], &[], 202).map(drop)
    }

    /// The digest of the image that has this tag now.
    pub fn digest(&self, repository: &str, tag: &str) -> Result<String> {
        let accept = format!("Accept: {MANIFEST}");
        let answer = self.ask("GET", &format!("/v2/{repository}/manifests/{tag}"), &[&accept], &[], 200)?;
        Ok(digest(&answer.body))
    }

    fn push_blob(&self, repository: &str, bytes: &[u8]) -> Result<()> {
        let name = digest(bytes);
        if request(&self.socket, "HEAD", &format!("/v2/{repository}/blobs/{name}"), &[], &[])?.status == 200 {
            return Ok(());
        }
        let begun = self.ask("POST", &format!("/v2/{repository}/blobs/uploads/"), &[], &[], 202)?;
        let place = begun.header("Location").context("an upload without a place")?;
        self.ask("PUT", &format!("{place}&digest={name}"), &["Content-Type: application/octet-stream"], bytes, 201).map(drop)
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8], wanted: u16) -> Result<Answer> {
        let answer = request(&self.socket, method, path, headers, body).with_context(|| format!("{method} {path}"))?;
        if answer.status != wanted {
            bail!("{method} {path}: the registry says {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
