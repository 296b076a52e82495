//! Key files of remotes, there and back.

use super::{Definition, is_stamped, parse, render};

fn definition(url: &str, gpg_verify: bool, keys: &[&str]) -> Definition {
    Definition { url: Some(url.to_owned()), gpg_verify, gpg_keys: keys.iter().map(|key| (*key).to_owned()).collect() }
}

#[test]
fn what_is_written_is_what_libostree_documents() {
    let text = render("site", &definition("https://h/repo", true, &["/etc/pki/a.asc", "/etc/pki/b.asc"]));
    assert_eq!(
        text,
        "# Made by atomic-host from [os.remote.site]; edits here are undone.\n[remote \"site\"]\nurl=https://h/repo\n\
         gpg-verify=true\ngpgkeypath=/etc/pki/a.asc;/etc/pki/b.asc;\n"
    );
    assert!(is_stamped(&text));
}

#[test]
fn what_is_written_is_read_back() {
    for definition in [
        definition("https://h/repo", true, &["/k"]),
        definition("https://h/a\\b;c", true, &["/with space", "/with;semicolon", "/with\\backslash"]),
        definition("file:///srv/repo", false, &[]),
    ] {
        let text = render("site", &definition);
        assert_eq!(parse(&text), [("site".to_owned(), definition)], "{text}");
    }
}

#[test]
fn the_remotes_of_a_repositorys_own_file_are_found_among_its_other_groups() {
    let text = "[core]\nrepo_version=1\nurl=no\n\n[remote \"edge\"]\nurl=http://h/\ngpg-verify=false\n\n[remote \"other\"]\n# url=x\n";
    let other = Definition { url: None, gpg_verify: true, gpg_keys: Vec::new() };
    assert_eq!(parse(text), [("edge".to_owned(), definition("http://h/", false, &[])), ("other".to_owned(), other)]);
    assert!(!is_stamped(text));
}
