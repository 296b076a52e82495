//! Which spec is in force: the layers, or the committed generation when the layers are bad.

use config::{Desired, Problems};

use crate::host::Host;
use crate::state::{StateError, generations};

/// What the host shall be, and who says so.
#[derive(Debug)]
pub struct Intention {
    /// The validated spec.
    pub spec: config::Spec,
    /// Who says so.
    pub source: Source,
}

/// Who says what the host shall be.
#[derive(Debug)]
pub enum Source {
    /// The layers as they are now.
    Layers,
    /// The committed generation, since the layers are bad.
    Generation {
        /// Its number.
        number: u32,
        /// What is wrong with the layers.
        because: Problems,
    },
}

/// Why there is nothing to hold the host to.
#[derive(Debug, thiserror::Error)]
pub enum IntentionError {
    /// The layers are bad, and no generation was ever committed.
    #[error("the spec has problems")]
    Bad(Problems),
    /// The memory of generations cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Intention {
    /// The spec itself.
    #[must_use]
    pub fn desired(&self) -> &Desired {
        &self.spec.desired
    }
}

/// Reads the layers; bad layers are an error. For a person's `plan` and `apply`.
///
/// # Errors
/// [`IntentionError::Bad`] with all problems.
pub fn from_layers(host: &Host) -> Result<Intention, IntentionError> {
    let spec = config::read(&host.root).map_err(IntentionError::Bad)?;
    Ok(Intention { spec, source: Source::Layers })
}

/// Reads the layers, and falls back to the committed generation. For boot and the daemon: a bad file never strands the host.
///
/// # Errors
/// [`IntentionError::Bad`] when there is no generation to fall back to.
pub fn in_force(host: &Host) -> Result<Intention, IntentionError> {
    match config::read(&host.root) {
        Ok(spec) => Ok(Intention { spec, source: Source::Layers }),
        Err(problems) => fall_back(host, problems),
    }
}

/// The committed generation, because of these problems.
///
/// # Errors
/// [`IntentionError::Bad`] with those problems when there is none.
pub fn fall_back(host: &Host, because: Problems) -> Result<Intention, IntentionError> {
    let Some(generation) = generations::committed(host)? else {
        return Err(IntentionError::Bad(because));
    };
    let layer = config::Layer { file: format!("generation {}", generation.number), text: generation.spec };
    match config::parse(vec![layer]) {
        Ok(spec) => Ok(Intention { spec, source: Source::Generation { number: generation.number, because } }),
        Err(_) => Err(IntentionError::Bad(because)),
    }
}
