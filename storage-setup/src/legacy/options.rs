//! The keys' values, checked as far as they can be without looking at the host. Sizes are read where they are needed: those of a pool
//! that is there already are nobody's business, as with the shell tool.

use config::VgName;

use super::{Refusal, Say, Variables};

/// Which of the two ways the program was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// docker-storage-setup.
    Compat,
    /// `create NAME FILE`.
    Create,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which way.
    pub mode: Mode,
    /// As written; known or not.
    pub driver: String,
    /// The thin pool's name.
    pub pool: String,
    /// Words of `DEVS`.
    pub devices: Vec<String>,
    /// `VG`, empty for root's.
    pub group: String,
    /// The extra volume and where it is mounted.
    pub volume: Option<(String, String)>,
    /// docker-root-lv is wanted.
    pub docker_root: bool,
    /// Added to the engine's options as they are.
    pub extra: String,
    /// The others, as written.
    pub raw: Variables,
}

/// LVM's own names, of which a volume must have none.
const RESERVED: [&str; 13] =
    ["_cdata", "_cmeta", "_corig", "_cvol", "_imeta", "_iorig", "_mimage", "_mlog", "_pmspare", "_rimage", "_rmeta", "_tdata", "_tmeta"];

impl Options {
    /// Checks values; `resolve` is realpath(1) of a mount point. Also gives what is to be said.
    ///
    /// # Errors
    /// The first thing that is wrong, in the shell tool's order and words.
    pub fn read(raw: &Variables, mode: Mode, resolve: impl Fn(&str) -> Option<String>) -> Result<(Options, Vec<Say>), Refusal> {
        let mut said = Vec::new();
        let read = check(raw, mode, resolve, &mut said);
        read.map(|options| (options, said.clone())).map_err(|refusal| refusal.after(said))
    }

    /// Whether `WIPE_SIGNATURES` is on.
    #[must_use]
    pub fn wipes(&self) -> bool {
        self.raw.get("WIPE_SIGNATURES") == "true"
    }

    /// Seconds to wait for a device; 0 does not wait.
    #[must_use]
    pub fn patience(&self) -> u64 {
        self.raw.get("DEVICE_WAIT_TIMEOUT").parse().unwrap_or(0)
    }

    /// Whether the pool grows by itself.
    #[must_use]
    pub fn extends(&self) -> bool {
        self.raw.get("AUTO_EXTEND_POOL") == "yes"
    }

    /// The variable of the output file.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        match self.mode {
            Mode::Compat => "DOCKER_STORAGE_OPTIONS",
            Mode::Create => "STORAGE_OPTIONS",
        }
    }
}

fn check(raw: &Variables, mode: Mode, resolve: impl Fn(&str) -> Option<String>, said: &mut Vec<Say>) -> Result<Options, Refusal> {
    let get = |key: &str| raw.get(key);
    let (driver, pool) = (get("STORAGE_DRIVER"), get("CONTAINER_THINPOOL"));
    if driver == "devicemapper" && pool.is_empty() {
        return Err(Refusal::new("CONTAINER_THINPOOL must be defined for the devicemapper storage driver."));
    }
    let docker_root = get("DOCKER_ROOT_VOLUME") == "yes";
    let volume = volume(raw, docker_root, resolve)?;
    if docker_root && mode == Mode::Create {
        return Err(Refusal::new("DOCKER_ROOT_VOLUME is deprecated. Use CONTAINER_ROOT_LV_MOUNT_PATH instead."));
    }
    if docker_root {
        let text = "DOCKER_ROOT_VOLUME is deprecated, and will be removed soon. Use CONTAINER_ROOT_LV_MOUNT_PATH instead.";
        said.push(Say::Info(text.to_owned()));
    }
    let extra = extra(raw, said)?;
    let name = |key: &str, text: &str| {
        let known = text.is_empty() || VgName::try_from(text.to_owned()).is_ok();
        if known && !RESERVED.iter().any(|part| text.contains(part)) && !text.starts_with("pvmove") && !text.starts_with("snapshot") {
            return Ok(());
        }
        Err(Refusal::new(format!("{key} value {text} is invalid.")))
    };
    name("VG", get("VG"))?;
    name("CONTAINER_THINPOOL", pool)?;
    name("CONTAINER_ROOT_LV_NAME", get("CONTAINER_ROOT_LV_NAME"))?;
    let timeout = get("DEVICE_WAIT_TIMEOUT");
    if !timeout.is_empty() && timeout.parse::<u32>().is_err() {
        return Err(Refusal::new(format!("DEVICE_WAIT_TIMEOUT value {timeout} is invalid.")));
    }
    Ok(Options {
        mode,
        driver: driver.to_owned(),
        pool: pool.to_owned(),
        devices: get("DEVS").split_ascii_whitespace().map(str::to_owned).collect(),
        group: get("VG").to_owned(),
        volume,
        docker_root,
        extra,
        raw: raw.clone(),
    })
}

fn volume(raw: &Variables, docker_root: bool, resolve: impl Fn(&str) -> Option<String>) -> Result<Option<(String, String)>, Refusal> {
    let (name, path) = (raw.get("CONTAINER_ROOT_LV_NAME"), raw.get("CONTAINER_ROOT_LV_MOUNT_PATH"));
    let resolved = match path {
        "" => None,
        _ => Some(resolve(path).ok_or_else(|| Refusal::new(format!("Failed to resolve path {path}")))?),
    };
    if docker_root && resolved.is_some() {
        return Err(Refusal::new("DOCKER_ROOT_VOLUME and CONTAINER_ROOT_LV_MOUNT_PATH are mutually exclusive options."));
    }
    match (name, resolved) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err(Refusal::new("CONTAINER_ROOT_LV_NAME cannot be empty, when CONTAINER_ROOT_LV_MOUNT_PATH is set")),
        (_, None) => Err(Refusal::new("CONTAINER_ROOT_LV_MOUNT_PATH cannot be empty, when CONTAINER_ROOT_LV_NAME is set")),
        (name, Some(path)) => Ok(Some((name.to_owned(), path))),
    }
}

fn extra(raw: &Variables, said: &mut Vec<Say>) -> Result<String, Refusal> {
    let (new, old) = (raw.get("EXTRA_STORAGE_OPTIONS"), raw.get("EXTRA_DOCKER_STORAGE_OPTIONS"));
    if !old.is_empty() {
        said.push(Say::Info("EXTRA_DOCKER_STORAGE_OPTIONS is deprecated, please use EXTRA_STORAGE_OPTIONS".to_owned()));
        if !new.is_empty() {
            let text = "EXTRA_DOCKER_STORAGE_OPTIONS and EXTRA_STORAGE_OPTIONS are mutually exclusive options.";
            return Err(Refusal::new(text));
        }
    }
    let (key, text) = if old.is_empty() { ("EXTRA_STORAGE_OPTIONS", new) } else { ("EXTRA_DOCKER_STORAGE_OPTIONS", old) };
    // It is written into a file that systemd reads between double quotes.
    if text.contains(['\n', '\r']) {
        return Err(Refusal::new(format!("{key} must be one line.")));
    }
    Ok(text.to_owned())
}
