//! Cases for tests: a machine, an earlier spec that was carried out on it, what happened since, and the spec wanted now.
//!
//! Drawn from a list of numbers, so that property tests can shrink them and guest scenarios can draw the same ones again by a seed.
//! Not part of the product: compiled for tests and with the feature `cases`.

mod drift;
mod machine;
mod spec;

use config::{EngineKind, Storage};

use crate::{Observed, plan, simulate};

pub use machine::{DISKS, real as real_machine};

/// Numbers to draw from; when they run out, every draw takes the first, simplest choice.
#[derive(Clone, Debug)]
pub struct Choices {
    numbers: Vec<u16>,
    next: usize,
}

impl Choices {
    /// From these numbers.
    #[must_use]
    pub fn new(numbers: Vec<u16>) -> Choices {
        Choices { numbers, next: 0 }
    }

    /// As many numbers as a case can need, the same for the same seed (splitmix64).
    #[must_use]
    pub fn seeded(seed: u64) -> Choices {
        let mut state = seed;
        let number = |_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let [_, _, _, _, _, _, high, low] = (mixed ^ (mixed >> 31)).to_be_bytes();
            u16::from_be_bytes([high, low])
        };
        Choices::new((0..256).map(number).collect())
    }

    /// A number below `limit`, at least 1.
    pub fn below(&mut self, limit: u64) -> u64 {
        let number = self.numbers.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        u64::from(number) % limit.max(1)
    }

    /// Mostly no; yes once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == times.saturating_sub(1)
    }

    /// One of these.
    pub fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let index = usize::try_from(self.below(count)).unwrap_or(0);
        all[index].clone()
    }
}

/// What cases are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The planner and the simulator: any machine, and anything may have happened to it.
    Any,
    /// The guest: its group and disks, and nothing happened that a scenario would have to imitate.
    Real,
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The machine before anything was done to it.
    pub machine: Observed,
    /// What was carried out on it first.
    pub first: Option<Storage>,
    /// The machine now.
    pub have: Observed,
    /// What is wanted now.
    pub want: Storage,
    /// The engine that the spec names.
    pub engine: Option<EngineKind>,
}

/// Draws a case. Most can be planned; some have problems.
#[must_use]
pub fn draw(choices: &mut Choices, flavour: Flavour) -> Case {
    let machine = match flavour {
        Flavour::Any => machine::any(choices),
        Flavour::Real => machine::real(),
    };
    let engine = match flavour {
        Flavour::Any => choices.one_of(&[Some(EngineKind::Docker), None, Some(EngineKind::Podman)]),
        Flavour::Real => Some(EngineKind::Docker),
    };
    let first = (choices.below(4) != 0).then(|| spec::fresh(choices, flavour));
    let mut have = machine.clone();
    if let Some(first) = &first {
        carry_out_all(&mut have, first, engine);
    }
    if flavour == Flavour::Any {
        drift::happen(choices, &mut have);
    }
    let want = match &first {
        Some(first) if choices.below(4) != 3 => spec::changed(choices, first, flavour),
        Some(_) | None => spec::fresh(choices, flavour),
    };
    Case { machine, first, have, want, engine }
}

/// Carries a whole plan out on the model; a spec with problems changes nothing.
fn carry_out_all(have: &mut Observed, want: &Storage, engine: Option<EngineKind>) {
    let steps = plan(want, engine, have).map(|plan| plan.steps).unwrap_or_default();
    for step in steps {
        if simulate::carry_out(have, &step.action).is_err() {
            return;
        }
    }
}
