//! What `atomic host status` shows when no spec is in force.

use super::gather;
use crate::cli::tests::host_with;
use crate::report::status_text;

#[tokio::test]
async fn without_a_spec_in_force_storage_is_looked_at_all_the_same() {
    let (_directory, host) = host_with("[storage\ndriver = \n");
    let status = gather(&host).await.unwrap_or_else(|error| panic!("{error}"));
    let text = status_text(&status);
    assert!(text.starts_with("spec      from nowhere; no generation committed yet\n          BAD, and not in force:\n"), "{text}");
    assert!(text.contains("storage   group atomicos  15.49 GiB, "), "{text}");
}
