//! What `atomic storage status` shows: with a bad spec, and of figures that are old.

use config::Bytes;

use super::gather;
use crate::cli::tests::host_with;
use crate::report::storage_status_text;
use crate::state::extender::{self, Filling, Record};

#[tokio::test]
async fn a_bad_spec_keeps_nobody_from_seeing_group_and_pool() {
    let (_directory, host) = host_with("[storage\ndriver = \n");
    let status = gather(&host).await.unwrap_or_else(|error| panic!("{error}"));
    let text = storage_status_text(&status);
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("spec      BAD, and not in force: ") && line.contains(":1:")), "{text}");
    assert!(lines.next().is_some_and(|line| line.starts_with("storage   group atomicos  15.49 GiB, ")), "{text}");
    assert!(status.problem.is_some());
}

#[tokio::test]
async fn a_sound_spec_is_not_talked_about() {
    let (_directory, host) = host_with("[storage]\ndriver = \"overlay2\"\n");
    let status = gather(&host).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(status.problem, None);
    assert!(storage_status_text(&status).starts_with("storage   group atomicos"));
}

#[tokio::test]
async fn old_figures_are_shown_neither_as_text_nor_as_json() {
    let (_directory, host) = host_with("[storage]\ndriver = \"overlay2\"\n");
    for (age, shown) in [(0, true), (3600, false)] {
        let filling = Some(Filling { rate: Bytes(1), full_in: 7, group_full_in: 8, at: extender::now() - age, since: None });
        let record = Record { version: 1, group: "atomicos".to_owned(), pool: "docker-pool".to_owned(), filling, look: None, alarm: None };
        extender::write(&host, &record).expect("written");
        let status = gather(&host).await.unwrap_or_else(|error| panic!("{error}"));
        let json = serde_json::to_value(&status).expect("JSON");
        assert_eq!((storage_status_text(&status).contains("fills at"), json["extender"]["filling"].is_object()), (shown, shown));
    }
}
