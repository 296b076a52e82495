//! What is said of a pool that fills, and of one that cannot grow.

use config::sysconfig::Legacy;

use super::*;
use crate::state::extender::{Told, now};

#[test]
fn what_becomes_of_a_shell_file_is_told_below_the_spec() {
    let file = "/etc/sysconfig/docker-storage-setup".to_owned();
    let spec = |legacy: Legacy| {
        let spec = SpecStatus { source: "its files".to_owned(), generation: Some(2), legacy: legacy.remarks(), problems: None };
        spec_text(&spec)
    };
    let head = "spec      from its files; generation 2 committed\n";
    assert_eq!(spec(Legacy::Absent), head);
    let because = config::Place::File { file: "/etc/atomic-host.toml".to_owned(), line: 3, column: 2 };
    assert_eq!(
        spec(Legacy::Ignored { file: file.clone(), because }),
        format!("{head}          {file} is ignored, since /etc/atomic-host.toml:3:2 has [storage]\n")
    );
    let notes = vec![format!("{file}:2:1: DATA_SIZE counts with the driver devicemapper alone")];
    assert_eq!(
        spec(Legacy::InForce { file: file.clone(), notes }),
        format!(
            "{head}          storage is as {file} says, since no TOML file of this host has [storage]\n          \
             {file}:2:1: DATA_SIZE counts with the driver devicemapper alone\n"
        )
    );
}

fn record() -> Record {
    Record { version: 1, group: "atomicos".to_owned(), pool: "docker-pool".to_owned(), filling: None, look: None, alarm: None }
}

#[test]
fn a_pool_at_rest_is_not_talked_about() {
    assert_eq!(pool_lines(&record()), Vec::<String>::new());
}

#[test]
fn a_pool_that_fills_shows_its_rate_and_how_long_it_lasts() {
    let filling = Filling { rate: Bytes(150 << 20), full_in: 7, group_full_in: 3725, at: now(), since: None };
    let record = Record { filling: Some(filling), ..record() };
    assert_eq!(pool_lines(&record), ["docker-pool fills at 150 MiB a second: full in 7 s as it is, in 1 h 2 min with all of atomicos"]);
}

#[test]
fn an_average_says_over_how_long() {
    let filling = Filling { rate: Bytes(150 << 20), full_in: 660, group_full_in: 3725, at: 5000, since: Some(3500) };
    let line = "docker-pool filled at 150 MiB a second on average over the last 25 min 0 s: full in 11 min 0 s as it is, in 1 h 2 min with \
                all of atomicos";
    assert_eq!(pool_lines(&Record { filling: Some(filling), ..record() }), [line]);
}

#[test]
fn an_alarm_is_shown_with_what_to_do() {
    let alarm = |urgent| Told { cause: "limit".to_owned(), urgent, text: "raise it".to_owned() };
    assert_eq!(pool_lines(&Record { alarm: Some(alarm(false)), ..record() }), ["ALARM: raise it"]);
    assert_eq!(pool_lines(&Record { alarm: Some(alarm(true)), ..record() }), ["URGENT: raise it"]);
}
