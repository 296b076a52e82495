//! Superblocks that mkfs wrote into a file; skipped with a word where mkfs is not installed.

use std::io::Read;
use std::path::Path;
use std::process::Command;

use config::{Bytes, MIB};
use proptest::prelude::*;

use super::{HEAD, ext, xfs};

fn made(tool: &str, arguments: &[&str], size: u64) -> Option<Vec<u8>> {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    file.as_file().set_len(size).expect("sparse file");
    let path = ["/usr/sbin", "/sbin"].map(|directory| Path::new(directory).join(tool)).into_iter().find(|path| path.exists());
    let Some(path) = path else {
        eprintln!("{tool} is not installed: nothing to read");
        return None;
    };
    let output = Command::new(path).args(arguments).arg(file.path()).output().expect("mkfs runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut head = vec![0; HEAD];
    std::fs::File::open(file.path()).expect("open").read_exact(&mut head).expect("read");
    Some(head)
}

#[test]
fn the_size_of_a_new_xfs_is_that_of_its_device() {
    let Some(head) = made("mkfs.xfs", &["-q"], 400 * MIB) else { return };
    let found = xfs(&head).expect("an XFS");
    assert_eq!(found.size, Bytes(400 * MIB));
    assert!(found.log.0 >= MIB && found.log.0 < 400 * MIB, "{found:?}");
    assert_eq!(ext(&head), None);
}

#[test]
fn the_size_of_a_new_ext4_is_that_of_its_device() {
    for features in ["64bit", "^64bit"] {
        let Some(head) = made("mkfs.ext4", &["-q", "-O", features], 100 * MIB) else { return };
        let found = ext(&head).expect("an ext4");
        assert_eq!((found.size, found.projects), (Bytes(100 * MIB), false), "{features}");
        assert_eq!(xfs(&head), None);
    }
}

#[test]
fn labels_and_project_quotas_are_read_back() {
    if let Some(head) = made("mkfs.xfs", &["-q", "-L", "twelve-chars"], 400 * MIB) {
        assert_eq!(xfs(&head).expect("an XFS").label.as_deref(), Some("twelve-chars"));
    }
    if let Some(head) = made("mkfs.ext4", &["-q", "-L", "data", "-O", "quota,project", "-E", "quotatype=prjquota"], 100 * MIB) {
        let found = ext(&head).expect("an ext4");
        assert_eq!((found.label.as_deref(), found.projects), (Some("data"), true));
    }
}

#[test]
fn zeros_and_short_reads_are_no_superblock() {
    assert_eq!(xfs(&[0; HEAD]), None);
    assert_eq!(ext(&[0; HEAD]), None);
    assert_eq!(xfs(b"XFSB"), None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..HEAD)) {
        let _ = (xfs(&bytes), ext(&bytes));
        if bytes.len() > 1100 {
            bytes[..4].copy_from_slice(b"XFSB");
            bytes[1024 + 0x38..1024 + 0x3a].copy_from_slice(&0xEF53_u16.to_le_bytes());
            let _ = (xfs(&bytes), ext(&bytes));
        }
    }
}
