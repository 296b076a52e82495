//! Which keys a command line means, and how files are written.

use std::os::unix::fs::PermissionsExt;

use config::{Change, Layer};

use super::super::{Modify, ModifyError};
use super::{changes, in_toml, write};

fn nothing() -> Modify {
    Modify {
        driver: None,
        volume_group: None,
        add_device: Vec::new(),
        remove_device: Vec::new(),
        root_size: None,
        pool_size: None,
        dry_run: false,
    }
}

fn spec(text: &str) -> config::Spec {
    config::parse(vec![Layer { file: "/etc/atomic-host.toml".to_owned(), text: text.to_owned() }]).expect("a sound spec")
}

#[test]
fn disks_are_added_to_those_in_force_once_and_taken_from_them() {
    let spec = spec("[storage]\ndevices = [\"/dev/vdb\", \"/dev/vdc\"]\n");
    let asked = Modify { add_device: vec!["/dev/vdd".into(), "/dev/vdb".into()], remove_device: vec!["/dev/vdc".into()], ..nothing() };
    let to = vec!["/dev/vdb".to_owned(), "/dev/vdd".to_owned()];
    assert_eq!(changes(&asked, &spec).expect("changes"), [Change::List { key: vec!["storage", "devices"], to }]);
    let asked = Modify { remove_device: vec!["/dev/vdx".into()], ..nothing() };
    assert!(matches!(changes(&asked, &spec), Err(ModifyError::NotListed { device }) if device == "/dev/vdx"));
}

#[test]
fn a_file_keeps_its_mode_and_what_somebody_else_wrote_meanwhile() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("host.toml");
    std::fs::write(&path, "old").expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    let layer = |text: &str| Layer { file: path.display().to_string(), text: text.to_owned() };

    assert!(matches!(write(&layer("new"), &[layer("older")]), Err(ModifyError::Raced { .. })));
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), "old");

    write(&layer("new"), &[layer("old")]).expect("written");
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), "new");
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_file_that_appeared_meanwhile_is_not_overwritten() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("host.toml");
    let layer = Layer { file: path.display().to_string(), text: "new".to_owned() };
    std::fs::write(&path, "somebody's").expect("a file");
    assert!(matches!(write(&layer, &[]), Err(ModifyError::Raced { .. })));
    std::fs::remove_file(&path).expect("removed");
    write(&layer, &[]).expect("written");
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_shell_file_is_not_edited_and_what_it_says_is_told_as_toml() {
    let file = "/etc/sysconfig/docker-storage-setup";
    let layer = |text: &str| Layer { file: file.to_owned(), text: text.to_owned() };
    let spec = config::parse(vec![layer("STORAGE_DRIVER=overlay2\nDEVS=vdb\n")]).expect("a sound spec");
    let why = in_toml(&spec).expect_err("refused").to_string();
    assert!(why.contains(file) && why.contains("[storage]") && why.contains("devices = [\"/dev/vdb\"]"), "{why}");
    let told = why.split_once("\n\n").expect("the text").1;
    let own = Layer { file: "/etc/atomic-host.toml".to_owned(), text: told.to_owned() };
    let taken_over = config::parse(vec![layer("STORAGE_DRIVER=overlay2\nDEVS=vdb\n"), own]).expect("a sound spec");
    in_toml(&taken_over).expect("TOML now");
    assert_eq!(taken_over.storage_text(), spec.storage_text());
}
