//! What it takes to run a container that is there: find, start, follow, wait, stop. For the runner.
//!
//! Only a container of ours is found with its id, which is what the other calls take.

use std::fmt;
use std::pin::{Pin, pin};
use std::time::Duration;

use bollard::container::{AttachContainerOptions, LogOutput, StopContainerOptions, WaitContainerOptions};
use bollard::errors::Error as Wire;
use bollard::models::ContainerInspectResponse;
use futures_util::{Stream, StreamExt};

use crate::api::{CALL_LIMIT, failed};
use crate::{ApiError, EngineApi, LABEL_UNIT};

/// How long an engine may take beyond the time that it gives the container to stop.
const STOP_MARGIN: Duration = Duration::from_secs(30);

/// What there is of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No container.
    Nothing,
    /// A container without our label.
    Foreign,
    /// A container of ours that is up: its id.
    Running(String),
    /// One that is not.
    Stopped {
        /// Its id.
        id: String,
        /// How it ended the last time; 0 when it was never started.
        code: i64,
    },
}

/// What a container writes, from the time on that it was asked for.
pub struct Output(Pin<Box<dyn Stream<Item = Result<LogOutput, Wire>> + Send>>);

/// Some bytes that a container wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk(LogOutput);

impl EngineApi {
    /// Looks for a container by its name.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn find(&self, name: &str) -> Result<Found, ApiError> {
        match self.within(CALL_LIMIT, || format!("look at container {name}"), self.docker.inspect_container(name, None)).await {
            Err(error) if error.is_absent() => Ok(Found::Nothing),
            Err(error) => Err(error),
            Ok(told) => Ok(found(name, told)),
        }
    }

    /// Starts a container; one that is up already is fine.
    ///
    /// # Errors
    /// [`ApiError::Refused`] with the reason why it does not come up.
    pub async fn start(&self, id: &str) -> Result<(), ApiError> {
        self.within(CALL_LIMIT, || format!("start container {id}"), self.docker.start_container::<String>(id, None)).await
    }

    /// Stops a container, and kills it when `patience`, counted in whole seconds, is over; one that is down or gone already is fine.
    ///
    /// # Errors
    /// When it does not go down.
    pub async fn stop(&self, id: &str, patience: Duration) -> Result<(), ApiError> {
        let options = StopContainerOptions { t: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX) };
        let stop = self.docker.stop_container(id, Some(options));
        match self.within(patience + STOP_MARGIN, || format!("stop container {id}"), stop).await {
            Err(error) if error.is_absent() => Ok(()),
            result => result,
        }
    }

    /// What the container writes from now on, which may be before it is started. Ends when the container does, or the connection.
    ///
    /// # Errors
    /// When the engine does not give it.
    pub async fn attach(&self, id: &str) -> Result<Output, ApiError> {
        let options = AttachContainerOptions::<String> {
            stdout: Some(true),
            stderr: Some(true),
            stream: Some(true),
            ..AttachContainerOptions::default()
        };
        let attach = self.docker.attach_container(id, Some(options));
        let attached = self.within(CALL_LIMIT, || format!("follow container {id}"), attach).await?;
        Ok(Output(attached.output))
    }

    /// Waits, without a limit, until a container is not up; gives its exit code.
    ///
    /// # Errors
    /// When the engine goes away meanwhile.
    pub async fn wait(&self, id: &str) -> Result<i64, ApiError> {
        let doing = || format!("wait for container {id}");
        let told = self.docker.wait_container(id, Some(WaitContainerOptions { condition: "not-running" }));
        let hung_up = || Wire::IOError { err: std::io::ErrorKind::UnexpectedEof.into() };
        match pin!(told).next().await {
            Some(Ok(end)) => Ok(end.status_code),
            // bollard takes an exit code for an error.
            Some(Err(Wire::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(failed(self.kind, doing(), error)),
            None => Err(failed(self.kind, doing(), hung_up())),
        }
    }
}

impl Output {
    /// The next bytes; `None` when there are no more, for whatever reason.
    pub async fn next(&mut self) -> Option<Chunk> {
        self.0.next().await?.ok().map(Chunk)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Output")
    }
}

impl Chunk {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// Whether they came over standard error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self.0, LogOutput::StdErr { .. })
    }
}

/// An engine also takes the beginning of an id for a name, and then it is not the container that was meant.
fn found(name: &str, told: ContainerInspectResponse) -> Found {
    if told.name.as_deref().map(|told| told.trim_start_matches('/')) != Some(name) {
        return Found::Nothing;
    }
    let labels = told.config.and_then(|config| config.labels).unwrap_or_default();
    let (Some(id), true) = (told.id, labels.contains_key(LABEL_UNIT)) else { return Found::Foreign };
    let state = told.state.unwrap_or_default();
    match state.running {
        Some(true) => Found::Running(id),
        Some(false) | None => Found::Stopped { id, code: state.exit_code.unwrap_or_default() },
    }
}
