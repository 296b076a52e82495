//! Runs a worker: a short-lived process that alone loads the C library of its family. One request in, JSON lines out.
//!
//! A worker is never killed for being slow: between LVM's suspend and resume that would leave devices suspended.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// Why a worker did not answer.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It could not be started.
    #[error("cannot start {}; is the atomic-host package complete?", path.display())]
    Start {
        /// The worker.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Its pipe broke.
    #[error("lost the connection to {}", path.display())]
    Pipe {
        /// The worker.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It said something that we do not know: the parts are of different versions.
    #[error("{} and this program are not of the same version; it said: {line}", path.display())]
    Strange {
        /// The worker.
        path: PathBuf,
        /// What it said.
        line: String,
        /// Why we do not know it.
        #[source]
        source: serde_json::Error,
    },
    /// It died before its answer was whole.
    #[error("{} ended early ({status}); see the lines before, or: journalctl -b", path.display())]
    Ended {
        /// The worker.
        path: PathBuf,
        /// How.
        status: ExitStatus,
    },
    /// It answered that it could not.
    #[error("{why}")]
    Refused {
        /// In its words.
        why: String,
    },
}

/// Sends one request and hands each line of the answer to `each`, until the worker ends.
///
/// # Errors
/// When the worker cannot be started, speaks another language, or fails.
pub async fn ask<Q: Serialize, A: DeserializeOwned>(path: PathBuf, request: &Q, mut each: impl FnMut(A)) -> Result<(), WorkerError> {
    let mut child = Command::new(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| WorkerError::Start { path: path.clone(), source })?;
    let pipe = |source| WorkerError::Pipe { path: path.clone(), source };
    let (input, output) = (child.stdin.take(), child.stdout.take());
    send(input, request).await.map_err(pipe)?;
    if let Some(output) = output {
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await.map_err(pipe)? {
            match serde_json::from_str(&line) {
                Ok(event) => each(event),
                Err(source) => return Err(WorkerError::Strange { path: path.clone(), line, source }),
            }
        }
    }
    wait(&mut child, &path).await
}

async fn send<Q: Serialize>(input: Option<ChildStdin>, request: &Q) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    if let Some(mut input) = input {
        input.write_all(&line).await?;
        input.shutdown().await?;
    }
    Ok(())
}

/// A worker's exit code only repeats what its last line said; a signal is news.
async fn wait(child: &mut Child, path: &std::path::Path) -> Result<(), WorkerError> {
    let status = child.wait().await.map_err(|source| WorkerError::Pipe { path: path.to_owned(), source })?;
    match status.code() {
        Some(0 | 1) => Ok(()),
        Some(_) | None => Err(WorkerError::Ended { path: path.to_owned(), status }),
    }
}
