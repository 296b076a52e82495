//! `run`: reach dockerd, decide, follow the container to its end; the same again when dockerd is lost meanwhile.

use std::error::Error;
use std::time::Duration;

use config::{EngineKind, chain};
use engine_api::{ApiError, EngineApi};
use sd_notify::NotifyState;
use systemd::{ActiveState, Systemd};
use tokio::time::{Instant, sleep};

use crate::arguments::Job;
use crate::decide::{Moment, Next, exit_code, exit_code_when_lost, next};
use crate::follow::follow;
use crate::signals::StopSignal;
use crate::{EX_CONFIG, say};

/// How long dockerd may take to come up before anything is started.
const BEGIN_LIMIT: Duration = Duration::from_secs(60);
/// How long it may be away later.
const LOST_LIMIT: Duration = Duration::from_secs(90);
/// Between two tries: doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// Runs the container; gives the exit code of this process.
pub(crate) async fn run(job: &Job) -> Result<u8, Box<dyn Error>> {
    let mut stop = StopSignal::listen()?;
    let mut moment = Moment::Begin;
    let (mut since, mut pause) = (Instant::now(), FIRST_PAUSE);
    loop {
        match round(job, moment, &mut stop).await {
            Ok(Round::Ended(code)) => return Ok(code),
            Ok(Round::Lost(error)) => {
                say(format_args!("{}; waiting for dockerd", chain(&error)));
                moment = Moment::Lost;
                (since, pause) = (Instant::now(), FIRST_PAUSE);
            }
            Err(error) if error.is_answer() || since.elapsed() >= limit(moment) => return Err(error.into()),
            Err(_away) => {}
        }
        tokio::select! {
            // Before anything was started there is nothing to stop; later there is, once dockerd is back.
            () = stop.told(), if moment == Moment::Begin => return Ok(0),
            () = sleep(pause) => pause = LAST_PAUSE.min(pause * 2),
        }
    }
}

fn limit(moment: Moment) -> Duration {
    match moment {
        Moment::Begin => BEGIN_LIMIT,
        Moment::Lost => LOST_LIMIT,
    }
}

/// How far one round came.
enum Round {
    /// To an end, with this exit code.
    Ended(u8),
    /// The container was up, then dockerd was gone.
    Lost(ApiError),
}

async fn round(job: &Job, moment: Moment, stop: &mut StopSignal) -> Result<Round, ApiError> {
    let api = EngineApi::connect_to(EngineKind::Docker, &job.socket).await?;
    let name = &job.name;
    let (id, start) = match next(moment, api.find(name).await?) {
        Next::Start(_) if stop.is_told().await => return Ok(Round::Ended(0)),
        Next::Start(id) => (id, true),
        Next::Follow(id) => (id, false),
        Next::Ended(code) => {
            let code = exit_code_when_lost(code, stop.is_told().await);
            return Ok(no_end(code, format_args!("container {name} ended while dockerd was away")));
        }
        Next::NoContainer => return Ok(no_end(EX_CONFIG, format_args!("there is no container {name}; make it: atomic host apply"))),
        Next::NotOurs => return Ok(no_end(EX_CONFIG, format_args!("container {name} was not made by atomic-host and is left alone"))),
        Next::Removed => {
            let code = exit_code(1, stop.is_told().await);
            return Ok(no_end(code, format_args!("container {name} was removed while dockerd was away")));
        }
    };
    let mut is_up = false;
    let up = || {
        is_up = true;
        // Nobody to tell is fine: not every caller is systemd.
        sd_notify::notify(&[NotifyState::Ready]).unwrap_or_default();
    };
    match follow(&api, &id, start, job, stop, up).await {
        Ok(0) if !stop.is_told().await && is_going_down().await => {
            Ok(no_end(exit_code_when_lost(0, false), format_args!("container {name} was stopped with dockerd")))
        }
        Ok(code) => Ok(Round::Ended(exit_code(code, stop.is_told().await))),
        Err(error) if is_up && !error.is_answer() => Ok(Round::Lost(error)),
        Err(error) => Err(error),
    }
}

/// Whether dockerd is being stopped: it tells the ends of its containers to its last breath, as if they had ended by themselves. systemd
/// knows; where it cannot be asked, an end is an end.
async fn is_going_down() -> bool {
    let asked = async { Systemd::connect().await?.unit("docker.service").await };
    match asked.await.map(|unit| unit.active) {
        Ok(ActiveState::Deactivating | ActiveState::Activating | ActiveState::Inactive | ActiveState::Failed) => true,
        Ok(ActiveState::Active | ActiveState::Reloading | ActiveState::Other(_)) | Err(_) => false,
    }
}

fn no_end(code: u8, why: std::fmt::Arguments<'_>) -> Round {
    say(why);
    Round::Ended(code)
}
