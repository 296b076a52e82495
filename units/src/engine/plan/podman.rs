//! podman: its files, and its API, which listens by a socket.
//!
//! There is no daemon to restart: every run reads its configuration anew, and so does the API after its last client is gone.

use config::{Disruption, EngineKind, EngineOptions, Problem, Reason};
use systemd::ActiveState;

use super::{CONTAINERS_FILE, Content, DOCKER_FILE, Draft, EnginePlan, REGISTRIES_FILE, Want, is_up, problem};
use crate::Action;
use crate::engine::{EngineFiles, PODMAN_SERVICE, PODMAN_SOCKET, Podman, asked, podman_conf};

pub(super) fn plan(want: Want<'_>, podman: &Podman, files: &EngineFiles) -> Result<EnginePlan, Vec<Problem>> {
    let mut draft = Draft { problems: unknown_options(&want.engine.options), ..Draft::default() };
    draft.settle(DOCKER_FILE, &files.docker, None);
    let registries = draft.settle(REGISTRIES_FILE, &files.registries, registries(want));
    let containers = draft.settle(CONTAINERS_FILE, &files.containers, containers(want));
    let changes: Vec<_> = registries.into_iter().chain(containers).collect();
    // An API that still waits for its next client has read the old files; the socket starts another one.
    if let Some(first) = changes.first().filter(|_| podman.socket.active == ActiveState::Active) {
        let action = Action::StopUnit { unit: PODMAN_SERVICE.to_owned(), why: "it reads its files only at its start".to_owned() };
        let after = changes.iter().map(|change| change.step.clone()).collect();
        draft.step(action, first.reason.clone(), Disruption::Reload, after);
    }
    let up = is_up(&podman.socket, PODMAN_SOCKET, "podman");
    let ready = up == Ok(true);
    match up {
        Ok(true) => {}
        Ok(false) => {
            let asked = want.engine.kind.as_ref();
            let inactive = || Reason::Drift(format!("{PODMAN_SOCKET} is inactive"));
            let reason = asked.map_or_else(inactive, |kind| Reason::Spec(kind.place.clone()));
            let action = Action::StartEngine { unit: PODMAN_SOCKET.to_owned(), options: Vec::new() };
            draft.step(action, reason, Disruption::None, Vec::new());
        }
        // Unlike a service, a socket is not started again by systemd.
        Err(_) if podman.socket.active == ActiveState::Failed => {
            draft.notes.push(format!("{PODMAN_SOCKET} has failed; see: journalctl -u {PODMAN_SOCKET}"));
        }
        Err(why) => draft.notes.push(why),
    }
    draft.finish(EngineKind::Podman, ready)
}

fn registries(want: Want<'_>) -> Option<Content> {
    let (host, registry) = want.registries.first_key_value()?;
    let text = podman_conf::registries(want.registries)?;
    Some(Content { text, key: asked::section_of(host), place: registry.place.clone() })
}

fn containers(want: Want<'_>) -> Option<Content> {
    let server = want.engine.options.dns.first()?;
    let text = podman_conf::containers(&want.engine.options)?;
    Some(Content { text, key: "engine.dns".to_owned(), place: server.place.clone() })
}

/// Options that only docker has. `config` finds them where the spec has engine.kind.
fn unknown_options(options: &EngineOptions) -> Vec<Problem> {
    let EngineOptions { live_restore, selinux, log_level, dns: _, bip, mtu } = options;
    let asked = [
        ("live-restore", live_restore.as_ref().map(|asked| &asked.place)),
        ("selinux", selinux.as_ref().map(|asked| &asked.place)),
        ("log-level", log_level.as_ref().map(|asked| &asked.place)),
        ("bip", bip.as_ref().map(|asked| &asked.place)),
        ("mtu", mtu.as_ref().map(|asked| &asked.place)),
    ];
    let hint = "remove it; podman has no daemon that could take it";
    let report = |(name, place): (&str, Option<&_>)| {
        Some(problem(place?, &format!("engine.{name}"), format!("{name} is an option of docker, and podman is the engine"), hint))
    };
    asked.into_iter().filter_map(report).collect()
}
