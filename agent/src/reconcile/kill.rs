//! Fault injection: `ATOMIC_HOST_KILL=before:N` or `after:N` ends the whole process group at effect N.
//!
//! The crash scenarios use it to cut a run at every effect in turn. Effects are counted over the run:
//! those of the storage worker first, then the agent's own.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use storage_setup::protocol::Kill;

/// Counts effects and dies where it was told to.
#[derive(Debug)]
pub(super) struct Effects {
    log: Vec<String>,
    kill: Option<Kill>,
}

impl Effects {
    /// Reads the environment.
    #[must_use]
    pub(super) fn from_environment() -> Effects {
        Effects { log: Vec::new(), kill: std::env::var("ATOMIC_HOST_KILL").ok().and_then(|text| parse(&text)) }
    }

    /// Where the storage worker shall die, counted from its own first effect.
    #[must_use]
    pub(super) fn for_worker(&self) -> Option<Kill> {
        let kill = self.kill?;
        let effect = kill.effect.checked_sub(self.done())?;
        Some(Kill { effect, after: kill.after })
    }

    /// An effect that the worker has done.
    pub(super) fn count(&mut self, what: String) {
        self.log.push(what);
    }

    /// All effects so far, in order.
    #[must_use]
    pub(super) fn into_log(self) -> Vec<String> {
        self.log
    }

    fn done(&self) -> u32 {
        u32::try_from(self.log.len()).unwrap_or(u32::MAX)
    }

    /// One effect of the agent's own.
    pub(super) async fn run<T>(&mut self, what: &str, effect: impl Future<Output = T>) -> T {
        self.log.push(what.to_owned());
        self.die_if(false);
        let result = effect.await;
        self.die_if(true);
        result
    }

    fn die_if(&self, after: bool) {
        if self.kill == Some(Kill { effect: self.done(), after }) {
            // 0: this process and every other of its group, as a power cut would.
            let gone = kill(Pid::from_raw(0), Signal::SIGKILL);
            tracing::error!(?gone, "fault injection: could not end the process group");
        }
    }
}

fn parse(text: &str) -> Option<Kill> {
    let (when, number) = text.split_once(':')?;
    let after = match when {
        "before" => false,
        "after" => true,
        _ => return None,
    };
    Some(Kill { effect: number.parse().ok()?, after })
}
