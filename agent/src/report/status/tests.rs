//! What is said of a pool that fills, and of one that cannot grow.

use super::*;
use crate::state::extender::{Told, now};

fn record() -> Record {
    Record { version: 1, group: "atomicos".to_owned(), pool: "docker-pool".to_owned(), filling: None, alarm: None }
}

#[test]
fn a_pool_at_rest_is_not_talked_about() {
    assert_eq!(pool_lines(&record()), Vec::<String>::new());
}

#[test]
fn a_pool_that_fills_shows_its_rate_and_how_long_it_lasts() {
    let filling = Filling { rate: Bytes(150 << 20), full_in: 7, group_full_in: 3725, at: now() };
    let record = Record { filling: Some(filling), ..record() };
    assert_eq!(pool_lines(&record), ["docker-pool fills at 150 MiB a second: full in 7 s as it is, in 1 h 2 min with all of atomicos"]);
}

#[test]
fn old_figures_are_not_shown() {
    let filling = Filling { rate: Bytes(1), full_in: 7, group_full_in: 7, at: now() - 3600 };
    assert_eq!(pool_lines(&Record { filling: Some(filling), ..record() }), Vec::<String>::new());
}

#[test]
fn an_alarm_is_shown_with_what_to_do() {
    let alarm = |urgent| Told { cause: "limit".to_owned(), urgent, text: "raise it".to_owned() };
    assert_eq!(pool_lines(&Record { alarm: Some(alarm(false)), ..record() }), ["ALARM: raise it"]);
    assert_eq!(pool_lines(&Record { alarm: Some(alarm(true)), ..record() }), ["URGENT: raise it"]);
}
