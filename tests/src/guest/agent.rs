//! qemu-guest-agent: runs programs and moves files without network or login.
//! In: argument vectors and bytes. Out: exit code, stdout, stderr, bytes.

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Bytes a file call carries at most; the agent's limit is far above.
const PIECE: usize = 1 << 20;

/// What a program run in the guest left behind.
#[derive(Debug, Clone)]
pub struct Output {
    /// Exit code; 128 + N after signal N.
    pub code: i64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// An open connection to the agent in the guest.
#[derive(Debug)]
pub(super) struct Agent {
    stream: BufReader<UnixStream>,
    pending: Vec<u8>,
    syncs: u64,
}

impl Agent {
    pub(super) fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).with_context(|| socket.display().to_string())?;
        Ok(Self { stream: BufReader::new(stream), pending: Vec::new(), syncs: 0 })
    }

    /// Waits until the agent answers; answers to earlier, abandoned commands are dropped on the way.
    pub(super) fn wait(&mut self, until: Instant) -> Result<()> {
        while Instant::now() < until {
            self.syncs += 1;
            let id = self.syncs;
            self.send("guest-sync", &json!({ "id": id }))?;
            let patience = Instant::now() + Duration::from_secs(1);
            while let Some(answer) = self.answer(patience)? {
                if answer.get("return") == Some(&json!(id)) {
                    return Ok(());
                }
            }
        }
        bail!("the guest agent does not answer");
    }

    pub(super) fn execute(&mut self, command: &str, arguments: &Value, until: Instant) -> Result<Value> {
        self.send(command, arguments)?;
        let Some(mut answer) = self.answer(until)? else {
            bail!("{command}: no answer from the guest agent in time");
        };
        match answer.get_mut("return") {
            Some(value) => Ok(value.take()),
            None => bail!("{command}: {answer}"),
        }
    }

    /// Starts a program and gives its id.
    pub(super) fn start(&mut self, argv: &[&str], until: Instant) -> Result<i64> {
        let (path, arguments) = argv.split_first().context("an empty command")?;
        let request = json!({ "path": path, "arg": arguments, "capture-output": true });
        let started = self.execute("guest-exec", &request, until)?;
        started["pid"].as_i64().context("guest-exec gave no pid")
    }

    /// The outcome of a started program, or nothing while it runs.
    pub(super) fn outcome(&mut self, pid: i64, until: Instant) -> Result<Option<Output>> {
        let status = self.execute("guest-exec-status", &json!({ "pid": pid }), until)?;
        if status["exited"] != json!(true) {
            return Ok(None);
        }
        let text = |key: &str| -> Result<String> {
            let bytes = BASE64.decode(status[key].as_str().unwrap_or_default())?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let signal = status["signal"].as_i64().map(|signal| 128 + signal);
        let code = status["exitcode"].as_i64().or(signal).context("neither exit code nor signal")?;
        Ok(Some(Output { code, stdout: text("out-data")?, stderr: text("err-data")? }))
    }

    pub(super) fn run(&mut self, argv: &[&str], until: Instant) -> Result<Output> {
        let pid = self.start(argv, until)?;
        let mut pause = Duration::from_millis(10);
        loop {
            if let Some(output) = self.outcome(pid, until)? {
                return Ok(output);
            }
            if Instant::now() >= until {
                bail!("still running after its time limit");
            }
            sleep(pause);
            pause = (pause * 5 / 4).min(Duration::from_millis(200));
        }
    }

    pub(super) fn write_file(&mut self, path: &str, bytes: &[u8], until: Instant) -> Result<()> {
        let handle = self.execute("guest-file-open", &json!({ "path": path, "mode": "w" }), until)?;
        for piece in bytes.chunks(PIECE) {
            let request = json!({ "handle": handle, "buf-b64": BASE64.encode(piece) });
            let wrote = self.execute("guest-file-write", &request, until)?;
            if wrote["count"] != json!(piece.len()) {
                bail!("{path}: short write in the guest");
            }
        }
        self.execute("guest-file-close", &json!({ "handle": handle }), until)?;
        Ok(())
    }

    pub(super) fn read_file(&mut self, path: &str, until: Instant) -> Result<Vec<u8>> {
        let handle = self.execute("guest-file-open", &json!({ "path": path, "mode": "r" }), until)?;
        let mut bytes = Vec::new();
        loop {
            let request = json!({ "handle": handle, "count": PIECE });
            let piece = self.execute("guest-file-read", &request, until)?;
            bytes.extend(BASE64.decode(piece["buf-b64"].as_str().unwrap_or_default())?);
            if piece["eof"] == json!(true) {
                break;
            }
        }
        self.execute("guest-file-close", &json!({ "handle": handle }), until)?;
        Ok(bytes)
    }

    fn send(&mut self, command: &str, arguments: &Value) -> Result<()> {
        let line = json!({ "execute": command, "arguments": arguments }).to_string() + "\n";
        // A guest that is not up yet takes nothing: that is for the reader's time limit to find out.
        let stream = self.stream.get_mut();
        stream.set_write_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(line.as_bytes()).context("writing to the guest agent")
    }

    /// The next answer, or nothing when none came in time.
    fn answer(&mut self, until: Instant) -> Result<Option<Value>> {
        loop {
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.stream.get_ref().set_read_timeout(Some(left))?;
            match self.stream.read_until(b'\n', &mut self.pending) {
                Ok(0) => bail!("qemu closed the guest agent's socket"),
                Ok(_) => {
                    let line = std::mem::take(&mut self.pending);
                    // Boot can leave half a line behind.
                    if let Ok(value) = serde_json::from_slice(&line) {
                        return Ok(Some(value));
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if Instant::now() >= until {
                        return Ok(None);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("reading from the guest agent"),
            }
        }
    }
}
