//! Images in files, as `docker load` and `podman load` take them and the recipes in `image/containers/` make them.
//! In and out: an [`Image`] and the bytes of a docker-archive, the same for the same image.

use crate::containers::{Image, digest, file};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use tar::{Archive, Builder};

/// Name that the loaded image has.
pub const BUSYBOX: &str = "localhost/busybox:1";

/// The archive of [`BUSYBOX`].
pub fn busybox() -> Result<Vec<u8>> {
    write(BUSYBOX, &Image::busybox()?)
}

/// The archive of an image under a name.
pub fn write(name: &str, image: &Image) -> Result<Vec<u8>> {
    let config = image.config();
    let config_name = format!("{}.json", digest(&config).trim_start_matches("sha256:"));
    let layers: Vec<String> = (0..image.layers.len()).map(|number| format!("layer{number}.tar")).collect();
    let manifest = json!([{ "Config": config_name, "RepoTags": [name], "Layers": layers }]).to_string();
    let mut tar = Builder::new(Vec::new());
    file(&mut tar, &config_name, 0o644, &config)?;
    for (path, layer) in layers.iter().zip(&image.layers) {
        file(&mut tar, path, 0o644, layer)?;
    }
    file(&mut tar, "manifest.json", 0o644, manifest.as_bytes())?;
    Ok(tar.into_inner()?)
}

/// The first image of an archive.
pub fn read(bytes: &[u8]) -> Result<Image> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for entry in Archive::new(bytes).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(path, content);
    }
    let mut take = |path: &Value| {
        let path = path.as_str().context("an archive whose manifest names no file")?;
        files.remove(path).with_context(|| format!("an archive without {path}"))
    };
    let manifest: Value = serde_json::from_slice(&take(&json!("manifest.json"))?)?;
    let mut config: Value = serde_json::from_slice(&take(&manifest[0]["Config"])?)?;
    let layers = manifest[0]["Layers"].as_array().context("an archive without layers")?;
    let layers = layers.iter().map(take).collect::<Result<_>>()?;
    Ok(Image { settings: config["config"].take(), layers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_gives_the_image_that_went_in() {
        let image = Image::of(b"program").unwrap().with_file("version", "2").unwrap().with_command(&["/bin/httpd"]);
        let back = read(&write("localhost/a:1", &image).unwrap()).unwrap();
        assert_eq!(back.config(), image.config());
        assert_eq!(back.layers, image.layers);
    }
}
