//! `[container.NAME]`: keys in, [`Container`] out, with the checks between containers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::mount::Targets;
use super::order::Order;
use super::publish::Ports;
use super::{image_ref, limits, mount, publish};
use crate::reader::{Fault, Findings, Number, Secret, Written, quoted};
use crate::{Container, ContainerName, Limits, Mount, Namespace, Network, Place, Placed, Publish, Restart};

/// A container that runs as a service.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Keys {
    /// Whether this container counts; false switches off one of a lower file. Default: true.
    enabled: Option<Written<bool>>,
    /// What it is made from: REGISTRY/REPOSITORY:TAG, or @DIGEST after it or in place of the tag.
    #[schemars(example = &"docker.io/library/redis:7.4")]
    image: Option<Written<String>>,
    /// What it runs. Default: the image's own command.
    #[schemars(extend("examples" = [["redis-server", "--appendonly", "yes"]]))]
    command: Option<Written<Vec<Written<String>>>>,
    /// Its environment, over the image's own. No message shows the values.
    env: Option<Written<BTreeMap<String, Written<Secret>>>>,
    /// Ports of the host that lead into it, as [IP:][HOST:]CONTAINER[/udp].
    #[schemars(extend("examples" = [["6379:6379"]]))]
    publish: Option<Written<Vec<Written<String>>>>,
    /// What it sees of the host's files and of the engine's volumes, as SOURCE:TARGET[:ro,z,Z,rslave].
    #[schemars(extend("examples" = [["/srv/redis:/data:z"]]))]
    volume: Option<Written<Vec<Written<String>>>>,
    /// How it is connected. Default: bridge.
    network: Option<Written<Network>>,
    /// Whether it has the rights of root on the host. Default: false.
    privileged: Option<Written<bool>>,
    /// Whose processes it sees. Default: private.
    pid: Option<Written<Namespace>>,
    /// Whose shared memory it sees. Default: private.
    ipc: Option<Written<Namespace>>,
    /// The most memory it may use, 6M or more. Default: no limit.
    #[schemars(example = &"512M", extend("format" = "size"))]
    memory: Option<Written<String>>,
    /// The most processors it may use, from 0.01 to 1024. Default: no limit.
    #[schemars(example = 1.5)]
    cpus: Option<Written<Number>>,
    /// When it is started again. Default: always.
    restart: Option<Written<Restart>>,
    /// How long it may take to stop before it is killed, from 1s to 1h. Default: 10s.
    #[schemars(example = &"30s")]
    stop_timeout: Option<Written<String>>,
    /// Containers that are started before it.
    #[schemars(extend("examples" = [["postgres"]]))]
    after: Option<Written<Vec<Written<String>>>>,
}

/// The containers, or `None` when one of them is faulty. `rsyslog` is where that section is, which has a container too.
pub(crate) fn check_all(
    written: Option<Written<BTreeMap<String, Written<Keys>>>>,
    rsyslog: Option<&Place>,
    findings: &mut Findings,
) -> Option<BTreeMap<ContainerName, Placed<Container>>> {
    let Some(table) = written else { return Some(BTreeMap::new()) };
    let mut containers = BTreeMap::new();
    let mut between = Between { rsyslog, ports: Ports::default(), order: Order::default() };
    let mut faulty = false;
    for (name, container) in table.value? {
        match check(name, container, &mut between, findings) {
            Some(checked) => containers.extend(checked),
            None => faulty = true,
        }
    }
    if !between.order.check(findings) || faulty {
        return None;
    }
    for (name, container) in &mut containers {
        container.value.after = between.order.before(name.as_str());
    }
    Some(containers)
}

/// What containers share.
struct Between<'a> {
    rsyslog: Option<&'a Place>,
    ports: Ports,
    order: Order,
}

/// `Some(None)` when it is switched off, `None` when it is faulty.
fn check(
    name: String,
    written: Written<Keys>,
    between: &mut Between<'_>,
    findings: &mut Findings,
) -> Option<Option<(ContainerName, Placed<Container>)>> {
    let Written { key, place, value } = written;
    let Some(mut keys) = value else {
        between.order.add(&name, Vec::new());
        return None;
    };
    let enabled = findings.or_default(keys.enabled.take(), true, Ok);
    if let Some(Placed { value: false, place }) = enabled {
        between.order.add_off(&name, place);
        return Some(None);
    }
    let after = findings.list(keys.after.take(), Ok);
    between.order.add(&name, after.clone().unwrap_or_default());
    let name = check_name(name, (&key, &place), between.rsyslog, findings);
    let container = check_keys(keys, (&key, &place), &mut between.ports, findings);
    match (name, container, after, enabled) {
        (Some(name), Some(value), Some(_), Some(_)) => Some(Some((name, Placed { value, place }))),
        _ => None,
    }
}

fn check_name(name: String, (key, place): (&str, &Place), rsyslog: Option<&Place>, findings: &mut Findings) -> Option<ContainerName> {
    let shown = quoted(&name);
    let fault = match (ContainerName::try_from(name), rsyslog) {
        (Err(clause), _) => Fault::new(format!("the name {shown} {clause}")).hint("choose another name for the container"),
        (Ok(name), Some(section)) if name.as_str() == "rsyslog" => {
            Fault::new(format!("[rsyslog] makes a container of this name ({section})"))
                .hint("choose another name for the container, or write enabled = false in [rsyslog]")
        }
        (Ok(name), _) => return Some(name),
    };
    findings.report(place, key, fault);
    None
}

fn check_keys(keys: Keys, (key, place): (&str, &Place), ports: &mut Ports, findings: &mut Findings) -> Option<Container> {
    let image = findings.required(keys.image, (place, &format!("{key}.image")), image_ref::EXAMPLE, |text| image_ref::image(&text));
    let command = findings.list(keys.command, Ok);
    let env = check_env(keys.env, findings);
    let network = findings.or_default(keys.network, Network::Bridge, Ok);
    let publish = check_publish(keys.publish, key, network.as_ref(), ports, findings);
    let volumes = check_volumes(keys.volume, findings);
    let privileged = findings.or_default(keys.privileged, false, Ok);
    let pid = findings.or_default(keys.pid, Namespace::Private, Ok);
    let ipc = findings.or_default(keys.ipc, Namespace::Private, Ok);
    let memory = findings.optional(keys.memory, |text| limits::memory(&text));
    let cpus = findings.optional(keys.cpus, |number| limits::cpus(&number));
    let restart = findings.or_default(keys.restart, Restart::Always, Ok);
    let stop_timeout = findings.or_default(keys.stop_timeout, limits::STOP_TIMEOUT, |text| limits::stop_timeout(&text));
    Some(Container {
        image: image?,
        command: command?.into_iter().map(|word| word.value).collect(),
        env: env?,
        publish: publish?,
        volumes: volumes?,
        network: network?.value,
        privileged: privileged?.value,
        pid: pid?.value,
        ipc: ipc?.value,
        limits: Limits { memory: memory?.map(|memory| memory.value), cpu_percent: cpus?.map(|cpus| cpus.value) },
        restart: restart?.value,
        stop_timeout: stop_timeout?.value,
        // Known when all containers are.
        after: Vec::new(),
    })
}

/// A fault tells of the name alone.
fn check_env(written: Option<Written<BTreeMap<String, Written<Secret>>>>, findings: &mut Findings) -> Option<BTreeMap<String, String>> {
    let Some(table) = written else { return Some(BTreeMap::new()) };
    let mut env = BTreeMap::new();
    let mut faulty = false;
    for (name, value) in table.value? {
        let good = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good {
            let fault = Fault::new(format!("{} is not the name of a variable", quoted(&name)));
            findings.report(&value.place, &value.key, fault.hint("use letters, digits and _, with a letter or _ first"));
        }
        match value.value {
            Some(Secret(value)) if good => drop(env.insert(name, value)),
            Some(_) | None => faulty = true,
        }
    }
    (!faulty).then_some(env)
}

fn check_publish(
    written: Option<Written<Vec<Written<String>>>>,
    container: &str,
    network: Option<&Placed<Network>>,
    ports: &mut Ports,
    findings: &mut Findings,
) -> Option<Vec<Placed<Publish>>> {
    let published = findings.list(written, |text| publish::publish(&text));
    let first = published.as_ref().and_then(|list| list.first());
    if let (Some(first), Some(network)) = (first, network) {
        let why = match network.value {
            Network::Bridge => None,
            Network::Host => Some("host, where its ports are the host's own"),
            Network::None => Some("none, which leads nowhere"),
        };
        if let Some(why) = why {
            let fault = Fault::new(format!("no port can be published: the network is {why} ({})", network.place));
            findings.report(&first.place, &format!("{container}.publish"), fault.hint("remove publish, or write network = \"bridge\""));
            return None;
        }
    }
    let published = published?;
    for one in &published {
        ports.take(one, container, findings);
    }
    Some(published)
}

fn check_volumes(written: Option<Written<Vec<Written<String>>>>, findings: &mut Findings) -> Option<Vec<Placed<Mount>>> {
    let key = written.as_ref().map(|list| list.key.clone()).unwrap_or_default();
    let volumes = findings.list(written, |text| mount::mount(&text))?;
    let mut targets = Targets::default();
    for volume in &volumes {
        targets.take(volume, &key, findings);
    }
    Some(volumes)
}
