//! A log server beside the guest: the rsyslogd of `image/containers/rsyslog`, run on this computer.
//! In: what the guest sends over TCP, to [`ADDRESS`] or, when the server goes away in the test, to [`LogServer::address`].
//! Out: a line for each message, in the order they came.

use crate::containers;
use crate::guest::{Beside, Guest};
use crate::tied::{self, Process};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where the guest finds it; while it is off, connections are made and closed at once, and a sender takes what it sent for received.
pub const ADDRESS: &str = Beside::LOGS.address;

/// A log server, on or off.
#[derive(Debug)]
pub struct LogServer {
    home: PathBuf,
    socket: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl LogServer {
    /// A server without a line, for a guest.
    pub fn start(guest: &Guest) -> Result<Self> {
        let (home, socket) = Beside::LOGS.of(guest);
        Self::at(home, socket)
    }

    fn at(home: PathBuf, socket: PathBuf) -> Result<Self> {
        fs::create_dir_all(&home)?;
        let mut server = Self { home, socket, port: tied::free_port()?, process: None };
        server.start_again()?;
        Ok(server)
    }

    /// Where this guest finds it too; while it is off, connections are refused, as those to a real host are.
    pub fn address(&self) -> String {
        format!("10.0.2.2:{}", self.port)
    }

    /// Ends it at once.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it after [`LogServer::stop`], with the lines that it had.
    pub fn start_again(&mut self) -> Result<()> {
        self.stop();
        let settings = self.home.join("rsyslog.conf");
        fs::write(&settings, self.settings())?;
        let modules = containers::recipe("rsyslog")?.join("usr/lib/x86_64-linux-gnu/rsyslog");
        let mut command = containers::program("rsyslog", "usr/sbin/rsyslogd")?;
        command.args(["-n", "-i", "NONE", "-M"]).arg(modules).arg("-f").arg(settings);
        self.process = Some(Process::serving(command, &self.socket, &self.home.join("log")).context("the log server")?);
        Ok(())
    }

    fn settings(&self) -> String {
        let (home, socket, port, lines) = (self.home.display(), self.socket.display(), self.port, self.lines_file());
        format!(
            "global(workDirectory=\"{home}\")\n\
             module(load=\"imptcp\")\n\
             template(name=\"line\" type=\"string\" string=\"%hostname% %pri-text% %syslogtag%%msg%\\n\")\n\
             input(type=\"imptcp\" path=\"{socket}\" unlink=\"on\")\n\
             input(type=\"imptcp\" address=\"127.0.0.1\" port=\"{port}\")\n\
             if $inputname == \"imptcp\" then action(type=\"omfile\" file=\"{}\" template=\"line\")\n",
            lines.display()
        )
    }

    fn lines_file(&self) -> PathBuf {
        self.home.join("lines")
    }

    /// All messages so far: `HOST FACILITY.SEVERITY TAG MESSAGE`.
    pub fn lines(&self) -> Result<Vec<String>> {
        if !self.lines_file().exists() {
            return Ok(Vec::new());
        }
        let text = fs::read(self.lines_file())?;
        Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
    }

    /// Waits for a message with this in it; gives its line.
    pub fn wait_for(&self, part: &str, limit: Duration) -> Result<String> {
        let until = Instant::now() + limit;
        loop {
            let lines = self.lines()?;
            if let Some(line) = lines.iter().find(|line| line.contains(part)) {
                return Ok(line.clone());
            }
            if Instant::now() > until {
                bail!("the log server has got no {part:?}, its last lines are {:#?}", &lines[lines.len().saturating_sub(10)..]);
            }
            sleep(Duration::from_millis(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::net::TcpStream;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_message_sent_is_a_line_also_after_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let mut server = LogServer::at(home.path().join("logs"), home.path().join("socket")).unwrap();
        let send = |text: &str| UnixStream::connect(home.path().join("socket")).unwrap().write_all(text.as_bytes()).unwrap();
        send("<13>Nov 22 10:00:00 edge prog[1]: first\n");
        assert_eq!(server.wait_for("first", Duration::from_secs(20)).unwrap(), "edge user.notice prog[1]: first");
        server.stop();
        server.start_again().unwrap();
        let mut by_port = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        by_port.write_all(b"<86>Nov 22 10:00:00 edge sshd[1]: second\n").unwrap();
        server.wait_for("second", Duration::from_secs(20)).unwrap();
        assert_eq!(server.lines().unwrap().len(), 2);
    }
}
