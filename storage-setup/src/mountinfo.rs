//! /proc/self/mountinfo, see proc_pid_mountinfo(5).
//!
//! The worker reads the file; its text comes here; the mounts tell what `/` lies on and what is mounted where.

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountEntry {
    /// `major:minor` of the file system's device, as /sys/dev/block names it.
    pub device: String,
    /// Which directory of the file system is mounted.
    pub root: String,
    /// Where.
    pub point: String,
    /// Both the mount and the file system allow writing.
    pub writable: bool,
    /// The file system counts what projects take.
    pub quota: bool,
    /// Type of the file system.
    pub kind: String,
    /// The source as the kernel says.
    pub source: String,
}

/// All mounts in the order of the file: a later one at the same point lies over the earlier. Lines of another shape are left out.
#[must_use]
pub fn parse(text: &str) -> Vec<MountEntry> {
    text.lines().filter_map(line).collect()
}

/// What is seen at a mount point: the last one mounted there.
#[must_use]
pub fn at<'a>(mounts: &'a [MountEntry], point: &str) -> Option<&'a MountEntry> {
    mounts.iter().rev().find(|mount| mount.point == point)
}

/// A mount point through which a device's file system can be written and grown, preferring the most recent one.
/// On an OSTree host `/` and `/sysroot` are read-only binds of the file system that `/var` mounts writable.
#[must_use]
pub fn writable_point<'a>(mounts: &'a [MountEntry], device: &str) -> Option<&'a str> {
    let seen = |mount: &MountEntry| at(mounts, &mount.point) == Some(mount);
    mounts.iter().rev().find(|mount| mount.device == device && mount.writable && seen(mount)).map(|mount| mount.point.as_str())
}

/// Whether `path` lies strictly below `above`, as a mount would.
#[must_use]
pub fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

fn line(line: &str) -> Option<MountEntry> {
    // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    let (head, tail) = line.split_once(" - ")?;
    let mut head = head.split(' ').skip(2);
    let (device, root, point, options) = (head.next()?, head.next()?, head.next()?, head.next()?);
    let mut tail = tail.split(' ');
    let (kind, source, super_options) = (tail.next()?, tail.next()?, tail.next()?);
    let has = |options: &str, wanted: &[&str]| options.split(',').any(|option| wanted.contains(&option));
    Some(MountEntry {
        device: device.to_owned(),
        root: unescape(root),
        point: unescape(point),
        writable: has(options, &["rw"]) && has(super_options, &["rw"]),
        quota: has(super_options, &["prjquota", "pquota"]),
        kind: kind.to_owned(),
        source: unescape(source),
    })
}

/// The kernel writes blank, tab, newline and backslash as three octal digits.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match digits {
            Some(code) => {
                out.push(char::from(code));
                rest = &rest[at + 4..];
            }
            None => {
                out.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
