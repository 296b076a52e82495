//! Shows what `run` is doing: a bar over the phases, the current one with its time and last words.
//! In: closures. Out: lines on standard error; without a terminal, one line per finished phase.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// The phases of one run.
pub(crate) struct Phases {
    bar: ProgressBar,
    began: Instant,
}

impl Phases {
    pub(crate) fn new(count: u64) -> Result<Self> {
        let style =
            ProgressStyle::with_template("{spinner} [{bar:24}] {pos}/{len} {prefix} {elapsed} {wide_msg:.dim}")?.progress_chars("=> ");
        let bar = ProgressBar::new(count).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(150));
        Ok(Self { bar, began: Instant::now() })
    }

    /// Does one phase; `work` may say what it is at.
    pub(crate) fn phase<T>(&self, name: &'static str, work: impl FnOnce(&dyn Fn(&str)) -> Result<T>) -> Result<T> {
        let began = Instant::now();
        self.bar.set_prefix(name);
        self.bar.reset_elapsed();
        let done = work(&|line| self.bar.set_message(line.to_owned())).with_context(|| name.to_owned())?;
        self.bar.set_message("");
        self.bar.inc(1);
        self.line(&format!("{:6.1} s  {name}", began.elapsed().as_secs_f64()));
        Ok(done)
    }

    /// A line that stays.
    pub(crate) fn line(&self, line: &str) {
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// Ends the bar.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
        eprintln!("{:6.1} s  altogether", self.began.elapsed().as_secs_f64());
    }
}
