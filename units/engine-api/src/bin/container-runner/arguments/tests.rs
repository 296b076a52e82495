//! The arguments, as units write them.

use std::time::Duration;

use super::{Job, Verb};

fn read(line: &str) -> Result<Job, String> {
    Job::read(line.split_whitespace().map(str::to_owned))
}

#[test]
fn a_name_is_enough() {
    let job = read("run redis").unwrap();
    assert_eq!((job.verb, job.name.as_str(), job.patience), (Verb::Run, "redis", Duration::from_secs(10)));
    assert_eq!(job.socket.to_str(), Some("/run/docker.sock"));
}

#[test]
fn options_may_stand_on_either_side_of_the_name() {
    let job = read("stop --stop-timeout 30 redis").unwrap();
    assert_eq!((job.verb, job.patience), (Verb::Stop, Duration::from_secs(30)));
    assert_eq!(read("stop redis --stop-timeout 30").unwrap(), job);
}

#[test]
fn what_cannot_be_meant_is_told() {
    for (line, why) in [
        ("", "say what to do"),
        ("start redis", "\"start\" is neither run nor stop"),
        ("run", "say the name of the container"),
        ("run ../images", "say the name of the container"),
        ("run a b", "one container at a time"),
        ("run --fast a", "there is no option --fast"),
        ("stop --stop-timeout", "--stop-timeout wants a value"),
        ("stop --stop-timeout 5s a", "\"5s\" is not a number of seconds"),
    ] {
        assert_eq!(read(line), Err(why.to_owned()), "{line}");
    }
}
