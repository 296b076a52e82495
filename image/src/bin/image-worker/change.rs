//! The requests that change what boots next: upgrade, deploy, rebase, rollback; and the look before them.

use image::{Branch, Commit, Event, ImageStatus, NoWayBack, way_back};
use ostree::gio::Cancellable;
use ostree::{Deployment, SysrootDeployTreeOpts, SysrootSimpleWriteDeploymentFlags, glib};

use crate::progress;
use crate::pull::{Extent, PullError};
use crate::session::{Session, SessionError};
use crate::status::describe;

/// Why what boots next stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error(transparent)]
    NoWayBack(#[from] NoWayBack),
    /// Older than what is in use.
    #[error("{new} is older than {now}, which is in use; to go back on purpose: atomic host upgrade --allow-downgrade, or rollback")]
    Older { new: String, now: String },
    /// libostree could not prepare it.
    #[error("cannot prepare {new}; is there room on / and /boot? nothing was changed")]
    Stage { new: Commit, source: glib::Error },
    /// libostree could not write the order.
    #[error("cannot write the boot order; see: ostree admin status")]
    Order { source: glib::Error },
}

/// What an upgrade would stage.
pub(crate) fn check(session: &Session, follow: Option<Branch>) -> Result<Event, ChangeError> {
    let branch = session.follow(follow)?;
    let newest = session.fetch_metadata(&branch, Extent::Newest)?;
    let next = session.next();
    if next.csum() == newest.as_str() {
        return Ok(Event::NothingNew { commit: session.describe_deployed(&next) });
    }
    let (new, now) = (session.describe(&newest)?, session.describe_deployed(&session.current));
    Ok(Event::Available { size: session.missing_bytes(&newest), new, now })
}

/// The newest commit of the branch.
pub(crate) fn upgrade(session: &Session, follow: Option<Branch>, allow_downgrade: bool) -> Result<Event, ChangeError> {
    let branch = session.follow(follow)?;
    let newest = session.fetch_metadata(&branch, Extent::Newest)?;
    let next = session.next();
    if next.csum() == newest.as_str() {
        return Ok(Event::NothingNew { commit: session.describe_deployed(&next) });
    }
    let (new, now) = (session.describe(&newest)?, session.describe_deployed(&session.current));
    // A server, or somebody in between, that offers an old commit with known holes has a valid signature for it.
    if !allow_downgrade && new.timestamp < now.timestamp {
        return Err(ChangeError::Older { new: new.to_string(), now: now.to_string() });
    }
    stage(session, &branch, new)
}

/// One commit of the branch, whatever its age.
pub(crate) fn deploy(session: &Session, follow: Option<Branch>, revision: &str) -> Result<Event, ChangeError> {
    let branch = session.follow(follow)?;
    let is_commit = revision.len() == 64 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let commit = if is_commit { revision.to_ascii_lowercase() } else { session.find_version(&branch, revision)? };
    let next = session.next();
    if next.csum() == commit.as_str() {
        return Ok(Event::NothingNew { commit: session.describe_deployed(&next) });
    }
    session.fetch(&branch, &commit)?;
    stage(session, &branch, session.describe(&commit)?)
}

/// The newest commit of another branch, which is followed from then on.
pub(crate) fn rebase(session: &Session, to: &Branch) -> Result<Event, ChangeError> {
    let newest = session.fetch_metadata(to, Extent::Newest)?;
    let next = session.next();
    let follows = next.origin().as_ref().and_then(crate::origin::follows);
    if next.csum() == newest.as_str() && follows == Some(to.to_string()) {
        return Ok(Event::NothingNew { commit: session.describe_deployed(&next) });
    }
    stage(session, to, session.describe(&newest)?)
}

/// Puts the deployment in use first, or the one before it.
pub(crate) fn rollback(session: &Session) -> Result<Event, ChangeError> {
    let deployments = session.sysroot.deployments();
    let booted = session.sysroot.booted_deployment();
    let status = ImageStatus::of(deployments.iter().map(|deployment| describe(&session.repo, deployment, booted.as_ref())).collect());
    let way = way_back(&status)?;
    let at = |index: &u32| deployments.iter().find(|deployment| u32::try_from(deployment.index()).is_ok_and(|own| own == *index)).cloned();
    let order: Vec<Deployment> = way.order.iter().filter_map(at).collect();
    let (from, next) = (session.next(), order.first().cloned().ok_or(NoWayBack::Nothing)?);
    let (from, next) = (session.describe_deployed(&from), session.describe_deployed(&next));
    session.sysroot.write_deployments(&order, Cancellable::NONE).map_err(|source| ChangeError::Order { source })?;
    Ok(Event::RolledBack { next, from, reboot: way.reboot })
}

fn stage(session: &Session, branch: &Branch, new: Commit) -> Result<Event, ChangeError> {
    session.fetch(branch, &new.commit)?;
    progress::tell_text(&format!("preparing {new}"));
    let now = session.describe_deployed(&session.current);
    match write(session, branch, &new.commit) {
        Ok(()) => Ok(Event::Staged { new, now }),
        Err(source) => Err(ChangeError::Stage { new, source }),
    }
}

fn write(session: &Session, branch: &Branch, commit: &str) -> Result<(), glib::Error> {
    let (sysroot, name) = (&session.sysroot, session.current.osname());
    let origin = sysroot.origin_new_from_refspec(&branch.to_string());
    let merge = sysroot.merge_deployment(Some(&name));
    let words = kernel_arguments(merge.as_ref().unwrap_or(&session.current));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let options = SysrootDeployTreeOpts { override_kernel_argv: Some(&words), ..SysrootDeployTreeOpts::default() };
    if session.is_booted() {
        sysroot.stage_tree_with_options(Some(&name), commit, Some(&origin), merge.as_ref(), &options, Cancellable::NONE)?;
        return Ok(());
    }
    // A sysroot that does not run never goes down, so nothing would finish a staged deployment.
    let new = sysroot.deploy_tree_with_options(Some(&name), commit, Some(&origin), merge.as_ref(), Some(&options), Cancellable::NONE)?;
    sysroot.simple_write_deployment(Some(&name), &new, merge.as_ref(), SysrootSimpleWriteDeploymentFlags::NONE, Cancellable::NONE)
}

/// Those that the deployment boots with; libostree puts its own `ostree=` in anew.
fn kernel_arguments(deployment: &Deployment) -> Vec<String> {
    let options = deployment.bootconfig().and_then(|config| config.get("options")).unwrap_or_default();
    options.split_whitespace().filter(|word| !word.starts_with("ostree=")).map(str::to_owned).collect()
}
