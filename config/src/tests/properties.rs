//! What holds for every text, however odd.

use proptest::prelude::*;
use serde_json::Value;

use super::{EXAMPLES, good, spec};
use crate::tree::Node;
use crate::{Desired, Layer, Place, Problems, read_files};

/// Keys with values that are right, and some that are not.
const LINES: [(&str, &[&str]); 62] = [
    ("agent.allow", &["\"none\"", "\"reboot\"", "\"always\"", "3"]),
    ("agent.drift", &["\"report\"", "\"repair\""]),
    ("os.ref", &["\"edge:a/b\"", "\"edge\""]),
    ("os.remote.edge.url", &["\"https://h/r\"", "\"h\""]),
    ("os.remote.edge.enabled", &["true", "false"]),
    ("os.remote.edge.gpg-verify", &["false", "true"]),
    ("os.remote.edge.gpg-keys", &["[\"/k\"]", "[]", "[1]"]),
    ("storage.driver", &["\"devicemapper\"", "\"overlay2\"", "\"overlay\"", "\"overlya\""]),
    ("storage.volume-group", &["\"data\"", "\"a b\""]),
    ("storage.devices", &["[]", "[\"/dev/vdb\"]", "[\"/dev/vdb\", \"/dev/vdb\"]", "\"sdb\""]),
    ("storage.root-size", &["\"6G\"", "\"20%VG\"", "\"20%FREE\"", "6"]),
    ("storage.pool.size", &["\"60%FREE\"", "\"1T\"", "\"+1T\""]),
    ("storage.pool.enabled", &["true", "false", "0"]),
    ("storage.pool.chunk", &["\"1M\"", "\"1K\""]),
    ("storage.pool.autoextend.threshold", &["50", "99", "100", "\"60\""]),
    ("storage.pool.metadata", &["\"64M\"", "\"16G\"", "\"1M\"", "\"1%VG\""]),
    ("storage.pool.minimum", &["\"2G\"", "\"2\"", "\"10%FREE\""]),
    ("storage.options", &["[]", "[\"overlay2.size=1G\"]", "[\"dm.fs=ext4\", \"dm.fs=xfs\"]", "[\"a b=c\"]"]),
    ("storage.wipe", &["[]", "[\"/dev/disk/by-id/a\"]", "[\"/dev/vdb\"]"]),
    ("storage.grow-partition", &["true", "false", "\"yes\""]),
    ("storage.device-timeout", &["\"0s\"", "\"2m\"", "\"60\""]),
    ("storage.volume.one.label", &["\"data\"", "\"thirteen-long\"", "\"a b\""]),
    ("storage.volume.one.filesystem", &["\"ext4\"", "\"xfs\"", "\"btrfs\""]),
    ("storage.volume.one.quota", &["true", "false", "1"]),
    ("storage.pool.autoextend.limit", &["\"90%VG\"", "\"6G\"", "\"60%FREE\""]),
    ("storage.pool.autoextend.headroom", &["\"0\"", "\"2G\"", "\"10%VG\"", "0"]),
    ("storage.pool.autoextend.enabled", &["true", "false", "\"no\""]),
    ("storage.volume.one.mount", &["\"/srv/one\"", "\"/usr\"", "'/srv/\\'"]),
    ("storage.volume.one.size", &["\"1G\"", "\"2.5G\"", "\"10%VG\"", "-1"]),
    ("storage.volume.one.thin", &["true", "false"]),
    ("storage.volume.two", &["{ mount = \"/srv/two\", size = \"1G\" }", "{ mount = \"/srv/one\", size = \"1G\" }", "2"]),
    ("storage.volume.three.enabled", &["false", "true"]),
    ("engine.kind", &["\"docker\"", "\"podman\"", "\"lxc\""]),
    ("engine.live-restore", &["true", "1"]),
    ("engine.selinux", &["false", "\"no\""]),
    ("engine.log-level", &["\"debug\"", "\"warning\""]),
    ("engine.dns", &["[\"10.0.0.53\", \"fd00::53\"]", "[]", "[\"ns\"]"]),
    ("engine.bip", &["\"172.30.0.1/16\"", "\"172.30.0.0/16\""]),
    ("engine.mtu", &["1400", "67", "65536"]),
    ("registry.\"localhost:1\".insecure", &["true", "false"]),
    ("registry.\"localhost:1\".enabled", &["true", "false"]),
    ("registry.localhost.mirrors", &["[]", "[\"https://one/\"]", "[\"https://one/a?b\"]", "[\"one\"]"]),
    ("container.one.enabled", &["true", "false"]),
    ("container.one.command", &["[\"a\", \"\", \"b c\"]", "[\"a\\u0001\"]"]),
    ("container.one.env.A", &["\"1\"", "\"a\\nb\"", "2"]),
    ("container.one.publish", &["[\"80\", \"80/udp\"]", "[\"80\", \"0.0.0.0:80:1\"]", "[\"0\"]"]),
    ("container.one.volume", &["[\"/a:/a:z\", \"cc:/c\"]", "[\"/a:/a\", \"/b:/a\"]", "[\"/a\"]"]),
    ("container.one.privileged", &["true", "\"true\""]),
    ("container.one.pid", &["\"host\"", "\"hsot\""]),
    ("container.one.ipc", &["\"private\"", "true"]),
    ("container.one.memory", &["\"6M\"", "\"6\"", "\"10%VG\""]),
    ("container.one.cpus", &["1.5", "2", "0.001", "nan"]),
    ("container.one.restart", &["\"no\"", "\"never\""]),
    ("container.one.stop-timeout", &["\"1h\"", "\"61m\""]),
    ("container.two.network", &["\"host\"", "\"none\"", "\"hots\""]),
    ("container.two.publish", &["[]", "[\"80:81\"]"]),
    ("container.two.after", &["[\"one\"]", "[\"two\"]", "[\"tow\"]"]),
    ("container.one.after", &["[]", "[\"two\"]"]),
    ("rsyslog.forward", &["[\"tcp://logs\"]", "[\"logs\"]"]),
    ("rsyslog.files", &["true", "false"]),
    ("journal.storage", &["\"volatile\"", "\"auto\"", "\"none\""]),
    ("journal.max-use", &["\"200M\"", "\"20%VG\""]),
];

/// What some of these keys cannot be without.
const BASE: &str = "[storage.volume.one]\nmount = \"/srv/low\"\nsize = \"1G\"\n\
    [container]\none.image = \"localhost/one:1\"\ntwo.image = \"localhost/two:1\"\n[rsyslog]\nimage = \"localhost/rsyslog:1\"\n\
    [os.remote.edge]\nurl = \"https://h/r\"\ngpg-keys = [\"/k\"]\n";

/// Keys that are wrong whatever their value.
const ODD_LINES: [&str; 6] = [
    "agent.oops = 1\n",
    "oops = { a = [1979-05-27, 1.5] }\n",
    "storage.volume.\"b d\".size = \"1G\"\n",
    "\"\" = {}\n",
    "[container.\"b\\nd\"]\nenv = { \"a\\nb\" = \"\" }\n",
    "registry.\"a\\u007f.b\" = { \"a\\tb\" = 1 }\n",
];

/// A layer of some of these keys; `most` bounds the choice of values, 1 being the right ones.
fn layer(most: usize) -> impl Strategy<Value = String> {
    let choices: Vec<_> = LINES.iter().map(|(_, values)| prop::option::weighted(0.3, 0..values.len().min(most))).collect();
    choices.prop_map(|picks| {
        let picked = LINES.iter().zip(picks).filter_map(|((key, values), pick)| Some(format!("{key} = {}\n", values[pick?])));
        picked.collect()
    })
}

/// An example with some characters replaced, taken out or put in.
fn mutated() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..4, "[\\[\\]{}=\"'.,#\\n\\\\0-9a-z%é\u{0}]{0,3}"), 0..8);
    (0..EXAMPLES.len(), edits).prop_map(|(example, edits)| {
        let mut text: Vec<char> = EXAMPLES[example].1.chars().collect();
        for (at, remove, insert) in edits {
            let start = at.index(text.len().max(1)).min(text.len());
            let end = (start + remove).min(text.len());
            text.splice(start..end, insert.chars());
        }
        text.into_iter().collect()
    })
}

/// Without the places.
fn bare(desired: &Desired) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(entries) => {
                entries.remove("place");
                entries.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut value = serde_json::to_value(desired).unwrap();
    strip(&mut value);
    value
}

/// No text of the host, name or value, can break out of its line.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Object(entries) => entries.iter().all(|(key, value)| !key.contains(char::is_control) && is_plain(value)),
        Value::Array(items) => items.iter().all(is_plain),
        Value::String(text) => !text.contains(char::is_control),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Every place is in its file, the text can be shown, and no fault is this program's own.
fn problems_are_sound(problems: &Problems, texts: &[&str]) {
    assert!(!problems.list().is_empty());
    for problem in problems.list() {
        let Place::File { file, line, column } = &problem.place else { panic!("nowhere: {problem:?}") };
        let index: usize = file.strip_suffix(".toml").unwrap().parse().unwrap();
        let text = texts[index].split('\n').nth(*line as usize - 1).unwrap_or_else(|| panic!("no such line: {problem:?}"));
        assert!(*column as usize <= text.chars().count() + 1, "no such column: {problem:?}");
        let told = format!("{}{}{}", problem.key, problem.message, problem.hint.as_deref().unwrap_or_default());
        assert!(!told.contains("cannot be understood") && !told.contains(char::is_control), "{problem:?}");
    }
    assert!(problems.render(true).len() > problems.render(false).len());
}

fn judged(texts: &[&str]) {
    match spec(texts) {
        Err(problems) => problems_are_sound(&problems, texts),
        Ok(spec) => {
            let again = good(&[&spec.effective]);
            assert_eq!(bare(&again.desired), bare(&spec.desired));
            assert!(is_plain(&bare(&spec.desired)), "{:?}", spec.desired);
            assert_eq!(again.effective, spec.effective);
        }
    }
}

fn tree(text: &str) -> Node {
    Node::of_layer(&Layer { file: text.to_owned(), text: text.to_owned() }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_judged(text in "\\PC*|[\\[\\]{}=\"'.,#\\n\\r\\t a-z0-9]{0,200}") {
        judged(&[&text]);
    }

    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        if let Err(problems) = read_files(&[file.path().to_owned()]) {
            prop_assert!(!problems.render(false).is_empty());
        }
    }

    #[test]
    fn a_mutated_example_is_judged(text in mutated(), over in mutated()) {
        judged(&[&text]);
        judged(&[&text, &over]);
    }

    #[test]
    fn layers_with_faults_are_judged(low in layer(4), middle in layer(4), high in layer(4), odd in 0..ODD_LINES.len()) {
        judged(&[&low, &middle, &high]);
        judged(&[&low, &middle, &format!("{}{high}", ODD_LINES[odd])]);
    }

    #[test]
    fn the_effective_text_makes_the_same_host(low in layer(1), high in layer(1)) {
        let texts = [EXAMPLES[0].1, BASE, &low, &high];
        // The devicemapper driver beside a thin volume is about all that can be wrong.
        prop_assume!(spec(&texts).is_ok());
        judged(&texts);
    }

    #[test]
    fn merging_is_associative(low in layer(1), middle in layer(1), high in layer(1)) {
        let (low, middle, high) = (tree(&low), tree(&middle), tree(&high));
        let from_below = high.clone().over(middle.clone().over(low.clone()));
        let from_above = high.over(middle).over(low);
        prop_assert_eq!(from_below, from_above);
    }

    #[test]
    fn the_last_layer_wins(low in layer(4), high in layer(1)) {
        let merged = tree(&high).over(tree(&low));
        for line in high.lines() {
            let path = line.split_once(" = ").unwrap().0;
            let path: Vec<String> = path.split('.').map(|part| part.trim_matches('"').to_owned()).collect();
            let (merged, high) = (merged.at(&path).unwrap(), tree(&high));
            let high = high.at(&path).unwrap();
            if !matches!(high.value, crate::tree::Value::Table(_)) {
                prop_assert_eq!(&merged.value, &high.value);
            }
        }
    }
}
