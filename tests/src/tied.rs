//! Processes that end with us: emulated machines, and servers beside them.
//! In: commands. Out: children that the kernel kills when this process ends, however it ends.

use anyhow::{Context as _, Result, bail};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// A command that the kernel kills when the thread that spawned it ends.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// Spawns on a thread that lives as long as the process: the tie above is to the thread, and tests have short-lived ones.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    type Job = (Command, mpsc::Sender<io::Result<Child>>);
    static SPAWNER: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::spawn(move || {
            for (mut command, reply) in queue {
                // A caller that went away does not want the child: it is dropped, and ends with us.
                let _ = reply.send(command.spawn());
            }
        });
        jobs
    });
    let (reply, answer) = mpsc::channel();
    let gone = |_| io::Error::other("the spawning thread is gone");
    SPAWNER.send((command, reply)).map_err(|_| gone(mpsc::RecvError))?;
    answer.recv().map_err(gone)?
}

/// A port on 127.0.0.1 that nobody has just now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").context("a free port")?.local_addr()?.port())
}

/// A process that also ends when the value is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a server, which says what it has to say into a file, and waits until it listens on its socket.
    pub(crate) fn serving(mut command: Command, socket: &Path, log: &Path) -> Result<Self> {
        // The socket of one that was killed is still there.
        match fs::remove_file(socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).with_context(|| socket.display().to_string()),
            _ => {}
        }
        let said = File::create(log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let mut process = Self(spawn(command)?);
        let until = Instant::now() + Duration::from_secs(60);
        while UnixStream::connect(socket).is_err() {
            if process.0.try_wait()?.is_some() || Instant::now() > until {
                bail!("nothing listens on {}: {}", socket.display(), fs::read_to_string(log)?);
            }
            sleep(Duration::from_millis(20));
        }
        Ok(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either it is gone already, or waiting reaps it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
