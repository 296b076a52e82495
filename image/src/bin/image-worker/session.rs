//! The sysroot, open for change: the right mounts, the lock, then the deployments, in this order.
//!
//! Loaded before the lock, libostree would work on mounts that it cannot write, and notice only half way.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use image::{Branch, Commit};
use nix::sched::{CloneFlags, unshare};
use ostree::gio::{Cancellable, File};
use ostree::{Deployment, ObjectType, Repo, Sysroot, glib};

use crate::effects::Effects;
use crate::status::version;
use crate::{origin, progress};

/// How long another program may keep the sysroot.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why the sysroot cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// libostree cannot open it.
    #[error("cannot open the deployments in {} for writing; see: ostree admin status", sysroot.display())]
    Open { sysroot: PathBuf, source: glib::Error },
    /// The kernel refused.
    #[error("cannot get mounts of its own; is this run as root?")]
    Mounts { source: nix::Error },
    /// Somebody else changes it.
    #[error("another program changes the deployments for over a minute; wait for it, see: ps -C ostree,rpm-ostree")]
    Busy,
    /// There is nothing to go on from.
    #[error("there is no OSTree deployment in {}; this is not an image-based host", sysroot.display())]
    NoDeployment { sysroot: PathBuf },
    /// Another program looks after it.
    #[error("the OS of this host is not atomic-host's to change: {why}")]
    Managed { why: String },
    /// It does not say where it is from.
    #[error("the deployment in use does not say what it follows; set os.ref = \"REMOTE:BRANCH\" in /etc/atomic-host.toml")]
    NoOrigin,
    /// A commit that should be there is not.
    #[error("cannot read commit {commit}; see: ostree fsck")]
    Commit { commit: String, source: glib::Error },
}

/// An open and locked sysroot with at least one deployment.
pub(crate) struct Session {
    pub(crate) sysroot: Sysroot,
    pub(crate) repo: Repo,
    /// What runs; outside a booted host, what would.
    pub(crate) current: Deployment,
    pub(crate) effects: Effects,
}

impl Session {
    pub(crate) fn open(path: Option<&Path>, effects: Effects) -> Result<Session, SessionError> {
        let named = path.unwrap_or(Path::new("/"));
        let failed = |source| SessionError::Open { sysroot: named.to_owned(), source };
        let sysroot = match path {
            Some(path) => Sysroot::new(Some(&File::for_path(path))),
            None => own_sysroot()?,
        };
        sysroot.initialize().map_err(failed)?;
        lock(&sysroot).map_err(|error| error.map_or(SessionError::Busy, failed))?;
        sysroot.load(Cancellable::NONE).map_err(failed)?;
        let current = sysroot.booted_deployment().or_else(|| sysroot.deployments().into_iter().next());
        let current = current.ok_or_else(|| SessionError::NoDeployment { sysroot: named.to_owned() })?;
        match current.origin().as_ref().and_then(origin::managed_elsewhere) {
            Some(why) => Err(SessionError::Managed { why }),
            None => Ok(Session { repo: sysroot.repo(), sysroot, current, effects }),
        }
    }

    /// Whether this is the running host.
    pub(crate) fn is_booted(&self) -> bool {
        self.sysroot.booted_deployment().is_some()
    }

    /// What boots next as things are: the first of this stateroot.
    pub(crate) fn next(&self) -> Deployment {
        let name = self.current.osname();
        self.sysroot.deployments().into_iter().find(|deployment| deployment.osname() == name).unwrap_or_else(|| self.current.clone())
    }

    /// The branch that is asked for, or else the one that the deployment in use follows.
    pub(crate) fn follow(&self, asked: Option<Branch>) -> Result<Branch, SessionError> {
        let own = || Branch::from_refspec(&origin::follows(&self.current.origin()?)?);
        asked.or_else(own).ok_or(SessionError::NoOrigin)
    }

    /// A commit of the repository, as people tell it from others.
    pub(crate) fn describe(&self, commit: &str) -> Result<Commit, SessionError> {
        let object = self.repo.load_variant(ObjectType::Commit, commit);
        let object = object.map_err(|source| SessionError::Commit { commit: commit.to_owned(), source })?;
        let timestamp = Some(ostree::commit_get_timestamp(&object));
        Ok(Commit { commit: commit.to_owned(), version: version(&object), timestamp })
    }

    /// The commit of a deployment; its commit may be pruned.
    pub(crate) fn describe_deployed(&self, deployment: &Deployment) -> Commit {
        let commit = deployment.csum().to_string();
        self.describe(&commit).unwrap_or(Commit { commit, version: None, timestamp: None })
    }
}

/// The host's own, whose /sysroot and /boot are read-only: libostree makes them writable in a mount namespace of this process alone.
fn own_sysroot() -> Result<Sysroot, SessionError> {
    // Before libostree starts a thread, which would stay in the old namespace.
    unshare(CloneFlags::CLONE_NEWNS).map_err(|source| SessionError::Mounts { source })?;
    let sysroot = Sysroot::new_default();
    sysroot.set_mount_namespace_in_use();
    Ok(sysroot)
}

/// `None` as the error: it was not to be had in time.
fn lock(sysroot: &Sysroot) -> Result<(), Option<glib::Error>> {
    let until = Instant::now() + PATIENCE;
    let mut told = false;
    while !sysroot.try_lock().map_err(Some)? {
        if Instant::now() > until {
            return Err(None);
        }
        if !told {
            progress::tell_text("waiting for another program that changes the deployments");
            told = true;
        }
        sleep(Duration::from_millis(200));
    }
    Ok(())
}
