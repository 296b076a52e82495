//! Other programs: a fixed list of directories, a clean environment, no shell, a limit to every wait.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Why a program did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    #[error("{name} is not installed (looked in {})", DIRECTORIES.join(", "))]
    Absent { name: String },
    #[error("cannot run {name}")]
    Start {
        name: String,
        #[source]
        source: std::io::Error,
    },
    #[error("`{command}` was still running after {} s and was killed; look for a hanging disk with `dmesg`", .limit.as_secs())]
    TooLong { command: String, limit: Duration },
    #[error("`{command}` failed ({status}){}", said(.stderr))]
    Failed { command: String, status: String, stderr: String },
}

const DIRECTORIES: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    command: String,
    status: String,
}

impl Ended {
    /// An error unless the exit code is one of these.
    pub(crate) fn expect(self, good: &[i32]) -> Result<Ended, ProgramError> {
        match self.code {
            Some(code) if good.contains(&code) => Ok(self),
            Some(_) | None => Err(ProgramError::Failed { command: self.command, status: self.status, stderr: self.stderr }),
        }
    }
}

/// A program to be run once.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    name: &'a str,
    arguments: Vec<&'a str>,
    input: Option<&'a str>,
    limit: Duration,
}

impl<'a> Program<'a> {
    pub(crate) fn new(name: &'a str, arguments: &[&'a str]) -> Program<'a> {
        Program { name, arguments: arguments.to_vec(), input: None, limit: Duration::from_secs(60) }
    }

    /// Given on its standard input; less than a pipe holds.
    pub(crate) fn input(self, input: &'a str) -> Program<'a> {
        Program { input: Some(input), ..self }
    }

    pub(crate) fn limit(self, limit: Duration) -> Program<'a> {
        Program { limit, ..self }
    }

    /// As a person would type it.
    pub(crate) fn words(&self) -> String {
        let words = std::iter::once(self.name).chain(self.arguments.iter().copied());
        let line = words.collect::<Vec<_>>().join(" ");
        match self.input {
            Some(input) => format!("echo '{}' | {line}", input.trim()),
            None => line,
        }
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) -> Result<Ended, ProgramError> {
        let start = |source| ProgramError::Start { name: self.name.to_owned(), source };
        let mut child = self.command()?.spawn().map_err(start)?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), self.input) {
            stdin.write_all(input.as_bytes()).map_err(start)?;
        }
        let until = Instant::now() + self.limit;
        let pipes = [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)];
        let [stdout, stderr] = read_to_end(pipes, until).map_err(start)?;
        let code = self.wait(&mut child, until)?;
        let status = code.map_or_else(|| "killed by a signal".to_owned(), |code| format!("exit code {code}"));
        Ok(Ended { code, stdout, stderr, command: self.words(), status })
    }

    fn command(&self) -> Result<Command, ProgramError> {
        let mut command = Command::new(find(self.name)?);
        command.args(&self.arguments).env_clear().env("LC_ALL", "C").env("PATH", DIRECTORIES.join(":"));
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }

    /// One that has closed its outputs ends next.
    fn wait(&self, child: &mut Child, until: Instant) -> Result<Option<i32>, ProgramError> {
        let mut pause = Duration::from_millis(1);
        loop {
            let ended = child.try_wait().map_err(|source| ProgramError::Start { name: self.name.to_owned(), source })?;
            if let Some(status) = ended {
                return Ok(status.code());
            }
            if Instant::now() > until {
                // Not waited for: a program that hangs in the kernel does not even die.
                let _ = child.kill();
                return Err(ProgramError::TooLong { command: self.words(), limit: self.limit });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

fn find(name: &str) -> Result<PathBuf, ProgramError> {
    let mut places = DIRECTORIES.iter().map(|directory| Path::new(directory).join(name));
    places.find(|path| path.is_file()).ok_or_else(|| ProgramError::Absent { name: name.to_owned() })
}

/// What comes out of pipes, until all of them are closed or the time is up.
fn read_to_end<const N: usize>(pipes: [Option<OwnedFd>; N], until: Instant) -> std::io::Result<[String; N]> {
    let mut pipes = pipes.map(|pipe| (pipe.map(File::from), Vec::new()));
    for pipe in pipes.iter().filter_map(|(pipe, _)| pipe.as_ref()) {
        fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    }
    while Instant::now() < until && pipes.iter().any(|(pipe, _)| pipe.is_some()) {
        for (pipe, read) in &mut pipes {
            if let Some(open) = pipe
                && is_at_end(open.read_to_end(read))?
            {
                *pipe = None;
            }
        }
        wait_for_any(pipes.iter().filter_map(|(pipe, _)| pipe.as_ref()), until)?;
    }
    Ok(pipes.map(|(_, read)| String::from_utf8_lossy(&read).into_owned()))
}

fn is_at_end(read: std::io::Result<usize>) -> std::io::Result<bool> {
    match read {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// Nothing to wait for is no wait.
fn wait_for_any<'a>(pipes: impl Iterator<Item = &'a File>, until: Instant) -> std::io::Result<()> {
    let mut asked: Vec<PollFd<'_>> = pipes.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let left = until.saturating_duration_since(Instant::now());
    match poll(&mut asked, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn said(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) }
}
