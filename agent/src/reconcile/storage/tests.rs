//! Who waits for disks.

use std::time::Duration;

use config::{Layer, Storage};

use super::{Scope, patience};

fn storage() -> Storage {
    let text = "[storage]\ndriver = \"overlay2\"\ndevices = [\"/dev/disk/by-id/virtio-never\"]\ndevice-timeout = \"1h\"\n".to_owned();
    config::parse(vec![Layer { file: "host.toml".to_owned(), text }]).unwrap().desired.storage.unwrap()
}

#[test]
fn disks_are_waited_for_at_boot_and_by_nobody_else() {
    let want = storage();
    assert_eq!(patience(Some(&want), Scope::Boot), Duration::from_hours(1));
    assert_eq!(patience(Some(&want), Scope::Storage), Duration::ZERO);
    assert_eq!(patience(Some(&want), Scope::Whole), Duration::ZERO);
    assert_eq!(patience(None, Scope::Boot), Duration::ZERO);
}
