//! What lies at a path that somebody wrote.

use super::Node;

#[test]
fn nothing_lies_below_what_is_no_directory_or_at_a_name_longer_than_any() {
    for path in ["/dev/null/1".to_owned(), format!("/dev/{}", "a".repeat(300)), "/dev/not-there".to_owned()] {
        assert!(matches!(Node::at(&path), Ok(Node::Missing)), "{path}");
    }
    assert!(matches!(Node::at("/dev/null"), Ok(Node::NotBlock)));
}
