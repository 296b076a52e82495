//! What systemd says of a unit, as one value.
//!
//! One GetAll gives the unit's properties as of one moment; single Gets could straddle a change.

use std::collections::HashMap;

use zbus::fdo::PropertiesProxy;
use zbus::names::InterfaceName;
use zbus::proxy::CacheProperties;
use zbus::{ObjectPath, OwnedObjectPath, OwnedVariant};

use crate::{Systemd, SystemdError};

/// A unit as systemd sees it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// Its main name, which is not the one asked for when that was an alias.
    pub name: String,
    /// Whether there is such a unit.
    pub load: LoadState,
    /// Whether it is up.
    pub active: ActiveState,
    /// The finer state of its type, as `running` or `mounted`.
    pub sub: String,
    /// The unit file.
    pub fragment: Option<String>,
    /// Files on disk are newer than what systemd has read: reload before starting.
    pub need_reload: bool,
    /// The main process of a service, while there is one.
    pub main_pid: Option<u32>,
    /// The number of the job that is queued or runs for it, whichever kind it is.
    pub job: Option<u32>,
    /// Whether its conditions held at the last start; `None`: never, or systemd has forgotten it since.
    pub condition_ok: Option<bool>,
    /// Whether its asserts held at the last start; `None`: never, or systemd has forgotten it since.
    pub assert_ok: Option<bool>,
}

/// How a service is started, as of the last reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSetup {
    /// The words of each `ExecStart=`, variables as written.
    pub start: Vec<Vec<String>>,
    /// Each `EnvironmentFile=` in order; a later one wins.
    pub environment_files: Vec<String>,
}

/// An entry of ExecStart: program, words, whether failure is ignored, four times, process, and how that ended.
pub(crate) type StartCommand = (String, Vec<String>, bool, u64, u64, u64, u64, u32, i32, i32);

/// Whether there is such a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadState {
    /// Read and sound.
    Loaded,
    /// No file anywhere.
    NotFound,
    /// A file with a setting that makes it unusable.
    BadSetting,
    /// Could not be read.
    Error,
    /// Linked to /dev/null.
    Masked,
    /// Being read.
    Stub,
    /// Another unit took it in.
    Merged,
    /// A state that later versions of systemd may bring.
    Other(String),
}

impl LoadState {
    fn from_wire(text: &str) -> LoadState {
        match text {
            "loaded" => LoadState::Loaded,
            "not-found" => LoadState::NotFound,
            "bad-setting" => LoadState::BadSetting,
            "error" => LoadState::Error,
            "masked" => LoadState::Masked,
            "stub" => LoadState::Stub,
            "merged" => LoadState::Merged,
            other => LoadState::Other(other.to_owned()),
        }
    }
}

/// Whether a unit is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActiveState {
    /// Up.
    Active,
    /// Up, and reading its configuration again.
    Reloading,
    /// Down. A unit whose assert did not hold is here too, not among the failed.
    Inactive,
    /// Down, after an error.
    Failed,
    /// On its way up, which includes waiting for an automatic restart.
    Activating,
    /// On its way down.
    Deactivating,
    /// `maintenance`, `refreshing` and what later versions of systemd may bring.
    Other(String),
}

impl ActiveState {
    fn from_wire(text: &str) -> ActiveState {
        match text {
            "active" => ActiveState::Active,
            "reloading" => ActiveState::Reloading,
            "inactive" => ActiveState::Inactive,
            "failed" => ActiveState::Failed,
            "activating" => ActiveState::Activating,
            "deactivating" => ActiveState::Deactivating,
            other => ActiveState::Other(other.to_owned()),
        }
    }
}

/// As systemd writes it.
impl std::fmt::Display for ActiveState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            ActiveState::Active => "active",
            ActiveState::Reloading => "reloading",
            ActiveState::Inactive => "inactive",
            ActiveState::Failed => "failed",
            ActiveState::Activating => "activating",
            ActiveState::Deactivating => "deactivating",
            ActiveState::Other(other) => other,
        })
    }
}

impl Systemd {
    /// The unit's state. A unit that does not exist is [`LoadState::NotFound`], not an error.
    pub async fn unit(&self, name: &str) -> Result<UnitState, SystemdError> {
        let unread = |source| SystemdError::call(format!("read the state of {name}"), format!("systemctl status {name}"), source);
        let path = self.manager.load_unit(name).await.map_err(unread)?;
        let told = Told { unit: name, properties: self.properties(&path, "Unit").await.map_err(unread)? };
        let load = LoadState::from_wire(told.text("LoadState")?);
        let main_pid = if name.ends_with(".service") && load == LoadState::Loaded {
            let service = Told { unit: name, properties: self.properties(&path, "Service").await.map_err(unread)? };
            Some(service.number("MainPID")?).filter(|pid| *pid != 0)
        } else {
            None
        };
        Ok(UnitState {
            name: told.text("Id")?.to_owned(),
            load,
            active: ActiveState::from_wire(told.text("ActiveState")?),
            sub: told.text("SubState")?.to_owned(),
            fragment: Some(told.text("FragmentPath")?.to_owned()).filter(|path| !path.is_empty()),
            need_reload: told.flag("NeedDaemonReload")?,
            main_pid,
            job: told.job()?,
            condition_ok: told.checked("ConditionTimestampMonotonic", "ConditionResult")?,
            assert_ok: told.checked("AssertTimestampMonotonic", "AssertResult")?,
        })
    }

    /// How the service is started.
    pub async fn service(&self, name: &str) -> Result<ServiceSetup, SystemdError> {
        let unread = |source| SystemdError::call(format!("read the commands of {name}"), format!("systemctl cat {name}"), source);
        let path = self.manager.load_unit(name).await.map_err(unread)?;
        let told = Told { unit: name, properties: self.properties(&path, "Service").await.map_err(unread)? };
        let commands: Vec<StartCommand> = told.list("ExecStart")?;
        let files: Vec<(String, bool)> = told.list("EnvironmentFiles")?;
        Ok(ServiceSetup {
            start: commands.into_iter().map(|command| command.1).collect(),
            environment_files: files.into_iter().map(|(file, _may_be_absent)| file).collect(),
        })
    }

    async fn properties(&self, path: &ObjectPath<'_>, interface: &str) -> zbus::Result<HashMap<String, OwnedVariant>> {
        let interface = InterfaceName::try_from(format!("org.freedesktop.systemd1.{interface}"))?;
        let proxy = PropertiesProxy::builder(&self.connection)
            .destination("org.freedesktop.systemd1")
            .path(path.to_owned())
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        Ok(proxy.get_all(interface).await?)
    }
}

/// The properties that systemd told of a unit.
struct Told<'a> {
    unit: &'a str,
    properties: HashMap<String, OwnedVariant>,
}

impl Told<'_> {
    fn text(&self, property: &'static str) -> Result<&str, SystemdError> {
        self.properties.get(property).and_then(|value| <&str>::try_from(value).ok()).ok_or_else(|| self.untold(property))
    }

    fn flag(&self, property: &'static str) -> Result<bool, SystemdError> {
        self.properties.get(property).and_then(|value| bool::try_from(value).ok()).ok_or_else(|| self.untold(property))
    }

    fn number(&self, property: &'static str) -> Result<u32, SystemdError> {
        self.properties.get(property).and_then(|value| u32::try_from(value).ok()).ok_or_else(|| self.untold(property))
    }

    fn moment(&self, property: &'static str) -> Result<u64, SystemdError> {
        self.properties.get(property).and_then(|value| u64::try_from(value).ok()).ok_or_else(|| self.untold(property))
    }

    /// A flag that means nothing before its moment, which is 0 until then.
    fn checked(&self, moment: &'static str, flag: &'static str) -> Result<Option<bool>, SystemdError> {
        if self.moment(moment)? == 0 { Ok(None) } else { self.flag(flag).map(Some) }
    }

    fn list<T>(&self, property: &'static str) -> Result<Vec<T>, SystemdError>
    where
        Vec<T>: TryFrom<OwnedVariant>,
    {
        self.properties.get(property).cloned().and_then(|value| Vec::try_from(value).ok()).ok_or_else(|| self.untold(property))
    }

    /// `Job` is a pair of number and path, number 0 when there is none.
    fn job(&self) -> Result<Option<u32>, SystemdError> {
        let pair = self.properties.get("Job").cloned().and_then(|value| <(u32, OwnedObjectPath)>::try_from(value).ok());
        let (number, _path) = pair.ok_or_else(|| self.untold("Job"))?;
        Ok(Some(number).filter(|number| *number != 0))
    }

    fn untold(&self, property: &'static str) -> SystemdError {
        SystemdError::Untold { unit: self.unit.to_owned(), property }
    }
}
