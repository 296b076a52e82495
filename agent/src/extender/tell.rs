//! What the extender says, in the journal with fields (`POOL`, `ALARM`, `GREW`, `RATE`): `journalctl -u atomic-hostd ALARM=group-full`.

use std::time::Duration;

use config::{Bytes, chain};
use storage_setup::extender::status::Status;
use storage_setup::extender::{Alarm, Cause, Growth, Pool, Rate, Watched};

use super::device::DeviceError;
use crate::reconcile::worker::WorkerError;
use crate::state::extender::Told;

/// An alarm in words.
pub(super) fn told(alarm: Alarm, watched: &Watched, pool: &Pool) -> Told {
    let (name, group) = (watched.name(), &watched.group);
    let used = percent(pool);
    let (cause, text) = match alarm.cause {
        Cause::GroupFull => (
            "group-full",
            format!(
                "{name} is {used} full and cannot grow, since {group} has no free extent; add a disk to storage.devices, or remove what is not needed in the pool"
            ),
        ),
        Cause::Limit => (
            "limit",
            format!(
                "{name} is {used} full and may not grow further; raise storage.pool.autoextend.limit, or remove what is not needed in the pool"
            ),
        ),
        Cause::Metadata => (
            "metadata",
            format!(
                "the metadata of {name} should grow and cannot: it needs twice its growth free in {group}, and ends at 15.81 GiB; add a disk to storage.devices"
            ),
        ),
        Cause::NeedsCheck => (
            "needs-check",
            format!(
                "the metadata of {name} has to be checked before it can grow; stop what uses it, then: lvchange -an {name}; lvconvert --repair {name}"
            ),
        ),
        Cause::ReadOnly => (
            "read-only",
            format!(
                "the kernel lets nobody write to {name}, since its metadata is full or damaged; stop what uses it, then: lvchange -an {name}; lvconvert --repair {name}"
            ),
        ),
        Cause::Failed => (
            "failed",
            format!("the kernel has given {name} up; see dmesg, stop what uses it, then: lvchange -an {name}; lvconvert --repair {name}"),
        ),
    };
    Told { cause: cause.to_owned(), urgent: alarm.urgent, text }
}

/// LVM would not.
pub(super) fn refused(error: &WorkerError, watched: &Watched) -> Told {
    Told { cause: "refused".to_owned(), urgent: true, text: format!("{} should grow, but: {}", watched.name(), chain(error)) }
}

/// LVM does not get to it.
pub(super) fn waits(watched: &Watched) -> Told {
    let (name, group) = (watched.name(), &watched.group);
    let text = format!("{name} should grow, but LVM has not done so for long; who holds its lock: lslocks | grep /lvm/V_{group}");
    Told { cause: "refused".to_owned(), urgent: true, text }
}

/// Says what is new about an alarm.
pub(super) fn alarm(before: Option<&Told>, now: Option<&Told>, watched: &Watched, pool: &Pool) {
    let name = watched.name();
    let is_news = |now: &Told| before.is_none_or(|before| (&before.cause, before.urgent) != (&now.cause, now.urgent));
    match now {
        Some(now) if is_news(now) && now.urgent => {
            tracing::error!(pool = name, alarm = now.cause, urgent = true, used = percent(pool), "{}", now.text);
        }
        Some(now) if is_news(now) => tracing::warn!(pool = name, alarm = now.cause, urgent = false, used = percent(pool), "{}", now.text),
        Some(_) => {}
        None if before.is_some() => tracing::info!(pool = name, alarm = "over", used = percent(pool), "{name} is in order again"),
        None => {}
    }
}

/// It grew.
pub(super) fn grew(growth: Growth, watched: &Watched, pool: &Pool, rate: Rate, took: Duration) {
    let (what, extents) = match growth {
        Growth::Data(extents) => ("data", extents),
        Growth::Metadata(extents) => ("metadata", extents),
    };
    let name = watched.name();
    let bytes = Bytes::of_extents(extents, watched.extent).unwrap_or_default();
    let rate = match rate {
        Rate::Unknown => String::new(),
        Rate::Known(rate) => format!(", filling at {rate} a second"),
    };
    tracing::info!(
        pool = name,
        grew = what,
        extents,
        took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "grew the {what} of {name} by {bytes}, in {} ms; it was {} full{rate}",
        took.as_millis(),
        percent(pool)
    );
}

/// It is watched no more.
pub(super) fn lost(error: &DeviceError) {
    tracing::warn!("the extender watches no pool until the next look at the host: {}", chain(error));
}

fn percent(pool: &Pool) -> String {
    match &pool.status {
        Status::Known(figures) => {
            let (used, total) = (u128::from(figures.data.used()), u128::from(figures.data.total().max(1)));
            format!("{} %", used * 100 / total)
        }
        Status::Failed | Status::Unknown => "?".to_owned(),
    }
}
