//! What libostree says of its progress, as events, and not more often than a person can read.

use std::cell::Cell;
use std::time::{Duration, Instant};

use image::Event;
use ostree::AsyncProgress;

use crate::tell;

const PAUSE: Duration = Duration::from_millis(500);

/// A progress to hand to a pull.
pub(crate) fn reporter() -> AsyncProgress {
    let progress = AsyncProgress::new();
    let last = Cell::new(None::<Instant>);
    progress.connect_changed(move |now| {
        if last.get().is_none_or(|last| last.elapsed() >= PAUSE) {
            last.set(Some(Instant::now()));
            tell_now(now);
        }
    });
    progress
}

/// Says how far a pull came when it has ended.
pub(crate) fn tell_now(progress: &AsyncProgress) {
    let (fetched, total) = (progress.uint("fetched"), progress.uint("requested"));
    let bytes = progress.uint64("bytes-transferred");
    let text = match progress.status().filter(|status| !status.is_empty()) {
        Some(status) => status.to_string(),
        None if total == 0 => format!("looking: {} metadata objects", progress.uint("scanned-metadata")),
        None => format!("receiving: {} KiB", bytes.div_ceil(1024)),
    };
    say(&Event::Progress { text, fetched, total });
}

/// Says what is done now.
pub(crate) fn tell_text(text: &str) {
    say(&Event::Progress { text: text.to_owned(), fetched: 0, total: 0 });
}

/// Says something that is no answer.
pub(crate) fn say(event: &Event) {
    // Nobody listens any more: the work goes on all the same, and its end cannot be told either.
    tell(event).unwrap_or_default();
}
