//! Fault injection: `ATOMIC_HOST_KILL=before:N` or `after:N` ends the whole process group at effect N.
//!
//! The crash scenarios use it to cut a run at every effect in turn. Effects are counted over the run,
//! those of a worker and the agent's own in the order in which they happen.

use config::Kill;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Counts effects and dies where it was told to.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    log: Vec<String>,
    kill: Option<Kill>,
}

impl Effects {
    /// Reads the environment.
    #[must_use]
    pub(crate) fn from_environment() -> Effects {
        Effects { log: Vec::new(), kill: std::env::var("ATOMIC_HOST_KILL").ok().and_then(|text| Kill::from_text(&text)) }
    }

    /// Where a worker that starts now shall die, counted from its own first effect.
    #[must_use]
    pub(crate) fn for_worker(&self) -> Option<Kill> {
        self.kill?.counted_after(self.done())
    }

    /// An effect that the worker has done.
    pub(crate) fn count(&mut self, what: String) {
        self.log.push(what);
    }

    /// All effects so far, in order.
    #[must_use]
    pub(crate) fn into_log(self) -> Vec<String> {
        self.log
    }

    fn done(&self) -> u32 {
        u32::try_from(self.log.len()).unwrap_or(u32::MAX)
    }

    /// One effect of the agent's own.
    pub(crate) async fn run<T>(&mut self, what: &str, effect: impl Future<Output = T>) -> T {
        self.log.push(what.to_owned());
        self.die_if(false);
        let result = effect.await;
        self.die_if(true);
        result
    }

    fn die_if(&self, after: bool) {
        if self.kill == Some(Kill { effect: self.done(), after }) {
            eprintln!("killed {} the effect: {}", if after { "after" } else { "before" }, self.log.last().map_or("", String::as_str));
            // 0: this process and every other of its group, as a power cut would.
            let gone = kill(Pid::from_raw(0), Signal::SIGKILL);
            tracing::error!(?gone, "fault injection: could not end the process group");
        }
    }
}
