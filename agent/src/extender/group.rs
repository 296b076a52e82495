//! That somebody changed a volume group: LVM writes its backup, /etc/lvm/backup/GROUP, after each change, and the kernel tells of that.
//!
//! No event of device-mapper comes of a new disk in a group. Where LVM keeps no backups, only the timer of an alarm is left.

use notify::{Config, Event, EventKind, EventKindMask, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::host::Host;

/// LVM's count of changes of a group, as its backup has it; `None` when that cannot be read.
pub(super) fn seqno(host: &Host, group: &str) -> Option<u64> {
    let text = std::fs::read_to_string(host.root.join("etc/lvm/backup").join(group)).ok()?;
    count(&text)
}

/// The first one is the group's.
fn count(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.trim().strip_prefix("seqno = ")?.parse().ok())
}

/// Changes of groups.
#[derive(Debug)]
pub(super) struct Changes {
    changes: UnboundedReceiver<()>,
    /// Ends the watch when dropped.
    _watcher: Option<RecommendedWatcher>,
}

impl Changes {
    pub(super) fn watch(host: &Host) -> Changes {
        let (tell, changes) = unbounded_channel();
        let directory = host.root.join("etc/lvm/backup");
        let heard = move |event: Result<Event, notify::Error>| {
            // A rename into place, or lost events; the temporary file before it is no news.
            let matters = event
                .as_ref()
                .map_or(true, |event| event.need_rescan() || matches!(event.kind, EventKind::Modify(notify::event::ModifyKind::Name(_))));
            if matters {
                // Nobody hears it when the daemon ends.
                tell.send(()).unwrap_or_default();
            }
        };
        // A name that is moved in counts as made.
        let kinds = Config::default().with_event_kinds(EventKindMask::CREATE | EventKindMask::MODIFY_NAME);
        let watcher = RecommendedWatcher::new(heard, kinds).and_then(|mut watcher| {
            watcher.watch(&directory, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        if let Err(error) = &watcher {
            tracing::debug!("{} is not watched: {error}", directory.display());
        }
        Changes { changes, _watcher: watcher.ok() }
    }

    /// Waits for one; several in a row are one.
    pub(super) async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        while self.changes.try_recv().is_ok() {}
    }
}

#[cfg(test)]
mod tests;
