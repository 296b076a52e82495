//! `atomic host upgrade [--check|--preview] [--reboot] [--allow-downgrade]`: the newest commit of the branch that is followed.

use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use image::{Commit, Event, Request};

use super::{VerbError, exit, os};
use crate::host::Host;
use crate::state::rollback;
use crate::{reconcile, report};

pub(super) async fn run(host: &Host, allow_downgrade: bool, reboot: bool) -> Result<ExitCode, VerbError> {
    let follow = os::follow(host)?.map(|(branch, _)| branch);
    let target = follow.as_ref().map_or_else(|| "what is followed".to_owned(), ToString::to_string);
    os::stage(host, "upgrade", target, &Request::Upgrade { follow, allow_downgrade }, reboot).await
}

/// `--check` says it in a line, `--preview` in full.
pub(super) async fn look(host: &Host, preview: bool) -> Result<ExitCode, VerbError> {
    let follow = os::follow(host)?.map(|(branch, _)| branch);
    let answer = os::ask(host, &Request::Check { follow }).await?;
    let code = match &answer {
        Event::Available { new, now, size } => {
            println!("available: {new}; in use: {now}");
            if preview {
                print!("{}", in_full(new, now, *size));
            }
            ExitCode::SUCCESS
        }
        Event::NothingNew { commit, .. } => {
            println!("nothing new: {commit} boots next already");
            ExitCode::from(exit::NOTHING_NEW)
        }
        Event::Status(_)
        | Event::Staged { .. }
        | Event::RolledBack { .. }
        | Event::Progress { .. }
        | Event::Effect { .. }
        | Event::Failed { .. } => {
            return Err(reconcile::image::strange(&answer).into());
        }
    };
    if rollback::is_remembered(host) {
        let os = reconcile::image::observe(host).await.map_err(|error| config::chain(&error));
        print!("{}", report::hold_text(&os::held(host, &os)));
    }
    Ok(code)
}

fn in_full(new: &Commit, now: &Commit, size: Option<u64>) -> String {
    let of = |name: &str, commit: &Commit| {
        let version = commit.version.as_deref().unwrap_or("none");
        let age = commit.timestamp.map_or_else(|| "unknown".to_owned(), age);
        format!("  {name}  version {version}\n          commit  {}\n          made    {age}\n", commit.commit)
    };
    let size = size.map_or_else(|| "the commit does not tell".to_owned(), |bytes| config::Bytes(bytes).to_string());
    format!("{}{}  to fetch  {size}\n", of("now   ", now), of("new   ", new))
}

/// `3 days ago`: dates would want a time zone.
fn age(timestamp: u64) -> String {
    let Ok(since) = (UNIX_EPOCH + Duration::from_secs(timestamp)).elapsed() else { return "in the future".to_owned() };
    let seconds = since.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86400 => (seconds / 3600, "hour"),
        86400.. => (seconds / 86400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_shows_both_commits_and_the_size_when_it_is_known() {
        let commit = |version: &str| Commit { commit: "c".repeat(64), version: Some(version.to_owned()), timestamp: None };
        let text = in_full(&commit("13"), &commit("12"), Some(3 << 20));
        assert!(text.contains("now     version 12") && text.contains("new     version 13") && text.contains("to fetch  3 MiB"), "{text}");
        assert!(in_full(&commit("13"), &commit("12"), None).contains("does not tell"));
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let ago = |seconds: u64| age(UNIX_EPOCH.elapsed().unwrap().as_secs() - seconds);
        assert_eq!((ago(3 * 86400 + 60).as_str(), ago(3700).as_str()), ("3 days ago", "1 hour ago"));
        assert_eq!(age(u64::from(u32::MAX) * 4), "in the future");
    }
}
