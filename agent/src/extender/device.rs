//! The pool as the kernel has it: its status and table by ioctl, and the event that something has changed.
//!
//! Found by UUID, never by name. The status is asked without a flush, which would wait for the pool's own metadata.

use std::os::fd::{AsRawFd, RawFd};

use config::Bytes;
use devicemapper::{DM, DevId, DeviceInfo, DmError, DmFlags, DmOptions, DmUuid};
use storage_setup::extender::Pool;
use storage_setup::extender::status::{Status, StatusError};
use storage_setup::extender::table::{SECTOR, Table, TableError};
use tokio::io::unix::AsyncFd;

/// Why the pool could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeviceError {
    #[error("the kernel offers no device-mapper; load it with `modprobe dm_mod`, and check that /dev/mapper/control exists")]
    Absent(#[source] DmError),
    #[error("cannot wait for events of device-mapper; a kernel from Linux 4.14 on is needed")]
    Poll(#[source] std::io::Error),
    #[error("device-mapper does not arm its events")]
    Arm(#[source] DmError),
    #[error("no thin pool has the UUID {uuid} in device-mapper; it is inactive or gone")]
    NoPool { uuid: String },
    #[error(transparent)]
    Status(#[from] StatusError),
    #[error(transparent)]
    Table(#[from] TableError),
}

/// One look.
#[derive(Debug)]
pub(super) struct Seen {
    /// The kernel's count of events of this pool.
    pub(super) event: u32,
    /// An LVM command is at work on it, or was cut off.
    pub(super) suspended: bool,
    /// With a low-water mark of 0 the kernel tells of data only when it is full.
    pub(super) low_water: u64,
    pub(super) pool: Pool,
}

struct Control(DM);

impl AsRawFd for Control {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("/dev/mapper/control")
    }
}

/// Device-mapper's control device.
#[derive(Debug)]
pub(super) struct Kernel {
    control: AsyncFd<Control>,
}

impl Kernel {
    pub(super) fn open() -> Result<Kernel, DeviceError> {
        let control = Control(DM::new().map_err(DeviceError::Absent)?);
        #[expect(deprecated, reason = "its successor is unsafe code; the descriptor is one file's for as long as this lives")]
        let control = AsyncFd::new(control).map_err(DeviceError::Poll)?;
        let kernel = Kernel { control };
        kernel.arm()?;
        Ok(kernel)
    }

    /// Waits until some device of device-mapper has an event, or appears or goes; whatever comes after this returns is told again.
    pub(super) async fn event(&self) -> Result<(), DeviceError> {
        self.control.readable().await.map_err(DeviceError::Poll)?.clear_ready();
        self.arm()
    }

    fn arm(&self) -> Result<(), DeviceError> {
        self.control.get_ref().0.arm_poll().map(drop).map_err(DeviceError::Arm)
    }

    /// Looks at the pool of this UUID.
    pub(super) fn look(&self, uuid: &str) -> Result<Seen, DeviceError> {
        // With LVM's thin volumes in it, the pool proper is a layer below the device of that UUID.
        let layered = format!("{uuid}-tpool");
        for uuid in [layered.as_str(), uuid] {
            let Some((_, length, table)) = self.target(uuid, DmFlags::DM_NOFLUSH | DmFlags::DM_STATUS_TABLE) else { continue };
            let Some((info, _, status)) = self.target(uuid, DmFlags::DM_NOFLUSH) else { continue };
            let table: Table = table.parse()?;
            let status: Status = status.parse()?;
            let pool = Pool { size: Bytes(length.saturating_mul(SECTOR)), chunk: table.chunk, status };
            let suspended = info.flags().contains(DmFlags::DM_SUSPEND);
            return Ok(Seen { event: info.event_nr(), suspended, low_water: table.low_water, pool });
        }
        Err(DeviceError::NoPool { uuid: uuid.to_owned() })
    }

    /// The kernel's count of events of the pool; `None` when it is not there.
    pub(super) fn count(&self, uuid: &str) -> Option<u32> {
        let layered = format!("{uuid}-tpool");
        [layered.as_str(), uuid].into_iter().find_map(|uuid| {
            let uuid = DmUuid::new(uuid).ok()?;
            Some(self.control.get_ref().0.device_info(&DevId::Uuid(uuid)).ok()?.event_nr())
        })
    }

    /// The device's only target, when that is a thin pool.
    fn target(&self, uuid: &str, flags: DmFlags) -> Option<(DeviceInfo, u64, String)> {
        let uuid = DmUuid::new(uuid).ok()?;
        let options = DmOptions::default().set_flags(flags);
        let (info, targets) = self.control.get_ref().0.table_status(&DevId::Uuid(uuid), options).ok()?;
        match <[_; 1]>::try_from(targets) {
            Ok([(_, length, kind, text)]) if kind == "thin-pool" => Some((info, length, text)),
            Ok(_) | Err(_) => None,
        }
    }
}
