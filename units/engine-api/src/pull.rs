//! Fetching an image: the call, its progress in words, and whose fault it is when it fails.
//!
//! Engines answer 200 before they know how it ends: what went wrong comes as the last object of the stream.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use bollard::errors::Error as Wire;
use bollard::image::CreateImageOptions;
use bollard::models::CreateImageInfo;
use config::ImageRef;
use futures_util::StreamExt;

use crate::api::{failed, word};
use crate::{ApiError, EngineApi};

/// How long an engine may say nothing while it fetches. It says something several times a second when all is well.
const SILENCE_LIMIT: Duration = Duration::from_secs(10 * 60);
/// Progress is told at most this often.
const TELL_PAUSE: Duration = Duration::from_millis(400);

impl EngineApi {
    /// Fetches an image: the very one when it has a digest, else the one that has its tag now. `tell` gets progress in words, as
    /// `3 of 7 layers, 12 MiB`, a few times a second at most.
    ///
    /// # Errors
    /// [`ApiError::Registry`] when another try later may do.
    pub async fn pull(&self, image: &ImageRef, tell: &mut (dyn FnMut(String) + Send)) -> Result<(), ApiError> {
        let options = CreateImageOptions {
            from_image: image.name(),
            tag: image.digest().or(image.tag()).unwrap_or_default().to_owned(),
            ..CreateImageOptions::default()
        };
        let mut told = pin!(self.docker.create_image(Some(options), None, None));
        let (mut progress, mut last): (Progress, Option<Instant>) = (Progress::default(), None);
        loop {
            let Ok(next) = tokio::time::timeout(SILENCE_LIMIT, told.next()).await else {
                return Err(ApiError::Registry { image: image.to_string(), why: format!("nothing came for {SILENCE_LIMIT:?}") });
            };
            match next {
                None => return Ok(()),
                Some(Err(error)) => return Err(self.not_pulled(image, error)),
                Some(Ok(info)) => progress.take(info),
            }
            if last.is_none_or(|last| last.elapsed() >= TELL_PAUSE) {
                last = Some(Instant::now());
                tell(progress.in_words());
            }
        }
    }

    fn not_pulled(&self, image: &ImageRef, error: Wire) -> ApiError {
        let doing = format!("fetch {image}");
        let (status, why) = if let Wire::DockerStreamError { error } = error {
            (200, error)
        } else if let Wire::DockerResponseServerError { status_code, message } = error {
            (status_code, message)
        } else {
            return failed(self.kind, doing, error);
        };
        let why = why.trim().to_owned();
        if is_of_the_host(&why) {
            ApiError::Refused { engine: word(self.kind), doing, status, why }
        } else {
            ApiError::Registry { image: image.to_string(), why }
        }
    }
}

/// Whether an engine's words tell of its own disk, and not of a registry or the way to it.
fn is_of_the_host(why: &str) -> bool {
    const OWN: [&str; 6] = [
        "no space left on device",
        "read-only file system",
        "input/output error",
        "cannot allocate memory",
        "failed to register layer",
        "adding layer with blob",
    ];
    let why = why.to_lowercase();
    OWN.iter().any(|words| why.contains(words))
}

/// What has come so far.
#[derive(Debug, Default)]
struct Progress {
    layers: BTreeMap<String, Layer>,
}

/// One layer of the image.
#[derive(Debug, Default)]
struct Layer {
    bytes: u64,
    is_here: bool,
}

impl Progress {
    fn take(&mut self, info: CreateImageInfo) {
        let (Some(id), Some(status)) = (info.id, info.status) else { return };
        match status.as_str() {
            "Pulling fs layer" | "Waiting" => {
                self.layers.entry(id).or_default();
            }
            "Downloading" => {
                let bytes = info.progress_detail.and_then(|detail| detail.current).and_then(|bytes| u64::try_from(bytes).ok());
                self.layers.entry(id).or_default().bytes = bytes.unwrap_or_default();
            }
            // podman says the last also of the image itself, which is none of its layers.
            "Already exists" | "Pull complete" | "Download complete" => {
                if let Some(layer) = self.layers.get_mut(&id) {
                    layer.is_here = true;
                } else if status == "Already exists" {
                    self.layers.insert(id, Layer { bytes: 0, is_here: true });
                }
            }
            _ => {}
        }
    }

    fn in_words(&self) -> String {
        const MIB: u64 = 1024 * 1024;
        let here = self.layers.values().filter(|layer| layer.is_here).count();
        let bytes: u64 = self.layers.values().map(|layer| layer.bytes).sum();
        format!("{here} of {} layers, {} MiB", self.layers.len(), bytes / MIB)
    }
}

#[cfg(test)]
mod tests;
