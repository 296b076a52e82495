//! Edits in a directory that stands in for the host.

use std::fs;
use std::io::Write;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::start;
use crate::host::Host;

async fn heard(edits: &mut UnboundedReceiver<()>) -> bool {
    let heard = tokio::time::timeout(Duration::from_secs(2), edits.recv()).await.is_ok();
    while tokio::time::timeout(Duration::from_millis(100), edits.recv()).await.is_ok() {}
    heard
}

#[tokio::test(flavor = "current_thread")]
async fn every_way_of_editing_a_layer_is_heard_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let etc = directory.path().join("etc");
    fs::create_dir_all(etc.join("atomic-host.d")).unwrap();
    fs::create_dir_all(etc.join("sysconfig")).unwrap();
    let (_watcher, mut edits) = start(&Host::below(directory.path())).unwrap();

    fs::write(etc.join("atomic-host.toml"), "a = 1").unwrap();
    assert!(heard(&mut edits).await, "a write in place");
    fs::write(etc.join("swap"), "a = 2").unwrap();
    fs::rename(etc.join("swap"), etc.join("atomic-host.toml")).unwrap();
    assert!(heard(&mut edits).await, "a rename over it");
    fs::write(etc.join("atomic-host.d/10-site.toml"), "").unwrap();
    assert!(heard(&mut edits).await, "a drop-in");
    fs::remove_file(etc.join("atomic-host.d/10-site.toml")).unwrap();
    assert!(heard(&mut edits).await, "a drop-in that goes");

    std::os::unix::fs::symlink("/nowhere", etc.join("atomic-host.d/20-link.toml")).unwrap();
    assert!(heard(&mut edits).await, "a link");

    let mut slow = fs::File::create(etc.join("atomic-host.toml")).unwrap();
    slow.write_all(b"a = ").unwrap();
    slow.sync_all().unwrap();
    assert!(!heard(&mut edits).await, "half a file, which may well be a spec");
    slow.write_all(b"3").unwrap();
    drop(slow);
    assert!(heard(&mut edits).await, "the whole file");

    fs::write(etc.join("sysconfig/docker-storage-setup"), "VG=a").unwrap();
    assert!(heard(&mut edits).await, "the file of docker-storage-setup");
    fs::write(etc.join("sysconfig/docker-storage"), "").unwrap();
    assert!(!heard(&mut edits).await, "what the agent writes beside it");

    fs::read(etc.join("atomic-host.toml")).unwrap();
    fs::write(etc.join("hosts"), "").unwrap();
    fs::write(etc.join("atomic-host.d/README"), "").unwrap();
    assert!(!heard(&mut edits).await, "reads and other files are nothing to us");
}

/// Programs open files of /etc all the time: a watch that the kernel tells of that wakes the daemon each time, for nothing.
#[tokio::test(flavor = "current_thread")]
async fn the_kernel_tells_of_no_opens_and_reads() {
    const ACCESS_MODIFY_CLOSE_NOWRITE_OPEN: u32 = 0x01 | 0x02 | 0x10 | 0x20;
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("etc")).unwrap();
    let watching = start(&Host::below(directory.path())).unwrap();

    let descriptors = fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    let described: Vec<String> = descriptors.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect();
    let watches = described.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("inotify "));
    let masks: Vec<u32> =
        watches.filter_map(|line| u32::from_str_radix(line.split(' ').find_map(|word| word.strip_prefix("mask:"))?, 16).ok()).collect();
    assert!(!masks.is_empty(), "{described:?}");
    assert!(masks.iter().all(|mask| mask & ACCESS_MODIFY_CLOSE_NOWRITE_OPEN == 0), "{masks:x?}");
    drop(watching);
}
