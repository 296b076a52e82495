//! The deployments as libostree tells them. Reads only: no lock is taken and nothing is written.

use std::path::{Path, PathBuf};

use image::{Deployment, ImageStatus, Unlocked};
use ostree::gio::{Cancellable, File};
use ostree::glib::{self, Variant, VariantDict};
use ostree::{COMMIT_META_KEY_VERSION, ObjectType, Repo, Sysroot};

use crate::origin;

/// Why the deployments cannot be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StatusError {
    /// There is nothing at the path.
    #[error("cannot look for deployments in {}; is the path right?", sysroot.display())]
    NoSysroot { sysroot: PathBuf, source: std::io::Error },
    /// libostree cannot read the deployments.
    #[error("cannot read the deployments in {}; see: ostree admin status", sysroot.display())]
    Load { sysroot: PathBuf, source: glib::Error },
}

/// The deployments in the sysroot; `None`: those of this host.
pub(crate) fn status(sysroot: Option<&Path>) -> Result<ImageStatus, StatusError> {
    let path = sysroot.unwrap_or(Path::new("/"));
    if !has_repository(path).map_err(|source| StatusError::NoSysroot { sysroot: path.to_owned(), source })? {
        return Ok(ImageStatus::default());
    }
    let loaded = match sysroot {
        Some(path) => Sysroot::new(Some(&File::for_path(path))),
        None => Sysroot::new_default(),
    };
    loaded.load(Cancellable::NONE).map_err(|source| StatusError::Load { sysroot: path.to_owned(), source })?;
    let (repo, booted) = (loaded.repo(), loaded.booted_deployment());
    let deployments = loaded.deployments();
    Ok(ImageStatus::of(deployments.iter().map(|deployment| describe(&repo, deployment, booted.as_ref())).collect()))
}

/// A host without a repository is not image-based, which is an answer and no error; libostree would make it one.
fn has_repository(sysroot: &Path) -> std::io::Result<bool> {
    sysroot.metadata()?;
    sysroot.join("ostree/repo").try_exists()
}

pub(crate) fn describe(repo: &Repo, deployment: &ostree::Deployment, booted: Option<&ostree::Deployment>) -> Deployment {
    let commit = deployment.csum().to_string();
    // A deployment outlives its commit when that is pruned; the rest is still worth telling.
    let object = repo.load_variant(ObjectType::Commit, &commit).ok();
    let origin = deployment.origin();
    let unlocked = ostree::Deployment::unlocked_state_to_string(deployment.unlocked());
    Deployment {
        index: unsigned(deployment.index()),
        stateroot: deployment.osname().to_string(),
        commit,
        serial: unsigned(deployment.deployserial()),
        version: object.as_ref().and_then(version),
        timestamp: object.as_ref().map(ostree::commit_get_timestamp),
        origin: origin.as_ref().and_then(origin::follows),
        managed_elsewhere: origin.as_ref().and_then(origin::managed_elsewhere),
        booted: booted.is_some_and(|booted| deployment.equal(booted)),
        staged: deployment.is_staged(),
        pending: false,
        rollback: false,
        pinned: deployment.is_pinned(),
        unlocked: Unlocked::from_word(&unlocked),
    }
}

/// The first child of a commit is its metadata.
pub(crate) fn version(commit: &Variant) -> Option<String> {
    VariantDict::new(Some(&commit.try_child_value(0)?)).lookup(COMMIT_META_KEY_VERSION).ok().flatten()
}

/// libostree counts from 0 in signed numbers.
fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}
