//! The file as the lowest layer: what it comes to, whether it counts, and what is told of it.

use proptest::prelude::*;

use crate::sysconfig::{KEYS, Legacy};
use crate::{Bytes, Driver, GIB, Group, Layer, MIB, Place, PoolMetadata, Problems, Size, Spec, Storage, VolumeKind};

const FILE: &str = "/etc/sysconfig/docker-storage-setup";
const OWN: &str = "/etc/atomic-host.toml";

fn layers(shell: &str, toml: &[&str]) -> Result<Spec, Problems> {
    let toml = toml.iter().map(|text| Layer { file: OWN.to_owned(), text: (*text).to_owned() });
    crate::parse(std::iter::once(Layer { file: FILE.to_owned(), text: shell.to_owned() }).chain(toml).collect())
}

fn good(shell: &str) -> (Storage, Vec<String>) {
    let spec = layers(shell, &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let Legacy::InForce { notes, .. } = spec.legacy else { panic!("{:?}", spec.legacy) };
    (spec.desired.storage.expect("storage"), notes)
}

/// Key, line and message of each problem.
fn bad(shell: &str) -> Vec<(String, u32, String)> {
    let problems = layers(shell, &[]).expect_err("a bad file");
    let told = problems.list().iter().map(|problem| {
        let Place::File { file, line, .. } = &problem.place else { panic!("nowhere: {problem:?}") };
        assert_eq!(file, FILE);
        (problem.key.clone(), *line, problem.message.clone())
    });
    told.collect()
}

fn at(line: u32, column: u32) -> Place {
    Place::File { file: FILE.to_owned(), line, column }
}

#[test]
fn every_key_has_its_word_and_its_place() {
    let text = "STORAGE_DRIVER=devicemapper\nVG=data\nDEVS='sdb /dev/vdc sdb disk/by-id/wwn-1'\nROOT_SIZE=6G\nDATA_SIZE=20%VG\nMIN_DATA_SIZE=3G\n\
                POOL_META_SIZE=64M\nCHUNK_SIZE=0.5M\nGROWPART=true\nPOOL_AUTOEXTEND_THRESHOLD=70\nPOOL_AUTOEXTEND_PERCENT=30\n\
                DEVICE_WAIT_TIMEOUT=90\nEXTRA_STORAGE_OPTIONS=\"--storage-opt dm.fs=ext4  --storage-opt=dm.basesize=20G\"\n\
                CONTAINER_ROOT_LV_NAME=containers\nCONTAINER_ROOT_LV_MOUNT_PATH=/var/lib/docker\nCONTAINER_ROOT_LV_SIZE=8192\n";
    let (storage, notes) = good(text);
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!((storage.driver.value, &storage.driver.place), (Driver::Devicemapper, &at(1, 16)));
    assert!(matches!(&storage.group, Group::Named(group) if group.value.as_str() == "data" && group.place == at(2, 4)));
    let devices: Vec<&str> = storage.devices.iter().map(|device| device.value.as_str()).collect();
    assert_eq!(devices, ["/dev/sdb", "/dev/vdc", "/dev/disk/by-id/wwn-1"]);
    assert_eq!(storage.devices[0].place, at(3, 6));
    assert_eq!(storage.root_size.map(|size| size.place), Some(at(4, 11)));
    assert_eq!(storage.device_timeout.as_secs(), 90);
    assert!(storage.grow_partition.value);
    let options: Vec<String> = storage.options.iter().map(|option| option.value.to_string()).collect();
    assert_eq!(options, ["dm.fs=ext4", "dm.basesize=20G"]);
    let pool = storage.pool.expect("a pool").value;
    assert_eq!(pool.size.to_string(), "20%VG");
    assert_eq!(pool.minimum.map(std::num::NonZeroU64::get), Some(3 * GIB));
    assert!(matches!(pool.metadata, PoolMetadata::Bytes(bytes) if bytes.get() == 64 * MIB));
    assert_eq!(pool.chunk, Bytes(MIB / 2));
    let autoextend = pool.autoextend.expect("it grows");
    assert_eq!((autoextend.threshold.get(), autoextend.percent.get()), (70, 30));
    let (name, volume) = storage.volumes.first_key_value().expect("a volume");
    assert_eq!((name.as_str(), volume.value.mount.as_str(), volume.value.quota), ("containers", "/var/lib/docker", true));
    assert!(matches!(volume.value.kind, VolumeKind::Plain { size: Size::Bytes(bytes) } if bytes.get() == 8 * GIB));
}

#[test]
fn what_it_does_not_set_is_as_docker_storage_setup_has_it() {
    let (storage, _) = good("VG=docker\n");
    assert_eq!(storage.driver.value, Driver::Devicemapper);
    let pool = storage.pool.expect("a pool").value;
    assert_eq!(pool.size.to_string(), "40%FREE");
    assert_eq!(pool.minimum.map(std::num::NonZeroU64::get), Some(2 * GIB));
    assert_eq!(storage.device_timeout.as_secs(), 60);
    let (storage, _) = good("DOCKER_ROOT_VOLUME=yes\nSTORAGE_DRIVER=overlay2\n");
    assert_eq!(storage.pool, None);
    let (name, volume) = storage.volumes.first_key_value().expect("a volume");
    assert_eq!((name.as_str(), volume.value.mount.as_str()), ("docker-root-lv", "/var/lib/docker"));
    let (storage, _) = good("STORAGE_DRIVER=\nDEVS=/dev/vdb\n");
    assert_eq!((storage.driver.value, storage.pool), (Driver::None, None));
}

#[test]
fn a_size_below_the_least_is_raised_and_one_above_it_is_not_bound_by_it() {
    let pool = |text: &str| good(text).0.pool.expect("a pool").value;
    let raised = pool("DATA_SIZE=1G\n");
    assert_eq!((raised.size.to_string(), raised.minimum), ("2 GiB".to_owned(), None));
    assert!(good("DATA_SIZE=1G\n").1[0].contains("DATA_SIZE is smaller than MIN_DATA_SIZE=2G"), "it is told");
    let whole = pool("DATA_SIZE=2G\n");
    assert_eq!((whole.size.to_string(), whole.minimum), ("2 GiB".to_owned(), None));
    assert_eq!(pool("MIN_DATA_SIZE=\n").minimum, None);
}

#[test]
fn a_pool_that_shall_not_grow_does_not() {
    let grows = |text: &str| good(text).0.pool.expect("a pool").value.autoextend.is_some();
    assert!(grows("AUTO_EXTEND_POOL=yes\n"));
    assert!(!grows("AUTO_EXTEND_POOL=no\n"));
    assert!(!grows("POOL_AUTOEXTEND_THRESHOLD=100\n"));
}

#[test]
fn only_disks_with_names_that_stay_may_be_wiped() {
    let text = "STORAGE_DRIVER=overlay2\nWIPE_SIGNATURES=true\nDEVS='/dev/disk/by-id/virtio-a /dev/vdb'\n";
    let (storage, notes) = good(text);
    let wipe: Vec<&str> = storage.wipe.iter().map(|disk| disk.value.as_str()).collect();
    assert_eq!(wipe, ["/dev/disk/by-id/virtio-a"]);
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with(&format!("{FILE}:2:17: WIPE_SIGNATURES counts for names below")) && notes[0].ends_with("not for /dev/vdb")
    );
    assert!(good("STORAGE_DRIVER=overlay2\nDEVS=/dev/disk/by-id/a\n").0.wipe.is_empty(), "nobody asks for it");
}

#[test]
fn what_has_no_effect_is_told_with_its_place() {
    let (_, notes) = good("STORAGE_DRIVER=overlay2\nDATA_SIZE=4G\nGROWPART=True\nMY_DISK=/dev/vdb\n");
    let at = |line: &str, what: &str| format!("{FILE}:{line}: {what}");
    assert_eq!(
        notes,
        [
            at("4:9", "MY_DISK is no key of docker-storage-setup, and nothing comes of it"),
            at("3:10", "GROWPART is \"True\", and only true switches it on"),
            at("2:11", "DATA_SIZE counts with the driver devicemapper alone"),
        ]
    );
}

#[test]
fn what_has_no_word_in_the_spec_is_a_problem_at_its_line() {
    let cases = [
        ("VG=a\nDEVS=$(lsblk -no NAME)\n", 2, "", "this takes a shell"),
        ("CONTAINER_THINPOOL=other\n", 1, "CONTAINER_THINPOOL", "the pool is called docker-pool"),
        ("\nROOT_SIZE=+5G\n", 2, "storage.root-size", "is a step"),
        ("ROOT_SIZE=10%FREE\n", 1, "storage.root-size", "changes with what is free"),
        ("STORAGE_DRIVER=none\n", 1, "STORAGE_DRIVER", "is not one of"),
        ("DATA_SIZE=110%FREE\n", 1, "DATA_SIZE", "is not a size"),
        ("DATA_SIZE=\n", 1, "DATA_SIZE", "it is set to nothing"),
        ("DATA_SIZE=16E\n", 1, "DATA_SIZE", "is more than any disk holds"),
        ("MIN_DATA_SIZE=2X\n", 1, "MIN_DATA_SIZE", "is not a size"),
        ("CHUNK_SIZE=500K\n", 1, "storage.pool.chunk", "is not a block size"),
        ("POOL_META_SIZE=17G\n", 1, "storage.pool.metadata", "is not from"),
        ("POOL_AUTOEXTEND_THRESHOLD=20\n", 1, "storage.pool.autoextend.threshold", "is not in the range"),
        ("POOL_AUTOEXTEND_PERCENT=\n", 1, "POOL_AUTOEXTEND_PERCENT", "is not a number"),
        ("DEVICE_WAIT_TIMEOUT=1m\n", 1, "DEVICE_WAIT_TIMEOUT", "is not a number of seconds"),
        ("VG=../x\n", 1, "storage.volume-group", "has"),
        ("DEVS=../vdb\n", 1, "storage.devices", "is not a plain path below /dev"),
        ("CONTAINER_ROOT_LV_NAME=c\n", 1, "CONTAINER_ROOT_LV_NAME", "it needs a mount point"),
        ("CONTAINER_ROOT_LV_MOUNT_PATH=/srv\n", 1, "CONTAINER_ROOT_LV_MOUNT_PATH", "it needs a volume"),
        ("EXTRA_STORAGE_OPTIONS=--log-level=debug\n", 1, "EXTRA_STORAGE_OPTIONS", "is no --storage-opt"),
        ("EXTRA_STORAGE_OPTIONS='--storage-opt overlay2.size=1G'\n", 1, "storage.options", "is no option of the driver"),
    ];
    for (text, line, key, message) in cases {
        let told = bad(text);
        assert_eq!(told.len(), 1, "{text}: {told:?}");
        assert_eq!((told[0].0.as_str(), told[0].1), (key, line), "{text}: {told:?}");
        assert!(told[0].2.contains(message), "{text}: {told:?}");
    }
    assert_eq!(bad("VG=../x\nDATA_SIZE=x\nDEVS=..\n").len(), 3, "all in one run");
}

#[test]
fn it_counts_only_while_no_toml_file_of_the_host_has_storage() {
    let spec = layers("VG=$(reboot)\n", &["\n[storage]\ndriver = \"overlay2\"\n"]).expect("the file is not even read");
    assert_eq!(spec.legacy, Legacy::Ignored { file: FILE.to_owned(), because: Place::File { file: OWN.to_owned(), line: 2, column: 2 } });
    assert_eq!(spec.legacy.remarks(), [format!("{FILE} is ignored, since {OWN}:2:2 has [storage]")]);
    assert_eq!(spec.layers().len(), 1);
    let spec = layers("STORAGE_DRIVER=overlay2\n", &["[agent]\nallow = \"none\"\n"]).expect("sound");
    assert!(matches!(spec.legacy, Legacy::InForce { .. }));
    assert_eq!(spec.desired.storage.expect("storage").driver.value, Driver::Overlay2);
}

#[test]
fn it_takes_the_place_of_what_the_os_image_says_of_storage_and_of_nothing_else() {
    let image = "[engine]\nkind = \"docker\"\n\n[storage]\ndriver = \"overlay2\"\nroot-size = \"5G\"\n";
    let from = |own: &str| {
        let layer = |file: &str, text: &str| Layer { file: file.to_owned(), text: text.to_owned() };
        crate::parse(vec![layer(FILE, "VG=data\n"), layer("/usr/lib/atomic-host.d/10-image.toml", image), layer(OWN, own)]).expect("sound")
    };
    let spec = from("");
    assert!(matches!(spec.legacy, Legacy::InForce { .. }));
    let storage = spec.desired.storage.expect("storage");
    assert_eq!((storage.driver.value, storage.root_size.is_some()), (Driver::Devicemapper, false));
    assert!(spec.desired.engine.kind.is_some());
    assert!(!spec.effective.contains("overlay2"), "{}", spec.effective);
    let spec = from("[storage.volume.data]\nmount = \"/var/data\"\nsize = \"1G\"\n");
    assert!(matches!(spec.legacy, Legacy::Ignored { because: Place::File { file, .. }, .. } if file == OWN));
    assert!(spec.desired.storage.expect("storage").root_size.is_some());
}

#[test]
fn a_file_that_sets_nothing_asks_for_nothing() {
    for text in ["", "# all of it is explained here\n\n", "SOMETHING=else\n"] {
        let spec = layers(text, &[]).expect("sound");
        assert_eq!((spec.desired.storage, spec.legacy), (None, Legacy::Silent { file: FILE.to_owned() }), "{text:?}");
    }
}

#[test]
fn a_toml_file_that_cannot_be_read_may_have_storage() {
    let problems = layers("VG=$(reboot)\n", &["= 1\n"]).expect_err("bad");
    assert_eq!(problems.list().len(), 1, "{problems}");
}

/// Values that are right or wrong, for any key.
fn value() -> impl Strategy<Value = String> {
    let some =
        ["", "yes", "no", "true", "4G", "40%FREE", "20%VG", "+5G", "60", "100", "docker-pool", "/dev/vdb", "vdb", "overlay2", "'a b'"];
    prop_oneof![4 => prop::sample::select(some.to_vec()).prop_map(str::to_owned), 1 => "[ -~é]{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_judged_and_what_comes_of_it_is_a_spec(lines in prop::collection::vec((prop::sample::select(KEYS.to_vec()), value()), 0..8)) {
        let text: String = lines.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        match layers(&text, &[]) {
            Err(problems) => for problem in problems.list() {
                let Place::File { line, column, .. } = &problem.place else { panic!("nowhere: {problem:?}") };
                let there = text.split('\n').nth(*line as usize - 1).expect("such a line");
                prop_assert!(*column as usize <= there.chars().count() + 1, "{:?}", problem);
                prop_assert!(!problem.message.contains("cannot be understood"), "{:?}", problem);
            },
            Ok(spec) => {
                // As a generation keeps it: TOML that makes the same storage, whatever becomes of the file.
                let again = crate::parse(vec![Layer { file: "generation 1".to_owned(), text: spec.effective.clone() }]).expect("sound");
                prop_assert_eq!(again.effective, spec.effective);
                prop_assert_eq!(again.desired.storage.is_some(), spec.desired.storage.is_some());
            }
        }
    }
}
