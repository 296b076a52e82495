//! The name of an image: `REGISTRY/REPOSITORY:TAG`, `REGISTRY/REPOSITORY@DIGEST`, or with both.
//!
//! Nothing in it is left to guess: a name without a registry could come from anybody's, and one without a tag means another image
//! every day (guide, chapter 7).

use serde::{Deserialize, Serialize};

use super::RegistryHost;
use crate::reader::{Fault, quoted};

/// A fully qualified image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageRef {
    registry: RegistryHost,
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

impl ImageRef {
    /// `docker.io`
    #[must_use]
    pub fn registry(&self) -> &RegistryHost {
        &self.registry
    }

    /// `library/redis`
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// `7.4`
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// `sha256:...`, when the spec pins it.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// `docker.io/library/redis`
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// `docker.io/library/redis@sha256:...`: the very image.
    #[must_use]
    pub fn at(&self, digest: &str) -> String {
        format!("{}@{digest}", self.name())
    }
}

impl std::fmt::Display for ImageRef {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(out, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(out, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for ImageRef {
    type Error = String;
    /// Says what is wrong with it, as a clause.
    fn try_from(text: String) -> Result<Self, String> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(checked_digest(digest)?)),
            None => (text.as_str(), None),
        };
        // A colon before the last slash is a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(checked_tag(tag)?)),
            Some(_) | None => (rest, None),
        };
        let unqualified = || "does not say the registry".to_owned();
        let (registry, repository) = name.split_once('/').ok_or_else(unqualified)?;
        if !registry.contains(['.', ':']) && registry != "localhost" {
            return Err(unqualified());
        }
        let registry = RegistryHost::try_from(registry.to_owned()).map_err(|clause| format!("names a registry that {clause}"))?;
        check_repository(repository)?;
        // Engines list it with the part left out, so that the same image would have two names.
        if registry.as_str() == "docker.io" && !repository.contains('/') {
            return Err(format!("leaves out a part, as in docker.io/library/{repository}"));
        }
        if tag.is_none() && digest.is_none() {
            return Err("says neither a tag nor a digest".to_owned());
        }
        Ok(ImageRef { registry, repository: repository.to_owned(), tag, digest })
    }
}

impl From<ImageRef> for String {
    fn from(image: ImageRef) -> String {
        image.to_string()
    }
}

/// For a key that is missing, and where nothing better can be guessed.
pub(super) const EXAMPLE: &str = "\"docker.io/library/redis:7.4\"";

/// An image as the spec writes it; the hint guesses what was meant.
pub(super) fn image(text: &str) -> Result<ImageRef, Fault> {
    let library = if text.contains('/') { format!("docker.io/{text}") } else { format!("docker.io/library/{text}") };
    let guesses = [format!("{text}:TAG"), library.clone(), format!("{library}:TAG")];
    ImageRef::try_from(text.to_owned()).map_err(|clause| {
        let guess = guesses.into_iter().find(|guess| ImageRef::try_from(guess.clone()).is_ok());
        Fault::new(format!("{} {clause}", quoted(text))).hint(match guess {
            Some(guess) if guess.ends_with(":TAG") => format!("add the tag, as in {}", quoted(&guess)),
            Some(guess) => format!("write {}, or another registry in place of docker.io", quoted(&guess)),
            None => format!("write it as {EXAMPLE}"),
        })
    })
}

fn checked_digest(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("sha256:").ok_or_else(|| "has a digest that is not sha256".to_owned())?;
    if hex.len() != 64 || !hex.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)) {
        return Err("has a digest that is not 64 hexadecimal digits".to_owned());
    }
    Ok(text.to_owned())
}

fn checked_tag(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) || text.starts_with(['.', '-']) {
        return Err(format!("has {text:?} for a tag"));
    }
    Ok(text.to_owned())
}

/// Parts of lower-case letters and digits, with `.`, `_`, `__` or dashes between them (OCI distribution spec).
fn check_repository(text: &str) -> Result<(), String> {
    let word = |part: &str| {
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let inside = |c: char| ends(c) || "._-".contains(c);
        part.starts_with(ends)
            && part.ends_with(ends)
            && part.chars().all(inside)
            && !["..", "___", "._", "_.", ".-", "-.", "_-", "-_"].iter().any(|odd| part.contains(odd))
    };
    if text.len() > 200 || !text.split('/').all(word) {
        return Err(format!("has {text:?} for a repository, which has lower-case words with / . _ - between them"));
    }
    Ok(())
}
