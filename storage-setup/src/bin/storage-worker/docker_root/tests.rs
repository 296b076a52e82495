//! Links on the way to the store.

use storage_setup::DockerRoot;
use storage_setup::docker_root::USUAL;

use super::real;

#[test]
fn a_link_to_the_store_moves_it_and_one_to_the_usual_place_does_not() {
    let moved = |to: &str| DockerRoot::Moved { to: to.to_owned(), by: "its words".to_owned() };
    let below_var = |path: &str| path.replacen("/srv", "/var/srv", 1);
    assert_eq!(real(DockerRoot::Usual, below_var), DockerRoot::Usual);
    assert_eq!(real(moved("/srv/docker"), below_var), moved("/var/srv/docker"));
    assert_eq!(real(moved("/docker"), |_| USUAL.to_owned()), DockerRoot::Usual);
    let by = "a link on the way to /var/lib/docker".to_owned();
    assert_eq!(real(DockerRoot::Usual, |_| "/mnt/docker".to_owned()), DockerRoot::Moved { to: "/mnt/docker".to_owned(), by });
}
