//! Images as a tar archive, out of an engine and into one, and its volumes.
//!
//! Bytes go to and come from whoever asks; where they are kept is not known here.

use std::collections::HashMap;
use std::io::{self, Read};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::image::ImportImageOptions;
use bollard::models::{BuildInfo, Volume};
use bollard::volume::{CreateVolumeOptions, ListVolumesOptions};
use futures_util::{StreamExt, stream};

use crate::api::{CALL_LIMIT, failed, word};
use crate::{ApiError, EngineApi};

/// How long an engine may be silent: docker writes a whole image to a file of its own before it sends any of it.
const SILENCE_LIMIT: Duration = Duration::from_secs(30 * 60);
/// What is read at once from an archive.
const CHUNK: usize = 256 * 1024;

/// A volume of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenVolume {
    /// Its name.
    pub name: String,
    /// `local`, or who else keeps it.
    pub driver: String,
    /// Where the host has it.
    pub path: String,
    /// What the engine mounts there while a container uses it; `None`: its files are in that directory.
    pub device: Option<String>,
}

impl EngineApi {
    /// Gives images with these names to `take`, piece by piece, as one tar archive in docker's form.
    ///
    /// # Errors
    /// The engine's, or [`ApiError::Archive`] with what `take` says.
    pub async fn save(&self, names: &[String], take: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send)) -> Result<(), ApiError> {
        let doing = || format!("save {} images", names.len());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut archive = pin!(self.docker.export_images(&names));
        while let Some(piece) = self.next(archive.next(), doing).await? {
            let piece = piece.map_err(|error| failed(self.kind, doing(), error))?;
            take(&piece).map_err(|source| ApiError::Archive { engine: word(self.kind), doing: doing(), source })?;
        }
        Ok(())
    }

    /// Loads a tar archive of images.
    ///
    /// # Errors
    /// The engine's, or [`ApiError::Archive`] when the archive cannot be read.
    pub async fn load(&self, archive: impl Read + Send + 'static) -> Result<(), ApiError> {
        let doing = || "load images".to_owned();
        let unread = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&unread);
        let pieces = stream::iter(pieces(archive, move |error| *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(error)));
        let options = ImportImageOptions { quiet: true };
        let mut told = pin!(self.docker.import_image_stream(options, pieces.map(Into::into), None));
        while let Some(info) = self.next(told.next(), doing).await? {
            let info: BuildInfo = info.map_err(|error| failed(self.kind, doing(), error))?;
            if let Some(why) = info.error {
                return Err(ApiError::Refused { engine: word(self.kind), doing: doing(), status: 200, why });
            }
        }
        match unread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(source) => Err(ApiError::Archive { engine: word(self.kind), doing: doing(), source }),
            None => Ok(()),
        }
    }

    /// All volumes, those without a name of a person too.
    ///
    /// # Errors
    /// The engine's.
    pub async fn volumes(&self) -> Result<Vec<SeenVolume>, ApiError> {
        let list = self.docker.list_volumes(None::<ListVolumesOptions<String>>);
        let told = self.within(CALL_LIMIT, || "list its volumes".to_owned(), list).await?;
        let volumes = told.volumes.unwrap_or_default().into_iter();
        Ok(volumes.map(seen).collect())
    }

    /// Makes a volume of that name, or finds it; answers where the host has it.
    ///
    /// # Errors
    /// The engine's.
    pub async fn make_volume(&self, name: &str) -> Result<SeenVolume, ApiError> {
        let make =
            self.docker.create_volume(CreateVolumeOptions { name, driver: "local", driver_opts: HashMap::new(), labels: HashMap::new() });
        let made = self.within(CALL_LIMIT, || format!("make volume {name}"), make).await?;
        Ok(seen(made))
    }

    async fn next<T>(&self, next: impl Future<Output = Option<T>>, doing: impl Fn() -> String) -> Result<Option<T>, ApiError> {
        let silent = |_elapsed| {
            let unit = crate::api::unit(self.kind);
            ApiError::TooLate { engine: word(self.kind), doing: doing(), unit, limit: SILENCE_LIMIT }
        };
        tokio::time::timeout(SILENCE_LIMIT, next).await.map_err(silent)
    }
}

fn seen(mut volume: Volume) -> SeenVolume {
    SeenVolume { device: volume.options.remove("device"), name: volume.name, driver: volume.driver, path: volume.mountpoint }
}

/// The pieces of a file, until its end or until it cannot be read.
fn pieces(mut file: impl Read, mut unread: impl FnMut(io::Error)) -> impl Iterator<Item = Vec<u8>> {
    std::iter::from_fn(move || {
        let mut piece = vec![0; CHUNK];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some(piece)
            }
            Err(error) => {
                unread(error);
                None
            }
        }
    })
}
