//! Rules of mount points that lead elsewhere: `/srv` of an OSTree host is a link to `/var/srv`.

use super::host::{With, gib, host, lines, problem, spec};

#[test]
fn a_mount_point_behind_a_link_is_a_problem_before_anything_is_made() {
    let mut have = host();
    have.links.insert("/srv/data".to_owned(), "/var/srv/data".to_owned());
    let want = spec().plain("data", "/srv/data", gib(2));
    let expected = "storage.volume.data.mount: /srv/data leads to /var/srv/data through a link, and systemd mounts nothing there";
    assert_eq!(problem(&want, &have), expected);
    assert!(!lines(&spec().plain("data", "/var/srv/data", gib(2)), &have).is_empty());
}
