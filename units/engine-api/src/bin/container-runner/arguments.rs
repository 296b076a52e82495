//! The arguments, read by hand: hundreds of these processes may run, and none needs more.

use std::path::PathBuf;
use std::time::Duration;

/// What to print beside an error.
pub(crate) const USAGE: &str = "usage: container-runner run|stop [--stop-timeout SECONDS] [--socket PATH] NAME";

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) verb: Verb,
    /// The container's name.
    pub(crate) name: String,
    /// How long the container may take to stop before it is killed.
    pub(crate) patience: Duration,
    /// Where dockerd listens.
    pub(crate) socket: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Run,
    Stop,
}

impl Job {
    /// Reads the arguments behind the program's name; says what is wrong with them.
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Job, String> {
        let verb = match arguments.next().as_deref() {
            Some("run") => Verb::Run,
            Some("stop") => Verb::Stop,
            Some(other) => return Err(format!("{other:?} is neither run nor stop")),
            None => return Err("say what to do".to_owned()),
        };
        let (mut name, mut patience, mut socket) = (None, Duration::from_secs(10), PathBuf::from("/run/docker.sock"));
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} wants a value"));
            match argument.as_str() {
                "--stop-timeout" => patience = seconds(&value()?)?,
                "--socket" => socket = value()?.into(),
                option if option.starts_with('-') => return Err(format!("there is no option {option}")),
                _ if name.is_some() => return Err("one container at a time".to_owned()),
                _ => name = Some(argument),
            }
        }
        let name = name.filter(|name| is_name(name)).ok_or("say the name of the container")?;
        Ok(Job { verb, name, patience, socket })
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(|seconds: u32| Duration::from_secs(seconds.into())).map_err(|_error| format!("{text:?} is not a number of seconds"))
}

/// What engines take for a name; it becomes part of the path of a request.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

#[cfg(test)]
mod tests;
