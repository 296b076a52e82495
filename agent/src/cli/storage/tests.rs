//! What `atomic storage status` shows when the spec is bad.

use super::gather;
use crate::cli::tests::host_with;
use crate::report::storage_status_text;

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
