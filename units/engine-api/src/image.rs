//! Names of images as engines write them, and which image of the store a container is made from. Pure.
//!
//! A tag may mean another image tomorrow; what is picked here is the very image, by its digest or its id.

use config::ImageRef;

use crate::SeenImage;

/// The registry that docker means when a name has none.
const DEFAULT_REGISTRY: &str = "docker.io";

/// Which image a container is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// As the engine is given it: `docker.io/library/redis@sha256:...`, or the id of an image that was loaded from a file.
    pub reference: String,
    /// `sha256:...` of its manifest, or the id: what [`crate::LABEL_DIGEST`] says.
    pub digest: String,
}

/// The image that `image` means in this store, if it is there: that of its own digest; else that of `pin`, the digest that the container
/// before had, if it is there; else the one that has the tag now.
#[must_use]
pub fn pick(images: &[SeenImage], image: &ImageRef, pin: Option<&str>) -> Option<Pick> {
    let repository = full_name(&image.name());
    if let Some(own) = image.digest() {
        return by_digest(images, &repository, own);
    }
    pin.and_then(|pin| by_digest(images, &repository, pin)).or_else(|| by_tag(images, &repository, image.tag()?))
}

fn by_digest(images: &[SeenImage], repository: &str, digest: &str) -> Option<Pick> {
    let reference = format!("{repository}@{digest}");
    if images.iter().any(|image| image.digests.contains(&reference)) {
        return Some(Pick { reference, digest: digest.to_owned() });
    }
    let same = images.iter().find(|image| image.id == digest)?;
    Some(Pick { reference: same.id.clone(), digest: same.id.clone() })
}

fn by_tag(images: &[SeenImage], repository: &str, tag: &str) -> Option<Pick> {
    let name = format!("{repository}:{tag}");
    let image = images.iter().find(|image| image.names.contains(&name))?;
    // Another repository's digest of the same image would do as well, but not tell where this one is from.
    let of_repository = |digest: &&String| digest.split_once('@').is_some_and(|(of, _)| of == repository);
    let Some(reference) = image.digests.iter().find(of_repository) else {
        return Some(Pick { reference: image.id.clone(), digest: image.id.clone() });
    };
    let (_, digest) = reference.split_once('@')?;
    Some(Pick { reference: reference.clone(), digest: digest.to_owned() })
}

/// A name with its registry, whatever follows it: `redis:7.4` is `docker.io/library/redis:7.4`. One that is whole stays as it is.
pub(crate) fn full_name(name: &str) -> String {
    let (registry, rest) = match name.split_once('/') {
        Some((registry, rest)) if registry.contains(['.', ':']) || registry == "localhost" => (registry, rest),
        Some(_) | None => (DEFAULT_REGISTRY, name),
    };
    let registry = if registry == "index.docker.io" { DEFAULT_REGISTRY } else { registry };
    let official = registry == DEFAULT_REGISTRY && !rest.contains('/');
    format!("{registry}/{}{rest}", if official { "library/" } else { "" })
}

#[cfg(test)]
mod tests;
