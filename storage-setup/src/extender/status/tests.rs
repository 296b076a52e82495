//! The status line: every field, every odd text.

use proptest::prelude::*;

use super::*;

const LINE: &str = "7 120/2048 1229/2048 - rw discard_passdown queue_if_no_space - 512 ";

fn figures(line: &str) -> Figures {
    match line.parse().expect("a status") {
        Status::Known(figures) => figures,
        Status::Failed | Status::Unknown => panic!("{line} has figures"),
    }
}

#[test]
fn every_field_is_read() {
    let expected = Figures {
        transaction: 7,
        metadata: Use { used: 120, total: 2048 },
        data: Use { used: 1229, total: 2048 },
        held_root: None,
        mode: Mode::Write,
        discards: Discards::PassedDown,
        when_full: WhenFull::Queues,
        needs_check: false,
        metadata_low_water: Some(512),
    };
    assert_eq!(figures(LINE), expected);
}

#[test]
fn the_less_usual_words_are_read() {
    let seen = figures("0 2/4 4/4 19 out_of_data_space ignore_discard error_if_no_space needs_check 1");
    assert_eq!(
        (seen.held_root, seen.mode, seen.discards, seen.when_full, seen.needs_check),
        (Some(19), Mode::OutOfDataSpace, Discards::Ignored, WhenFull::Fails, true)
    );
    let seen = figures("0 2/4 4/4 - ro no_discard_passdown queue_if_no_space -");
    assert_eq!((seen.mode, seen.discards, seen.metadata_low_water), (Mode::ReadOnly, Discards::Kept, None));
}

#[test]
fn a_pool_without_figures_says_so() {
    assert_eq!("Fail".parse(), Ok(Status::Failed));
    assert_eq!("Error".parse(), Ok(Status::Unknown));
}

#[test]
fn what_the_kernel_never_writes_is_refused() {
    let bad = [
        "",
        "Failed",
        "x 1/2 1/2 - rw discard_passdown queue_if_no_space - 1",
        "1 3/2 1/2 - rw discard_passdown queue_if_no_space - 1",
        "1 1/2 3/2 - rw discard_passdown queue_if_no_space - 1",
        "1 1/2 1 - rw discard_passdown queue_if_no_space - 1",
        "1 1/2 +1/2 - rw discard_passdown queue_if_no_space - 1",
        "1 1/2 1/2 x rw discard_passdown queue_if_no_space - 1",
        "1 1/2 1/2 - wr discard_passdown queue_if_no_space - 1",
        "1 1/2 1/2 - rw discard queue_if_no_space - 1",
        "1 1/2 1/2 - rw discard_passdown wait - 1",
        "1 1/2 1/2 - rw discard_passdown queue_if_no_space yes 1",
        "1 1/2 1/2 - rw discard_passdown queue_if_no_space - x",
        "1 1/2 1/2 - rw discard_passdown queue_if_no_space",
        "1 1/99999999999999999999 1/2 - rw discard_passdown queue_if_no_space - 1",
    ];
    for line in bad {
        assert!(line.parse::<Status>().is_err(), "{line:?}");
    }
}

#[test]
fn the_error_names_the_field_and_shows_little_of_the_text() {
    let long = "x".repeat(1000);
    let error = format!("1 1/2 1/2 - {long} discard_passdown queue_if_no_space - 1").parse::<Status>().expect_err("bad");
    assert!(error.to_string().contains("the mode") && error.to_string().len() < 200, "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(line in "\\PC*") {
        let _ = line.parse::<Status>();
    }

    #[test]
    fn nothing_like_a_status_makes_it_panic(words in prop::collection::vec("(-|rw|ro|[0-9]{1,22}|[0-9]{1,3}/[0-9]{1,3}|needs_check)", 0..12)) {
        if let Ok(Status::Known(figures)) = words.join(" ").parse::<Status>() {
            prop_assert!(figures.data.used() <= figures.data.total() && figures.metadata.used() <= figures.metadata.total());
        }
    }

    #[test]
    fn numbers_survive(transaction: u64, metadata: (u64, u64), data: (u64, u64), root in prop::option::of(any::<u64>()), low: u64) {
        let ordered = |(one, other): (u64, u64)| (one.min(other), one.max(other));
        let (metadata, data) = (ordered(metadata), ordered(data));
        let root_text = root.map_or("-".to_owned(), |root| root.to_string());
        let line = format!(
            "{transaction} {}/{} {}/{} {root_text} rw discard_passdown queue_if_no_space - {low}",
            metadata.0, metadata.1, data.0, data.1
        );
        let seen = figures(&line);
        prop_assert_eq!(seen.transaction, transaction);
        prop_assert_eq!((seen.metadata.used(), seen.metadata.total()), metadata);
        prop_assert_eq!((seen.data.used(), seen.data.total()), data);
        prop_assert_eq!((seen.held_root, seen.metadata_low_water), (root, Some(low)));
    }
}
