//! Container images for the guest, made without an engine: a busybox in variations, and those of the recipes in `image/containers/`.
//! In: the tree's busybox, or a recipe, which is built first if need be. Out: an [`Image`], for [`crate::registry`] and [`crate::archive`].

use crate::{archive, image, made, tied};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tar::{Builder, EntryType, Header};

/// Commands in the /bin of a busybox, besides busybox itself.
const APPLETS: [&str; 31] = [
    "cat", "chmod", "date", "dd", "df", "echo", "env", "false", "free", "head", "hostname", "httpd", "id", "kill", "ls", "mkdir", "mount",
    "mv", "nc", "ps", "rm", "sh", "sleep", "stat", "sync", "tail", "test", "touch", "true", "uname", "wget",
];

/// An image: what it says of itself, and the layers of its files.
#[derive(Debug, Clone)]
pub struct Image {
    /// The part that a container of it inherits: `Cmd`, `Env`, `Labels`.
    pub(crate) settings: Value,
    /// Uncompressed archives, lowest first.
    pub(crate) layers: Vec<Vec<u8>>,
}

impl Image {
    /// One busybox, which runs a shell.
    pub fn busybox() -> Result<Self> {
        let path = made().join("tree/usr/bin/busybox");
        let program = fs::read(&path).with_context(|| format!("{} (make image makes it)", path.display()))?;
        Self::of(&program)
    }

    /// As [`Image::busybox`], of any program in its place.
    pub(crate) fn of(program: &[u8]) -> Result<Self> {
        let settings = json!({ "Cmd": ["/bin/sh"], "Env": ["PATH=/bin"] });
        Ok(Self { settings, layers: vec![layer(program)?] })
    }

    /// One more layer, with this file: images that differ in it differ in their digests.
    pub fn with_file(mut self, path: &str, text: &str) -> Result<Self> {
        let mut tar = Builder::new(Vec::new());
        file(&mut tar, path.trim_start_matches('/'), 0o644, text.as_bytes())?;
        self.layers.push(tar.into_inner()?);
        Ok(self)
    }

    /// What a container of it runs.
    #[must_use]
    pub fn with_command(mut self, argv: &[&str]) -> Self {
        self.settings["Cmd"] = json!(argv);
        self
    }

    /// One more variable, `NAME=VALUE`, of its environment.
    #[must_use]
    pub fn with_env(mut self, variable: &str) -> Self {
        if let Some(all) = self.settings["Env"].as_array_mut() {
            all.push(json!(variable));
        }
        self
    }

    /// All that it says of itself, as JSON: its digest is the image's id.
    pub fn config(&self) -> Vec<u8> {
        const MADE: &str = "1970-01-01T00:00:00Z";
        let layers = self.layers.iter();
        let history: Vec<Value> = layers.clone().map(|_| json!({ "created": MADE, "created_by": "tests" })).collect();
        let layers: Vec<String> = layers.map(|layer| digest(layer)).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "created": MADE, "config": self.settings,
            "rootfs": { "type": "layers", "diff_ids": layers }, "history": history,
        });
        config.to_string().into_bytes()
    }
}

/// The image of rsyslog.
pub fn rsyslog() -> Result<Image> {
    let tar = recipe("rsyslog")?.with_extension("tar");
    let bytes = fs::read(&tar).with_context(|| tar.display().to_string())?;
    archive::read(&bytes)
}

/// A program out of a recipe's tree, with the tree's libraries: nothing of it is installed on this computer. It will end with us.
pub(crate) fn program(recipe_name: &str, path: &str) -> Result<Command> {
    let tree = recipe(recipe_name)?;
    let libraries = ["lib", "usr/lib"].map(|dir| tree.join(dir).join("x86_64-linux-gnu").display().to_string()).join(":");
    let mut command = tied::command(tree.join("lib64/ld-linux-x86-64.so.2"));
    command.args(["--library-path", &libraries]).arg(tree.join(path));
    Ok(command)
}

/// The tree of a recipe, made first if need be; an image lies beside it, with the extension `tar`.
pub(crate) fn recipe(name: &str) -> Result<PathBuf> {
    let _lock = image::lock("containers")?;
    image::script("containers/build.sh", &[name], &mut |line| eprintln!("{line}"))?;
    let tree = made().join("containers").join(name);
    if !tree.is_dir() {
        bail!("{} was not made", tree.display());
    }
    Ok(tree)
}

/// `sha256:` and 64 hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

fn layer(program: &[u8]) -> Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for dir in ["bin/", "etc/", "tmp/", "data/", "www/"] {
        entry(&mut tar, dir, EntryType::Directory, 0o755, None)?;
    }
    file(&mut tar, "bin/busybox", 0o755, program)?;
    for applet in APPLETS {
        entry(&mut tar, &format!("bin/{applet}"), EntryType::Symlink, 0o777, Some("busybox"))?;
    }
    file(&mut tar, "etc/passwd", 0o644, b"root:x:0:0:root:/:/bin/sh\n")?;
    Ok(tar.into_inner()?)
}

pub(crate) fn file(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32, bytes: &[u8]) -> Result<()> {
    let mut header = Header::new_ustar();
    header.set_mode(mode);
    header.set_size(u64::try_from(bytes.len())?);
    header.set_mtime(0);
    tar.append_data(&mut header, path, bytes)?;
    Ok(())
}

fn entry(tar: &mut Builder<Vec<u8>>, path: &str, kind: EntryType, mode: u32, link: Option<&str>) -> Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header.set_mtime(0);
    match link {
        Some(target) => tar.append_link(&mut header, path, target)?,
        None => tar.append_data(&mut header, path, std::io::empty())?,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
