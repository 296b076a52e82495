//! Boot orders and where a rollback leads; a deployment is written as its stateroot and marks.

use crate::roles::tests::deployment;
use crate::{Deployment, ImageStatus, NoWayBack, way_back};

fn status(order: &str) -> ImageStatus {
    let numbered = |(index, text)| Deployment { index, ..deployment(text) };
    ImageStatus::of((0..).zip(order.split_whitespace()).map(numbered).collect())
}

#[test]
fn a_rollback_swaps_or_drops_what_would_boot_next() {
    for (order, expected, reboot) in [
        ("host* host", vec![1, 0], true),
        ("host* host host", vec![1, 0, 2], true),
        ("host* other host", vec![2, 0, 1], true),
        ("host+ host*", vec![1], false),
        ("host+ host* host", vec![1, 2], false),
        ("host host*", vec![1, 0], false),
        ("host host* host", vec![1, 0, 2], false),
        ("host+ host host*", vec![2, 1], false),
    ] {
        let way = way_back(&status(order)).unwrap();
        assert_eq!((way.order, way.reboot), (expected, reboot), "{order}");
    }
}

#[test]
fn a_rollback_of_a_rollback_stays_with_the_deployment_in_use() {
    let way = way_back(&status("host host*")).unwrap();
    assert!(!way.reboot);
}

#[test]
fn without_another_deployment_there_is_no_way_back() {
    assert_eq!(way_back(&status("host*")), Err(NoWayBack::Nothing));
    assert_eq!(way_back(&status("other host* other")), Err(NoWayBack::Nothing));
    assert_eq!(way_back(&status("host host")), Err(NoWayBack::NotBooted));
    assert_eq!(way_back(&status("")), Err(NoWayBack::NotBooted));
}
