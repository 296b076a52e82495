//! The extender: lets the thin pool grow before it is full. The policy is storage-setup's; this is its eyes and hands.
//!
//! It has a thread of its own with one poll: whatever the daemon is doing, writing to a disk that is busy included, a pool that fills is
//! seen to at once. The daemon tells it after each survey which pool there is; it sleeps until the kernel has an event, and looks again
//! by a timer only while the pool fills or something is wrong. While it watches, dmeventd does not; `release` gives the pool back.

mod device;
mod group;
mod hand;
mod release;
mod tell;
mod watching;

use std::thread;

use config::Desired;
use storage_setup::extender::Watched;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::host::Host;
use crate::reconcile::plan::Survey;
use device::{DeviceError, Kernel};
use watching::{Look, Watching};

pub use release::release;

/// The daemon's end.
#[derive(Debug)]
pub struct Extender {
    orders: UnboundedSender<Option<Watched>>,
    cycles: UnboundedReceiver<()>,
}

/// What the extender wants of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A look at the host: a device seems to be stuck.
    Cycle,
    /// To be started anew: its thread has fallen over.
    Restart,
}

impl Extender {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no room for a thread.
    pub fn start(host: &Host) -> std::io::Result<Extender> {
        let (orders, hear) = unbounded_channel();
        let (ask, cycles) = unbounded_channel();
        let host = host.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("extender".to_owned()).spawn(move || runtime.block_on(serve(host, hear, ask)))?;
        Ok(Extender { orders, cycles })
    }

    /// What the spec wants and the host is: which pool there is, if any.
    pub fn seen(&self, desired: &Desired, survey: &Survey) {
        if !survey.storage.suspended.is_empty() {
            // Nothing else was looked at.
            return;
        }
        let watched = desired.storage.as_ref().and_then(|want| Watched::of(want, &survey.storage));
        // Without a thread there is nobody to tell; `ended` says that.
        self.orders.send(watched).unwrap_or_default();
    }

    /// Waits until it wants something.
    pub async fn wish(&mut self) -> Wish {
        // The thread's end of the channel goes with the thread.
        self.cycles.recv().await.map_or(Wish::Restart, |()| Wish::Cycle)
    }
}

/// What woke it.
enum Wake {
    Order(Option<Watched>),
    Kernel(Result<(), DeviceError>),
    Group,
    Timer,
    End,
}

async fn serve(host: Host, mut orders: UnboundedReceiver<Option<Watched>>, cycles: UnboundedSender<()>) {
    let mut kernel: Option<Kernel> = None;
    let mut groups = group::Changes::watch(&host);
    let mut watching: Option<Watching> = None;
    loop {
        let wake = {
            let timer = watching.as_ref().and_then(Watching::next_look);
            let event = async {
                match (&watching, &kernel) {
                    (Some(_), Some(kernel)) => kernel.event().await,
                    (None, _) | (_, None) => std::future::pending().await,
                }
            };
            let pause = async {
                match timer {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = event => Wake::Kernel(event),
                order = orders.recv() => order.map_or(Wake::End, Wake::Order),
                () = pause => Wake::Timer,
                () = groups.changed() => Wake::Group,
            }
        };
        let by_order = matches!(wake, Wake::Order(_));
        let look = match wake {
            Wake::End => return,
            Wake::Order(order) => obey(&host, order, &mut kernel, &mut watching).await,
            Wake::Kernel(Err(error)) => Err(error),
            Wake::Kernel(Ok(())) => match (&kernel, &mut watching) {
                (Some(kernel), Some(watching)) if watching.is_meant(kernel) => watching.look(kernel).await,
                (Some(_) | None, _) => Ok(Look::Done),
            },
            Wake::Timer | Wake::Group => {
                let by_hand = matches!(wake, Wake::Group);
                match (&kernel, &mut watching) {
                    (Some(kernel), Some(watching)) if by_hand => watching.group_changed(kernel).await,
                    (Some(kernel), Some(watching)) => watching.timer(kernel).await,
                    (None, _) | (_, None) => Ok(Look::Done),
                }
            }
        };
        match look {
            Ok(Look::Done) => {}
            // The daemon ends: so shall this.
            Ok(Look::Stuck) => cycles.send(()).unwrap_or_default(),
            Err(error) => {
                tell::lost(&error);
                if let Some(watching) = watching.take() {
                    watching.lose(&error).await;
                }
                // A look at the host brings another order. What the order itself cannot have is left to the next look.
                if !by_order {
                    cycles.send(()).unwrap_or_default();
                }
            }
        }
    }
}

async fn obey(
    host: &Host,
    order: Option<Watched>,
    kernel: &mut Option<Kernel>,
    watching: &mut Option<Watching>,
) -> Result<Look, DeviceError> {
    let same = matches!((&order, &*watching), (Some(order), Some(now)) if now.is_of(order));
    if !same && let Some(old) = watching.take() {
        old.give_back().await;
    }
    let Some(order) = order else {
        *kernel = None;
        return Ok(Look::Done);
    };
    let open = match kernel.take() {
        Some(open) => open,
        None => Kernel::open()?,
    };
    let kernel = kernel.insert(open);
    match watching {
        Some(watching) => watching.told(order, kernel).await,
        None => watching.insert(Watching::take(host.clone(), order, kernel).await?).look(kernel).await,
    }
}
