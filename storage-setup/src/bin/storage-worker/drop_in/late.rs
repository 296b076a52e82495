//! What LVM does not show yet, because its disks are on their way: polled for, with the shell tool's words.

use std::time::{Duration, Instant};

use storage_setup::fullreport::FullReport;

use super::error::DropInError;
use super::info;
use crate::apply::Machine;

/// Waits until LVM's report has it; false when it does not come. At least one look is taken.
pub(super) fn wait(machine: &mut Machine<'_>, what: &str, patience: u64, there: impl Fn(&FullReport) -> bool) -> Result<bool, DropInError> {
    const STEP: u64 = 5;
    const PAUSE: Duration = Duration::from_secs(1);
    let mut left = patience;
    let look = |machine: &mut Machine<'_>| -> Result<bool, DropInError> {
        machine.expect_devices();
        Ok(there(&machine.survey()?))
    };
    if look(machine)? {
        return Ok(true);
    }
    while left > 0 {
        info(format!("Waiting for {what}. Wait time remaining is {left} seconds"));
        let until = Instant::now() + Duration::from_secs(left.min(STEP));
        while Instant::now() < until {
            std::thread::sleep(PAUSE);
            if look(machine)? {
                return Ok(true);
            }
        }
        left = left.saturating_sub(STEP);
    }
    info(format!("Timed out waiting for {what}"));
    Ok(false)
}
