//! The requests that change what boots next: upgrade, deploy, rebase, rollback; and the look before them.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use image::{Branch, Commit, DeploymentName, Event, ImageStatus, NoWayBack, way_to};
use nix::unistd::syncfs;
use ostree::gio::Cancellable;
use ostree::gio::prelude::FileExt as _;
use ostree::{Deployment, SysrootDeployTreeOpts, SysrootSimpleWriteDeploymentFlags, SysrootWriteDeploymentsOpts, glib};

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
    /// The disk took the order in the journal of /boot's file system only.
    #[error("cannot flush the boot order in {} to the disk; see: dmesg, and run it again before a reboot", boot.display())]
    Flush { boot: PathBuf, source: io::Error },
    /// libostree could not remove something.
    #[error("cannot remove what no deployment needs; see: ostree admin cleanup")]
    CleanUp { source: glib::Error },
}

/// What an upgrade would stage.
pub(crate) fn check(session: &Session, follow: Option<Branch>) -> Result<Event, ChangeError> {
    let branch = session.follow(follow)?;
    let newest = session.fetch_metadata(&branch, Extent::Newest)?;
    let next = session.next();
    if next.csum() == newest.as_str() {
        return Ok(nothing_new(session, &next));
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
        return Ok(nothing_new(session, &next));
    }
    let (new, now) = (session.describe(&newest)?, session.describe_deployed(&session.current));
    // A server, or somebody in between, that offers an old commit with known holes has a valid signature for it.
    if !allow_downgrade && new.timestamp < now.timestamp {
        return Err(ChangeError::Older { new: new.to_string(), now: now.to_string() });
    }
    stage(session, &branch, &newest)
}

/// One commit of the branch, whatever its age.
pub(crate) fn deploy(session: &Session, follow: Option<Branch>, revision: &str) -> Result<Event, ChangeError> {
    let branch = session.follow(follow)?;
    let is_commit = revision.len() == 64 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let commit = if is_commit { revision.to_ascii_lowercase() } else { session.find_version(&branch, revision)? };
    let next = session.next();
    if next.csum() == commit.as_str() {
        return Ok(nothing_new(session, &next));
    }
    stage(session, &branch, &commit)
}

/// The newest commit of another branch, which is followed from then on.
pub(crate) fn rebase(session: &Session, to: &Branch) -> Result<Event, ChangeError> {
    let newest = session.fetch_metadata(to, Extent::Newest)?;
    let next = session.next();
    let follows = next.origin().as_ref().and_then(crate::origin::follows);
    if next.csum() == newest.as_str() && follows == Some(to.to_string()) {
        return Ok(nothing_new(session, &next));
    }
    stage(session, to, &newest)
}

/// Puts this deployment first.
pub(crate) fn rollback(session: &Session, to: &DeploymentName) -> Result<Event, ChangeError> {
    let deployments = session.sysroot.deployments();
    let booted = session.sysroot.booted_deployment();
    let status = ImageStatus::of(deployments.iter().map(|deployment| describe(&session.repo, deployment, booted.as_ref())).collect());
    let way = way_to(&status, to)?;
    let at = |index: &u32| deployments.iter().find(|deployment| u32::try_from(deployment.index()).is_ok_and(|own| own == *index)).cloned();
    let order: Vec<Deployment> = way.order.iter().filter_map(at).collect();
    let options = SysrootWriteDeploymentsOpts { do_postclean: false };
    let write = || session.sysroot.write_deployments_with_options(&order, &options, Cancellable::NONE);
    session.effects.run(&format!("write the boot order: {to} first"), || {
        write().map_err(|source| ChangeError::Order { source })?;
        flush_boot(session)
    })?;
    clean_up(session)?;
    Ok(Event::RolledBack { reboot: way.reboot })
}

/// Brings the order to the places where a boot loader reads it. GRUB does not replay the journal of /boot's file system, and libostree
/// leaves the new order there until an orderly end of the system.
///
/// The first call commits the journal, then writes what it names in place; the second flushes the disk's own cache of that.
fn flush_boot(session: &Session) -> Result<(), ChangeError> {
    let Some(boot) = session.sysroot.path().path().map(|root| root.join("boot")) else { return Ok(()) };
    let failed = |source| ChangeError::Flush { boot: boot.clone(), source };
    let open = File::open(&boot).map_err(failed)?;
    (0..2).try_for_each(|_| syncfs(&open)).map_err(|error| failed(error.into()))
}

fn nothing_new(session: &Session, next: &Deployment) -> Event {
    let reboot = session.is_booted() && !next.equal(&session.current);
    Event::NothingNew { commit: session.describe_deployed(next), reboot }
}

fn stage(session: &Session, branch: &Branch, commit: &str) -> Result<Event, ChangeError> {
    if !session.is_whole(commit)? {
        // First, so that there is room.
        clean_up(session)?;
        session.fetch(branch, commit)?;
    }
    let (new, now) = (session.describe(commit)?, session.describe_deployed(&session.current));
    progress::tell_text(&format!("preparing {new}"));
    match write(session, branch, &new) {
        Ok(()) => Ok(Event::Staged { new, now }),
        Err(source) => Err(ChangeError::Stage { new, source }),
    }
}

/// Removes the deployments and files that belong to nothing any more: those of earlier versions, and what a run that was cut off left.
fn clean_up(session: &Session) -> Result<(), ChangeError> {
    progress::tell_text("removing what no deployment needs");
    let clean = || session.sysroot.cleanup(Cancellable::NONE);
    session.effects.run("remove what no deployment needs", clean).map_err(|source| ChangeError::CleanUp { source })
}

fn write(session: &Session, branch: &Branch, new: &Commit) -> Result<(), glib::Error> {
    let (sysroot, name, effects) = (&session.sysroot, session.current.osname(), &session.effects);
    let origin = sysroot.origin_new_from_refspec(&branch.to_string());
    let merge = sysroot.merge_deployment(Some(&name));
    let words = kernel_arguments(merge.as_ref().unwrap_or(&session.current));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let options = SysrootDeployTreeOpts { override_kernel_argv: Some(&words), ..SysrootDeployTreeOpts::default() };
    let (name, commit, origin, merge, none) = (Some(name.as_str()), new.commit.as_str(), Some(&origin), merge.as_ref(), Cancellable::NONE);
    if session.is_booted() {
        let stage = || sysroot.stage_tree_with_options(name, commit, origin, merge, &options, none);
        return effects.run(&format!("stage {new}"), stage).map(drop);
    }
    // A sysroot that does not run never goes down, so nothing would finish a staged deployment.
    let deploy = || sysroot.deploy_tree_with_options(name, commit, origin, merge, Some(&options), none);
    let made = effects.run(&format!("deploy {new}"), deploy)?;
    let order = || sysroot.simple_write_deployment(name, &made, merge, SysrootSimpleWriteDeploymentFlags::NONE, none);
    effects.run(&format!("write the boot order: {new} first"), order)
}

/// Those that the deployment boots with; libostree puts its own `ostree=` in anew.
fn kernel_arguments(deployment: &Deployment) -> Vec<String> {
    let options = deployment.bootconfig().and_then(|config| config.get("options")).unwrap_or_default();
    options.split_whitespace().filter(|word| !word.starts_with("ostree=")).map(str::to_owned).collect()
}
