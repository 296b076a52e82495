//! Intents through their file's text and back.

use config::Bytes;

use super::{Intent, Intents};
use crate::record::{Record, RecordError};

fn intent(identity: &str, size: u64) -> Intent {
    Intent { identity: identity.to_owned(), size: Bytes(size), group: "atomicos".to_owned() }
}

#[test]
fn an_intent_is_for_that_disk_of_that_size_only() {
    let intents = Intents::default().with(intent("serial:data1", 100));
    let read = Intents::parse(&intents.to_text().expect("text")).expect("read back");
    assert_eq!(read, intents);
    assert_eq!(read.group_of("serial:data1", Bytes(100)), Some("atomicos"));
    assert_eq!(read.group_of("serial:data1", Bytes(200)), None);
    assert_eq!(read.group_of("serial:data2", Bytes(100)), None);
    assert_eq!(read.without("serial:data1"), Intents::default());
}

#[test]
fn a_new_intent_replaces_the_old_one_of_the_same_disk() {
    let intents = Intents::default().with(intent("a", 1)).with(intent("b", 1)).with(intent("a", 2));
    assert_eq!(intents.group_of("a", Bytes(1)), None);
    assert_eq!(intents.group_of("a", Bytes(2)), Some("atomicos"));
    assert_eq!(intents.group_of("b", Bytes(1)), Some("atomicos"));
}

#[test]
fn a_later_version_is_refused_and_unknown_fields_are_not() {
    assert!(matches!(Intents::parse("{\"version\":2,\"intents\":[]}"), Err(RecordError::Newer { found: 2, .. })));
    assert!(matches!(Intents::parse("{"), Err(RecordError::NotJson { .. })));
    let text = r#"{"version":1,"more":0,"intents":[{"identity":"a","size":1,"group":"g","since":5}]}"#;
    assert_eq!(Intents::parse(text).expect("read").group_of("a", Bytes(1)), Some("g"));
    assert_eq!(Intents::parse("").expect("empty"), Intents::default());
}
