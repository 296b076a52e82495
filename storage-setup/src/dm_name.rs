//! Names of logical volumes in device-mapper: `GROUP-VOLUME`, with each dash of a name doubled.
//!
//! Used by the worker to tell which volume a device is, and where a volume's device is.

/// The device-mapper name of a volume: `vg-a`, `data` is `vg--a-data`.
#[must_use]
pub fn of(group: &str, volume: &str) -> String {
    format!("{}-{}", group.replace('-', "--"), volume.replace('-', "--"))
}

/// Group and volume of a device-mapper name; `None` when it is not made of two names (LVM's inner layers have three).
#[must_use]
pub fn split(name: &str) -> Option<(String, String)> {
    let mut parts = vec![String::new()];
    let mut rest = name.chars().peekable();
    while let Some(next) = rest.next() {
        if next != '-' || rest.next_if_eq(&'-').is_some() {
            if let Some(last) = parts.last_mut() {
                last.push(next);
            }
        } else {
            parts.push(String::new());
        }
    }
    match <[String; 2]>::try_from(parts) {
        Ok([group, volume]) if !group.is_empty() && !volume.is_empty() => Some((group, volume)),
        Ok(_) | Err(_) => None,
    }
}

/// The group that a device belongs to, inner layers such as `-tpool` included.
#[must_use]
pub fn group(name: &str) -> Option<String> {
    let hidden = name.replace("--", "\0");
    let (group, _) = hidden.split_once('-')?;
    Some(group.replace('\0', "-")).filter(|group| !group.is_empty())
}

/// The number of a partition that kpartx(8) made of a multipath device, by its UUID in device-mapper: `part1-mpath-3600508b4`.
#[must_use]
pub fn partition_of_multipath(uuid: &str) -> Option<u32> {
    let (partition, of) = uuid.split_once('-')?;
    of.starts_with("mpath-").then(|| partition.strip_prefix("part")?.parse().ok())?
}

#[cfg(test)]
mod tests;
