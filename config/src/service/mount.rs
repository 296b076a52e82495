//! What containers see of the host: `SOURCE:TARGET[:ro,z,Z,rslave]` in, [`Mount`] out; and that each has its own target.

use std::collections::BTreeMap;

use super::{Mount, MountSource, Relabel};
use crate::reader::{Fault, Findings, quoted};
use crate::{Place, Placed};

/// What Linux takes for a path (PATH_MAX without its NUL), and for a part of one (NAME_MAX).
const LONGEST_PATH: usize = 4095;
const LONGEST_PART: usize = 255;

const HINT: &str = "write it as \"/srv/data:/data\" or \"cache:/cache\", with :ro, :z, :Z or :rslave after it";

/// One mount.
pub(super) fn mount(text: &str) -> Result<Mount, Fault> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, options) = match parts.as_slice() {
        [source, target] => (*source, *target, None),
        [source, target, options] => (*source, *target, Some(*options)),
        [] | [_] | [_, _, _, ..] => return Err(Fault::new(format!("{} is not SOURCE:TARGET[:OPTIONS]", quoted(text))).hint(HINT)),
    };
    let source = mount_source(source)?;
    let target = plain_path(target, "target").map(str::to_owned)?;
    if target == "/" {
        return Err(Fault::new("the target \"/\" is the container's own root").hint("mount it below, as \"/:/host\""));
    }
    let mut mount = Mount { source, target, read_only: false, relabel: Relabel::None, follow_mounts: false };
    for option in options.into_iter().flat_map(|options| options.split(',')) {
        set_option(&mut mount, option)?;
    }
    Ok(mount)
}

fn mount_source(text: &str) -> Result<MountSource, Fault> {
    if text.starts_with('/') {
        return plain_path(text, "source").map(|path| MountSource::Path(path.to_owned()));
    }
    if text.contains('/') {
        let message = format!("the source {} is a relative path, but nothing says to what", quoted(text));
        return Err(Fault::new(message).hint("write the whole path, as \"/srv/data\"; a name without a slash is a volume of the engine"));
    }
    // What dockerd takes for a name.
    let name = text.len() >= 2
        && text.len() <= 200
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if name {
        return Ok(MountSource::Volume(text.to_owned()));
    }
    Err(Fault::new(format!("the source {} is neither an absolute path nor the name of a volume", quoted(text)))
        .hint("a volume's name has two or more letters, digits and _ . -, and starts with a letter or digit"))
}

/// An absolute path in one way to write it.
fn plain_path<'a>(text: &'a str, what: &str) -> Result<&'a str, Fault> {
    let fault = |clause: &str| Fault::new(format!("the {what} {} {clause}", quoted(text)));
    let Some(rest) = text.strip_prefix('/') else {
        return Err(fault("is not an absolute path").hint(HINT));
    };
    if rest.split('/').any(|part| part == "." || part == "..") {
        return Err(fault("has . or .. in it").hint("write the path that is meant"));
    }
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    if text.len() > LONGEST_PATH || parts.iter().any(|part| part.len() > LONGEST_PART) {
        let hint = format!("a path has at most {LONGEST_PATH} bytes, and {LONGEST_PART} between two slashes");
        return Err(fault("is longer than any path").hint(hint));
    }
    let plain = format!("/{}", parts.join("/"));
    if plain == text { Ok(text) } else { Err(fault("has a slash too many").hint(format!("write {}", quoted(&plain)))) }
}

fn set_option(mount: &mut Mount, option: &str) -> Result<(), Fault> {
    match (option, mount.relabel) {
        ("ro", _) => mount.read_only = true,
        // The default, which many write.
        ("rw", _) => {}
        ("z", Relabel::None | Relabel::Shared) => mount.relabel = Relabel::Shared,
        ("Z", Relabel::None | Relabel::Private) => mount.relabel = Relabel::Private,
        ("z" | "Z", _) => {
            return Err(
                Fault::new("z and Z exclude each other").hint("write z for a label that all containers share, or Z for one of its own")
            );
        }
        ("rslave", _) if matches!(mount.source, MountSource::Volume(_)) => {
            return Err(Fault::new("rslave follows mounts of the host, but the source is a volume of the engine").hint("leave rslave out"));
        }
        ("rslave", _) => mount.follow_mounts = true,
        (other, _) => {
            return Err(
                Fault::new(format!("{} is not an option of a volume", quoted(other))).hint("the options are ro, rw, z, Z and rslave")
            );
        }
    }
    Ok(())
}

/// Which targets of one container are taken, and where.
#[derive(Default)]
pub(super) struct Targets(BTreeMap<String, Place>);

impl Targets {
    /// `key` is that of the list.
    pub(super) fn take(&mut self, mount: &Placed<Mount>, key: &str, findings: &mut Findings) {
        if let Some(place) = self.0.get(&mount.value.target) {
            let fault =
                Fault::new(format!("something is mounted at {} already ({place})", mount.value.target)).hint("mount one of them elsewhere");
            findings.report(&mount.place, key, fault);
        } else {
            self.0.insert(mount.value.target.clone(), mount.place.clone());
        }
    }
}
