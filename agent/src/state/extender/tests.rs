//! What is written is read again; nothing there is nothing watched.

use storage_setup::{Content, LogicalVolume, POOL, PoolState, cases};

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
        filling: Some(Filling { rate: Bytes(7), full_in: 8, group_full_in: 9, at: now(), since: None }),
        look: Some(Look { uuid: "LVM-x".to_owned(), used: Bytes(1), at: now() }),
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
fn a_record_of_an_older_release_is_read() {
    let text = r#"{"version":1,"group":"a","pool":"p","filling":{"rate":1,"full_in":2,"group_full_in":3,"at":4},"alarm":null}"#;
    let record: Record = serde_json::from_str(text).expect("read");
    assert_eq!((record.look, record.filling.and_then(|filling| filling.since)), (None, None));
}

fn record() -> Record {
    Record { version: 1, group: "atomicos".to_owned(), pool: POOL.to_owned(), filling: None, look: None, alarm: None }
}

#[test]
fn old_figures_are_no_news_and_neither_are_those_from_before_the_clock_was_set_back() {
    let shown = |at: u64| {
        let filling = Some(Filling { rate: Bytes(1), full_in: 1, group_full_in: 1, at, since: None });
        Record { filling, ..record() }.as_of(10_000, None).filling.is_some()
    };
    assert_eq!([10_000, 9_970, 9_969, 10_001].map(shown), [true, true, false, false]);
}

const GIB: u64 = 1 << 30;

/// A pool of 100 GiB in extents of 4 MiB, with so many hundredths of a percent in use, and 10 GiB beside it.
fn seen(data_used: Option<u32>) -> Observed {
    let mut have = cases::real_machine();
    let group = have.groups.get_mut("atomicos").expect("the group");
    group.free = 10 * GIB / group.extent.0;
    let state = PoolState { metadata: 1, chunk: Bytes(512 << 10), profile: None, data_used, metadata_used: None, watcher: None };
    let pool = LogicalVolume {
        uuid: "the-pool".to_owned(),
        extents: 100 * GIB / group.extent.0,
        role: Role::Pool(state),
        tags: Vec::new(),
        active: true,
        origin: false,
        content: Content::Unknown,
    };
    group.volumes.insert(POOL.to_owned(), pool);
    have
}

/// Looked at long ago, when a tenth of it was in use.
fn looked() -> Record {
    let have = seen(None);
    let group = &have.groups["atomicos"];
    let look = Look { uuid: device_uuid(group, &group.volumes[POOL]), used: Bytes(10 * GIB), at: 1000 };
    Record { look: Some(look), ..record() }
}

#[test]
fn since_the_last_look_a_pool_has_filled_at_an_average() {
    // 10 GiB more in 100 s; 80 GiB are left in it, 90 with its group.
    let expected = Filling { rate: Bytes(GIB / 10), full_in: 800, group_full_in: 900, at: 1100, since: Some(1000) };
    assert_eq!(looked().as_of(1100, Some(&seen(Some(2000)))).filling, Some(expected));
}

#[test]
fn fresh_figures_of_the_daemon_stand() {
    let filling = Filling { rate: Bytes(7), full_in: 8, group_full_in: 9, at: 1090, since: None };
    let record = Record { filling: Some(filling.clone()), ..looked() };
    assert_eq!(record.as_of(1100, Some(&seen(Some(2000)))).filling, Some(filling));
    assert_eq!(looked().as_of(1010, Some(&seen(Some(2000)))).filling, None, "it has just looked, and the pool did not fill");
}

#[test]
fn without_two_looks_at_the_same_pool_that_fills_there_is_no_average() {
    let average = |record: Record, now: u64, have: &Observed| record.as_of(now, Some(have)).filling;
    let full = seen(Some(10_000));
    assert!(average(looked(), 1100, &full).is_some_and(|filling| filling.full_in == 0));
    assert_eq!(average(looked(), 1100, &seen(Some(1001))), None, "LVM rounds");
    assert_eq!(average(looked(), 1100, &seen(Some(500))), None, "images were removed");
    assert_eq!(average(looked(), 1100, &seen(None)), None, "it is inactive");
    assert_eq!(average(looked(), 900, &full), None, "the clock was set back");
    assert_eq!(average(record(), 1100, &full), None, "an older daemon");
    assert_eq!(average(looked(), 1100, &cases::real_machine()), None, "it is gone");
    let mut other = full;
    other.groups.get_mut("atomicos").and_then(|group| group.volumes.get_mut(POOL)).expect("the pool").uuid = "another".to_owned();
    assert_eq!(average(looked(), 1100, &other), None, "made anew");
}
