//! Other programs: a fixed list of directories, a clean environment, no shell, a limit to every wait.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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
        let code = self.wait(&mut child)?;
        // All these programs print less than a pipe holds, so that reading can wait until they are done.
        let (stdout, stderr) = (drained(child.stdout.take()), drained(child.stderr.take()));
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

    fn wait(&self, child: &mut Child) -> Result<Option<i32>, ProgramError> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            let ended = child.try_wait().map_err(|source| ProgramError::Start { name: self.name.to_owned(), source })?;
            if let Some(status) = ended {
                return Ok(status.code());
            }
            if begun.elapsed() > self.limit {
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

fn drained(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What could be read is good enough for a message.
        let _ = pipe.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn said(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) }
}
