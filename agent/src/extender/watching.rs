//! One pool that is watched: what was seen of it, what is done about it, and when it is looked at next.

use std::pin::pin;
use std::time::Duration;

use config::{Bytes, chain};
use storage_setup::extender::status::Status;
use storage_setup::extender::{Decision, Fill, Growth, Notice, Pool, Rate, Watched, decide};
use storage_setup::protocol::PoolTask;
use tokio::time::Instant;

use super::device::{DeviceError, Kernel, Seen};
use super::hand::{Answer, Hand};
use super::{group, release, tell};
use crate::host::Host;
use crate::reconcile::worker::WorkerError;
use crate::state::extender::{self, Filling, Record, Told};

/// What came of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// All that could be done.
    Done,
    /// The pool stays suspended: somebody should look at the host.
    Stuck,
}

#[derive(Debug)]
pub(super) struct Watching {
    host: Host,
    watched: Watched,
    began: Instant,
    fill: Fill,
    notice: Notice,
    record: Record,
    written: Option<Instant>,
    next: Option<Instant>,
    /// How often in a row LVM refused.
    refusals: u32,
    /// Started ahead while the pool fills.
    spare: Option<Hand>,
    suspended_since: Option<Instant>,
    /// LVM's count of changes of the group after the last of our own.
    seqno: Option<u64>,
    /// When the group's room was asked for.
    asked: Instant,
}

/// A device that LVM is at work on is suspended for moments.
const STUCK: Duration = Duration::from_secs(3);
/// While something is wrong, a group of which LVM keeps no backup is asked so often how much room it has.
const ASKED: Duration = Duration::from_secs(55);
/// A hand is started ahead when the next look comes sooner than this.
const BUSY: Duration = Duration::from_secs(5);
/// After a refusal it is tried again so soon, then after twice as long each time.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_secs(60);
/// How often figures are written at most.
const FIGURES: Duration = Duration::from_secs(1);
/// LVM that takes longer waits for somebody's lock, and somebody is told.
const PATIENCE: Duration = Duration::from_secs(10);
/// A pool is looked at so often when the kernel would tell only that it is full.
const UNTOLD: Duration = Duration::from_secs(5);

impl Watching {
    /// Takes the pool over. The record comes first, so that it is given back whatever happens.
    pub(super) async fn take(host: Host, watched: Watched, kernel: &Kernel) -> Result<Watching, DeviceError> {
        let now = Instant::now();
        let record =
            Record { version: 1, group: watched.group.clone(), pool: watched.pool.clone(), filling: None, look: None, alarm: None };
        let mut watching = Watching {
            host,
            watched,
            began: now,
            fill: Fill::default(),
            notice: Notice::default(),
            record,
            written: None,
            next: None,
            refusals: 0,
            spare: None,
            suspended_since: None,
            seqno: None,
            asked: now,
        };
        watching.write();
        match watching.begin(kernel).await {
            Ok(()) => {
                tracing::info!(pool = watching.watched.name(), "watching {} in place of dmeventd", watching.watched.name());
                Ok(watching)
            }
            // Nothing was taken from dmeventd.
            Err(error) => {
                watching.forget();
                Err(error)
            }
        }
    }

    async fn begin(&mut self, kernel: &Kernel) -> Result<(), DeviceError> {
        // A pool that is about to be full does not wait for the ceremony.
        self.look(kernel).await?;
        self.take_over(kernel).await
    }

    async fn take_over(&mut self, kernel: &Kernel) -> Result<(), DeviceError> {
        self.decide(kernel)?;
        let refresh = !self.notice.is_marked() || self.notice.can_be_renewed();
        let answer = self.ask(PoolTask::Take { refresh }).await;
        if answer.refused.is_none() && refresh {
            self.notice.resumed();
        }
        if let Some(error) = answer.refused {
            tracing::warn!(pool = self.watched.name(), "dmeventd keeps {} too: {}", self.watched.name(), chain(&error));
        }
        Ok(())
    }

    pub(super) fn is_of(&self, watched: &Watched) -> bool {
        (&self.watched.uuid, &self.watched.group, &self.watched.pool) == (&watched.uuid, &watched.group, &watched.pool)
    }

    /// When to look without an event.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.next
    }

    /// Whether an event of device-mapper was about this pool.
    pub(super) fn is_meant(&self, kernel: &Kernel) -> bool {
        kernel.count(&self.watched.uuid) != Some(self.notice.event())
    }

    /// A survey of the host: newer settings, and the group's free space.
    pub(super) async fn told(&mut self, watched: Watched, kernel: &Kernel) -> Result<Look, DeviceError> {
        let room = |watched: &Watched| (watched.free, watched.extents, watched.extent);
        let differs = room(&watched) != room(&self.watched);
        self.watched = watched;
        if self.watched.by_dmeventd {
            self.take_over(kernel).await?;
        } else if differs {
            // The survey may be older than what LVM said to a hand since.
            drop(self.ask(PoolTask::Look).await);
        }
        self.look(kernel).await
    }

    /// LVM's metadata changed. What LVM resumes it also gives to dmeventd, so the pool is taken over again.
    pub(super) async fn group_changed(&mut self, kernel: &Kernel) -> Result<Look, DeviceError> {
        let seqno = group::seqno(&self.host, &self.watched.group);
        if seqno.is_some() && seqno == self.seqno {
            return Ok(Look::Done);
        }
        self.take_over(kernel).await?;
        self.refusals = 0;
        self.look(kernel).await
    }

    /// The time for another look has come.
    pub(super) async fn timer(&mut self, kernel: &Kernel) -> Result<Look, DeviceError> {
        if self.record.alarm.is_some() && self.asked.elapsed() > ASKED {
            // What LVM says is taken in; when it says nothing, the old figures stay.
            drop(self.ask(PoolTask::Look).await);
        }
        self.look(kernel).await
    }

    /// Looks, and lets it grow until that is enough.
    pub(super) async fn look(&mut self, kernel: &Kernel) -> Result<Look, DeviceError> {
        let mut renewed = false;
        loop {
            let (seen, decision) = self.decide(kernel)?;
            // Before it is left to the kernel, the kernel must have something to tell.
            if decision.grow.is_none() && decision.again.is_none() && self.notice.can_be_renewed() && !seen.suspended && !renewed {
                renewed = true;
                self.renew().await;
                continue;
            }
            if decision.grow.is_none() {
                return Ok(self.rest(&seen, decision, None));
            }
            let begun = Instant::now();
            let mut hand = match self.hand() {
                Ok(hand) => hand,
                Err(error) => return Ok(self.refused(&seen, decision, &error)),
            };
            if let Err(error) = self.patiently(&seen.pool, hand.ready()).await {
                return Ok(self.refused(&seen, decision, &error));
            }
            // The writer went on while LVM was loaded: a second look has its rate.
            let (seen, decision) = self.decide(kernel)?;
            let Some(growth) = decision.grow else {
                self.spare = Some(hand);
                continue;
            };
            match self.extend(hand, growth, &seen.pool).await {
                Ok(true) => tell::grew(growth, &self.watched, &seen.pool, self.fill.rate(), begun.elapsed()),
                Ok(false) => {}
                Err(error) => return Ok(self.refused(&seen, decision, &error)),
            }
        }
    }

    fn decide(&mut self, kernel: &Kernel) -> Result<(Seen, Decision), DeviceError> {
        let seen = kernel.look(&self.watched.uuid)?;
        let free = match &seen.pool.status {
            Status::Known(figures) => Some(figures.data.free()),
            Status::Failed | Status::Unknown => None,
        };
        self.notice.note(seen.event, seen.low_water, free);
        if let Status::Known(figures) = &seen.pool.status {
            let used = Bytes(figures.data.used().saturating_mul(seen.pool.chunk.0));
            self.fill.note(self.began.elapsed(), used);
            self.record.look = Some(extender::Look { uuid: self.watched.uuid.clone(), used, at: extender::now() });
        }
        let alarmed = self.record.alarm.is_some();
        let decision = decide(&self.watched.settings(), &seen.pool, self.fill.rate(), &self.watched.room(), alarmed);
        Ok((seen, decision))
    }

    fn hand(&mut self) -> Result<Hand, WorkerError> {
        match self.spare.take() {
            Some(hand) => Ok(hand),
            None => Hand::start(&self.host.libexec),
        }
    }

    /// Whether it has grown; if not, LVM told of another room than was believed, so that something else is to be tried.
    async fn extend(&mut self, hand: Hand, growth: Growth, pool: &Pool) -> Result<bool, WorkerError> {
        let before = self.watched.free;
        let (group, name) = (self.watched.group.clone(), self.watched.pool.clone());
        let answer = self.patiently(pool, hand.carry_out(&group, &name, PoolTask::Extend(growth))).await;
        let Some(error) = self.take_in(answer) else {
            self.notice.resumed();
            self.refusals = 0;
            return Ok(true);
        };
        let is_news = self.watched.free != before && self.refusals == 0;
        self.refusals += 1;
        if is_news { Ok(false) } else { Err(error) }
    }

    /// Waits for a growth as long as it takes: a worker is never cut off. Nothing else can be done meanwhile, so somebody is told.
    async fn patiently<T>(&mut self, pool: &Pool, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
            return done;
        }
        let now = Some(tell::waits(&self.watched));
        tell::alarm(self.record.alarm.as_ref(), now.as_ref(), &self.watched, pool);
        self.record.alarm = now;
        self.write();
        work.await
    }

    /// Has the table loaded again, so that the kernel tells once more. Refused, the timer is left.
    async fn renew(&mut self) {
        match self.ask(PoolTask::Take { refresh: true }).await.refused {
            None => self.notice.resumed(),
            Some(error) => tracing::debug!(pool = self.watched.name(), "no new notice of {}: {}", self.watched.name(), chain(&error)),
        }
    }

    /// Asks a hand for something that is not urgent.
    async fn ask(&mut self, task: PoolTask) -> Answer {
        let answer = match Hand::start(&self.host.libexec) {
            Ok(hand) => hand.carry_out(&self.watched.group, &self.watched.pool, task).await,
            Err(error) => Answer { room: None, refused: Some(error), cut_off: false },
        };
        let room = answer.room;
        let refused = self.take_in(answer);
        Answer { room, refused, cut_off: false }
    }

    fn take_in(&mut self, answer: Answer) -> Option<WorkerError> {
        if let Some(room) = answer.room {
            (self.seqno, self.asked) = (Some(room.seqno), Instant::now());
            (self.watched.free, self.watched.extents, self.watched.extent) = (room.free, room.extents, room.extent);
        }
        if answer.cut_off {
            // Found suspended at the next look, if so.
            self.suspended_since = Some(Instant::now());
        }
        answer.refused
    }

    fn refused(&mut self, seen: &Seen, decision: Decision, error: &WorkerError) -> Look {
        let told = tell::refused(error, &self.watched);
        let look = self.rest(seen, decision, Some(told));
        let pause = RETRY_MOST.min(RETRY * 2_u32.saturating_pow(self.refusals.saturating_sub(1).min(10)));
        self.next = Some(Instant::now() + pause);
        look
    }

    /// All is done that can be done now: says what is new, and settles when to look again.
    fn rest(&mut self, seen: &Seen, decision: Decision, refused: Option<Told>) -> Look {
        let now = refused.or_else(|| decision.alarm.map(|alarm| tell::told(alarm, &self.watched, &seen.pool)));
        tell::alarm(self.record.alarm.as_ref(), now.as_ref(), &self.watched, &seen.pool);
        let is_news = self.record.alarm != now;
        self.record.alarm = now;
        let mut again = decision.again;
        if !self.notice.is_marked() || (self.notice.is_spent() && decision.alarm.is_none()) {
            again = Some(again.unwrap_or(UNTOLD).min(UNTOLD));
        }
        self.figures(seen, is_news);
        let fills = !matches!(self.fill.rate(), Rate::Unknown | Rate::Known(Bytes(0)));
        let is_busy = fills && again.is_some_and(|pause| pause < BUSY) && decision.alarm.is_none();
        if !is_busy {
            self.spare = None;
        } else if self.spare.is_none() {
            // Not there when it is needed, it is started then, and an error told then.
            self.spare = Hand::start(&self.host.libexec).ok();
        }
        let look = self.suspended(seen);
        if self.suspended_since.is_some() {
            again = Some(again.unwrap_or(STUCK).min(STUCK));
        }
        self.next = again.map(|pause| Instant::now() + pause);
        look
    }

    fn suspended(&mut self, seen: &Seen) -> Look {
        if !seen.suspended {
            self.suspended_since = None;
            return Look::Done;
        }
        let since = *self.suspended_since.get_or_insert_with(Instant::now);
        if since.elapsed() < STUCK {
            return Look::Done;
        }
        tracing::warn!(pool = self.watched.name(), "{} stays suspended: looking at the host", self.watched.name());
        self.suspended_since = Some(Instant::now() + Duration::from_secs(30));
        Look::Stuck
    }

    /// Writes what was seen: what is news at once, the rest not too often. What is not written is as good as what was a moment before.
    fn figures(&mut self, seen: &Seen, is_news: bool) {
        let before = self.record.filling.take();
        self.record.filling = self.filling(seen);
        let is_due = self.written.is_none_or(|written| written.elapsed() >= FIGURES);
        if is_news || is_due || before.is_some() != self.record.filling.is_some() {
            self.write();
        }
    }

    fn filling(&self, seen: &Seen) -> Option<Filling> {
        let Status::Known(figures) = &seen.pool.status else { return None };
        let free = Bytes(figures.data.free().saturating_mul(seen.pool.chunk.0));
        let room = Bytes(self.watched.free.saturating_mul(self.watched.extent.0));
        Filling::of(self.fill.rate(), free, room, extender::now())
    }

    fn write(&mut self) {
        self.written = Some(Instant::now());
        if let Err(error) = extender::write(&self.host, &self.record) {
            tracing::warn!("{}", chain(&error));
        }
    }

    /// The spec wants it no more, or wants another.
    pub(super) async fn give_back(self) {
        release::give_back(&self.host, &self.record).await;
    }

    /// It cannot be looked at any more: dmeventd gets it back if it is there.
    pub(super) async fn lose(self, why: &DeviceError) {
        let is_gone = match why {
            DeviceError::NoPool { .. } => true,
            DeviceError::Absent(_) | DeviceError::Poll(_) | DeviceError::Arm(_) | DeviceError::Status(_) | DeviceError::Table(_) => false,
        };
        if is_gone {
            self.forget();
        } else {
            self.give_back().await;
        }
    }

    /// It is not there, or was never taken.
    fn forget(self) {
        if let Err(error) = extender::remove(&self.host) {
            tracing::warn!("{}", chain(&error));
        }
    }
}
