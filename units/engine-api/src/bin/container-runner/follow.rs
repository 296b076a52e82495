//! Following a container to its end: its output becomes ours, and a wish to stop becomes dockerd's.

use std::convert::Infallible;
use std::future;
use std::io;
use std::time::Duration;

use config::chain;
use engine_api::{ApiError, EngineApi, Output};
use tokio::io::{AsyncWrite, AsyncWriteExt, stderr, stdout};

use crate::arguments::Job;
use crate::say;
use crate::signals::StopSignal;

/// How long the last of the output may take to come once the container has ended.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// Starts a container if it is to be started; `up` is called as soon as it is. Gives its exit code.
///
/// The output is asked for before the start, so that none of it is lost. It may end before the container does, when that closes it.
pub(crate) async fn follow(
    api: &EngineApi,
    id: &str,
    start: bool,
    job: &Job,
    stop: &mut StopSignal,
    up: impl FnOnce(),
) -> Result<i64, ApiError> {
    let output = api.attach(id).await?;
    if start {
        api.start(id).await?;
    }
    up();
    let mut copying = tokio::spawn(copy(output));
    let ended = tokio::select! {
        ended = api.wait(id) => ended,
        never = stop_when_told(api, id, job, stop) => match never {},
    };
    // What is lost with dockerd does not end.
    let limit = if ended.is_ok() { DRAIN_LIMIT } else { Duration::ZERO };
    if tokio::time::timeout(limit, &mut copying).await.is_err() {
        copying.abort();
    }
    ended
}

/// Never ends: how the container ends is what counts, not what dockerd says of its stopping.
async fn stop_when_told(api: &EngineApi, id: &str, job: &Job, stop: &mut StopSignal) -> Infallible {
    stop.told().await;
    if let Err(error) = api.stop(id, job.patience).await {
        say(format_args!("error: {}", chain(&error)));
    }
    future::pending().await
}

/// Byte by byte as it comes. When nobody takes it, it is dropped: a full or broken journal must not end the container.
async fn copy(mut output: Output) {
    let (mut out, mut err) = (stdout(), stderr());
    while let Some(chunk) = output.next().await {
        let _dropped = if chunk.is_error() { write(&mut err, chunk.bytes()).await } else { write(&mut out, chunk.bytes()).await };
    }
}

async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}
