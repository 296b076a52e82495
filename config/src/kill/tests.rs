//! Texts and counting.

use super::Kill;

#[test]
fn a_place_to_die_is_written_as_before_or_after_a_number() {
    assert_eq!(Kill::from_text("before:3"), Some(Kill { effect: 3, after: false }));
    assert_eq!(Kill::from_text("after:12"), Some(Kill { effect: 12, after: true }));
    for text in ["", "3", "after", "after:", "during:3", "before:-1"] {
        assert_eq!(Kill::from_text(text), None, "{text}");
    }
}

#[test]
fn a_worker_counts_from_its_own_first_effect() {
    let third = Kill { effect: 3, after: true };
    assert_eq!(third.counted_after(0), Some(third));
    assert_eq!(third.counted_after(2), Some(Kill { effect: 1, after: true }));
    assert_eq!(third.counted_after(3), None);
}
