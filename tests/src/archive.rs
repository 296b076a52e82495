//! A container image without a registry: one busybox, as `docker load` and `podman load` take it.
//! In: the tree's busybox. Out: the bytes of a docker-archive, the same for the same busybox.

use crate::made;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use tar::{Builder, EntryType, Header};

/// Name that the loaded image has.
pub const BUSYBOX: &str = "localhost/busybox:1";

/// Commands in its /bin, besides busybox itself.
const APPLETS: [&str; 14] = ["cat", "dd", "df", "echo", "false", "httpd", "ls", "nc", "rm", "sh", "sleep", "sync", "true", "wget"];

/// The archive of [`BUSYBOX`].
pub fn busybox() -> Result<Vec<u8>> {
    let path = made().join("tree/usr/bin/busybox");
    let program = fs::read(&path).with_context(|| path.display().to_string())?;
    archive(BUSYBOX, &layer(&program)?)
}

/// An archive of one layer under a name.
fn archive(name: &str, layer: &[u8]) -> Result<Vec<u8>> {
    let config: Value = json!({
        "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
        "config": { "Cmd": ["/bin/sh"], "Env": ["PATH=/bin"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", hex(layer))] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "busybox" }],
    });
    let config = config.to_string();
    let config_name = format!("{}.json", hex(config.as_bytes()));
    let manifest = json!([{ "Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"] }]).to_string();
    let mut tar = Builder::new(Vec::new());
    file(&mut tar, &config_name, 0o644, config.as_bytes())?;
    file(&mut tar, "layer.tar", 0o644, layer)?;
    file(&mut tar, "manifest.json", 0o644, manifest.as_bytes())?;
    Ok(tar.into_inner()?)
}

fn layer(program: &[u8]) -> Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for dir in ["bin/", "etc/", "tmp/", "data/"] {
        entry(&mut tar, dir, EntryType::Directory, 0o755, None)?;
    }
    file(&mut tar, "bin/busybox", 0o755, program)?;
    for applet in APPLETS {
        entry(&mut tar, &format!("bin/{applet}"), EntryType::Symlink, 0o777, Some("busybox"))?;
    }
    file(&mut tar, "etc/passwd", 0o644, b"root:x:0:0:root:/:/bin/sh\n")?;
    Ok(tar.into_inner()?)
}

fn file(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32, bytes: &[u8]) -> Result<()> {
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

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_layer_gives_the_same_archive() {
        let one = archive("localhost/a:1", &layer(b"program").unwrap()).unwrap();
        let two = archive("localhost/a:1", &layer(b"program").unwrap()).unwrap();
        assert_eq!(one, two);
    }

    #[test]
    fn the_configuration_names_the_digest_of_the_layer() {
        let layer = layer(b"program").unwrap();
        let archive = archive("localhost/a:1", &layer).unwrap();
        assert!(String::from_utf8_lossy(&archive).contains(&format!("sha256:{}", hex(&layer))));
    }
}
