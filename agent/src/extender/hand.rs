//! The extender's hand: a storage worker that has LVM loaded already and waits for what to do.
//!
//! One is started ahead while a pool fills. It ends by itself when it is dropped without a request, and is never killed: it could be
//! between LVM's suspend and resume.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use config::Bytes;
use storage_setup::protocol::{Event, PoolTask, READY, Request};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::reconcile::worker::WorkerError;

/// How much room a group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupRoom {
    pub(super) free: u64,
    pub(super) extents: u64,
    pub(super) extent: Bytes,
    /// LVM's count of changes of the group.
    pub(super) seqno: u64,
}

/// What came of a task.
#[derive(Debug)]
pub(super) struct Answer {
    /// The room afterwards; `None` when LVM did not even tell that.
    pub(super) room: Option<GroupRoom>,
    /// Why it was not done.
    pub(super) refused: Option<WorkerError>,
    /// The worker was cut off, and devices may be suspended.
    pub(super) cut_off: bool,
}

#[derive(Debug)]
pub(super) struct Hand {
    path: PathBuf,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    ready: bool,
}

impl Hand {
    pub(super) fn start(libexec: &Path) -> Result<Hand, WorkerError> {
        let path = libexec.join("storage-worker");
        let failed = |source| WorkerError::Start { path: path.clone(), source };
        let mut child = Command::new(&path).arg(READY).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
        let none = || failed(std::io::Error::other("no pipe"));
        let (input, output) = (child.stdin.take().ok_or_else(none)?, child.stdout.take().ok_or_else(none)?);
        Ok(Hand { path: path.clone(), child, input, output: BufReader::new(output).lines(), ready: false })
    }

    /// Waits until it has LVM loaded.
    pub(super) async fn ready(&mut self) -> Result<(), WorkerError> {
        while !self.ready {
            match self.event().await? {
                Some(Event::Ready) => self.ready = true,
                Some(Event::Failed { why }) => return Err(WorkerError::Refused { why }),
                Some(_) => {}
                None => return Err(self.ended().await),
            }
        }
        Ok(())
    }

    /// Does it.
    pub(super) async fn carry_out(mut self, group: &str, pool: &str, task: PoolTask) -> Answer {
        let mut answer = Answer { room: None, refused: None, cut_off: false };
        let done = self.converse(group, pool, task, &mut answer).await;
        answer.refused = done.err().or(answer.refused);
        answer.cut_off = self.child.wait().await.is_ok_and(|status| status.code().is_none());
        answer
    }

    async fn converse(&mut self, group: &str, pool: &str, task: PoolTask, answer: &mut Answer) -> Result<(), WorkerError> {
        self.ready().await?;
        let request = Request::Pool { group: group.to_owned(), pool: pool.to_owned(), task };
        let mut line = serde_json::to_vec(&request).unwrap_or_default();
        line.push(b'\n');
        let path = self.path.clone();
        self.input.write_all(&line).await.map_err(|source| WorkerError::Pipe { path, source })?;
        loop {
            match self.event().await? {
                Some(Event::Room { free, extents, extent, seqno }) => answer.room = Some(GroupRoom { free, extents, extent, seqno }),
                Some(Event::Failed { why }) => answer.refused = Some(WorkerError::Refused { why }),
                Some(Event::Done) => return Ok(()),
                Some(Event::Taken | Event::Extended | Event::Ready | Event::Effect { .. } | Event::Step { .. } | Event::Observed(_)) => {}
                None if answer.refused.is_some() => return Ok(()),
                None => return Err(self.ended().await),
            }
        }
    }

    async fn event(&mut self) -> Result<Option<Event>, WorkerError> {
        let path = self.path.clone();
        let line = self.output.next_line().await.map_err(|source| WorkerError::Pipe { path: path.clone(), source })?;
        let Some(line) = line else { return Ok(None) };
        serde_json::from_str(&line).map(Some).map_err(|source| WorkerError::Strange { path, line, source })
    }

    async fn ended(&mut self) -> WorkerError {
        let path = self.path.clone();
        match self.child.wait().await {
            Ok(status) => WorkerError::Ended { path, status },
            Err(source) => WorkerError::Pipe { path, source },
        }
    }
}
