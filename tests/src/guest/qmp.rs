//! QMP: qemu's own control socket, for snapshots, disks and the plug.
//! In: commands. Out: their answers; events are skipped.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// An open control connection.
#[derive(Debug)]
pub struct Qmp {
    stream: BufReader<UnixStream>,
}

impl Qmp {
    /// Connects to a machine's control socket.
    pub fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).with_context(|| socket.display().to_string())?;
        // Saving a snapshot is one command and may take long on a busy machine.
        stream.set_read_timeout(Some(Duration::from_mins(5)))?;
        let mut qmp = Self { stream: BufReader::new(stream) };
        qmp.answer().context("greeting")?;
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Runs one command and gives its `return` value.
    pub fn execute(&mut self, command: &str, arguments: &Value) -> Result<Value> {
        let line = json!({ "execute": command, "arguments": arguments }).to_string();
        let stream = self.stream.get_mut();
        stream.write_all(line.as_bytes()).and_then(|()| stream.write_all(b"\n")).context("qemu is gone")?;
        loop {
            let mut answer = self.answer().with_context(|| format!("qemu: {command}"))?;
            if let Some(error) = answer.get("error") {
                bail!("qemu: {command}: {error}");
            }
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
        }
    }

    /// Runs one command of the human monitor; any text it prints is an error.
    pub fn human(&mut self, line: &str) -> Result<()> {
        let said = self.execute("human-monitor-command", &json!({ "command-line": line }))?;
        match said.as_str() {
            None | Some("") => Ok(()),
            Some(text) => bail!("qemu: {line}: {}", text.trim()),
        }
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("qemu closed its control socket");
        }
        serde_json::from_str(&line).with_context(|| line.clone())
    }
}
