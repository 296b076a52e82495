//! The policy: a table of what it decides, and laws that hold for every pool, group and spec.

use config::{GIB, KIB, MIB};
use proptest::prelude::*;

use super::*;

const EXTENT: u64 = 4 * MIB;
const CHUNK: u64 = 512 * KIB;

fn settings() -> Settings {
    Settings { threshold: percent(60), percent: percent(20), headroom: Bytes(0), limit: None }
}

fn percent(value: u8) -> Percent {
    Percent::new(value).expect("a percentage")
}

fn pool(size: u64, used: u64) -> Pool {
    let metadata = Use::new(100, 2048).expect("a share");
    Pool { size: Bytes(size), chunk: Bytes(CHUNK), status: Status::Known(figures(size, used, metadata)) }
}

fn figures(size: u64, used: u64, metadata: Use) -> Figures {
    let (data, metadata) = (format!("{}/{}", used / CHUNK, size / CHUNK), format!("{}/{}", metadata.used(), metadata.total()));
    match format!("0 {metadata} {data} - rw discard_passdown queue_if_no_space - 512").parse() {
        Ok(Status::Known(figures)) => figures,
        other => panic!("the pool of a test has figures: {other:?}"),
    }
}

fn known(pool: &mut Pool) -> &mut Figures {
    match &mut pool.status {
        Status::Known(figures) => figures,
        Status::Failed | Status::Unknown => panic!("the pool of a test has figures"),
    }
}

fn room(free: u64) -> Room {
    Room { extent: Bytes(EXTENT), free: free / EXTENT }
}

const STILL: Rate = Rate::Known(Bytes(0));

fn data(bytes: u64) -> Option<Growth> {
    Some(Growth::Data(bytes / EXTENT))
}

#[test]
fn below_the_threshold_and_at_rest_nothing_happens_and_nobody_looks_again() {
    let decision = decide(&settings(), &pool(GIB, GIB / 2), STILL, &room(7 * GIB), false);
    assert_eq!(decision, Decision { grow: None, alarm: None, again: None });
}

#[test]
fn past_the_threshold_it_grows_by_its_percentage() {
    let decision = decide(&settings(), &pool(10 * GIB, 6 * GIB + CHUNK), STILL, &room(100 * GIB), false);
    assert_eq!(decision.grow, data(2 * GIB));
}

#[test]
fn as_much_as_brings_it_below_the_threshold_when_the_percentage_does_not() {
    let decision = decide(&settings(), &pool(6 * GIB, 6 * GIB), STILL, &room(100 * GIB), false);
    assert_eq!(decision.grow, data(4 * GIB));
}

#[test]
fn the_headroom_is_made_before_anybody_writes() {
    let settings = Settings { headroom: Bytes(GIB), ..settings() };
    let decision = decide(&settings, &pool(128 * MIB, 0), STILL, &room(7 * GIB), false);
    assert_eq!(decision.grow, data(GIB - 128 * MIB));
}

#[test]
fn a_fast_writer_gets_a_minute_and_at_most_doubles_the_pool() {
    let slow = Rate::Known(Bytes(10 * MIB));
    let decision = decide(&settings(), &pool(GIB, 620 * MIB), slow, &room(7 * GIB), false);
    // 60 s of 10 MiB, less the 404 MiB that are free, is less than a fifth of the pool.
    assert_eq!(decision.grow, Some(Growth::Data((GIB / 5).div_ceil(EXTENT))));
    let fast = Rate::Known(Bytes(200 * MIB));
    assert_eq!(decide(&settings(), &pool(GIB, 620 * MIB), fast, &room(7 * GIB), false).grow, data(GIB));
}

#[test]
fn a_pool_that_is_full_in_seconds_does_not_wait_for_its_threshold() {
    let fast = Rate::Known(Bytes(200 * MIB));
    assert_eq!(decide(&settings(), &pool(2 * GIB, GIB / 2), fast, &room(7 * GIB), false).grow, data(2 * GIB));
}

#[test]
fn the_remainder_is_used_when_there_is_less_than_a_step() {
    let decision = decide(&settings(), &pool(10 * GIB, 9 * GIB), STILL, &room(340 * MIB), false);
    assert_eq!((decision.grow, decision.alarm), (data(340 * MIB), None));
}

#[test]
fn the_limit_is_kept_to_the_extent() {
    let settings = Settings { limit: Some(10 * GIB / EXTENT + 3), ..settings() };
    assert_eq!(decide(&settings, &pool(10 * GIB, 9 * GIB), STILL, &room(7 * GIB), false).grow, Some(Growth::Data(3)));
    let settings = Settings { limit: Some(10 * GIB / EXTENT), ..settings };
    let decision = decide(&settings, &pool(10 * GIB, 9 * GIB), STILL, &room(7 * GIB), false);
    assert_eq!((decision.grow, decision.alarm), (None, Some(Alarm { cause: Cause::Limit, urgent: false })));
}

#[test]
fn without_space_past_the_threshold_somebody_is_told_and_later_more_urgently() {
    let full = room(0);
    let told = |used, alarmed| decide(&settings(), &pool(10 * GIB, used), STILL, &full, alarmed).alarm;
    assert_eq!(told(5 * GIB, false), None);
    assert_eq!(told(7 * GIB, false), Some(Alarm { cause: Cause::GroupFull, urgent: false }));
    assert_eq!(told(10 * GIB - CHUNK, true), Some(Alarm { cause: Cause::GroupFull, urgent: true }));
}

#[test]
fn an_alarm_does_not_flutter_at_the_threshold() {
    let told = |used, alarmed| decide(&settings(), &pool(10 * GIB, used), STILL, &room(0), alarmed).alarm.is_some();
    let at = 6 * GIB - CHUNK;
    assert!(!told(at, false) && told(at, true));
    assert!(!told(11 * GIB / 2 - CHUNK, true));
}

#[test]
fn an_alarm_is_looked_at_every_minute_and_sooner_while_it_fills() {
    let decision = decide(&settings(), &pool(10 * GIB, 7 * GIB), STILL, &room(0), true);
    assert_eq!(decision.again, Some(Duration::from_secs(60)));
    let decision = decide(&settings(), &pool(10 * GIB, 7 * GIB), Rate::Known(Bytes(GIB)), &room(0), true);
    assert_eq!(decision.again, Some(Duration::from_millis(375)));
}

#[test]
fn metadata_comes_first_and_doubles() {
    let mut pool = pool(10 * GIB, 9 * GIB);
    known(&mut pool).metadata = Use::new(1100, 2048).expect("a share");
    let decision = decide(&settings(), &pool, STILL, &room(7 * GIB), false);
    assert_eq!(decision.grow, Some(Growth::Metadata(8 * MIB / EXTENT)));
}

#[test]
fn metadata_leaves_room_for_its_spare() {
    let mut pool = pool(10 * GIB, GIB);
    known(&mut pool).metadata = Use::new(2000, 2048).expect("a share");
    let decision = decide(&settings(), &pool, STILL, &room(12 * MIB), false);
    assert_eq!(decision.grow, Some(Growth::Metadata(1)));
    let decision = decide(&settings(), &pool, STILL, &room(4 * MIB), false);
    assert_eq!((decision.grow, decision.alarm), (None, Some(Alarm { cause: Cause::Metadata, urgent: true })));
}

#[test]
fn data_leaves_room_for_metadata_that_will_be_needed() {
    let mut pool = pool(10 * GIB, 7 * GIB);
    known(&mut pool).metadata = Use::new(950, 2048).expect("a share");
    assert_eq!(decide(&settings(), &pool, STILL, &room(GIB), false).grow, data(GIB));
    // Not yet past its own mark, but past it by the time that the data is full.
    known(&mut pool).metadata = Use::new(1020, 2048).expect("a share");
    assert_eq!(decide(&settings(), &pool, STILL, &room(GIB), false).grow, data(GIB - 16 * MIB));
}

#[test]
fn when_writes_already_wait_nothing_is_kept_back() {
    let mut pool = pool(10 * GIB, 10 * GIB);
    known(&mut pool).mode = Mode::OutOfDataSpace;
    known(&mut pool).metadata = Use::new(1022, 2048).expect("a share");
    let decision = decide(&settings(), &pool, STILL, &room(12 * MIB), false);
    assert_eq!(decision.grow, data(12 * MIB));
    let decision = decide(&settings(), &pool, STILL, &room(0), false);
    assert_eq!(decision.alarm, Some(Alarm { cause: Cause::GroupFull, urgent: true }));
}

#[test]
fn a_damaged_pool_never_grows() {
    let mut check = pool(10 * GIB, 10 * GIB);
    known(&mut check).needs_check = true;
    let mut read_only = pool(10 * GIB, 10 * GIB);
    known(&mut read_only).mode = Mode::ReadOnly;
    let failed = Pool { status: Status::Failed, ..pool(10 * GIB, 0) };
    for (pool, cause) in [(check, Cause::NeedsCheck), (read_only, Cause::ReadOnly), (failed, Cause::Failed)] {
        let decision = decide(&settings(), &pool, STILL, &room(100 * GIB), false);
        assert_eq!((decision.grow, decision.alarm), (None, Some(Alarm { cause, urgent: true })));
    }
}

#[test]
fn the_first_look_is_followed_by_a_second() {
    let decision = decide(&settings(), &pool(10 * GIB, GIB), Rate::Unknown, &room(GIB), false);
    assert_eq!(decision.again, Some(Duration::from_millis(500)));
}

#[derive(Clone, Debug)]
struct World {
    settings: Settings,
    pool: Pool,
    room: Room,
    rate: Rate,
    alarmed: bool,
}

impl World {
    fn decide(&self) -> Decision {
        decide(&self.settings, &self.pool, self.rate, &self.room, self.alarmed)
    }

    /// What LVM does: an error of the test when it would refuse.
    fn grow(&mut self, growth: Growth) {
        let (extent, chunk) = (self.room.extent.0, self.pool.chunk.0);
        let Pool { size, status, .. } = &mut self.pool;
        let Status::Known(figures) = status else { panic!("only a pool with figures grows") };
        match growth {
            Growth::Data(extents) => {
                assert!(extents > 0 && extents <= self.room.free);
                self.room.free -= extents;
                size.0 += extents * extent;
                figures.data = Use::new(figures.data.used(), size.0 / chunk).expect("more than before");
                figures.mode = Mode::Write;
            }
            Growth::Metadata(extents) => {
                assert!(extents > 0 && 2 * extents <= self.room.free);
                self.room.free -= 2 * extents;
                let total = figures.metadata.total() + extents * extent / METADATA_BLOCK;
                figures.metadata = Use::new(figures.metadata.used(), total).expect("more than before");
            }
        }
    }

    /// Grows until the policy has enough; answers how often.
    fn settle(&mut self) -> u32 {
        for times in 0..200 {
            match self.decide().grow {
                Some(growth) => self.grow(growth),
                None => return times,
            }
        }
        panic!("no end: {self:?}");
    }

    fn free(&self) -> u64 {
        match &self.pool.status {
            Status::Known(figures) => figures.data.free() * self.pool.chunk.0,
            Status::Failed | Status::Unknown => 0,
        }
    }
}

prop_compose! {
    fn world()(
        threshold in 50..100_u8,
        step in 1..101_u8,
        headroom in 0..4 * GIB,
        limit in prop::option::of(1..8192_u64),
        extents in 1..4096_u64,
        extent in prop::sample::select(vec![MIB, 4 * MIB, 32 * MIB]),
        chunk in prop::sample::select(vec![64 * KIB, 512 * KIB, 8 * MIB, GIB]),
        used in 0..=1000_u64,
        metadata in (0..=1000_u64, prop::sample::select(vec![512_u64, 1024, 2048, 262_144, 4_145_152])),
        free in 0..8192_u64,
        rate in prop::option::of(0..GIB),
        out in any::<bool>(),
        alarmed in any::<bool>(),
    ) -> World {
        let size = extents * extent;
        let chunks = size / chunk;
        let used = if out { chunks } else { chunks * used / 1000 };
        let metadata = Use::new(metadata.1 * metadata.0 / 1000, metadata.1).expect("a share");
        let mode = if out { Mode::OutOfDataSpace } else { Mode::Write };
        let low_water = Some(1024.min(metadata.total() / 4));
        let data = Use::new(used, chunks).expect("a share");
        let figures = Figures { data, mode, metadata_low_water: low_water, ..figures(0, 0, metadata) };
        World {
            settings: Settings { threshold: percent(threshold), percent: percent(step), headroom: Bytes(headroom), limit },
            pool: Pool { size: Bytes(size), chunk: Bytes(chunk), status: Status::Known(figures) },
            room: Room { extent: Bytes(extent), free },
            rate: rate.map_or(Rate::Unknown, |rate| Rate::Known(Bytes(rate))),
            alarmed,
        }
    }
}

proptest! {
    /// Asserted in `grow` for each step: never more than is free, never nothing.
    #[test]
    fn growing_ends(mut world in world()) {
        world.settle();
    }

    #[test]
    fn the_limit_is_never_passed(mut world in world()) {
        let before = world.pool.size.extents_up(world.room.extent);
        world.settle();
        if let Some(limit) = world.settings.limit {
            let after = world.pool.size.extents_up(world.room.extent);
            prop_assert!(after == before || after <= limit, "{after} extents of {limit}");
        }
    }

    #[test]
    fn with_space_the_headroom_is_reached_and_the_threshold_kept(mut world in world()) {
        world.settings.limit = None;
        world.room.free = 1 << 40;
        world.settle();
        prop_assert!(world.free() >= world.settings.headroom.0);
        let Status::Known(figures) = &world.pool.status else { panic!("it had figures") };
        prop_assert!(!is_past(figures.data, u64::from(world.settings.threshold.get())));
        // Metadata of the size that the kernel allows at most cannot grow, whatever the space.
        prop_assert!(world.decide().alarm.is_none_or(|alarm| alarm.cause == Cause::Metadata));
    }

    #[test]
    fn a_pool_that_is_pressed_grows_or_somebody_is_told(world in world()) {
        let decision = world.decide();
        let Status::Known(figures) = &world.pool.status else { panic!("it has figures") };
        let pressed = is_past(figures.data, u64::from(world.settings.threshold.get()));
        prop_assert!(!pressed || decision.grow.is_some() || decision.alarm.is_some());
    }

    #[test]
    fn without_limit_and_metadata_in_want_the_last_extent_is_used(mut world in world()) {
        world.settings.limit = None;
        known(&mut world.pool).metadata = Use::new(10, 4_145_152).expect("a share");
        let full = known(&mut world.pool).data.total();
        known(&mut world.pool).data = Use::new(full, full).expect("a share");
        while let Some(growth) = world.decide().grow {
            world.grow(growth);
            let full = known(&mut world.pool).data.total();
            known(&mut world.pool).data = Use::new(full, full).expect("a share");
            world.room.free = world.room.free.min(64);
        }
        prop_assert_eq!(world.room.free, 0);
    }

    #[test]
    fn a_still_pool_without_trouble_is_left_to_the_kernel(mut world in world()) {
        world.rate = Rate::Known(Bytes(0));
        world.settle();
        let decision = world.decide();
        prop_assert!(decision.alarm.is_some() || decision.again.is_none());
    }
}
