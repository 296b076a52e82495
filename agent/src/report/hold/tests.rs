//! The line of a hold, and days.

use image::DeploymentName;

use super::{date, hold_text};
use crate::state::rollback::Hold;

#[test]
fn a_hold_says_since_when_from_what_and_how_to_go_on() {
    let name = |version: &str| DeploymentName { commit: "3f2a9b81c04d".repeat(5), serial: 0, version: Some(version.to_owned()) };
    let hold = Hold { time: 1_763_769_600, from: name("13"), to: name("12") };
    assert_eq!(
        hold_text(&Ok(Some(hold))),
        "held: rolled back by hand from 13 (3f2a9b81c04d) on 2025-11-22; to go on: atomic host upgrade\n"
    );
    assert_eq!(hold_text(&Ok(None)), "");
    assert_eq!(hold_text(&Err("it is damaged".to_owned())), "held: unknown: it is damaged\n");
}

#[test]
fn a_time_is_a_day() {
    for (days, day) in [
        (0, "1970-01-01"),
        (58, "1970-02-28"),
        (59, "1970-03-01"),
        (11_016, "2000-02-29"),
        (11_017, "2000-03-01"),
        (19_782, "2024-02-29"),
        (20_088, "2024-12-31"),
        (20_089, "2025-01-01"),
        (47_540, "2100-02-28"),
        (47_541, "2100-03-01"),
    ] {
        assert_eq!((date(days * 86400).as_str(), date(days * 86400 + 86399).as_str()), (day, day));
    }
}
