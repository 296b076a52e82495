//! Every sentence of the shell tool about its options, to the byte.

use super::host::{OUTPUT, disk, group, host, options, read, refused, said, set_up, with_disk};
use crate::legacy::plan;
use crate::legacy::{Found, Mode, Options, Seen};

fn of_options(text: &str, mode: Mode) -> String {
    read(text, mode).expect_err("a refusal").said.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn options_that_do_not_go_together_are_told() {
    let compat = [
        ("CONTAINER_THINPOOL=", "ERROR: CONTAINER_THINPOOL must be defined for the devicemapper storage driver."),
        ("CONTAINER_ROOT_LV_MOUNT_PATH=/nowhere/x", "ERROR: Failed to resolve path /nowhere/x"),
        (
            "DOCKER_ROOT_VOLUME=yes\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv",
            "ERROR: DOCKER_ROOT_VOLUME and CONTAINER_ROOT_LV_MOUNT_PATH are mutually exclusive options.",
        ),
        ("CONTAINER_ROOT_LV_NAME=x", "ERROR: CONTAINER_ROOT_LV_MOUNT_PATH cannot be empty, when CONTAINER_ROOT_LV_NAME is set"),
        ("CONTAINER_ROOT_LV_MOUNT_PATH=/srv", "ERROR: CONTAINER_ROOT_LV_NAME cannot be empty, when CONTAINER_ROOT_LV_MOUNT_PATH is set"),
        (
            "EXTRA_STORAGE_OPTIONS=a\nEXTRA_DOCKER_STORAGE_OPTIONS=b",
            "INFO: EXTRA_DOCKER_STORAGE_OPTIONS is deprecated, please use EXTRA_STORAGE_OPTIONS\n\
             ERROR: EXTRA_DOCKER_STORAGE_OPTIONS and EXTRA_STORAGE_OPTIONS are mutually exclusive options.",
        ),
        ("VG=../../etc", "ERROR: VG value ../../etc is invalid."),
        ("CONTAINER_THINPOOL=/dev/vdb", "ERROR: CONTAINER_THINPOOL value /dev/vdb is invalid."),
        ("CONTAINER_ROOT_LV_NAME=a/b\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv", "ERROR: CONTAINER_ROOT_LV_NAME value a/b is invalid."),
        ("DEVICE_WAIT_TIMEOUT=soon", "ERROR: DEVICE_WAIT_TIMEOUT value soon is invalid."),
    ];
    for (text, wanted) in compat {
        assert_eq!(of_options(text, Mode::Compat), wanted, "{text}");
    }
    assert_eq!(
        of_options("CONTAINER_THINPOOL=p\nDOCKER_ROOT_VOLUME=yes", Mode::Create),
        "ERROR: DOCKER_ROOT_VOLUME is deprecated. Use CONTAINER_ROOT_LV_MOUNT_PATH instead."
    );
    assert_eq!(of_options("", Mode::Create), "ERROR: CONTAINER_THINPOOL must be defined for the devicemapper storage driver.");
}

#[test]
fn an_old_key_goes_on_to_work_and_is_told() {
    let (options, said) = read("EXTRA_DOCKER_STORAGE_OPTIONS='--storage-opt  x=y'", Mode::Compat).expect("good");
    assert_eq!(options.extra, "--storage-opt  x=y");
    assert_eq!(said[0].to_string(), "INFO: EXTRA_DOCKER_STORAGE_OPTIONS is deprecated, please use EXTRA_STORAGE_OPTIONS");
}

#[test]
fn sizes_that_are_none_are_told() {
    let cases = [
        ("DATA_SIZE=", "ERROR: DATA_SIZE not specified."),
        ("DATA_SIZE=5.5G", "ERROR: DATA_SIZE value 5.5G is invalid."),
        ("DATA_SIZE=8Gi", "ERROR: DATA_SIZE value 8Gi is invalid."),
        ("DATA_SIZE=30%PVS", "ERROR: DATA_SIZE value 30%PVS is invalid."),
        ("DATA_SIZE=foo%FREE", "ERROR: DATA_SIZE value foo%FREE is invalid."),
        ("DATA_SIZE=%FREE", "ERROR: DATA_SIZE value %FREE is invalid."),
        ("DATA_SIZE=-5%FREE", "ERROR: DATA_SIZE value -5%FREE is invalid."),
        ("DATA_SIZE=110%FREE", "ERROR: DATA_SIZE value 110%FREE is invalid."),
        ("DATA_SIZE=0%VG", "ERROR: DATA_SIZE value 0%VG is invalid."),
        ("DATA_SIZE=8E", "ERROR: DATA_SIZE=8E is too large to handle."),
        ("DATA_SIZE=16E", "ERROR: DATA_SIZE=16E is too large to handle."),
        ("DATA_SIZE=99999999999999999999", "ERROR: DATA_SIZE=99999999999999999999 is too large to handle."),
        ("MIN_DATA_SIZE=2X", "ERROR: MIN_DATA_SIZE value 2X is invalid."),
        ("MIN_DATA_SIZE=50%FREE", "ERROR: MIN_DATA_SIZE value 50%FREE is invalid."),
        ("MIN_DATA_SIZE=16E", "ERROR: MIN_DATA_SIZE=16E is too large to handle."),
        (
            "MIN_DATA_SIZE=1T",
            "ERROR: There is not enough free space in volume group atomicos to create data volume of size MIN_DATA_SIZE=1T.",
        ),
        ("DATA_SIZE=200G", "ERROR: There is not enough free space in volume group atomicos to create data volume of size DATA_SIZE=200G."),
        ("CHUNK_SIZE=500K", "ERROR: CHUNK_SIZE value 500K is invalid. LVM has multiples of 64K from 64K to 1G."),
        ("CHUNK_SIZE=big", "ERROR: CHUNK_SIZE value big is invalid."),
        ("POOL_META_SIZE=17G", "ERROR: POOL_META_SIZE value 17G is invalid. LVM has at most 15.81 GiB for metadata."),
        ("POOL_META_SIZE=1", "ERROR: POOL_META_SIZE value 1 is invalid. The least is 2M."),
        ("POOL_AUTOEXTEND_THRESHOLD=", "ERROR: POOL_AUTOEXTEND_THRESHOLD not specified"),
        ("POOL_AUTOEXTEND_PERCENT=", "ERROR: POOL_AUTOEXTEND_PERCENT not specified"),
        ("POOL_AUTOEXTEND_THRESHOLD=101", "ERROR: POOL_AUTOEXTEND_THRESHOLD value 101 is invalid."),
        ("ROOT_SIZE=much", "ERROR: ROOT_SIZE value much is invalid."),
        (
            "CONTAINER_ROOT_LV_NAME=x\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv\nCONTAINER_ROOT_LV_SIZE=",
            "ERROR: Specify a valid value for CONTAINER_ROOT_LV_SIZE.",
        ),
        (
            "CONTAINER_ROOT_LV_NAME=x\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv\nCONTAINER_ROOT_LV_SIZE=all",
            "ERROR: CONTAINER_ROOT_LV_SIZE value all is invalid.",
        ),
        ("DOCKER_ROOT_VOLUME=yes\nDOCKER_ROOT_VOLUME_SIZE=16E", "ERROR: DOCKER_ROOT_VOLUME_SIZE=16E is too large to handle."),
        ("STORAGE_DRIVER=btrfs", "ERROR: Invalid storage driver: btrfs."),
    ];
    for (text, wanted) in cases {
        assert_eq!(refused(text, &host()), wanted, "{text}");
    }
}

#[test]
fn a_size_below_the_least_is_raised_and_told() {
    let plan = super::host::planned("DATA_SIZE=1G", &host());
    assert_eq!(
        said(&plan),
        ["INFO: DATA_SIZE=1G is smaller than MIN_DATA_SIZE=2G. Will create data volume of size specified by MIN_DATA_SIZE."]
    );
}

#[test]
fn what_the_engine_was_told_before_is_heeded() {
    let told = |text: &str| Seen { output: Some(format!("DOCKER_STORAGE_OPTIONS=\"{text}\"\n")), ..host() };
    let another = "INFO: Storage is already configured with overlay2 driver. Can't configure it with devicemapper driver. To override, \
                   remove /etc/sysconfig/docker-storage and retry.";
    for options in ["--storage-driver overlay2 ", "-s overlay2", "--storage-driver=overlay2", "--log-level=debug -s=overlay2"] {
        let plan = super::host::planned("", &told(options));
        assert_eq!((said(&plan), plan.is_idle()), (vec![another.to_owned()], true), "{options}");
    }
    assert_eq!(refused("", &told("--log-level=debug")), "ERROR: Failed to determine existing storage driver.");
    assert_eq!(
        refused("", &told("--storage-opt dm.datadev=/dev/a --storage-opt dm.metadatadev=/dev/b")),
        "ERROR: Old mode of passing data and metadata logical volumes to docker is not supported. Exiting."
    );
    assert_eq!(
        refused("", &told("--storage-driver devicemapper --storage-opt dm.thinpooldev=/dev/mapper/vg-mydocker--pool")),
        "ERROR: Thin pool /dev/mapper/vg-mydocker--pool does not seem to be managed by container-storage-setup. Exiting."
    );
    let gone = refused("", &told("--storage-opt dm.thinpooldev=/dev/mapper/vg-docker--pool"));
    assert_eq!(
        gone,
        "ERROR: Already configured thin pool /dev/mapper/vg-docker--pool is not available. If thin pool exists and is taking longer to \
         activate, set DEVICE_WAIT_TIMEOUT to a higher value and retry. If thin pool does not exist any more, remove \
         /etc/sysconfig/docker-storage and retry"
    );
}

#[test]
fn the_pool_that_the_engine_is_told_of_is_awaited_whatever_driver_is_asked_for() {
    let device = Some("/dev/mapper/atomicos-docker--pool".to_owned());
    let late = Seen { output: Some(OUTPUT.to_owned()), ..host() };
    for text in ["", "STORAGE_DRIVER=overlay2", "STORAGE_DRIVER=overlay\nCONTAINER_THINPOOL=other", "VG=data"] {
        assert_eq!(plan::awaited_pool(&options(text), &late), device, "{text}");
    }
    // Nothing is set up without a driver, and a pool of another name is not ours to bring up.
    for text in ["STORAGE_DRIVER=", "STORAGE_DRIVER=zfs", "CONTAINER_THINPOOL=other", "DEVICE_WAIT_TIMEOUT=0"] {
        assert_eq!(plan::awaited_pool(&options(text), &late), None, "{text}");
    }
    for text in ["", "STORAGE_DRIVER=overlay2"] {
        assert_eq!(plan::awaited_pool(&options(text), &set_up()), None, "{text}");
    }
    // One that is down is brought up where it is asked for; where it is not, whoever does that is waited for.
    let mut down = set_up();
    down.groups.get_mut("atomicos").and_then(|group| group.volumes.get_mut("docker-pool")).expect("pool").active = false;
    assert_eq!(plan::awaited_pool(&options(""), &down), None);
    assert_eq!(plan::awaited_pool(&options("STORAGE_DRIVER=overlay2"), &down), device);
    // What does not come in time is no failure: the engine says what it lacks.
    assert!(super::host::planned("STORAGE_DRIVER=overlay2", &late).is_idle());
}

#[test]
fn a_group_whose_disks_are_late_is_awaited_where_something_is_made_in_it() {
    let awaited = |text: &str, have: &Seen| plan::awaited_group(&options(&format!("VG=docker\n{text}")), have);
    let volume = "CONTAINER_ROOT_LV_NAME=c\nCONTAINER_ROOT_LV_MOUNT_PATH=/srv/c";
    for text in ["", "STORAGE_DRIVER=overlay2\nDOCKER_ROOT_VOLUME=yes", &format!("STORAGE_DRIVER=overlay2\n{volume}")] {
        assert_eq!(awaited(text, &host()).as_deref(), Some("docker"), "{text}");
    }
    for text in ["STORAGE_DRIVER=overlay2", "STORAGE_DRIVER=", "DEVICE_WAIT_TIMEOUT=0", "DEVS=/dev/vdb", "VG="] {
        assert_eq!(awaited(text, &host()), None, "{text}");
    }
    let mut come = host();
    come.groups.insert("docker".to_owned(), group(1000, 1000));
    assert_eq!(awaited("", &come), None);
    // The engine has a pool already, or another driver.
    assert_eq!(awaited("", &set_up()), None);
    let other = Seen { output: Some("DOCKER_STORAGE_OPTIONS=\"--storage-driver overlay2 \"\n".to_owned()), ..host() };
    assert_eq!(awaited("", &other), None);
}

#[test]
fn a_driver_that_cannot_be_is_told_before_anything() {
    let without = Seen { overlay: false, ..with_disk(disk("/dev/vdb", 10)) };
    assert_eq!(
        refused("STORAGE_DRIVER=overlay2\nDEVS=/dev/vdb", &without),
        "ERROR: Can not setup storage driver overlay2 as system does not support it. Specify a different driver."
    );
    let flat = Seen { flat_xfs: Some("/var".to_owned()), ..host() };
    assert_eq!(
        refused("STORAGE_DRIVER=overlay", &flat),
        "ERROR: XFS filesystem at /var has ftype=0, cannot use overlay backend; consider different driver or separate volume or OS reprovision"
    );
    let used = Seen { docker_records: true, ..host() };
    let refusal = plan::compat(&options(""), &used).expect_err("a refusal");
    let lines: Vec<String> = refusal.said.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "ERROR: Docker has been previously configured for use with devicemapper graph driver. Not creating a new thin pool as existing \
             docker metadata will fail to work with it. Manual cleanup is required before this will succeed.",
            "INFO: Docker state can be reset by stopping docker and by removing /var/lib/docker directory. This will destroy existing \
             docker images and containers and all the docker metadata.",
        ]
    );
}

#[test]
fn no_driver_is_no_storage() {
    let plan = super::host::planned("STORAGE_DRIVER=", &host());
    assert_eq!(
        said(&plan),
        ["INFO: STORAGE_DRIVER not set, no storage will be configured. You must specify STORAGE_DRIVER if you want to configure storage."]
    );
    assert!(plan.is_idle());
}

#[test]
fn a_host_without_lvm_is_told() {
    let none = Seen { root: None, groups: [].into(), ..host() };
    let refusal = plan::compat(&options(""), &none).expect_err("a refusal");
    let lines: Vec<String> = refusal.said.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        ["INFO: Volume group backing root filesystem could not be determined", "ERROR: No valid volume group found. Exiting."]
    );
}

#[test]
fn a_missing_output_file_is_told_and_written() {
    let lost = Seen { output: None, ..set_up() };
    let plan = super::host::planned("", &lost);
    assert_eq!(said(&plan), ["INFO: /etc/sysconfig/docker-storage file is missing. Recreating it."]);
    assert_eq!(super::host::deeds(&plan).len(), 1);
}

#[test]
fn create_wants_a_pool_name_of_its_own() {
    let (options, _): (Options, _) = read("CONTAINER_THINPOOL=docker-pool", Mode::Create).expect("good");
    let refusal = plan::create(&options, &Seen { output: None, ..set_up() }).expect_err("a refusal");
    assert_eq!(refusal.said[0].to_string(), "ERROR: Thin pool named docker-pool already exists. Specify a different thin pool name.");
}

#[test]
fn a_group_with_a_missing_disk_is_left_alone() {
    let mut broken = host();
    let mut found = group(25_600, 24_850);
    found.missing = 1;
    broken.groups.insert("atomicos".to_owned(), found);
    assert_eq!(refused("", &broken), "ERROR: Volume group atomicos lacks 1 of its physical volumes. Attach the missing disks and retry.");
    let mut with = with_disk(disk("/dev/vdb", 10));
    with.groups = broken.groups;
    assert_eq!(
        refused("DEVS=/dev/vdb", &with),
        "ERROR: Volume group atomicos lacks 1 of its physical volumes. Attach the missing disks and retry."
    );
    let idle = Seen { devices: vec![("x".to_owned(), Found::Broken)], ..host() };
    assert_eq!(refused("DEVS=x", &idle), "ERROR: Failed to resolve symbolic link x");
}
