//! What `[container.NAME]` makes of its keys. The texts of the diagnostics are in `tests/bad`.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use proptest::prelude::*;

use super::{EXAMPLES, at, bad, good, spec};
use crate::{Container, ContainerName, MIB, Mount, MountSource, Namespace, Network, Problems, Protocol, Publish, Relabel, Restart};

fn text_of(keys: &str) -> String {
    format!("[container.web]\nimage = \"docker.io/library/httpd:2.4\"\n{keys}\n")
}

/// A container with these keys.
fn container(keys: &str) -> Result<Container, Problems> {
    let containers = spec(&[&text_of(keys)])?.desired.containers;
    Ok(containers.into_values().next().unwrap().value)
}

fn name(text: &str) -> ContainerName {
    ContainerName::try_from(text.to_owned()).unwrap()
}

fn published(text: &str) -> Option<Publish> {
    container(&format!("publish = [{text:?}]")).ok().map(|container| container.publish[0].value)
}

fn mounted(text: &str) -> Option<Mount> {
    container(&format!("volume = [{text:?}]")).ok().map(|container| container.volumes[0].value.clone())
}

#[test]
fn an_image_alone_makes_a_container_with_the_documented_defaults() {
    let container = container("").unwrap();
    assert_eq!(container.image.place, at("0.toml", 2, 9));
    assert!(container.command.is_empty() && container.env.is_empty() && container.publish.is_empty() && container.volumes.is_empty());
    assert_eq!((container.network, container.pid, container.ipc), (Network::Bridge, Namespace::Private, Namespace::Private));
    assert_eq!((container.privileged, container.restart), (false, Restart::Always));
    assert_eq!((container.limits.memory, container.limits.cpu_percent), (None, None));
    assert_eq!((container.stop_timeout, container.after), (Duration::from_secs(10), Vec::new()));
}

#[test]
fn the_example_has_what_its_comments_say() {
    let containers = good(&[EXAMPLES[3].1]).desired.containers;
    let postgres = &containers[&name("postgres")].value;
    assert_eq!(postgres.env["POSTGRES_PASSWORD"], "change me");
    assert_eq!((postgres.limits.memory.unwrap().get(), postgres.limits.cpu_percent.unwrap().get()), (1024 * MIB, 150));
    assert_eq!(postgres.stop_timeout, Duration::from_secs(120));
    assert_eq!(containers[&name("web")].value.after, [name("postgres"), name("redis")]);
    let watch = &containers[&name("watch")].value;
    assert!(watch.privileged && watch.volumes[0].value.read_only && watch.volumes[0].value.follow_mounts);
    assert_eq!((watch.network, watch.pid, watch.ipc, watch.restart), (Network::Host, Namespace::Host, Namespace::Host, Restart::No));
}

#[test]
fn every_way_to_publish_a_port_is_read() {
    let port = |number| NonZeroU16::new(number).unwrap();
    let table = [
        ("80", None, 80, 80, Protocol::Tcp),
        ("8080:80", None, 8080, 80, Protocol::Tcp),
        ("53:5353/udp", None, 53, 5353, Protocol::Udp),
        ("53/tcp", None, 53, 53, Protocol::Tcp),
        ("127.0.0.1:80", Some("127.0.0.1"), 80, 80, Protocol::Tcp),
        ("127.0.0.1:8080:80/tcp", Some("127.0.0.1"), 8080, 80, Protocol::Tcp),
        ("[::1]:80", Some("::1"), 80, 80, Protocol::Tcp),
        ("[::1]:8080:80", Some("::1"), 8080, 80, Protocol::Tcp),
        ("[::]:65535:1/udp", Some("::"), 65535, 1, Protocol::Udp),
    ];
    for (text, address, host, container, protocol) in table {
        let address = address.map(|address| address.parse::<IpAddr>().unwrap());
        assert_eq!(published(text), Some(Publish { address, host: port(host), container: port(container), protocol }), "{text}");
    }
    for text in
        ["", ":80", "80:", "+80", " 80", "80/", "80/TCP", "::80", "127.0.0.1::80", "127.0.0.1", "[::1]", "[127.0.0.1]:80", "1:2:3:4"]
    {
        assert_eq!(published(text), None, "{text}");
    }
}

#[test]
fn ports_collide_where_one_packet_could_be_meant_by_both() {
    let both = |one: &str, other: &str| container(&format!("publish = [{one:?}, {other:?}]")).is_ok();
    for (one, other) in
        [("80", "80:81"), ("80", "127.0.0.1:80"), ("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("[::1]:80", "80")]
    {
        assert!(!both(one, other) && !both(other, one), "{one} {other}");
    }
    assert!(!both("127.0.0.1:80", "[::ffff:127.0.0.1]:80"));
    for (one, other) in [("80", "81:80"), ("80", "80/udp"), ("127.0.0.1:80", "127.0.0.2:80"), ("0.0.0.0:80", "[::]:80")] {
        assert!(both(one, other) && both(other, one), "{one} {other}");
    }
}

#[test]
fn a_container_that_is_switched_off_takes_no_port() {
    let off = "[container.old]\nenabled = false\nimage = \"old\"\npublish = [\"80\"]\n";
    assert_eq!(good(&[&text_of("publish = [\"80\"]"), off]).desired.containers.len(), 1);
}

#[test]
fn every_way_to_mount_something_is_read() {
    let path = |text: &str| MountSource::Path(text.to_owned());
    let cache = MountSource::Volume("cache".to_owned());
    let table = [
        ("/srv/a:/a", path("/srv/a"), "/a", false, Relabel::None, false),
        ("/srv/a b:/a%c", path("/srv/a b"), "/a%c", false, Relabel::None, false),
        ("cache:/a/b:ro", cache, "/a/b", true, Relabel::None, false),
        ("/srv/a:/a:rw,z", path("/srv/a"), "/a", false, Relabel::Shared, false),
        ("/srv/a:/a:Z,ro", path("/srv/a"), "/a", true, Relabel::Private, false),
        ("/:/host:rslave", path("/"), "/host", false, Relabel::None, true),
    ];
    for (text, source, target, read_only, relabel, follow_mounts) in table {
        let expected = Mount { source, target: target.to_owned(), read_only, relabel, follow_mounts };
        assert_eq!(mounted(text), Some(expected), "{text}");
    }
    for text in ["", ":", "/srv/a", "/srv/a:", ":/a", "c:/a", "-c:/a", "/a:/b:/c:ro", "/a:/b:", "/a:/b:ro,", "/a/.:/b", "/a:/b/..", "/:/"] {
        assert_eq!(mounted(text), None, "{text}");
    }
}

#[test]
fn processors_are_counted_in_hundredths() {
    let cpus = |text: &str| container(&format!("cpus = {text}")).ok().map(|container| container.limits.cpu_percent.unwrap().get());
    for (text, hundredths) in [("2", 200), ("0.5", 50), ("+1.25", 125), ("0.010", 1), ("1_0.0", 1000), ("1024", 102_400), ("0x10", 1600)] {
        assert_eq!(cpus(text), Some(hundredths), "{text}");
    }
    for text in
        ["0", "0.0", "-1", "-0.5", "0.001", "1024.01", "1025", "1e2", "1.5e0", "inf", "nan", "-inf", "99999999999999999999.5", "\"2\""]
    {
        assert_eq!(cpus(text), None, "{text}");
    }
}

#[test]
fn times_and_amounts_have_a_unit_and_a_range() {
    let stop = |text: &str| container(&format!("stop-timeout = {text:?}")).ok().map(|container| container.stop_timeout.as_secs());
    for (text, seconds) in [("1s", 1), ("90s", 90), ("2m", 120), ("60m", 3600), ("1h", 3600)] {
        assert_eq!(stop(text), Some(seconds), "{text}");
    }
    for text in
        ["", "0s", "3601s", "2h", "s", "1", "1 s", "1.5m", "-1s", "+1s", "1S", "1d", "1ms", "99999999999999999999s", "9223372036854775807h"]
    {
        assert_eq!(stop(text), None, "{text}");
    }
    let memory = |text: &str| container(&format!("memory = {text:?}")).ok().map(|container| container.limits.memory.unwrap().get());
    for (text, bytes) in [("6M", 6 * MIB), ("0.5G", 512 * MIB), ("8192 KiB", 8 * MIB)] {
        assert_eq!(memory(text), Some(bytes), "{text}");
    }
    for text in ["", "5M", "6143K", "6", "10%VG", "10%", "+6G", "-6G", "G"] {
        assert_eq!(memory(text), None, "{text}");
    }
}

#[test]
fn the_order_is_sorted_and_each_name_is_in_it_once() {
    let other = "[container.aa]\nimage = \"localhost/aa:1\"\n[container.bb]\nimage = \"localhost/bb:1\"\nafter = [\"aa\"]\n";
    let containers = good(&[&text_of("after = [\"bb\", \"aa\", \"bb\"]"), other]).desired.containers;
    assert_eq!(containers[&name("web")].value.after, [name("aa"), name("bb")]);
}

#[test]
fn a_faulty_container_can_be_waited_for() {
    let faulty = "[container.aa]\nimage = \"aa\"\n[container.bb]\nimage = 3\n[container]\ncc = 3\n";
    let found = bad(&[&text_of("after = [\"aa\", \"bb\", \"cc\"]"), faulty]);
    assert!(found.len() == 3 && !found.iter().any(|message| message.contains("after")), "{found:?}");
}

#[test]
fn every_cycle_is_reported_once_and_what_leads_into_it_is_not() {
    let ring = |names: &[&str]| -> String {
        let pairs = names.iter().zip(names.iter().cycle().skip(1));
        pairs.map(|(name, next)| format!("[container.{name}]\nimage = \"localhost/x:1\"\nafter = [\"{next}\"]\n")).collect()
    };
    let into = "[container.a0]\nimage = \"localhost/x:1\"\nafter = [\"cc\"]\n";
    let found = bad(&[&ring(&["dd", "bb", "cc"]), &ring(&["y1", "y2"]), into]);
    let told = "each of these waits for the next, so that none can start:";
    assert_eq!(found, [format!("container.bb.after: {told} bb -> cc -> dd -> bb"), format!("container.y1.after: {told} y1 -> y2 -> y1")]);
}

#[test]
fn a_later_layer_replaces_lists_and_merges_the_environment() {
    let low = text_of("publish = [\"80\"]\nenv = { A = \"1\", B = \"2\" }");
    let containers = good(&[&low, "[container.web]\npublish = [\"81\"]\nenv = { B = \"3\" }\n"]).desired.containers;
    let web = &containers[&name("web")].value;
    assert_eq!((web.publish.len(), web.publish[0].value.host.get()), (1, 81));
    assert_eq!((web.env["A"].as_str(), web.env["B"].as_str()), ("1", "3"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_published_port_is_read_as_it_is_written(
        address: Option<IpAddr>,
        host in prop::option::of(1_u16..),
        container in 1_u16..,
        protocol in prop::sample::select(vec![None, Some(Protocol::Tcp), Some(Protocol::Udp)]),
    ) {
        let mut text = match address {
            None => String::new(),
            Some(IpAddr::V4(address)) => format!("{address}:"),
            Some(IpAddr::V6(address)) => format!("[{address}]:"),
        };
        text.extend(host.map(|host| format!("{host}:")));
        text.push_str(&container.to_string());
        text.extend(protocol.map(|protocol| format!("/{}", protocol.as_str())));
        let port = |number| NonZeroU16::new(number).unwrap();
        let expected = Publish {
            address,
            host: port(host.unwrap_or(container)),
            container: port(container),
            protocol: protocol.unwrap_or(Protocol::Tcp),
        };
        prop_assert_eq!(published(&text), Some(expected));
    }

    #[test]
    fn a_mount_is_read_as_it_is_written(
        source in "(/[a-z .%-]{0,5}[a-z]){1,3}|[a-z0-9]{2,8}",
        target in "(/[a-z0-9_]{1,5}){1,3}",
        read_only: bool,
    ) {
        let mount = mounted(&format!("{source}:{target}{}", if read_only { ":ro" } else { "" })).unwrap();
        let (MountSource::Path(read) | MountSource::Volume(read)) = mount.source;
        prop_assert_eq!((read, mount.target, mount.read_only), (source, target, read_only));
    }
}
