//! What the rendered texts are, byte for byte.

use config::{Autoextend, Bytes, Driver, Filesystem, Percent, StorageOption};

use super::{escape, mount_unit, options, profile};

fn percent(value: u8) -> Percent {
    Percent::new(value).expect("a percentage")
}

#[test]
fn mount_units_are_named_as_systemd_escape_does() {
    let cases = [
        ("/", "-"),
        ("/srv", "srv"),
        ("/var/lib/docker", "var-lib-docker"),
        ("/var/lib/my-data", r"var-lib-my\x2ddata"),
        ("//var//lib/", "var-lib"),
        ("/.hidden/x.y", r"\x2ehidden-x.y"),
        ("/var/.hidden", "var-.hidden"),
        ("/srv/a+b c", r"srv-a\x2bb\x20c"),
        ("/srv/ü_:", r"srv-\xc3\xbc_:"),
    ];
    for (path, unit) in cases {
        assert_eq!(escape::path(path), unit, "{path}");
    }
}

#[test]
fn profile_is_what_docker_storage_setup_writes() {
    let text = profile::text(Some(Autoextend { threshold: percent(60), percent: percent(20), limit: None, headroom: Bytes(0) }));
    assert_eq!(text, "activation {\n\tthin_pool_autoextend_threshold=60\n\tthin_pool_autoextend_percent=20\n\n}\n");
    assert_eq!(profile::path("atomicos", "docker-pool"), "/etc/lvm/profile/atomicos--docker-pool-extend.profile");
}

#[test]
fn a_profile_whose_table_is_not_loaded_yet_says_the_same_to_lvm_and_another_text_to_us() {
    let text = profile::text(None);
    let pending = profile::pending(&text);
    assert_eq!(pending, format!("{text}# The pool's table has yet to be loaded with this.\n"));
    assert_eq!(profile::pending(&pending), pending);
    assert_eq!((profile::settled(&pending), profile::settled(&text)), (text.as_str(), text.as_str()));
}

#[test]
fn a_pool_that_shall_not_grow_has_a_threshold_that_is_never_passed() {
    let text = profile::text(None);
    assert_eq!(text, "activation {\n\tthin_pool_autoextend_threshold=100\n\tthin_pool_autoextend_percent=20\n\n}\n");
}

#[test]
fn options_are_what_docker_storage_setup_writes() {
    assert_eq!(
        options::text(Driver::Devicemapper, "my-vg", "docker-pool", &[]),
        "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.fs=xfs --storage-opt \
         dm.thinpooldev=/dev/mapper/my--vg-docker--pool --storage-opt dm.use_deferred_removal=true --storage-opt \
         dm.use_deferred_deletion=true \"\n"
    );
    assert_eq!(options::text(Driver::Overlay2, "vg", "p", &[]), "DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 \"\n");
    assert_eq!(options::text(Driver::Overlay, "vg", "p", &[]), "DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay \"\n");
    assert_eq!(options::text(Driver::None, "vg", "p", &[]), "DOCKER_STORAGE_OPTIONS=\"\"\n");
}

#[test]
fn further_options_follow_and_take_the_place_of_defaults() {
    let option = |text: &str| StorageOption::try_from(text.to_owned()).expect("an option");
    let further = [option("dm.fs=ext4"), option("dm.basesize=20G")];
    let text = options::text(Driver::Devicemapper, "vg", "docker-pool", &further);
    assert_eq!(
        text,
        "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.thinpooldev=/dev/mapper/vg-docker--pool --storage-opt \
         dm.use_deferred_removal=true --storage-opt dm.use_deferred_deletion=true --storage-opt dm.fs=ext4 --storage-opt dm.basesize=20G \"\n"
    );
    assert_eq!(crate::docker_options::driver(&text), Some(Driver::Devicemapper));
    assert_eq!(options::pool_device(&text), Some("/dev/mapper/vg-docker--pool"));
    let text = options::text(Driver::Overlay2, "", "", &[option("overlay2.size=10G")]);
    assert_eq!(text, "DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 --storage-opt overlay2.size=10G \"\n");
}

#[test]
fn a_text_of_ours_is_told_from_an_edited_one() {
    let option = |text: &str| StorageOption::try_from(text.to_owned()).expect("an option");
    for driver in [Driver::Devicemapper, Driver::Overlay2, Driver::Overlay, Driver::None] {
        for further in [vec![], vec![option("dm.fs=ext4"), option("dm.basesize=20G")]] {
            let text = options::text(driver, "vg", "docker-pool", &further);
            assert!(options::is_as_written_here(&text), "{text}");
            assert!(!options::is_as_written_here(&text.replace("\"\n", "--debug \"\n")), "{text}");
        }
    }
    assert!(!options::is_as_written_here(""));
}

#[test]
fn options_are_read_back_with_driver_and_pool() {
    for driver in [Driver::Devicemapper, Driver::Overlay2, Driver::Overlay] {
        let text = options::text(driver, "my-vg", "docker-pool", &[]);
        assert_eq!(crate::docker_options::driver(&text), Some(driver));
    }
    let text = options::text(Driver::Devicemapper, "my-vg", "docker-pool", &[]);
    assert_eq!(options::pool_device(&text), Some("/dev/mapper/my--vg-docker--pool"));
    assert_eq!(options::pool_device(&options::text(Driver::Overlay2, "", "", &[])), None);
}

#[test]
fn a_mount_unit_is_read_back_as_it_was_written() {
    let text = mount_unit::text("my-vg", "my-data", "/srv/my-data", Filesystem::Ext4, true);
    let stamped = mount_unit::read(&text).expect("ours");
    assert_eq!((stamped.group.as_str(), stamped.volume.as_str()), ("my-vg", "my-data"));
    assert_eq!((stamped.mount.as_str(), stamped.filesystem.as_str(), stamped.quota), ("/srv/my-data", "ext4", true));
}

#[test]
fn a_mount_unit_without_our_line_is_not_ours() {
    let text = mount_unit::text("vg", "data", "/srv/data", Filesystem::Xfs, false).replace("X-AtomicHost=volume data\n", "");
    assert_eq!(mount_unit::read(&text), None);
}

#[test]
fn a_mount_unit_is_what_it_is() {
    insta::assert_snapshot!(mount_unit::text("atomicos", "containers", "/var/lib/docker", Filesystem::Xfs, false), @r"
    [Unit]
    Description=Volume containers on /var/lib/docker
    X-AtomicHost=volume containers

    [Mount]
    What=/dev/atomicos/containers
    Where=/var/lib/docker
    Type=xfs
    Options=defaults

    [Install]
    WantedBy=local-fs.target
    ");
}
