//! What is kept of a storage configuration below /var/lib/container-storage-setup: as the shell tool keeps it, so that either reads the
//! other's. Its metadata is shell text; here it is data, and is never evaluated.

use config::sysconfig::shell;

const VERSION: &str = "1";

/// A configuration's metadata file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Empty for none.
    pub driver: String,
    /// The volume group.
    pub group: String,
    /// We made the group, and remove it again.
    pub group_created: bool,
    /// The disks.
    pub devices: Vec<String>,
    /// The thin pool.
    pub pool: String,
    /// The extra volume, or nothing.
    pub volume: String,
    /// Where that is mounted.
    pub mount: String,
    /// `yes` or anything else.
    pub auto_extend: String,
    /// Seconds, as written.
    pub timeout: String,
}

/// Why a metadata file could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StoredError {
    /// Not plain assignments.
    #[error(
        "metadata has more than plain assignments in line {line}; it is data and is not run: remove what is not of the form NAME=VALUE"
    )]
    NotPlain {
        /// Counted from 1.
        line: u32,
    },
    /// A newer tool wrote it.
    #[error("metadata has version {found}, and this program knows 1; use the program that wrote it")]
    Newer {
        /// As written.
        found: String,
    },
}

/// How a configuration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Ready for use.
    Active,
    /// Deactivated.
    Inactive,
    /// A removal was begun.
    Invalid,
}

impl Status {
    /// As in the file, without newline.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Inactive => "inactive",
            Status::Invalid => "invalid",
        }
    }

    /// Reads the file's text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Status> {
        [Status::Active, Status::Inactive, Status::Invalid].into_iter().find(|status| status.as_str() == text.trim())
    }
}

impl Metadata {
    /// Reads the file's text.
    ///
    /// # Errors
    /// See [`StoredError`].
    pub fn parse(text: &str) -> Result<Metadata, StoredError> {
        let pairs = shell::parse(text).map_err(|error| StoredError::NotPlain { line: error.line })?;
        let get = |key: &str| pairs.iter().rev().find(|pair| pair.name == key).map(|pair| pair.value.clone()).unwrap_or_default();
        let version = get("_M_METADATA_VERSION");
        if !version.is_empty() && version != VERSION {
            return Err(StoredError::Newer { found: version });
        }
        Ok(Metadata {
            driver: get("_M_STORAGE_DRIVER"),
            group: get("_M_VG"),
            group_created: !get("_M_VG_CREATED").is_empty(),
            devices: get("_M_DEVS_RESOLVED").split_ascii_whitespace().map(str::to_owned).collect(),
            pool: get("_M_CONTAINER_THINPOOL"),
            volume: get("_M_CONTAINER_ROOT_LV_NAME"),
            mount: get("_M_CONTAINER_ROOT_LV_MOUNT_PATH"),
            auto_extend: get("_M_AUTO_EXTEND_POOL"),
            timeout: get("_M_DEVICE_WAIT_TIMEOUT"),
        })
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let created = if self.group_created { "1" } else { "" };
        format!(
            "_M_METADATA_VERSION={VERSION}\n_M_STORAGE_DRIVER={}\n_M_VG={}\n_M_VG_CREATED={created}\n_M_DEVS_RESOLVED=\"{}\"\n\
             _M_CONTAINER_THINPOOL={}\n_M_CONTAINER_ROOT_LV_NAME={}\n_M_CONTAINER_ROOT_LV_MOUNT_PATH={}\n_M_AUTO_EXTEND_POOL={}\n\
             _M_DEVICE_WAIT_TIMEOUT={}\n",
            self.driver,
            self.group,
            self.devices.join(" "),
            self.pool,
            quoted(&self.volume),
            quoted(&self.mount),
            quoted(&self.auto_extend),
            quoted(&self.timeout),
        )
    }

    /// What `list NAME` prints.
    #[must_use]
    pub fn listing(&self, name: &str, status: &str) -> String {
        let head = format!("Name: {name}\nStatus: {status}\nSTORAGE_DRIVER={}\n", self.driver);
        let devices = self.devices.join(" ");
        let volume = format!("CONTAINER_ROOT_LV_NAME={}\nCONTAINER_ROOT_LV_MOUNT_PATH={}\n", self.volume, self.mount);
        match self.driver.as_str() {
            "" => head,
            "overlay" | "overlay2" => format!("{head}VG={}\nDEVS={devices}\n{volume}", self.group),
            _ => format!(
                "{head}VG={}\nDEVS=\"{devices}\"\nCONTAINER_THINPOOL={}\n{volume}AUTO_EXTEND_POOL={}\nDEVICE_WAIT_TIMEOUT={}\n",
                self.group, self.pool, self.auto_extend, self.timeout
            ),
        }
    }
}

/// Bare where a shell takes it bare, as the shell tool writes it; else in single quotes.
fn quoted(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "/_.,:@%+-".contains(c);
    if text.chars().all(bare) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The line of `list` for one configuration, or its head.
#[must_use]
pub fn row(name: &str, driver: &str, status: &str) -> String {
    format!("{name:<24} {driver:<16} {status:<16}\n")
}
