//! The table: what is read of it, what is refused.

use proptest::prelude::*;

use super::*;

#[test]
fn chunk_and_mark_are_read() {
    let table: Table = "254:1 254:2 1024 819 1 skip_block_zeroing".parse().expect("a table");
    assert_eq!(table, Table { chunk: Bytes(512 * 1024), low_water: 819 });
    let table: Table = "254:1 254:2 128 0 0".parse().expect("a table");
    assert_eq!(table, Table { chunk: Bytes(64 * 1024), low_water: 0 });
}

#[test]
fn what_no_pool_has_is_refused() {
    let bad =
        ["", "254:1 254:2 1024", "254:1 254:2 x 0", "254:1 254:2 0 0", "254:1 254:2 129 0", "254:1 254:2 4194304 0", "254:1 254:2 +128 0"];
    for line in bad {
        assert!(line.parse::<Table>().is_err(), "{line:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(line in "\\PC*") {
        let _ = line.parse::<Table>();
    }
}
