//! Who may wipe, on a directory that stands in for /var.

use config::{Desired, Layer, StepId};
use storage_setup::{Device, DiskUse, Observed};

use super::{are_over, with};
use crate::host::Host;
use crate::reconcile::plan::Consent;
use crate::state::generations;

const DISK: &str = "/dev/disk/by-id/virtio-data1";

fn desired(wipe: bool) -> Desired {
    let wipe = if wipe { format!("wipe = [{DISK:?}]\n") } else { String::new() };
    let text = format!("[storage]\ndriver = \"overlay2\"\ndevices = [{DISK:?}]\n{wipe}");
    config::parse(vec![Layer { file: "host.toml".to_owned(), text }]).unwrap().desired
}

/// A host with a file system on its first disk.
fn seen() -> Observed {
    let mut have = storage_setup::cases::real_machine();
    if let Some(Device::Disk(disk)) = have.devices.get_mut(DISK) {
        disk.use_ = DiskUse::Signature("ext4".to_owned());
    }
    have
}

fn permitted(host: &Host, wipe: bool) -> Vec<StepId> {
    with(host, &desired(wipe), &seen(), &Consent::default()).unwrap().steps.iter().cloned().collect()
}

#[test]
fn a_host_that_was_never_configured_takes_the_specs_word() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    let wiping = permitted(&host, true);
    assert_eq!(wiping.len(), 1, "the one step that wipes");
    assert_eq!(permitted(&host, false), []);
}

#[test]
fn a_disk_is_wiped_once_by_the_specs_word() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    let mut have = seen();
    if let Some(Device::Disk(disk)) = have.devices.get_mut(DISK) {
        disk.wiped = true;
    }
    assert_eq!(with(&host, &desired(true), &have, &Consent::default()).unwrap().steps.len(), 0);
    assert_eq!(permitted(&host, true).len(), 1, "a disk that was not");
}

#[test]
fn a_host_whose_storage_was_set_up_takes_a_persons_word_also_when_the_rest_never_came_about() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    are_over(&host, &desired(false)).unwrap();
    assert_eq!(permitted(&host, true).len(), 1, "nothing was to be wiped then");
    are_over(&host, &desired(true)).unwrap();
    assert_eq!(permitted(&host, true), []);
}

#[test]
fn a_configured_host_takes_a_persons_word_alone() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::below(directory.path());
    let generation = generations::begin(&host, "a = 1\n", "{}").unwrap();
    generations::commit(&host, &generation).unwrap();
    assert_eq!(permitted(&host, true), []);
    let said = Consent { steps: [StepId::from_text("1-0123456789ab")].into(), ceiling: None };
    let both = with(&host, &desired(true), &seen(), &said).unwrap();
    assert_eq!(both.steps, said.steps);
}
