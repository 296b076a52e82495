//! Names of containers, registries and images.

use proptest::prelude::*;

use crate::{ContainerName, ImageRef, RegistryHost};

const DIGEST: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

fn image(text: &str) -> Result<ImageRef, String> {
    ImageRef::try_from(text.to_owned())
}

fn host(text: &str) -> Result<RegistryHost, String> {
    RegistryHost::try_from(text.to_owned())
}

#[test]
fn a_container_has_a_name_that_engines_and_systemd_take() {
    for text in ["redis", "r2", "my-app_2", "0k", &"x".repeat(63)] {
        assert_eq!(ContainerName::try_from(text.to_owned()).unwrap().as_str(), text);
    }
    for text in ["", "r", "-redis", "redis-", "_redis", "re.dis", "Redis", "re dis", "re/dis", "re\ndis", "r\u{e9}dis", &"x".repeat(64)] {
        assert!(ContainerName::try_from(text.to_owned()).is_err(), "{text:?}");
    }
}

#[test]
fn a_registry_has_a_name_that_images_can_have_in_front() {
    for text in ["docker.io", "localhost", "localhost:5000", "registry:5000", "10.0.0.5:5000", "10.0.0.5", "a-b.example.com:65535"] {
        assert_eq!(host(text).unwrap().as_str(), text);
    }
    let long = format!("{}.example.com", "x".repeat(64));
    let odd =
        ["", "registry", "docker.io:", "docker.io:0", "docker.io:65536", "docker.io:+80", "docker.io:80:80", "-a.example.com", "a..b"];
    for text in
        odd.into_iter().chain(["docker.io/library", "https://docker.io", "[::1]:5000", "300.1.1.1", "a_b.c", "a b.c", "a.b\n", &long])
    {
        assert!(host(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_image_is_taken_apart() {
    let whole = image(&format!("registry.example.com:5000/shop/web:2.1@{DIGEST}")).unwrap();
    assert_eq!((whole.registry().as_str(), whole.repository()), ("registry.example.com:5000", "shop/web"));
    assert_eq!((whole.tag(), whole.digest()), (Some("2.1"), Some(DIGEST)));
    assert_eq!(whole.name(), "registry.example.com:5000/shop/web");
    assert_eq!(whole.at("sha256:0"), "registry.example.com:5000/shop/web@sha256:0");
    let pinned = image(&format!("localhost/web@{DIGEST}")).unwrap();
    assert_eq!((pinned.tag(), pinned.digest()), (None, Some(DIGEST)));
}

#[test]
fn an_image_says_its_registry_and_what_of_it_is_meant() {
    let digests = ["sha256:", "sha512:ab", "sha256:2c26", &DIGEST.to_uppercase(), &format!("{DIGEST}@{DIGEST}")];
    for text in digests.map(|digest| format!("docker.io/library/redis@{digest}")) {
        assert!(image(&text).is_err(), "{text}");
    }
    let table = [
        ("redis", "does not say the registry"),
        ("redis:7.4", "does not say the registry"),
        ("acme/redis:7.4", "does not say the registry"),
        ("docker.io/library/redis", "says neither a tag nor a digest"),
        ("registry.example.com:5000/redis", "says neither a tag nor a digest"),
        ("docker.io/library/redis:", "has \"\" for a tag"),
        ("docker.io/library/redis:.7", "has \".7\" for a tag"),
        ("docker.io/library/redis:7 4", "has \"7 4\" for a tag"),
        ("https://docker.io/library/redis:7", "names a registry that has no port from 1 to 65535 after its colon"),
        ("a..b/redis:7", "names a registry that is not the name of a host"),
    ];
    for (text, clause) in table {
        assert_eq!(image(text).unwrap_err(), clause, "{text}");
    }
    for repository in ["Redis", "a//b", "/a", "a/", "a..b", "a___b", "-a", "a_", "a/../b", ""] {
        assert!(image(&format!("docker.io/{repository}:7")).is_err(), "{repository}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_image_is_shown_as_it_is_read(
        registry in "localhost|([a-z][a-z0-9]{0,8}\\.){1,3}[a-z]{2,4}(:[1-9][0-9]{0,3})?",
        repository in "[a-z0-9]{1,8}([._/-][a-z0-9]{1,8}){0,3}",
        tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
        digest in prop::option::of("[0-9a-f]{64}"),
    ) {
        let tag = tag.or_else(|| digest.is_none().then(|| "latest".to_owned())).map_or(String::new(), |tag| format!(":{tag}"));
        let text = format!("{registry}/{repository}{tag}{}", digest.map_or(String::new(), |digest| format!("@sha256:{digest}")));
        let read = image(&text).unwrap();
        prop_assert_eq!(read.to_string(), text);
        prop_assert_eq!(image(&read.to_string()), Ok(read));
    }

    #[test]
    fn whatever_is_accepted_as_a_name_shows_as_it_was_written(text in "\\PC{0,20}|[a-z0-9./:@_-]{0,40}") {
        if let Ok(image) = image(&text) {
            prop_assert_eq!(image.to_string(), text.clone());
        }
        if let Ok(host) = host(&text) {
            prop_assert!(host.as_str().is_ascii() && !host.as_str().contains(char::is_whitespace));
        }
        if let Ok(name) = ContainerName::try_from(text) {
            prop_assert!(name.as_str().chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        }
    }
}
