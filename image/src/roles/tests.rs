//! Boot orders and the roles that follow; a deployment is written as its stateroot and marks.

use crate::{Deployment, Event, ImageStatus, Request, Unlocked};

#[test]
fn roles_follow_from_the_order() {
    for (order, expected) in [
        ("", ""),
        ("host", "host"),
        ("host host", "host host"),
        ("host*", "host*"),
        ("host host*", "host(pending) host*"),
        ("host* host", "host* host(rollback)"),
        ("host host* host", "host(pending) host* host(rollback)"),
        ("host* host host", "host* host(rollback) host"),
        ("host+ host* host", "host+ host* host(rollback)"),
        ("host+ host host*", "host+ host host*"),
        ("other host* other", "other host* other"),
        ("other host host* other host", "other host(pending) host* other host(rollback)"),
    ] {
        let status = ImageStatus::of(order.split_whitespace().map(deployment).collect());
        let told: Vec<String> = status.deployments.iter().map(marks).collect();
        assert_eq!(told.join(" "), expected);
        assert_eq!(status.booted, order.contains('*'));
    }
}

#[test]
fn a_request_and_an_answer_are_one_line_each() {
    assert_eq!(serde_json::to_string(&Request::Status).unwrap(), r#"{"request":"status"}"#);
    let answer = Event::Status(ImageStatus::of(vec![deployment("host*")]));
    let line = serde_json::to_string(&answer).unwrap();
    assert!(line.starts_with(r#"{"event":"status","booted":true,"deployments":[{"index":0,"#), "{line}");
    assert!(!line.contains('\n'));
    assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), answer);
}

#[test]
fn an_unlocked_deployment_is_told_by_libostrees_word() {
    assert_eq!(Unlocked::from_word("none"), None);
    assert_eq!(Unlocked::from_word("hotfix"), Some(Unlocked::Hotfix));
    assert_eq!(Unlocked::from_word("novel"), Some(Unlocked::Other("novel".to_owned())));
}

pub(crate) fn deployment(text: &str) -> Deployment {
    Deployment {
        index: 0,
        stateroot: text.trim_end_matches(['*', '+']).to_owned(),
        commit: "0".repeat(64),
        serial: 0,
        version: None,
        timestamp: None,
        origin: None,
        managed_elsewhere: None,
        booted: text.ends_with('*'),
        staged: text.ends_with('+'),
        pending: false,
        rollback: false,
        pinned: false,
        unlocked: None,
    }
}

fn marks(deployment: &Deployment) -> String {
    let marks =
        [(deployment.booted, "*"), (deployment.staged, "+"), (deployment.pending, "(pending)"), (deployment.rollback, "(rollback)")];
    marks.iter().filter(|(is, _)| *is).fold(deployment.stateroot.clone(), |text, (_, mark)| text + mark)
}
