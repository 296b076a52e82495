//! Files of configurations, in both directions with the shell tool.

use proptest::prelude::*;

use config::sysconfig::shell;

use crate::legacy::{Metadata, Status, StoredError, list_row};

fn made() -> Metadata {
    Metadata {
        driver: "devicemapper".to_owned(),
        group: "css-vg".to_owned(),
        group_created: true,
        devices: vec!["/dev/vdb".to_owned(), "/dev/vdc".to_owned()],
        pool: "css-pool".to_owned(),
        volume: String::new(),
        mount: String::new(),
        auto_extend: "yes".to_owned(),
        timeout: "60".to_owned(),
    }
}

const TEXT: &str = "_M_METADATA_VERSION=1
_M_STORAGE_DRIVER=devicemapper
_M_VG=css-vg
_M_VG_CREATED=1
_M_DEVS_RESOLVED=\"/dev/vdb /dev/vdc\"
_M_CONTAINER_THINPOOL=css-pool
_M_CONTAINER_ROOT_LV_NAME=
_M_CONTAINER_ROOT_LV_MOUNT_PATH=
_M_AUTO_EXTEND_POOL=yes
_M_DEVICE_WAIT_TIMEOUT=60
";

#[test]
fn metadata_is_as_the_shell_tool_writes_and_reads_it() {
    assert_eq!(made().to_text(), TEXT);
    assert_eq!(Metadata::parse(TEXT), Ok(made()));
}

#[test]
fn metadata_is_data() {
    assert_eq!(Metadata::parse("_M_VG=a\n_M_X=$(reboot)\n"), Err(StoredError::NotPlain { line: 2 }));
    assert_eq!(Metadata::parse("_M_METADATA_VERSION=2\n"), Err(StoredError::Newer { found: "2".to_owned() }));
}

#[test]
fn listings_are_those_of_the_shell_tool() {
    insta::assert_snapshot!(made().listing("n", "active"), @r#"
    Name: n
    Status: active
    STORAGE_DRIVER=devicemapper
    VG=css-vg
    DEVS="/dev/vdb /dev/vdc"
    CONTAINER_THINPOOL=css-pool
    CONTAINER_ROOT_LV_NAME=
    CONTAINER_ROOT_LV_MOUNT_PATH=
    AUTO_EXTEND_POOL=yes
    DEVICE_WAIT_TIMEOUT=60
    "#);
    let overlay = Metadata { driver: "overlay2".to_owned(), ..made() };
    insta::assert_snapshot!(overlay.listing("n", "inactive"), @r"
    Name: n
    Status: inactive
    STORAGE_DRIVER=overlay2
    VG=css-vg
    DEVS=/dev/vdb /dev/vdc
    CONTAINER_ROOT_LV_NAME=
    CONTAINER_ROOT_LV_MOUNT_PATH=
    ");
    let none = Metadata { driver: String::new(), ..made() };
    assert_eq!(none.listing("n", "invalid"), "Name: n\nStatus: invalid\nSTORAGE_DRIVER=\n");
    assert_eq!(list_row("NAME", "DRIVER", "STATUS"), "NAME                     DRIVER           STATUS          \n");
}

#[test]
fn a_status_is_one_of_three_words() {
    for status in [Status::Active, Status::Inactive, Status::Invalid] {
        assert_eq!(Status::parse(&format!("{}\n", status.as_str())), Some(status));
    }
    assert_eq!(Status::parse(""), None);
}

proptest! {
    #[test]
    fn any_path_is_read_back_as_it_was_written(mount in "[^\0\"]{0,20}", timeout in "[0-9]{0,4}") {
        let stored = Metadata { mount, timeout, ..made() };
        let text = stored.to_text();
        prop_assert!(shell::parse(&text).is_ok(), "{text}");
        prop_assert_eq!(Metadata::parse(&text), Ok(stored));
    }
}
