//! liblvm2cmd, safely: words in, the report and LVM's own messages out. With `dsync` the only file of the crate with unsafe code.
//!
//! The library works on one command line at a time, keeps process-wide state and is not thread-safe; [`Lvm`] is made once, in `main`,
//! and stays on that thread. Monitoring is left on, so that dmeventd watches the pools made here; see [`Lvm::leave_monitoring`].

#![expect(unsafe_code, reason = "liblvm2cmd is a C library")]

mod command_line;
mod dsync;
mod heard;
#[cfg(test)]
mod tests;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::NonNull;

use command_line::command_line;
use heard::Heard;

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LvmError {
    #[error("liblvm2cmd does not start{}", heard::clause(.said))]
    Start { said: Vec<String> },
    #[error(
        "LVM does not write to disks such that a power cut cannot tear it, so nothing is changed; lvm.conf must not have use_aio = 0, and \
         the kernel needs room for it: sysctl fs.aio-nr fs.aio-max-nr"
    )]
    NotDurable,
    #[error("liblvm2cmd takes at most {max} words, but `{command}` has more", max = command_line::MAX_WORDS)]
    TooManyWords { command: String },
    #[error("the word {word:?} cannot be put on a command line of liblvm2cmd")]
    Unquotable { word: String },
    #[error("`{command}` failed with code {code} ({})", meaning(*.code))]
    Silent { command: String, code: c_int },
    #[error("`{command}` failed: {}", .said.join("; "))]
    Failed { command: String, said: Vec<String> },
}

/// What a successful command printed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    /// The lines of its report, one after another.
    pub(crate) report: String,
    /// What it warned of.
    pub(crate) warnings: Vec<String>,
}

/// A running liblvm2cmd.
#[derive(Debug)]
pub(crate) struct Lvm {
    /// Absent after a failed command until the next one.
    handle: Option<NonNull<c_void>>,
    /// The last command has looked at the disks in the way in which writes are durable.
    durable: bool,
}

impl Lvm {
    /// Loads configuration and commands. To be called before there is any second thread.
    pub(crate) fn start() -> Result<Lvm, LvmError> {
        // SAFETY: the worker has one thread when it starts LVM, so that nobody reads the environment meanwhile.
        unsafe {
            std::env::set_var("LC_ALL", "C");
            // A descriptor that the agent left open is no news for the person who reads LVM's messages.
            std::env::set_var("LVM_SUPPRESS_FD_WARNINGS", "1");
        }
        // SAFETY: the callback is a plain function that lives as long as the program.
        unsafe { lvm2_sys::lvm2_log_fn(Some(on_message)) };
        let mut lvm = Lvm { handle: None, durable: false };
        lvm.handle()?;
        Ok(lvm)
    }

    /// Runs one command, words as on a shell's command line after unquoting: `["lvextend", "-l", "1024", "atomicos/root"]`.
    ///
    /// It asks no questions (standard input is /dev/null) and waits for LVM's locks as long as they are held.
    pub(crate) fn run(&mut self, words: &[&str]) -> Result<Output, LvmError> {
        let line = command_line(words)?;
        let handle = self.handle()?;
        heard::start();
        let calls = dsync::calls();
        let code = run_line(handle, &line);
        self.durable = dsync::calls() > calls;
        let heard = heard::take();
        if u32::try_from(code) == Ok(lvm2_sys::LVM2_COMMAND_SUCCEEDED) {
            return Ok(Output { report: heard.report, warnings: heard.warnings });
        }
        // Some of LVM's failures return before it has cleaned up after the command.
        self.discard();
        Err(failure(words, code, heard))
    }

    /// Whether what LVM writes outlives a power cut before it writes the next thing, as far as its last look at the disks has shown.
    pub(crate) fn ensure_durable(&self) -> Result<(), LvmError> {
        if self.durable { Ok(()) } else { Err(LvmError::NotDurable) }
    }

    fn handle(&mut self) -> Result<NonNull<c_void>, LvmError> {
        if let Some(handle) = self.handle {
            return Ok(handle);
        }
        heard::start();
        // SAFETY: no arguments; the former handle, if any, was given back in `discard`.
        let made = unsafe { lvm2_sys::lvm2_init() };
        let handle = NonNull::new(made).ok_or_else(|| LvmError::Start { said: heard::take().errors })?;
        self.handle = Some(handle);
        Ok(handle)
    }

    /// From now on no command tells dmeventd to watch anything, nor to stop: what it watches stays as it is. Until the next failure.
    pub(crate) fn leave_monitoring(&mut self) -> Result<(), LvmError> {
        let handle = self.handle()?;
        // SAFETY: the handle is live; the call sets flags of the library.
        unsafe { lvm2_sys::lvm2_disable_dmeventd_monitoring(handle.as_ptr()) };
        Ok(())
    }

    /// Lets LVM read its configuration and profiles again before the next command.
    pub(crate) fn reread(&mut self) {
        self.discard();
    }

    fn discard(&mut self) {
        if let Some(handle) = self.handle.take() {
            // SAFETY: the handle came from lvm2_init, and taking it out means that it is never used again.
            unsafe { lvm2_sys::lvm2_exit(handle.as_ptr()) };
        }
    }
}

impl Drop for Lvm {
    fn drop(&mut self) {
        self.discard();
    }
}

fn run_line(handle: NonNull<c_void>, line: &CString) -> c_int {
    // SAFETY: the handle is live, the line is NUL-terminated and outlives the call; LVM copies it before splitting.
    unsafe { lvm2_sys::lvm2_run(handle.as_ptr(), line.as_ptr()) }
}

/// Called by LVM for every line of report and every message of any level, on the thread that called `lvm2_run`.
unsafe extern "C" fn on_message(level: c_int, file: *const c_char, _line: c_int, _errno: c_int, message: *const c_char) {
    // SAFETY: LVM passes string literals and NUL-terminated buffers that live during the call; null is checked.
    let (file, message) = unsafe { (text(file), text(message)) };
    heard::message(level, &file, &message);
}

/// # Safety
/// `from` is null or points to a NUL-terminated string that lives as long as this call.
unsafe fn text(from: *const c_char) -> String {
    if from.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(from) }.to_string_lossy().into_owned()
}

fn failure(words: &[&str], code: c_int, heard: Heard) -> LvmError {
    let command = words.join(" ");
    // A refused question is a warning with the question, not an error.
    let said = if heard.errors.is_empty() { heard.warnings } else { heard.errors };
    if said.is_empty() { LvmError::Silent { command, code } } else { LvmError::Failed { command, said } }
}

fn meaning(code: c_int) -> &'static str {
    match u32::try_from(code) {
        Ok(lvm2_sys::LVM2_NO_SUCH_COMMAND) => "no such command",
        Ok(lvm2_sys::LVM2_INVALID_PARAMETERS) => "it refuses the arguments",
        Ok(lvm2_sys::LVM2_INIT_FAILED) => "it could not be initialised",
        Ok(lvm2_sys::LVM2_PROCESSING_FAILED) => "it says no more",
        Ok(_) | Err(_) => "an unknown code",
    }
}
