//! Every case of what may be found, at first and after dockerd was away.

use engine_api::Found;

use super::{Moment, Next, exit_code, exit_code_when_lost, next};

fn id() -> String {
    "c0ffee".to_owned()
}

#[test]
fn at_first_a_container_that_is_down_is_started() {
    assert_eq!(next(Moment::Begin, Found::Stopped { id: id(), code: 137 }), Next::Start(id()));
}

#[test]
fn one_that_is_up_is_followed_and_never_started_again() {
    assert_eq!(next(Moment::Begin, Found::Running(id())), Next::Follow(id()));
    assert_eq!(next(Moment::Lost, Found::Running(id())), Next::Follow(id()));
}

#[test]
fn one_that_ended_while_dockerd_was_away_is_left_to_systemd() {
    assert_eq!(next(Moment::Lost, Found::Stopped { id: id(), code: 137 }), Next::Ended(137));
}

#[test]
fn one_that_is_not_there_is_told_apart_from_one_that_was_removed() {
    assert_eq!(next(Moment::Begin, Found::Nothing), Next::NoContainer);
    assert_eq!(next(Moment::Lost, Found::Nothing), Next::Removed);
}

#[test]
fn what_is_not_ours_is_neither_started_nor_followed() {
    assert_eq!(next(Moment::Begin, Found::Foreign), Next::NotOurs);
    assert_eq!(next(Moment::Lost, Found::Foreign), Next::NotOurs);
}

#[test]
fn the_containers_exit_code_is_ours_unless_we_were_to_stop_it() {
    assert_eq!((exit_code(0, false), exit_code(137, false), exit_code(137, true)), (0, 137, 0));
    assert_eq!((exit_code(-1, false), exit_code(256, false)), (255, 255));
    assert_eq!(exit_code(78, false), 1, "which systemd would take for ours");
}

#[test]
fn one_that_dockerd_took_down_ended_badly_even_if_it_ended_well() {
    assert_eq!((exit_code_when_lost(0, false), exit_code_when_lost(143, false), exit_code_when_lost(0, true)), (75, 143, 0));
}
