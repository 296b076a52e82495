//! `stop`: makes sure that the container is down. What is not there, or not up, is down; so is all when dockerd is.

use std::error::Error;

use config::{EngineKind, chain};
use engine_api::{ApiError, EngineApi, Found};

use crate::arguments::Job;
use crate::{EX_CONFIG, say};

/// Stops the container; gives the exit code of this process.
pub(crate) async fn stop(job: &Job) -> Result<u8, Box<dyn Error>> {
    match stop_found(job).await {
        Ok(code) => Ok(code),
        // With live-restore the container may be up; whoever starts the unit again finds it so.
        Err(error @ ApiError::Unreachable { .. }) => {
            say(format_args!("{}; nothing is stopped", chain(&error)));
            Ok(0)
        }
        Err(error) => Err(error.into()),
    }
}

async fn stop_found(job: &Job) -> Result<u8, ApiError> {
    let api = EngineApi::connect_to(EngineKind::Docker, &job.socket).await?;
    match api.find(&job.name).await? {
        Found::Nothing | Found::Stopped { .. } => Ok(0),
        Found::Running(id) => api.stop(&id, job.patience).await.map(|()| 0),
        Found::Foreign => {
            say(format_args!("container {} was not made by atomic-host and is left alone", job.name));
            Ok(EX_CONFIG)
        }
    }
}
