//! Mount units: one for each volume, with a line that says that it is ours.
//!
//! Written by the worker as the planner says, read back by the planner to find those that nobody asks for any more.

use config::Filesystem;

use super::escape;

/// Every mount unit that an admin or we wrote, for [`crate::look_for`].
pub const EVERY: &str = "/etc/systemd/system/*.mount";

/// docker-storage-setup mounts its volumes so, too.
const XFS_QUOTA: &str = "pquota";
const EXT4_QUOTA: &str = "prjquota";

const STAMP: &str = "X-AtomicHost=volume ";

/// The unit's name.
#[must_use]
pub fn name(mount: &str) -> String {
    format!("{}.mount", escape::path(mount))
}

/// Its file.
#[must_use]
pub fn path(mount: &str) -> String {
    format!("/etc/systemd/system/{}", name(mount))
}

/// The volume's device, as mounts and units name it.
#[must_use]
pub fn device(group: &str, volume: &str) -> String {
    format!("/dev/{group}/{volume}")
}

/// Its text. WantedBy, not RequiredBy: a volume that is missing must not put the host into emergency mode.
#[must_use]
pub fn text(group: &str, volume: &str, mount: &str, filesystem: Filesystem, quota: bool) -> String {
    let (what, kind) = (device(group, volume), filesystem.as_str());
    let options = match (quota, filesystem) {
        (false, _) => "defaults",
        (true, Filesystem::Xfs) => XFS_QUOTA,
        (true, Filesystem::Ext4) => EXT4_QUOTA,
    };
    format!(
        "[Unit]\nDescription=Volume {volume} on {mount}\n{STAMP}{volume}\n\n\
         [Mount]\nWhat={what}\nWhere={mount}\nType={kind}\nOptions={options}\n\n\
         [Install]\nWantedBy=local-fs.target\n"
    )
}

/// What a mount unit of ours says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// The volume group.
    pub group: String,
    /// The volume.
    pub volume: String,
    /// Where it is mounted.
    pub mount: String,
    /// `xfs`
    pub filesystem: String,
    /// It mounts with project quotas.
    pub quota: bool,
}

/// Reads a unit's text; `None` when it does not carry our stamp, or is not as we write it.
#[must_use]
pub fn read(text: &str) -> Option<Stamped> {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let volume = value(STAMP)?;
    let (group, in_device) = value("What=/dev/")?.split_once('/')?;
    let stamped = Stamped {
        group: group.to_owned(),
        volume: volume.to_owned(),
        mount: value("Where=")?.to_owned(),
        filesystem: value("Type=")?.to_owned(),
        quota: value("Options=").is_some_and(|options| options == XFS_QUOTA || options == EXT4_QUOTA),
    };
    (in_device == volume).then_some(stamped)
}
