//! How a long step goes on, on standard error: one line that changes on a terminal, and now and then a line elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A log has no use for more lines than this.
const PLAIN_PAUSE: Duration = Duration::from_secs(10);

/// What was shown last, and where.
pub(super) struct Shown {
    terminal: bool,
    last: Option<Instant>,
}

impl Shown {
    pub(super) fn new() -> Shown {
        Shown { terminal: std::io::stderr().is_terminal(), last: None }
    }

    /// Shows a line; where lines stay, only one that `counts`, or when the last is some time ago.
    pub(super) fn tell(&mut self, line: &str, counts: bool) {
        if self.terminal {
            eprint!("\r\u{1b}[K{line}");
        } else if counts || self.last.is_none_or(|last| last.elapsed() > PLAIN_PAUSE) {
            eprintln!("{line}");
        } else {
            return;
        }
        self.last = Some(Instant::now());
    }

    /// Takes the line off the terminal.
    pub(super) fn end(&mut self) {
        if self.terminal && self.last.take().is_some() {
            eprint!("\r\u{1b}[K");
        }
    }
}
