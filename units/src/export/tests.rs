//! What is kept of a store, volumes into archives and out of them. The engine's part: a scenario in the guest.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use engine_api::{ContainerState, SeenContainer, SeenImage, SeenVolume, Stamp};

use super::{Manifest, VERSION, make_empty, partial, tar};

fn container(name: &str, ours: bool) -> SeenContainer {
    let stamp = ours.then(|| Stamp { unit: String::new(), blueprint: String::new(), image: String::new(), digest: String::new() });
    SeenContainer { id: name.to_owned(), name: name.to_owned(), stamp, state: ContainerState::Exited, volumes: Vec::new() }
}

fn image(names: &[&str]) -> SeenImage {
    SeenImage { id: "sha256:1".to_owned(), names: names.iter().map(|name| (*name).to_owned()).collect(), digests: Vec::new() }
}

fn volume(name: &str, driver: &str) -> SeenVolume {
    SeenVolume { name: name.to_owned(), driver: driver.to_owned(), path: format!("/volumes/{name}"), device: None }
}

#[test]
fn images_by_tag_and_local_volumes_are_kept_and_the_rest_is_named() {
    let containers = [container("web", true), container("mine", false)];
    let images = [image(&["b:1", "a:1"]), image(&[])];
    let share = SeenVolume { device: Some(":/share".to_owned()), ..volume("share", "local") };
    let volumes = [volume("data", "local"), volume("far", "nfs"), volume("../etc", "local"), share];
    let manifest = Manifest::of(&containers, &images, &volumes);
    assert_eq!(manifest.images, ["a:1", "b:1"]);
    assert_eq!(manifest.volumes, ["data"]);
    assert_eq!(
        manifest.left_out,
        [
            "image sha256:1: it has no tag",
            "container mine: the spec does not make it",
            "volume far: nfs keeps it",
            "volume ../etc: engines make none of such a name",
            "volume share: it is a mount of :/share",
        ]
    );
}

#[test]
fn a_manifest_with_a_path_for_a_volume_or_of_a_later_version_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |version: u32, volume: &str| {
        let text = format!("{{\"version\": {version}, \"images\": [], \"volumes\": [{volume:?}], \"left_out\": []}}");
        fs::write(directory.path().join("manifest.json"), text).expect("a manifest");
        Manifest::read(directory.path())
    };
    assert!(write(VERSION, "data").is_ok());
    for (version, volume) in [(VERSION, "../../etc"), (VERSION, "/etc"), (VERSION, ""), (VERSION, ".."), (VERSION + 1, "data")] {
        let error = write(version, volume).expect_err("refused").to_string();
        assert!(error.contains("is not a whole export"), "{error}");
    }
}

#[test]
fn files_come_out_of_an_archive_as_they_went_in() {
    let directory = tempfile::tempdir().expect("a directory");
    let (from, to, archive) = (directory.path().join("from"), directory.path().join("to"), directory.path().join("one.tar"));
    fs::create_dir_all(from.join("-odd name")).expect("a directory");
    fs::create_dir(&to).expect("a directory");
    fs::write(from.join("-odd name/file"), "kept").expect("a file");
    fs::set_permissions(from.join("-odd name/file"), fs::Permissions::from_mode(0o6751)).expect("a mode");
    tar("one", &["--create", "--file"], &archive, &from).expect("kept");
    tar("one", &["--extract", "--file"], &archive, &to).expect("brought back");
    let back = to.join("-odd name/file");
    assert_eq!(fs::read_to_string(&back).expect("a file"), "kept");
    let (was, is) = (fs::metadata(from.join("-odd name/file")).expect("there"), fs::metadata(back).expect("there"));
    assert_eq!((was.uid(), was.gid(), was.mode(), was.mtime()), (is.uid(), is.gid(), is.mode(), is.mtime()));
    let error = tar("two", &["--extract", "--file"], &directory.path().join("none.tar"), &to).expect_err("nothing there").to_string();
    assert!(error.starts_with("tar cannot keep or bring back the volume two: ") && error.contains("none.tar"), "{error}");
}

#[test]
fn what_a_run_that_was_cut_off_has_left_is_begun_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let partial = partial(&directory.path().join("export"));
    assert!(partial.ends_with("export.partial"));
    assert_eq!(super::partial(std::path::Path::new("/mnt/export/")), std::path::Path::new("/mnt/export.partial"));
    make_empty(&partial).expect("made");
    fs::write(partial.join("images.tar"), "half").expect("a file");
    make_empty(&partial).expect("made");
    assert_eq!(fs::read_dir(&partial).expect("there").count(), 1);
}
