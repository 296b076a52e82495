//! Mount tables of an OSTree host and of a plain one.

use super::{at, parse, writable_point};

const OSTREE: &str = "\
23 60 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
60 1 253:0 /ostree/deploy/atomicos/deploy/4fd3.0 / ro,relatime shared:1 - xfs /dev/mapper/atomicos-root rw,attr2,inode64
61 60 253:0 / /sysroot ro,relatime shared:2 - xfs /dev/mapper/atomicos-root rw,attr2,inode64
62 60 253:0 /ostree/deploy/atomicos/deploy/4fd3.0/etc /etc rw,relatime shared:3 - xfs /dev/mapper/atomicos-root rw,attr2,inode64
70 60 253:0 /ostree/deploy/atomicos/var /var rw,relatime shared:9 - xfs /dev/mapper/atomicos-root rw,attr2,inode64
71 70 253:4 / /var/with\\040blank rw,relatime shared:10 - xfs /dev/mapper/atomicos-data--1 rw
";

#[test]
fn the_last_mount_at_a_point_is_the_one_seen() {
    let text = format!("{OSTREE}90 60 8:1 / /var rw,relatime - ext4 /dev/sda1 rw\n");
    let mounts = parse(&text);
    assert_eq!(at(&mounts, "/var").map(|mount| mount.device.as_str()), Some("8:1"));
    assert_eq!(at(&mounts, "/srv"), None);
}

#[test]
fn a_read_only_root_is_grown_through_a_writable_mount_of_the_same_file_system() {
    let mounts = parse(OSTREE);
    assert!(!at(&mounts, "/").expect("root").writable);
    assert_eq!(writable_point(&mounts, "253:0"), Some("/var"));
    assert_eq!(writable_point(&mounts, "8:1"), None);
}

#[test]
fn a_hidden_mount_is_no_way_to_a_file_system() {
    let mounts = parse("1 0 8:1 / /a rw - xfs /dev/sda1 rw\n2 0 8:2 / /a rw - xfs /dev/sda2 rw\n");
    assert_eq!(writable_point(&mounts, "8:1"), None);
}

#[test]
fn a_read_only_file_system_is_not_writable_through_a_writable_mount() {
    assert!(!parse("1 0 8:1 / /a rw - xfs /dev/sda1 ro\n")[0].writable);
}

#[test]
fn octal_escapes_are_read_and_odd_lines_left_out() {
    let mounts = parse(OSTREE);
    assert_eq!(mounts.len(), 6);
    assert_eq!(mounts[5].point, "/var/with blank");
    assert!(parse("nonsense\n\n1 2 3\n").is_empty());
    assert_eq!(parse("1 0 0:5 / /a\\x rw - tmpfs \\134 rw\n")[0].source, "\\");
}
