//! What to do about a container, from what there is of it and what came before. Pure.

use engine_api::Found;

use crate::EX_CONFIG;

/// Of sysexits.h: another try may do.
const EX_TEMPFAIL: u8 = 75;

/// When we look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing was started yet.
    Begin,
    /// The container was up, then dockerd was lost.
    Lost,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Start it, and follow it to its end.
    Start(String),
    /// It is up: follow it to its end.
    Follow(String),
    /// It ended while we did not look, with this exit code.
    Ended(i64),
    /// There is nothing to run and will not be.
    NoContainer,
    /// There is one, but it is not ours to run.
    NotOurs,
    /// It was taken away while we did not look.
    Removed,
}

/// What to do next.
pub(crate) fn next(moment: Moment, found: Found) -> Next {
    match (moment, found) {
        (Moment::Begin, Found::Nothing) => Next::NoContainer,
        (Moment::Lost, Found::Nothing) => Next::Removed,
        (Moment::Begin | Moment::Lost, Found::Foreign) => Next::NotOurs,
        (Moment::Begin | Moment::Lost, Found::Running(id)) => Next::Follow(id),
        (Moment::Begin, Found::Stopped { id, .. }) => Next::Start(id),
        // Not started here: that is for systemd, by the unit's Restart=.
        (Moment::Lost, Found::Stopped { code, .. }) => Next::Ended(code),
    }
}

/// The exit code of this process for a container's; for one that was to stop, any end is a good one. A program's own 78 must not read
/// as ours, after which systemd does not start the unit again.
pub(crate) fn exit_code(code: i64, was_to_stop: bool) -> u8 {
    match (was_to_stop, u8::try_from(code).unwrap_or(u8::MAX)) {
        (true, _) => 0,
        (false, EX_CONFIG) => 1,
        (false, code) => code,
    }
}

/// The exit code when the container ended while dockerd was away. dockerd takes its containers down with it, and one that then ends well
/// has not done what it was for: `Restart=on-failure` is to start it again.
pub(crate) fn exit_code_when_lost(code: i64, was_to_stop: bool) -> u8 {
    match exit_code(code, was_to_stop) {
        0 if !was_to_stop => EX_TEMPFAIL,
        code => code,
    }
}

#[cfg(test)]
mod tests;
