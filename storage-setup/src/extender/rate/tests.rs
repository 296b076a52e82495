//! Rates out of looks.

use config::MIB;
use proptest::prelude::*;

use super::*;

fn rate(looks: &[(u64, u64)]) -> Rate {
    let mut fill = Fill::default();
    for (millis, mib) in looks {
        fill.note(Duration::from_millis(*millis), Bytes(mib * MIB));
    }
    fill.rate()
}

#[test]
fn one_look_is_no_rate() {
    assert_eq!(rate(&[]), Rate::Unknown);
    assert_eq!(rate(&[(1000, 5)]), Rate::Unknown);
    assert_eq!(rate(&[(1000, 5), (1005, 50)]), Rate::Unknown);
}

#[test]
fn two_looks_are_one() {
    assert_eq!(rate(&[(1000, 100), (3000, 300)]), Rate::Known(Bytes(100 * MIB)));
    assert_eq!(rate(&[(1000, 100), (3000, 100)]), Rate::Known(Bytes(0)));
}

#[test]
fn a_writer_that_has_just_begun_counts_in_full() {
    assert_eq!(rate(&[(0, 100), (9000, 100), (9500, 200)]), Rate::Known(Bytes(200 * MIB)));
}

#[test]
fn a_pause_is_no_end_until_it_has_lasted() {
    assert_eq!(rate(&[(0, 0), (2000, 400), (4000, 400)]), Rate::Known(Bytes(100 * MIB)));
    assert_eq!(rate(&[(0, 0), (2000, 400), (13_000, 400), (14_000, 400)]), Rate::Known(Bytes(0)));
}

#[test]
fn freed_chunks_begin_anew() {
    assert_eq!(rate(&[(0, 100), (1000, 200), (2000, 50)]), Rate::Unknown);
}

#[test]
fn a_clock_that_goes_back_begins_anew() {
    assert_eq!(rate(&[(2000, 100), (1000, 200)]), Rate::Unknown);
}

#[test]
fn the_time_left_is_what_is_free_by_the_rate() {
    let left = Rate::Known(Bytes(10 * MIB)).time_to_use(Bytes(25 * MIB));
    assert_eq!(left, Some(Duration::from_millis(2500)));
    assert_eq!(Rate::Known(Bytes(0)).time_to_use(Bytes(1)), None);
    assert_eq!(Rate::Unknown.time_to_use(Bytes(1)), None);
}

proptest! {
    #[test]
    fn no_looks_make_it_panic_and_few_are_kept(looks in prop::collection::vec((any::<u32>(), any::<u64>()), 0..200)) {
        let mut fill = Fill::default();
        for (at, used) in looks {
            fill.note(Duration::from_millis(u64::from(at)), Bytes(used));
            let _ = fill.rate();
        }
    }
}
