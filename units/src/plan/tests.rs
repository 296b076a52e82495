//! When the journal may leave the disk.

use config::{Desired, Layer, Spec};
use systemd::{ActiveState, LoadState, UnitState};

use super::*;
use crate::container::{Containers, SeenUnit};
use crate::engine::{EngineFiles, Engines};
use crate::journal::SeenJournal;
use crate::observe::SeenRsyslog;

const VOLATILE: &str = "[rsyslog]\nimage = \"registry.example.com/rsyslog:1\"\n\n[journal]\nstorage = \"volatile\"\n";

fn desired(text: &str) -> Desired {
    let layer = Layer { file: "/etc/atomic-host.toml".to_owned(), text: text.to_owned() };
    let Spec { desired, .. } = config::parse(vec![layer]).unwrap();
    desired
}

/// A host whose rsyslog does this.
fn host(active: ActiveState) -> Observed {
    let files = EngineFiles { docker: OwnFile::Absent, registries: OwnFile::Absent, containers: OwnFile::Absent };
    let state = UnitState {
        name: "container-rsyslog.service".to_owned(),
        load: LoadState::Loaded,
        active,
        sub: String::new(),
        fragment: None,
        need_reload: false,
        main_pid: None,
        job: None,
        condition_ok: None,
        assert_ok: None,
    };
    let unit = SeenUnit { service: OwnFile::Absent, slice: OwnFile::Absent, enabled: true, state };
    Observed {
        engines: Engines { docker: None, podman: None, files },
        containers: Containers {
            store: engine_api::Store::Unknown("docker is down".to_owned()),
            units: rsyslog::name().into_iter().map(|name| (name, unit.clone())).collect(),
            sources: std::collections::BTreeMap::new(),
        },
        journal: SeenJournal { configuration: OwnFile::Absent, pending: false },
        rsyslog: SeenRsyslog { rules: OwnFile::Absent, missing: Vec::new(), localtime: true },
    }
}

#[test]
fn the_journal_leaves_the_disk_only_once_rsyslog_runs() {
    let (wanted, none) = (desired(VOLATILE), container::Plan::default());
    assert_eq!(home_of_logs(&wanted, &host(ActiveState::Active), &none), Some(Vec::new()));
    assert_eq!(home_of_logs(&wanted, &host(ActiveState::Failed), &none), None);
    let start = StepId::from_text("start");
    let up = container::Plan { up: rsyslog::name().into_iter().map(|name| (name, start.clone())).collect(), ..none };
    assert_eq!(home_of_logs(&wanted, &host(ActiveState::Inactive), &up), Some(vec![start]));
}

#[test]
fn a_journal_that_stays_on_disk_waits_for_nothing() {
    let wanted = desired("[journal]\nstorage = \"persistent\"\n");
    assert_eq!(home_of_logs(&wanted, &host(ActiveState::Failed), &container::Plan::default()), Some(Vec::new()));
}
