//! Kernel events for the spec: a message for each write, rename or removal of a layer. No polling.
//!
//! The directories are watched, not the files: editors replace files, and a drop-in may appear later.
//! tmpfiles.d makes the drop-in directories, so they are there to be watched.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use notify::{Config, Event, EventKindMask, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::host::Host;

/// What the kernel is to tell of. Everybody opens files of /etc, all the time: those must not wake the daemon.
const KINDS: EventKindMask =
    EventKindMask::CREATE.union(EventKindMask::REMOVE).union(EventKindMask::MODIFY_NAME).union(EventKindMask::ACCESS_CLOSE);

/// Starts to watch; the watcher must be kept for as long as messages are wanted.
///
/// # Errors
/// When the kernel refuses to watch /etc.
pub(super) fn start(host: &Host) -> Result<(RecommendedWatcher, UnboundedReceiver<()>), notify::Error> {
    let (tell, edits) = unbounded_channel();
    let heard = move |event: Result<Event, notify::Error>| {
        // An error means lost events: read everything again.
        let matters =
            event.as_ref().map_or(true, |event| event.need_rescan() || (changes(event) && event.paths.iter().any(|path| is_layer(path))));
        if matters && tell.send(()).is_err() {
            tracing::debug!("the daemon is ending; an edit was not looked at");
        }
    };
    let mut watcher = RecommendedWatcher::new(heard, Config::default().with_event_kinds(KINDS))?;
    watcher.watch(&host.root.join("etc"), RecursiveMode::NonRecursive)?;
    for directory in directories(&host.root).iter().filter(|directory| directory.is_dir()) {
        watcher.watch(directory, RecursiveMode::NonRecursive)?;
    }
    Ok((watcher, edits))
}

/// /usr is read-only on a host, but a /usr overlay for trying things out is not.
fn directories(root: &Path) -> [PathBuf; 4] {
    ["etc/atomic-host.d", "run/atomic-host.d", "usr/lib/atomic-host.d", "etc/sysconfig"].map(|directory| root.join(directory))
}

/// A layer counts once its writer has closed it, or it was renamed, linked or removed: what is still being written may be half of it, and
/// half a spec may be a spec. Reading a layer, as every cycle does, must not start the next cycle.
fn changes(event: &Event) -> bool {
    use notify::EventKind::{Access, Any, Create, Modify, Other, Remove};
    use notify::event::{AccessKind, AccessMode, ModifyKind};
    match event.kind {
        Access(AccessKind::Close(AccessMode::Write)) | Modify(ModifyKind::Name(_)) | Remove(_) | Any => true,
        // A file that is made is written next; a link is whole as soon as it is there.
        Create(_) => event.paths.iter().any(|path| path.is_symlink()),
        Access(_) | Modify(_) | Other => false,
    }
}

fn is_layer(path: &Path) -> bool {
    let is_in = |directory: &str| path.parent().and_then(Path::file_name) == Some(OsStr::new(directory));
    let is_named = |name: &str| path.file_name() == Some(OsStr::new(name));
    is_named("atomic-host.toml")
        || (is_in("atomic-host.d") && path.extension() == Some(OsStr::new("toml")))
        || (is_in("sysconfig") && is_named("docker-storage-setup"))
}

#[cfg(test)]
mod tests;
