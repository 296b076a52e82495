//! The wish of the service manager that the daemon ends, as a cycle sees it: no further step of the units begins, and a pull is left.
//! Storage is never cut off. Told by the daemon's signal, heard in [`super::apply`].

use tokio::sync::watch::{Receiver, Sender, channel};

/// Whether to end.
#[derive(Clone, Debug)]
pub struct Stop(Receiver<bool>);

impl Stop {
    /// One that is told by what is returned beside it.
    #[must_use]
    pub fn new() -> (Sender<bool>, Stop) {
        let (tell, hear) = channel(false);
        (tell, Stop(hear))
    }

    /// One that is never told: a command ends with its terminal.
    #[must_use]
    pub fn never() -> Stop {
        Stop::new().1
    }

    /// Whether it was told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is told.
    pub async fn told(&mut self) {
        // Nobody can tell it any more: for ever.
        if self.0.wait_for(|told| *told).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
