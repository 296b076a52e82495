//! Sizes as people write them.

use std::num::NonZeroU64;

use proptest::prelude::*;

use crate::size_text::{chunk, level, size, thin_size};
use crate::{Bytes, GIB, KIB, Level, MIB, Percent, Size};

fn bytes(number: u64) -> Size {
    Size::Bytes(NonZeroU64::new(number).unwrap())
}

fn percent(number: u8) -> Percent {
    Percent::new(number).unwrap()
}

#[test]
fn every_way_to_write_a_size_is_read() {
    let table = [
        ("6G", bytes(6 * GIB)),
        ("6g", bytes(6 * GIB)),
        ("6GiB", bytes(6 * GIB)),
        ("6 GiB", bytes(6 * GIB)),
        (" 6G ", bytes(6 * GIB)),
        ("512M", bytes(512 * MIB)),
        ("64K", bytes(64 * KIB)),
        ("1.5T", bytes(1536 * GIB)),
        ("2P", bytes(2 * GIB * MIB)),
        ("1.50G", bytes(1536 * MIB)),
        // A fraction of a byte is rounded up.
        ("0.1K", bytes(103)),
        ("60%FREE", Size::OfFree(percent(60))),
        ("60%free", Size::OfFree(percent(60))),
        ("20%VG", Size::OfGroup(percent(20))),
        ("100%VG", Size::OfGroup(percent(100))),
    ];
    for (text, expected) in table {
        assert_eq!(size(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_not_a_size_is_refused_with_a_hint() {
    let table = [
        "",
        " ",
        "G",
        "6",
        "6.G",
        ".5G",
        "6..5G",
        "6X",
        "6GB",
        "six",
        "0G",
        "0.0G",
        "-6G",
        "+6G",
        "+",
        "-",
        "0%FREE",
        "101%FREE",
        "%FREE",
        "1.5%FREE",
        "60%",
        "60%LV",
        "60%FREE%VG",
        "16384P",
        "99999999999999999999G",
        "1.0000000001G",
        "6G6",
        "６G",
        "0x6G",
        "1e3G",
    ];
    for text in table {
        let fault = size(text).expect_err(text);
        assert!(fault.hint.is_some(), "{text} has no hint");
    }
}

#[test]
fn the_root_is_held_to_a_level_and_not_to_what_is_free() {
    assert_eq!(level("20%VG"), Ok(Level::OfGroup(percent(20))));
    assert!(level("6G").is_ok());
    assert!(level("20%FREE").is_err());
}

#[test]
fn a_thin_volume_takes_no_share() {
    assert!(thin_size("6G").is_ok());
    assert!(thin_size("20%VG").is_err());
    assert!(thin_size("20%FREE").is_err());
}

#[test]
fn a_chunk_is_a_multiple_of_64_kib_up_to_1_gib() {
    assert_eq!(chunk("64K"), Ok(Bytes(64 * KIB)));
    assert_eq!(chunk("1G"), Ok(Bytes(GIB)));
    for text in ["32K", "100K", "1025M", "60%FREE"] {
        assert!(chunk(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn a_size_in_whole_units_survives_showing_and_tagging(number in 1_u64..1024, shift in 1_u32..=5) {
        let expected = bytes(number << (10 * shift));
        prop_assert_eq!(size(&expected.to_string()), Ok(expected));
        prop_assert_eq!(Size::from_tag(&expected.as_tag()), Some(expected));
        let unit = "KMGTP".chars().nth(shift as usize - 1).unwrap();
        prop_assert_eq!(size(&format!("{number}{unit}")), Ok(expected));
    }

    #[test]
    fn a_share_survives_showing_and_tagging(number in 1_u8..=100, of_free: bool) {
        let expected = if of_free { Size::OfFree(percent(number)) } else { Size::OfGroup(percent(number)) };
        prop_assert_eq!(size(&expected.to_string()), Ok(expected));
        prop_assert_eq!(Size::from_tag(&expected.as_tag()), Some(expected));
    }

    #[test]
    fn any_text_is_a_size_or_has_a_hint(text in "[-+]?[0-9]{0,22}[.]?[0-9]{0,12} ?([kKmMgGtTpP](iB|b)?|%FREE|%VG|\\PC{0,5})") {
        if let Err(fault) = size(&text) {
            prop_assert!(fault.hint.is_some());
        }
    }
}
