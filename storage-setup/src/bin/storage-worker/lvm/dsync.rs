//! Whatever LVM writes to a disk outlives a power cut before it writes the next thing.
//!
//! LVM writes the text of its metadata first and then what leads to it, and flushes neither. A disk that keeps the second alone has lost
//! the group, with root's group the host. LVM reads and writes disks through libaio's io_submit(3) (lib/device/bcache.c); the dynamic
//! linker finds the one in here before that. LVM goes another way where lvm.conf has use_aio=0 or the kernel has no more room for such
//! queues; so what goes this way is counted, and io_setup(3) is in here too: a command may make a queue and find no disk to read.

#![expect(unsafe_code, reason = "it stands in for a function of a C library")]

use std::ffi::{c_int, c_long, c_void};
use std::sync::atomic::{AtomicU64, Ordering};

use lvm2_sys::{IOCB_CMD_PWRITE, iocb};
use nix::errno::Errno;
use nix::libc;

/// What the kernel knows of such a queue: io_setup(2).
type Context = *mut c_void;

static CALLS: AtomicU64 = AtomicU64::new(0);

/// How often LVM has come through here: made a queue, or given it something to do.
pub(super) fn calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

/// io_setup(3).
///
/// # Safety
/// As io_setup(3): `context` leads to a place for the queue.
#[unsafe(no_mangle)]
unsafe extern "C" fn io_setup(events: c_int, context: *mut Context) -> c_int {
    // SAFETY: what the caller handed over goes on to the kernel.
    let made = unsafe { libc::syscall(libc::SYS_io_setup, events, context) };
    if made < 0 {
        return -Errno::last_raw();
    }
    CALLS.fetch_add(1, Ordering::Relaxed);
    0
}

/// io_submit(3), and each write as with O_DSYNC.
///
/// # Safety
/// As io_submit(3): `requests` leads to `count` requests that live until they are done.
#[unsafe(no_mangle)]
unsafe extern "C" fn io_submit(context: Context, count: c_long, requests: *mut *mut iocb) -> c_int {
    CALLS.fetch_add(1, Ordering::Relaxed);
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: as the caller promises.
        let request = unsafe { &mut **requests.add(index) };
        if u32::from(request.aio_lio_opcode) == IOCB_CMD_PWRITE {
            request.aio_rw_flags |= libc::RWF_DSYNC;
        }
    }
    // SAFETY: what the caller handed over goes on to the kernel.
    let taken = unsafe { libc::syscall(libc::SYS_io_submit, context, count, requests) };
    // Unlike the system call it answers with the error itself.
    if taken < 0 { -Errno::last_raw() } else { c_int::try_from(taken).unwrap_or(c_int::MAX) }
}
