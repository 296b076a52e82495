//! Outputs of blkid 2.38.

use super::{Signatures, parse};

#[test]
fn content_and_table_are_told_apart() {
    let xfs = "DEVNAME=/dev/loop1\nUUID=1f0c\nBLOCK_SIZE=512\nTYPE=xfs\nUSAGE=filesystem\n";
    assert_eq!(parse(xfs), Signatures { content: Some("xfs".to_owned()), table: None });
    let table = "DEVNAME=/dev/vda\nPTUUID=9a\nPTTYPE=gpt\n";
    assert_eq!(parse(table), Signatures { content: None, table: Some("gpt".to_owned()) });
    assert_eq!(parse(""), Signatures::default());
}
