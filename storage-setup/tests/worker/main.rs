//! The worker as the agent runs it, against LVM on loop devices, killed before and after each of its effects.
//!
//! Without device-mapper: LVM is told by a configuration of its own to write metadata only, so that any kernel with loop devices will
//! do. Needs root, loop devices and LVM, and fails where one is missing, saying which.

mod bench;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

use bench::{Bench, EXTENT, GROUP, SIZE};
use config::StepId;
use storage_setup::protocol::{Event, Kill, Outcome, Task};
use storage_setup::{Action, DiskRef};

fn task(id: &str, after: &[&str], action: Action) -> Task {
    Task { id: StepId::from_text(id), action, after: after.iter().map(|id| StepId::from_text(id)).collect() }
}

fn add(disk: DiskRef) -> Action {
    Action::AddDisk { group: GROUP.to_owned(), disk }
}

/// A group of two disks, a volume, which is grown, and a file.
fn plan(bench: &Bench) -> Vec<Task> {
    let (group, volume) = (GROUP.to_owned(), "web".to_owned());
    let path = bench.path("etc/lvm/some.profile").display().to_string();
    let text = "activation {\n}\n".to_owned();
    vec![
        task("group", &[], Action::CreateGroup { group: group.clone(), disks: vec![bench.disk(0)] }),
        task("disk", &["group"], add(bench.disk(1))),
        task("file", &[], Action::WriteFile { what: "profile".to_owned(), path, from: None, text }),
        task(
            "volume",
            &["disk"],
            Action::CreateVolume {
                group: group.clone(),
                volume: volume.clone(),
                pool: None,
                extents: 20,
                asked: "20pVG".to_owned(),
                extent: EXTENT,
            },
        ),
        task("grow", &["volume"], Action::GrowVolume { group, volume, from: 20, to: 30, asked: "60pVG".to_owned(), extent: EXTENT }),
    ]
}

fn outcomes(events: &[Event]) -> BTreeMap<String, Outcome> {
    let steps = events.iter().filter_map(|event| match event {
        Event::Step { id, outcome } => Some((id.to_string(), outcome.clone())),
        Event::Ready
        | Event::Taken
        | Event::Extended
        | Event::Room { .. }
        | Event::Effect { .. }
        | Event::Observed(_)
        | Event::Done
        | Event::Failed { .. } => None,
    });
    steps.collect()
}

fn effects(events: &[Event]) -> Vec<String> {
    let effects = events.iter().filter_map(|event| match event {
        Event::Effect { what, .. } => Some(what.clone()),
        Event::Ready
        | Event::Taken
        | Event::Extended
        | Event::Room { .. }
        | Event::Step { .. }
        | Event::Observed(_)
        | Event::Done
        | Event::Failed { .. } => None,
    });
    effects.collect()
}

fn why(events: &[Event], step: &str) -> String {
    match &outcomes(events)[step] {
        Outcome::Failed { why } => why.clone(),
        other @ (Outcome::Already | Outcome::Made | Outcome::Skipped { .. }) => panic!("{step} did not fail: {other:?}"),
    }
}

#[test]
fn a_run_killed_anywhere_is_finished_by_the_next_one() {
    let bench = Bench::new();
    let steps = plan(&bench);
    let clean = bench.apply(&steps, None);
    assert!(outcomes(&clean).values().all(|outcome| *outcome == Outcome::Made), "{clean:?}");
    assert_eq!(clean.last(), Some(&Event::Done));
    let (wanted, count) = (bench.lvm_state(), effects(&clean).len());
    assert_eq!(count, 12, "{:?}", effects(&clean));

    for effect in 1..=u32::try_from(count).expect("few") {
        for after in [false, true] {
            bench.reset();
            let killed = bench.apply(&steps, Some(Kill { effect, after }));
            assert_eq!(effects(&killed).len(), usize::try_from(effect).expect("few") - usize::from(!after));
            assert_ne!(killed.last(), Some(&Event::Done), "the worker outlived its kill");
            let finished = bench.apply(&steps, None);
            let done = |outcome: &Outcome| matches!(outcome, Outcome::Made | Outcome::Already);
            assert!(outcomes(&finished).values().all(done), "killed at {effect}, after: {after}: {finished:?}");
            assert_eq!(bench.lvm_state(), wanted, "killed at {effect}, after: {after}");
            let again = bench.apply(&steps, None);
            assert!(outcomes(&again).values().all(|outcome| *outcome == Outcome::Already), "{again:?}");
            assert_eq!(effects(&again), Vec::<String>::new());
        }
    }
}

#[test]
fn a_disk_with_anything_on_it_is_refused_and_what_waits_for_it_is_skipped() {
    let bench = Bench::new();
    let group = task("group", &[], Action::CreateGroup { group: GROUP.to_owned(), disks: vec![bench.disk(0)] });
    assert_eq!(outcomes(&bench.apply(std::slice::from_ref(&group), None))["group"], Outcome::Made);
    let steps = [
        task("disk", &[], add(bench.disk(1))),
        task("later", &["disk"], Action::ActivateVolume { group: GROUP.to_owned(), volume: "web".to_owned() }),
        task("last", &["later"], Action::ActivateVolume { group: GROUP.to_owned(), volume: "web".to_owned() }),
    ];

    let made = Command::new("mkfs.ext4").args(["-q", "-F", &bench.nodes[1]]).status().expect("mkfs");
    assert!(made.success());
    let events = bench.apply(&steps, None);
    assert!(why(&events, "disk").contains("holds ext4"), "{events:?}");
    let skipped = Outcome::Skipped { because: StepId::from_text("disk") };
    assert_eq!((&outcomes(&events)["later"], &outcomes(&events)["last"]), (&skipped, &skipped));
    assert_eq!(effects(&events), Vec::<String>::new());

    let other = DiskRef { identity: "serial:other".to_owned(), ..bench.disk(2) };
    assert!(why(&bench.apply(&[task("disk", &[], add(other))], None), "disk").contains("another disk"));
}

#[test]
fn a_disk_that_may_be_wiped_is_wiped_and_added_also_when_killed_in_between() {
    let bench = Bench::new();
    let steps = [
        task("group", &[], Action::CreateGroup { group: GROUP.to_owned(), disks: vec![bench.disk(0)] }),
        task("wipe", &[], Action::WipeDisk { disk: bench.disk(1), holds: "ext4".to_owned() }),
        task("disk", &["group", "wipe"], add(bench.disk(1))),
    ];
    for effect in 0..11 {
        for after in [false, true] {
            bench.reset();
            let made = Command::new("mkfs.ext4").args(["-q", "-F", &bench.nodes[1]]).status().expect("mkfs");
            assert!(made.success());
            bench.apply(&steps, Some(Kill { effect, after }));
            let done = |outcome: &Outcome| matches!(outcome, Outcome::Made | Outcome::Already);
            let finished = bench.apply(&steps[..1], None);
            assert!(outcomes(&finished).values().all(done), "{finished:?}");
            // As the planner does: what LVM has is not wiped, and what is in the group is not added.
            let state = bench.lvm_state();
            if !state.contains(&format!("{} {GROUP}", bench.nodes[1])) {
                let labelled = state.contains(&bench.nodes[1]);
                let rest = if labelled { vec![task("disk", &[], add(bench.disk(1)))] } else { steps.to_vec() };
                let finished = bench.apply(&rest, None);
                assert!(outcomes(&finished).values().all(done), "killed at {effect}, after: {after}: {finished:?}");
            }
            assert!(bench.lvm_state().contains(&format!("{} {GROUP}", bench.nodes[1])), "{}", bench.lvm_state());
        }
    }
}

#[test]
fn a_disk_of_a_group_is_not_wiped() {
    let bench = Bench::new();
    let group = task("group", &[], Action::CreateGroup { group: GROUP.to_owned(), disks: vec![bench.disk(0)] });
    bench.apply(std::slice::from_ref(&group), None);
    let events = bench.apply(&[task("wipe", &[], Action::WipeDisk { disk: bench.disk(0), holds: "ext4".to_owned() })], None);
    assert!(why(&events, "wipe").contains("belongs to the group"), "{events:?}");
    assert_eq!(effects(&events), Vec::<String>::new());
}

#[test]
fn a_physical_volume_takes_what_its_disk_has_gained() {
    let bench = Bench::new();
    let group = task("group", &[], Action::CreateGroup { group: GROUP.to_owned(), disks: vec![bench.disk(0)] });
    bench.apply(std::slice::from_ref(&group), None);
    let file = std::fs::OpenOptions::new().write(true).open(bench.image(0)).expect("the disk");
    file.set_len(2 * SIZE).expect("a larger disk");
    assert!(Command::new("losetup").args(["-c", &bench.nodes[0]]).status().expect("losetup").success());
    let node = bench.nodes[0].clone();
    // 199 of 200 MiB in extents of 4.
    let grow = Action::GrowMember { group: GROUP.to_owned(), node, uuid: "x".to_owned(), from: 24, to: 49, extent: EXTENT };
    let step = [task("grow", &[], grow)];
    assert_eq!(outcomes(&bench.apply(&step, None))["grow"], Outcome::Made);
    assert_eq!(outcomes(&bench.apply(&step, None))["grow"], Outcome::Already, "LVM counts as the planner does");
}

#[test]
fn each_write_of_lvm_to_a_disk_is_flushed_before_the_next() {
    let bench = Bench::new();
    let steps = plan(&bench);
    assert_eq!(outcomes(&bench.apply(&steps[..2], None))["disk"], Outcome::Made);
    let (writes, flushes) = bench.writes_and_flushes(0);
    assert_eq!(outcomes(&bench.apply(&steps[..4], None))["volume"], Outcome::Made);
    let (writes, flushes) = (bench.writes_and_flushes(0).0 - writes, bench.writes_and_flushes(0).1 - flushes);
    // The text, and twice what leads to it. A loop device takes no write that is durable by itself: each has a flush of its own.
    assert!(writes >= 3 && flushes >= writes, "{writes} writes, {flushes} flushes");
}

#[test]
fn nothing_is_changed_where_lvm_would_write_in_another_way() {
    let bench = Bench::new();
    let steps = plan(&bench);
    bench.configure("global { use_aio=0 }\n");
    let events = bench.apply(&steps[..1], None);
    assert!(why(&events, "group").contains("fs.aio-max-nr"), "{events:?}");
    assert_eq!(effects(&events), Vec::<String>::new());
}

/// What a power cut between the writes to two disks leaves: on one of them what was there before, or half of what comes.
#[test]
fn a_copy_of_the_metadata_that_lags_or_is_torn_is_written_anew() {
    let bench = Bench::new();
    let steps = plan(&bench);
    assert_eq!(outcomes(&bench.apply(&steps[..2], None))["disk"], Outcome::Made);
    let older = bench.head(1);
    assert_eq!(outcomes(&bench.apply(&steps, None))["grow"], Outcome::Made);
    let (wanted, mut torn) = (bench.lvm_state(), bench.head(1));
    torn[4096 + 512..].fill(0);
    let renew = [task("renew", &[], Action::RenewMetadata { group: GROUP.to_owned(), nodes: vec![bench.nodes[1].clone()] })];
    for (head, words) in [(older, "ignoring metadata seqno"), (torn, "repair VG metadata")] {
        bench.put_head(1, &head);
        assert!(bench.complaints().contains(words), "{}", bench.complaints());
        let events = bench.apply(&renew, None);
        assert_eq!(outcomes(&events)["renew"], Outcome::Made, "{events:?}");
        assert_eq!(effects(&events), [format!("vgck --updatemetadata {GROUP}")]);
        assert_eq!((bench.complaints(), bench.lvm_state()), (String::new(), wanted.clone()));
        assert_eq!(outcomes(&bench.apply(&renew, None))["renew"], Outcome::Already);
    }
}

#[test]
fn a_physical_volume_of_no_group_is_taken_up_only_with_our_record() {
    let bench = Bench::new();
    let group = task("group", &[], Action::CreateGroup { group: GROUP.to_owned(), disks: vec![bench.disk(0)] });
    assert_eq!(outcomes(&bench.apply(std::slice::from_ref(&group), None))["group"], Outcome::Made);
    // What a power cut inside vgextend leaves.
    let made = bench.command("lvm").args(["pvcreate", &bench.nodes[1]]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(made.expect("pvcreate").success());
    let step = [task("disk", &[], add(bench.disk(1)))];
    assert!(why(&bench.apply(&step, None), "disk").contains("not made by us"));

    bench.record(1);
    assert_eq!(outcomes(&bench.apply(&step, None))["disk"], Outcome::Made);
}

/// What a power cut leaves of writes of vgextend that were not flushed: each command of LVM fails on these.
#[test]
fn a_label_without_its_metadata_is_made_anew_where_the_record_says_that_it_is_ours() {
    let bench = Bench::new();
    let group = task("group", &[], Action::CreateGroup { group: "torn".to_owned(), disks: vec![bench.disk(1)] });
    assert_eq!(outcomes(&bench.apply(std::slice::from_ref(&group), None))["group"], Outcome::Made);
    let (mut without_text, mut without_metadata) = (bench.head(1), bench.head(1));
    without_text[4096 + 512..].fill(0);
    without_metadata[4096..].fill(0);
    for head in [without_text, without_metadata] {
        bench.reset();
        let group = task("group", &[], Action::CreateGroup { group: GROUP.to_owned(), disks: vec![bench.disk(0)] });
        assert_eq!(outcomes(&bench.apply(&[group], None))["group"], Outcome::Made);
        bench.put_head(1, &head);
        let pvcreate = bench.command("lvm").args(["pvcreate", "-ff", "-y", &bench.nodes[1]]).output().expect("pvcreate");
        assert!(!pvcreate.status.success(), "LVM does that by itself");
        bench.put_head(1, &head);
        let step = [task("disk", &[], add(bench.disk(1)))];
        assert!(!why(&bench.apply(&step, None), "disk").is_empty());
        assert_eq!(bench.head(1), head, "it was touched without a record");
        bench.record(1);
        let events = bench.apply(&step, None);
        assert_eq!(outcomes(&events)["disk"], Outcome::Made, "{events:?}");
        assert_eq!(bench.complaints(), "");
    }
}

#[test]
fn a_disk_that_somebody_holds_or_whose_signature_is_damaged_is_not_cleared() {
    let bench = Bench::new();
    let group = task("group", &[], Action::CreateGroup { group: GROUP.to_owned(), disks: vec![bench.disk(0)] });
    assert_eq!(outcomes(&bench.apply(&[group], None))["group"], Outcome::Made);
    let step = [task("disk", &[], add(bench.disk(1)))];

    let made = bench.command("lvm").args(["pvcreate", &bench.nodes[1]]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(made.expect("pvcreate").success());
    let mut damaged = bench.head(1);
    damaged[512 + 100] ^= 1;
    bench.put_head(1, &damaged);
    assert!(why(&bench.apply(&step, None), "disk").contains("holds LVM2_member"));
    assert_eq!(bench.head(1), damaged);

    bench.put_head(1, &vec![0; damaged.len()]);
    let held = File::options().write(true).custom_flags(nix::fcntl::OFlag::O_EXCL.bits()).open(&bench.nodes[1]).expect("held");
    assert!(why(&bench.apply(&step, None), "disk").contains("busy"));
    assert_eq!(bench.head(1), vec![0; damaged.len()]);
    drop(held);
    assert_eq!(outcomes(&bench.apply(&step, None))["disk"], Outcome::Made);
}

#[test]
fn what_is_not_ours_or_changed_is_left_alone() {
    let bench = Bench::new();
    let mut steps = plan(&bench);
    steps.retain(|step| step.id.as_str() != "grow");
    bench.apply(&steps, None);
    let stranger = ["lvcreate", "-an", "-Zn", "-Wn", "-y", "-l", "2", "-n", "stranger", GROUP];
    let made = bench.command("lvm").args(stranger).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(made.expect("lvcreate").success());
    let remove = |volume: &str, uuid: &str| Action::RemoveVolume {
        group: GROUP.to_owned(),
        volume: volume.to_owned(),
        uuid: uuid.to_owned(),
        extents: 2,
        extent: EXTENT,
    };
    let path = bench.path("etc/lvm/some.profile").display().to_string();
    let write = Action::WriteFile { what: "profile".to_owned(), path, from: None, text: "other".to_owned() };
    let events = bench.apply(
        &[
            task("a", &[], remove("stranger", "x")),
            task("b", &[], remove("web", "x")),
            task("c", &[], write),
            task("d", &[], remove("gone", "x")),
        ],
        None,
    );
    assert!(why(&events, "a").contains("not made by us"), "{events:?}");
    assert!(why(&events, "b").contains("another one by now"), "{events:?}");
    assert!(why(&events, "c").contains("not as it was"), "{events:?}");
    assert_eq!(outcomes(&events)["d"], Outcome::Already);
    assert_eq!(effects(&events), Vec::<String>::new());
}

#[test]
fn a_malformed_request_is_told_as_a_failure() {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_storage-worker"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the worker starts");
    worker.stdin.take().expect("stdin").write_all(b"{\"request\":\"dance\"}\n").expect("request");
    let output = worker.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(1));
    let event: Event = serde_json::from_slice(&output.stdout).expect("one event");
    assert!(matches!(event, Event::Failed { .. }));
}
