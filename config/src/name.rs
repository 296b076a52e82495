//! Names that LVM and systemd accept, checked once.
//!
//! Text from the spec goes in; what comes out can be put on an LVM command line or into a unit.

use serde::{Deserialize, Serialize};

macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            /// Says what is wrong with it, as a clause.
            fn try_from(text: String) -> Result<Self, String> {
                $check(&text)?;
                Ok($name(text))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

checked_name! {
    /// A volume group's name, lvm(8) "VALID NAMES".
    VgName, check_lvm_name
}
checked_name! {
    /// A logical volume's name, lvm(8) "VALID NAMES".
    LvName, check_lv_name
}
checked_name! {
    /// An absolute, normalised path without blanks or control characters, deeper than `/`.
    MountPoint, check_mount_point
}

fn check_lvm_name(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+_.-".contains(c);
    if text.is_empty() || text.len() > 127 {
        return Err("is not 1 to 127 characters long".to_owned());
    }
    if let Some(odd) = text.chars().find(|&c| !allowed(c)) {
        return Err(format!("has {odd:?}, but LVM names have only letters, digits and + _ . -"));
    }
    if text.starts_with('-') || text == "." || text == ".." {
        return Err("starts with a dash or is a dot name, which LVM refuses".to_owned());
    }
    Ok(())
}

fn check_lv_name(text: &str) -> Result<(), String> {
    check_lvm_name(text)?;
    const RESERVED_STARTS: [&str; 4] = ["snapshot", "pvmove", "lvol", "docker-pool"];
    const RESERVED_PARTS: [&str; 16] = [
        "_cdata", "_cmeta", "_corig", "_cvol", "_imeta", "_iorig", "_mimage", "_mlog", "_pmspare", "_rimage", "_rmeta", "_tdata", "_tmeta",
        "_vdata", "_vorigin", "_wcorig",
    ];
    if let Some(start) = RESERVED_STARTS.iter().find(|start| text.starts_with(**start)) {
        return Err(format!("starts with {start:?}, which is reserved"));
    }
    if let Some(part) = RESERVED_PARTS.iter().find(|part| text.contains(**part)) {
        return Err(format!("has {part:?}, which LVM reserves"));
    }
    if text == "root" {
        return Err("is the root volume's name; its size is storage.root-size".to_owned());
    }
    Ok(())
}

fn check_mount_point(text: &str) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err("is not an absolute path".to_owned());
    }
    if text.len() > 200 {
        return Err("is longer than 200 characters".to_owned());
    }
    if let Some(odd) = text.chars().find(|&c| !(c.is_ascii_alphanumeric() || "/_.-".contains(c))) {
        return Err(format!("has {odd:?}, but a mount point has only letters, digits and / _ . -"));
    }
    if text.split('/').skip(1).any(|part| part.is_empty() || part == "." || part == "..") {
        return Err("is not a plain path below / (no //, /./, /../ or trailing slash)".to_owned());
    }
    const HELD: [&str; 9] = ["/", "/usr", "/etc", "/boot", "/sysroot", "/dev", "/proc", "/sys", "/run"];
    if HELD.iter().any(|held| text == *held || (*held != "/" && text.starts_with(&format!("{held}/")))) || text == "/var" {
        return Err("is part of the operating system".to_owned());
    }
    Ok(())
}
