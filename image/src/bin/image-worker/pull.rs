//! Fetches commits: first what they say of themselves, then the rest. libostree checks the signatures on the way.

use image::Branch;
use ostree::gio::Cancellable;
use ostree::glib::{self, Variant, VariantDict};
use ostree::{CommitSizesEntry, ObjectType, RepoCommitState, RepoPullFlags};

use crate::progress;
use crate::session::Session;
use crate::status::version;

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    /// No such remote.
    #[error("there is no remote {remote:?}; add [os.remote.{remote}] to /etc/atomic-host.toml and run: atomic host apply")]
    NoRemote { remote: String, source: glib::Error },
    /// It is not signed as the remote demands.
    #[error("{branch} is refused: its commit is not signed by a key of the remote {:?}", branch.remote)]
    Unsigned { branch: Branch, source: glib::Error },
    /// The server or the network.
    #[error("cannot pull {branch}; is the server there, and does it have this branch?")]
    Pull { branch: Branch, source: glib::Error },
    /// The repository.
    #[error("cannot read {what} in the repository of this host; see: ostree fsck")]
    Repository { what: String, source: glib::Error },
    /// No commit of that version.
    #[error("no commit of {branch} has the version {version}; give a version of its history, or a commit with all 64 digits")]
    NoVersion { branch: Branch, version: String },
    /// Not in the repository after all.
    #[error("{branch} came without a commit; try again")]
    Nothing { branch: Branch },
}

/// How much of a branch is fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent {
    /// The newest commit's own description.
    Newest,
    /// The descriptions of all commits that the server has.
    History,
}

impl Session {
    /// Fetches descriptions only; gives the newest commit.
    pub(crate) fn fetch_metadata(&self, branch: &Branch, extent: Extent) -> Result<String, PullError> {
        progress::tell_text(&format!("asking for {branch}"));
        let options = VariantDict::new(None);
        options.insert("flags", RepoPullFlags::COMMIT_ONLY.bits().cast_signed());
        let depth: i32 = match extent {
            Extent::Newest => 0,
            Extent::History => -1,
        };
        options.insert("depth", depth);
        self.effects.run(&format!("fetch what there is of {branch}"), || self.pull(branch, &options))?;
        let what = || branch.to_string();
        let newest = self.repo.resolve_rev(&branch.to_string(), true).map_err(|source| PullError::Repository { what: what(), source })?;
        newest.map(|commit| commit.to_string()).ok_or_else(|| PullError::Nothing { branch: branch.clone() })
    }

    /// Fetches all of a commit.
    pub(crate) fn fetch(&self, branch: &Branch, commit: &str) -> Result<(), PullError> {
        let options = VariantDict::new(None);
        options.insert_value("override-commit-ids", &vec![commit].into());
        self.effects.run(&format!("fetch all of {commit}"), || self.pull(branch, &options))
    }

    /// The commit of this version: of a deployment, or else of the branch's history, newest first.
    pub(crate) fn find_version(&self, branch: &Branch, wanted: &str) -> Result<String, PullError> {
        let deployed = self.sysroot.deployments().into_iter().map(|deployment| deployment.csum().to_string());
        for commit in deployed {
            if self.is_whole(&commit)? && self.load(&commit)?.as_ref().and_then(version).as_deref() == Some(wanted) {
                return Ok(commit);
            }
        }
        let mut next = Some(self.fetch_metadata(branch, Extent::History)?);
        while let Some(commit) = next {
            // A history ends where its server stopped to keep it.
            let Some(object) = self.load(&commit)? else { break };
            if version(&object).as_deref() == Some(wanted) {
                return Ok(commit);
            }
            next = ostree::commit_get_parent(&object).map(|parent| parent.to_string());
        }
        Err(PullError::NoVersion { branch: branch.clone(), version: wanted.to_owned() })
    }

    /// Bytes of the commit that are not here yet; `None`: the commit does not tell.
    pub(crate) fn missing_bytes(&self, commit: &str) -> Option<u64> {
        let object = self.load(commit).ok()??;
        let entries = ostree::commit_get_object_sizes(&object).ok()?;
        let missing =
            entries.iter().filter(|entry| !self.repo.has_object(entry.objtype(), &entry.checksum(), Cancellable::NONE).unwrap_or(false));
        Some(missing.map(CommitSizesEntry::archived).sum())
    }

    fn pull(&self, branch: &Branch, options: &VariantDict) -> Result<(), PullError> {
        self.repo.remote_get_url(&branch.remote).map_err(|source| PullError::NoRemote { remote: branch.remote.clone(), source })?;
        options.insert_value("refs", &vec![branch.branch.as_str()].into());
        let progress = progress::reporter();
        let result = self.repo.pull_with_options(&branch.remote, &options.end(), Some(&progress), Cancellable::NONE);
        progress.finish();
        result.map_err(|source| {
            let branch = branch.clone();
            if is_about_signatures(&source) { PullError::Unsigned { branch, source } } else { PullError::Pull { branch, source } }
        })
    }

    /// Whether nothing of the commit has to be fetched.
    pub(crate) fn is_whole(&self, commit: &str) -> Result<bool, PullError> {
        if self.load(commit)?.is_none() {
            return Ok(false);
        }
        let state = self.repo.load_commit(commit);
        let (_, state) = state.map_err(|source| PullError::Repository { what: format!("commit {commit}"), source })?;
        Ok(!state.contains(RepoCommitState::PARTIAL))
    }

    fn load(&self, commit: &str) -> Result<Option<Variant>, PullError> {
        let broken = |source| PullError::Repository { what: format!("commit {commit}"), source };
        if !self.repo.has_object(ObjectType::Commit, commit, Cancellable::NONE).map_err(broken)? {
            return Ok(None);
        }
        self.repo.load_variant(ObjectType::Commit, commit).map(Some).map_err(broken)
    }
}

/// The crate does not name this domain.
fn is_about_signatures(error: &glib::Error) -> bool {
    error.domain().as_str() == "OstreeGpgError"
}
