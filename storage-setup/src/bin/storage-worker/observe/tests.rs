//! Devices as they are found, on loop devices. Needs root and loop devices, as scenarios do.

use std::path::Path;
use std::process::Command;

use config::{Bytes, MIB};
use storage_setup::blkid::{HIDDEN_BY_LVM, PHYSICAL_VOLUME};
use storage_setup::fullreport::FullReport;
use storage_setup::intents::{Intent, Intents};
use storage_setup::wipes::Wipes;
use storage_setup::{Device, DiskUse, Root};

use super::devices::device;
use super::root::root;
use super::signatures::{contents, wiped};
use crate::apply::records::Known;
use crate::host::{Host, Node};

/// A loop device over a sparse file, taken down at the end.
struct Loop {
    node: String,
    file: tempfile::NamedTempFile,
}

impl Loop {
    fn new() -> Loop {
        let file = tempfile::NamedTempFile::new().expect("file");
        file.as_file().set_len(400 * MIB).expect("sparse");
        let made = run("losetup", &["-f", "-P", "--show", file.path().to_str().expect("path")]);
        Loop { node: made.expect("losetup, as root").trim().to_owned(), file }
    }

    fn found(&self, intents: &Intents) -> (String, DiskUse, Option<String>) {
        match look(&self.node, intents) {
            Device::Disk(disk) => {
                assert_eq!(disk.size, Bytes(self.file.as_file().metadata().expect("metadata").len()));
                (disk.identity, disk.use_, disk.intended)
            }
            other @ (Device::Missing | Device::NotBlock | Device::Partition) => panic!("{other:?}"),
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // Fails where there are none.
        let _ = run("partx", &["-d", &self.node]);
        let _ = run("losetup", &["-d", &self.node]);
    }
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn look(path: &str, intents: &Intents) -> Device {
    look_with(path, intents, Vec::new())
}

fn look_with(path: &str, intents: &Intents, orphans: Vec<String>) -> Device {
    let report = FullReport { groups: [].into(), orphans, half_members: Vec::new(), lagging: [].into() };
    let known = Known { intents: intents.clone(), wipes: Some(Wipes::default()) };
    device(path, &Host::read().expect("mounts"), &report, &known).expect("a look")
}

#[test]
fn what_is_no_disk_is_told_apart() {
    assert_eq!(look("/dev/nowhere/at-all", &Intents::default()), Device::Missing);
    assert_eq!(look("/dev/null", &Intents::default()), Device::NotBlock);
}

#[test]
fn an_empty_disk_is_empty_and_known_by_its_intent() {
    let disk = Loop::new();
    let (identity, use_, intended) = disk.found(&Intents::default());
    assert_eq!((use_, intended), (DiskUse::Empty, None));
    let intents = Intents::default().with(Intent { identity, size: Bytes(400 * MIB), group: "atomicos".to_owned() });
    assert_eq!(disk.found(&intents).2.as_deref(), Some("atomicos"));
}

#[test]
fn signatures_tables_and_mounts_are_seen() {
    let disk = Loop::new();
    run("mkfs.ext4", &["-q", "-F", &disk.node]).expect("mkfs");
    assert_eq!(disk.found(&Intents::default()).1, DiskUse::Signature("ext4".to_owned()));
    let point = tempfile::tempdir().expect("directory");
    let path = point.path().to_str().expect("path");
    if run("mount", &[&disk.node, path]).is_some() {
        assert_eq!(disk.found(&Intents::default()).1, DiskUse::Held(format!("mounted on {path}")));
        run("umount", &[path]).expect("umount");
    }
    run("wipefs", &["-a", &disk.node]).expect("wipefs");
    run("sh", &["-c", &format!("echo 'label: gpt' | sfdisk -q {}", disk.node)]).expect("sfdisk");
    assert_eq!(disk.found(&Intents::default()).1, DiskUse::Partitioned("gpt".to_owned()));
}

#[test]
fn a_physical_volume_that_lvm_does_not_show_is_held() {
    let disk = Loop::new();
    label(&disk.node);
    assert_eq!(disk.found(&Intents::default()).1, DiskUse::Held(HIDDEN_BY_LVM.to_owned()));
    let Device::Disk(orphan) = look_with(&disk.node, &Intents::default(), vec![disk.node.clone()]) else { panic!("no disk") };
    assert_eq!(orphan.use_, DiskUse::OrphanMember);
    // What a run of ours left is on record.
    let intents = Intents::default().with(Intent { identity: orphan.identity, size: Bytes(400 * MIB), group: "atomicos".to_owned() });
    assert_eq!(disk.found(&intents).1, DiskUse::Signature(PHYSICAL_VOLUME.to_owned()));
}

#[test]
fn a_disk_with_a_partition_that_lvm_does_not_show_is_held() {
    let disk = Loop::new();
    run("sh", &["-c", &format!("printf 'label: gpt\\n,100M\\n,\\n' | sfdisk -q {}", disk.node)]).expect("sfdisk");
    let second = format!("{}p2", disk.node);
    // Not every kernel looks for partitions by itself.
    if !Path::new(&second).exists() {
        run("partx", &["-a", &disk.node]).expect("partx");
    }
    assert_eq!(disk.found(&Intents::default()).1, DiskUse::Partitioned("gpt".to_owned()));
    label(&second);
    assert_eq!(disk.found(&Intents::default()).1, DiskUse::Held(HIDDEN_BY_LVM.to_owned()));
}

/// Makes a physical volume of it, as LVM does, without asking the machine's own LVM.
fn label(node: &str) {
    let config = format!("devices{{filter=[\"a|^{node}$|\",\"r|.*|\"] use_devicesfile=0 obtain_device_list_from_udev=0}}");
    let config = config + " backup{backup=0 archive=0} activation{udev_sync=0 monitoring=0} global{event_activation=0}";
    run("pvcreate", &["-q", "--driverloaded", "n", "--config", &config, node]).expect("pvcreate");
}

#[test]
fn a_disk_that_holds_something_new_since_its_wipe_was_decided_is_not_wiped() {
    let disk = Loop::new();
    let Ok(Node::Block(number)) = Node::at(&disk.node) else { panic!("{} is no block device", disk.node) };
    run("mkfs.ext4", &["-q", "-F", &disk.node]).expect("mkfs");
    assert!(!wiped(&number, "a", Some(&Wipes::default())));
    let begun = Wipes::default().begun("a", contents(&number).expect("contents"));
    assert!(!wiped(&number, "a", Some(&begun)), "the run was cut off before it wiped anything");
    run("wipefs", &["-a", &disk.node]).expect("wipefs");
    run("sh", &["-c", &format!("echo 'label: dos' | sfdisk -q {}", disk.node)]).expect("sfdisk");
    assert!(!wiped(&number, "a", Some(&begun)), "or while it wrote its table");
    run("mkfs.ext4", &["-q", "-F", &disk.node]).expect("mkfs");
    assert!(wiped(&number, "a", Some(&begun)), "a file system with a UUID of its own");
    assert!(wiped(&number, "a", Some(&begun.done("a"))));
    assert!(wiped(&number, "a", None), "nobody knows");
}

#[test]
fn the_root_of_this_machine_is_something() {
    let root = root(&Host::read().expect("mounts"), &[].into());
    assert!(!matches!(root, Root::Logical { .. }), "no groups were given: {root:?}");
    assert!(Path::new("/").is_dir());
}
