//! Which containers are started before which: the lists `after` of all containers in, an order without cycles out.

use std::collections::{BTreeMap, BTreeSet};

use crate::reader::{Fault, Findings, quoted};
use crate::{ContainerName, Place, Placed, shape, tree};

/// Who is named in `after`, by the names as written.
#[derive(Default)]
pub(super) struct Order {
    /// Every enabled container, faulty ones too.
    after: BTreeMap<String, Vec<Placed<String>>>,
    /// Those that are switched off, and where.
    off: BTreeMap<String, Place>,
}

impl Order {
    pub(super) fn add(&mut self, name: &str, after: Vec<Placed<String>>) {
        self.after.insert(name.to_owned(), after);
    }

    pub(super) fn add_off(&mut self, name: &str, place: Place) {
        self.off.insert(name.to_owned(), place);
    }

    /// Who comes before a container, sorted.
    pub(super) fn before(&self, name: &str) -> Vec<ContainerName> {
        let written = self.after.get(name).into_iter().flatten();
        let names: BTreeSet<ContainerName> = written.filter_map(|other| ContainerName::try_from(other.value.clone()).ok()).collect();
        names.into_iter().collect()
    }

    /// Whether the order can be had. Reports names of nobody, of oneself, of what is switched off, and each cycle once.
    pub(super) fn check(&self, findings: &mut Findings) -> bool {
        let mut good = true;
        let mut edges: BTreeMap<&str, Vec<&Placed<String>>> = BTreeMap::new();
        for (name, written) in &self.after {
            for other in written {
                match self.fault(name, &other.value) {
                    None => edges.entry(name).or_default().push(other),
                    Some(fault) => {
                        good = false;
                        findings.report_of_whole(&other.place, &key(name), fault);
                    }
                }
            }
        }
        while let Some(cycle) = cycle(&mut edges) {
            good = false;
            report_cycle(&cycle, &edges, findings);
            edges.retain(|name, _| !cycle.contains(name));
        }
        good
    }

    fn fault(&self, name: &str, other: &str) -> Option<Fault> {
        if name == other {
            return Some(Fault::new("a container cannot wait for itself").hint("remove it from the list"));
        }
        if self.after.contains_key(other) {
            return None;
        }
        if let Some(place) = self.off.get(other) {
            return Some(
                Fault::new(format!("the container {} is switched off ({place})", quoted(other)))
                    .hint("switch it on, or remove it from the list"),
            );
        }
        let names: Vec<&str> = self.after.keys().map(String::as_str).filter(|known| *known != name).collect();
        let hint = match shape::nearest(other, &names) {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => format!("name another container of the spec, or add [{}]", tree::joined("container", other)),
        };
        Some(Fault::new(format!("there is no container {}", quoted(other))).hint(hint))
    }
}

fn key(name: &str) -> String {
    format!("{}.after", tree::joined("container", name))
}

/// One cycle, its least name first, or `None`. Takes out who waits only for those that are in no cycle.
fn cycle<'a>(edges: &mut BTreeMap<&'a str, Vec<&'a Placed<String>>>) -> Option<Vec<&'a str>> {
    loop {
        let waiting: BTreeSet<&str> = edges.keys().copied().collect();
        edges.retain(|_, others| others.iter().any(|other| waiting.contains(other.value.as_str())));
        if edges.len() == waiting.len() {
            break;
        }
    }
    // Everybody left waits for somebody left, so that this walk comes back to where it was.
    let mut walk: Vec<&str> = vec![edges.keys().next()?];
    loop {
        let others = edges.get(walk.last()?)?;
        let next = others.iter().map(|other| other.value.as_str()).find(|other| edges.contains_key(other))?;
        if let Some(start) = walk.iter().position(|name| *name == next) {
            let mut cycle = walk.split_off(start);
            let least = cycle.iter().enumerate().min_by_key(|(_, name)| **name).map_or(0, |(index, _)| index);
            cycle.rotate_left(least);
            return Some(cycle);
        }
        walk.push(next);
    }
}

/// At the place where the first of them names the second.
fn report_cycle(cycle: &[&str], edges: &BTreeMap<&str, Vec<&Placed<String>>>, findings: &mut Findings) {
    let Some(first) = cycle.first() else { return };
    let second = cycle.get(1).unwrap_or(first);
    let Some(other) = edges.get(first).into_iter().flatten().find(|other| other.value == *second) else { return };
    let circle: Vec<&str> = cycle.iter().chain([first]).copied().collect();
    let message = format!("each of these waits for the next, so that none can start: {}", circle.join(" -> "));
    findings.report_of_whole(&other.place, &key(first), Fault::new(message).hint("remove one of these names from its list"));
}
