//! Boot orders and where a rollback leads; a deployment is written as its stateroot and marks, its serial is its index.

use crate::roles::tests::deployment;
use crate::{Deployment, DeploymentName, ImageStatus, NoWayBack, WayBack, way_back, way_to};

fn status(order: &str) -> ImageStatus {
    let numbered = |(index, text)| Deployment { index, serial: index, ..deployment(text) };
    ImageStatus::of((0..).zip(order.split_whitespace()).map(numbered).collect())
}

fn name(serial: u32) -> DeploymentName {
    DeploymentName { commit: "0".repeat(64), serial, version: None }
}

#[test]
fn a_rollback_swaps_or_drops_what_would_boot_next() {
    for (order, from, expected, reboot) in [
        ("host* host", 0, vec![1, 0], true),
        ("host* host host", 0, vec![1, 0, 2], true),
        ("host* other host", 0, vec![2, 0, 1], true),
        ("other host* host", 1, vec![2, 0, 1], true),
        ("host+ host*", 0, vec![1], false),
        ("host+ host* host", 0, vec![1, 2], false),
        ("host host*", 0, vec![1, 0], false),
        ("host host* host", 0, vec![1, 0, 2], false),
        ("host+ host host*", 0, vec![2, 1], false),
    ] {
        let to = name(expected[0]);
        assert_eq!(way_back(&status(order)), Ok(WayBack { from: name(from), to, order: expected, reboot }), "{order}");
    }
}

#[test]
fn a_way_that_was_gone_already_leads_to_the_same_place() {
    for (order, to, expected, reboot) in
        [("host host*", 0, vec![0, 1], true), ("host* host", 0, vec![0, 1], false), ("host+ host* host", 2, vec![2, 1], true)]
    {
        let way = way_to(&status(order), &name(to)).unwrap();
        assert_eq!((way.to, way.order, way.reboot), (name(to), expected, reboot), "{order}");
    }
}

#[test]
fn what_is_gone_or_only_staged_is_no_place_to_go_to() {
    assert_eq!(way_to(&status("host* host"), &name(7)), Err(NoWayBack::Gone { to: name(7) }));
    assert_eq!(way_to(&status("host+ host*"), &name(0)), Err(NoWayBack::Gone { to: name(0) }));
    assert_eq!(way_to(&status("host host"), &name(1)), Err(NoWayBack::NotBooted));
}

#[test]
fn without_another_deployment_there_is_no_way_back() {
    assert_eq!(way_back(&status("host*")), Err(NoWayBack::Nothing));
    assert_eq!(way_back(&status("other host* other")), Err(NoWayBack::Nothing));
    assert_eq!(way_back(&status("host host")), Err(NoWayBack::NotBooted));
    assert_eq!(way_back(&status("")), Err(NoWayBack::NotBooted));
}

#[test]
fn the_first_of_the_stateroot_in_use_boots_next() {
    for (order, next) in [("host host*", Some(0)), ("host+ host*", Some(0)), ("other host*", Some(1)), ("host host", None)] {
        assert_eq!(status(order).next().map(|next| next.index), next, "{order}");
    }
}
