//! What is written is read again; nothing there is nothing watched.

use super::*;

#[test]
fn a_record_comes_back_as_it_was_written_and_goes_when_removed() {
    let directory = tempfile::tempdir().expect("directory");
    let host = Host::below(directory.path());
    assert_eq!(read(&host).expect("absent is fine"), None);
    let record = Record {
        version: 1,
        group: "atomicos".to_owned(),
        pool: "docker-pool".to_owned(),
        filling: Some(Filling { rate: Bytes(7), full_in: 8, group_full_in: 9, at: now() }),
        alarm: Some(Told { cause: "limit".to_owned(), urgent: false, text: "text".to_owned() }),
    };
    write(&host, &record).expect("written");
    assert_eq!(read(&host).expect("read"), Some(record));
    remove(&host).expect("removed");
    remove(&host).expect("gone is fine");
    assert_eq!(read(&host).expect("absent again"), None);
}

#[test]
fn a_damaged_record_is_an_error_and_not_nothing() {
    let directory = tempfile::tempdir().expect("directory");
    let host = Host::below(directory.path());
    std::fs::create_dir_all(&host.run).expect("directory");
    std::fs::write(path(&host), "{").expect("written");
    assert!(matches!(read(&host), Err(StateError::Damaged { .. })));
}

#[test]
fn old_figures_are_no_news_and_neither_are_those_from_before_the_clock_was_set_back() {
    let shown = |at: u64| {
        let filling = Some(Filling { rate: Bytes(1), full_in: 1, group_full_in: 1, at });
        let record = Record { version: 1, group: "atomicos".to_owned(), pool: "docker-pool".to_owned(), filling, alarm: None };
        record.as_of(10_000).filling.is_some()
    };
    assert_eq!([10_000, 9_970, 9_969, 10_001].map(shown), [true, true, false, false]);
}
