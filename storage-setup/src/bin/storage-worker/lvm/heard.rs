//! What LVM says during one command, sorted: report, errors, warnings.
//!
//! With a callback set LVM delivers every level, and report lines and warnings at the same one; only the source file that a message
//! comes from tells them apart. A message longer than 4095 bytes arrives cut.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Everything since [`start`].
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) report: String,
    pub(super) errors: Vec<String>,
    pub(super) warnings: Vec<String>,
}

static HEARD: Mutex<Heard> = Mutex::new(Heard { report: String::new(), errors: Vec::new(), warnings: Vec::new() });

/// The level is in the lowest bits; above are flags for LVM's own use.
const LEVEL_BITS: u32 = 0x7;
/// Where libdm prints report lines.
const REPORT_SOURCE: &str = "libdm-report.c";

/// Forgets what was heard before.
pub(super) fn start() {
    drop(take());
}

/// Everything since [`start`].
pub(super) fn take() -> Heard {
    std::mem::take(&mut *heard())
}

/// One message. Must not panic: it is called from C.
pub(super) fn message(level: std::ffi::c_int, file: &str, message: &str) {
    let mut heard = heard();
    match u32::try_from(level).unwrap_or(0) & LEVEL_BITS {
        lvm2_sys::LVM2_LOG_FATAL | lvm2_sys::LVM2_LOG_ERROR => heard.errors.push(message.trim().to_owned()),
        lvm2_sys::LVM2_LOG_PRINT if file.ends_with(REPORT_SOURCE) => {
            heard.report.push_str(message);
            heard.report.push('\n');
        }
        lvm2_sys::LVM2_LOG_PRINT if message.trim_start().starts_with("WARNING") => heard.warnings.push(message.trim().to_owned()),
        // `Logical volume "x" created.` and, below, tracing.
        _ => {}
    }
}

/// `: first; second`, or nothing.
pub(super) fn clause(said: &[String]) -> String {
    if said.is_empty() { String::new() } else { format!(": {}", said.join("; ")) }
}

fn heard() -> MutexGuard<'static, Heard> {
    // Strings are whole even if somebody panicked while pushing one.
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}
