//! Origins as libostree, rpm-ostree and bootc write them.

use ostree::glib::{KeyFile, KeyFileFlags};

use super::{follows, managed_elsewhere};

#[test]
fn an_origin_says_what_is_followed_and_who_else_is_in_charge() {
    for (text, follow, elsewhere) in [
        ("[origin]\nrefspec=edge:atomic/host\n", Some("edge:atomic/host"), None),
        ("[libostree-transient]\npinned=true\n", None, None),
        (
            "[origin]\nbaserefspec=edge:atomic/host\n[packages]\nrequested=htop;strace;\n",
            Some("edge:atomic/host"),
            Some("rpm-ostree added packages to it: htop strace"),
        ),
        ("[origin]\nbaserefspec=edge:atomic/host\n", Some("edge:atomic/host"), Some("rpm-ostree changed it")),
        (
            "[origin]\ncontainer-image-reference=ostree-unverified-registry:quay.io/a/b:1\n",
            Some("ostree-unverified-registry:quay.io/a/b:1"),
            Some("it comes from the container image ostree-unverified-registry:quay.io/a/b:1; bootc or rpm-ostree updates it"),
        ),
    ] {
        let origin = KeyFile::new();
        origin.load_from_data(text, KeyFileFlags::NONE).unwrap();
        assert_eq!(follows(&origin).as_deref(), follow, "{text}");
        assert_eq!(managed_elsewhere(&origin).as_deref(), elsewhere, "{text}");
    }
}
