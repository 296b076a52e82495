//! Laws, tried on drawn cases: specs, machines, and what happened to them.

use std::collections::BTreeSet;

use config::{Describe, Disruption, Problem, Reason, Size, Step, StepId};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use crate::cases::{Case, Choices, Flavour, draw};
use crate::plan::root::slack;
use crate::simulate::carry_out;
use crate::{Action, DockerRoot, Kept, Observed, Plan, Role, Root, plan, stamp};

const CEILINGS: [Disruption; 4] = [Disruption::None, Disruption::Reload, Disruption::Restart, Disruption::Reboot];

fn case(numbers: &[u16], flavour: Flavour) -> Case {
    draw(&mut Choices::new(numbers.to_vec()), flavour)
}

fn carry(have: &mut Observed, step: &Step<Action>) {
    if let Err(refused) = carry_out(have, &step.action) {
        panic!("the host refuses {:?}: {refused}", step.action);
    }
    check_extents(have);
}

/// What is taken and what is free make the group, to the extent.
fn check_extents(have: &Observed) {
    for (name, group) in &have.groups {
        let used = |volume: &crate::LogicalVolume| match &volume.role {
            Role::Linear | Role::Other => volume.extents,
            Role::Pool(state) => volume.extents + state.metadata,
            Role::Thin { .. } => 0,
        };
        let used: u64 = group.volumes.values().map(used).sum();
        assert_eq!(used + group.spare + group.free, group.extents, "extents of {name}");
    }
}

/// Steps of the plan that may run: not above the ceiling, and not after one that may not.
fn permitted<'a>(plan: &'a Plan, ceiling: Disruption) -> Vec<&'a Step<Action>> {
    let mut allowed: BTreeSet<&StepId> = BTreeSet::new();
    let may = |step: &&'a Step<Action>| {
        let may = step.disruption <= ceiling && step.after.iter().all(|id| allowed.contains(id));
        if may {
            allowed.insert(&step.id);
        }
        may
    };
    plan.steps.iter().filter(may).collect()
}

/// The steps that are carried out where one fails.
fn without<'a>(plan: &'a Plan, failed: &'a Step<Action>) -> Vec<&'a Step<Action>> {
    let mut skipped = BTreeSet::from([&failed.id]);
    let runs = |step: &&'a Step<Action>| {
        let skips = skipped.contains(&step.id) || step.after.iter().any(|id| skipped.contains(id));
        if skips {
            skipped.insert(&step.id);
        }
        !skips
    };
    plan.steps.iter().filter(runs).collect()
}

/// An inactive volume, and a host with suspended devices, are looked at twice before all is known.
fn needs_second_look(have: &Observed) -> bool {
    let inactive = |group: &crate::VolumeGroup| group.volumes.values().any(|volume| stamp::is_ours(&volume.tags) && !volume.active);
    !have.suspended.is_empty() || have.groups.values().any(inactive)
}

fn ids(steps: &[Step<Action>]) -> BTreeSet<StepId> {
    steps.iter().map(|step| step.id.clone()).collect()
}

/// A case in a few lines, for failures.
fn story(case: &Case) -> String {
    let mut text = String::new();
    for (name, group) in &case.have.groups {
        text += &format!("group {name}: {} of {} free, spare {}\n", group.free, group.extents, group.spare);
        for (volume, found) in &group.volumes {
            text += &format!("  {volume}: {} {:?} {:?} {:?}\n", found.extents, found.role, found.tags, found.content);
        }
    }
    text += &format!("mounts {:?}\nfiles {:?}\nengine {:?}\n", case.have.mounts, case.have.files.keys(), case.have.engine);
    text += &format!("wants {:?} in {:?} with {:?} for {:?}\n", case.want.driver.value, case.want.group, case.want.pool, case.engine);
    for (name, volume) in &case.want.volumes {
        text += &format!("  {name}: {:?}\n", volume.value);
    }
    text += &steps(plan(&case.want, case.engine, &case.have));
    text
}

fn steps(plan: Result<Plan, Vec<config::Problem>>) -> String {
    let line = |step: &Step<Action>| {
        let (action, cost) = (&step.action, step.disruption.as_str());
        format!("{} {} {} -> {} [{cost}] after {:?}\n", action.kind(), action.target(), action.from(), action.to(), step.after.len())
    };
    plan.map_or_else(|problems| format!("{problems:?}"), |plan| plan.steps.iter().map(line).collect())
}

/// Thousands of cases: what goes wrong does so with few of them. More by PROPTEST_CASES.
fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(3000), failure_persistence: None, ..asked }
}

/// What the extender does.
fn extend_pools(have: &mut Observed, by: u64) {
    for group in have.groups.values_mut() {
        let by = by.min(group.free);
        for volume in group.volumes.values_mut().filter(|volume| matches!(volume.role, Role::Pool(_))).take(1) {
            volume.extents += by;
            group.free -= by;
        }
    }
}

/// A root file system that is smaller than its volume by less than the growers may leave out is not grown once more.
fn but_for_slack(mut have: Observed, end: &Observed) -> Observed {
    let (Root::Logical { group, filesystem, .. }, Root::Logical { filesystem: whole, .. }) = (&mut have.root, &end.root) else {
        return have;
    };
    if let (Some(kind), Some(size), Some(to), Some(group)) = (whole.kind, filesystem.size, whole.size, end.groups.get(group))
        && to.0.saturating_sub(size.0) < slack(kind, to, group.extent)
    {
        filesystem.size = Some(to);
    }
    have
}

/// Plans and carries out until nothing is left.
fn settle(case: &Case, have: &Observed) -> Option<Observed> {
    let mut have = have.clone();
    for _ in 0..4 {
        let plan = plan(&case.want, case.engine, &have).ok()?;
        if plan.steps.is_empty() {
            return Some(have);
        }
        plan.steps.iter().for_each(|step| carry(&mut have, step));
    }
    panic!("no end of steps");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_second_plan_is_empty(numbers in vec(any::<u16>(), 0..160)) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let mut have = case.have.clone();
        first.steps.iter().for_each(|step| carry(&mut have, step));
        if needs_second_look(&case.have) {
            settle(&case, &have);
            return Ok(());
        }
        let second = plan(&case.want, case.engine, &have);
        prop_assert!(second.as_ref().is_ok_and(|plan| plan.steps.is_empty()), "{}then {}", story(&case), steps(second));
    }

    #[test]
    fn a_step_comes_after_all_that_it_waits_for_and_no_id_comes_twice(numbers in vec(any::<u16>(), 0..160)) {
        let case = case(&numbers, Flavour::Any);
        let Ok(plan) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let mut seen = BTreeSet::new();
        for step in &plan.steps {
            prop_assert!(step.after.iter().all(|id| seen.contains(id)), "{:?} comes too early", step);
            prop_assert!(seen.insert(step.id.clone()), "{:?} comes twice", step);
        }
    }

    #[test]
    fn below_a_ceiling_only_the_steps_above_it_remain(numbers in vec(any::<u16>(), 0..160)) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        for ceiling in CEILINGS {
            let mut have = case.have.clone();
            let open = permitted(&first, ceiling);
            open.iter().for_each(|step| carry(&mut have, step));
            let done: BTreeSet<StepId> = open.iter().map(|step| step.id.clone()).collect();
            let waiting: BTreeSet<StepId> = ids(&first.steps).difference(&done).cloned().collect();
            if needs_second_look(&case.have) {
                continue;
            }
            let second = plan(&case.want, case.engine, &have);
            let same = second.as_ref().is_ok_and(|plan| ids(&plan.steps) == waiting);
            prop_assert!(same, "{}then below {:?} {}", story(&case), ceiling, steps(second));
        }
    }

    #[test]
    fn after_a_step_that_failed_nothing_takes_consent_that_took_none_before(numbers in vec(any::<u16>(), 0..160), which in any::<u16>()) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        if first.steps.is_empty() || needs_second_look(&case.have) {
            return Ok(());
        }
        let failed = &first.steps[usize::from(which) % first.steps.len()];
        let mut have = case.have.clone();
        without(&first, failed).into_iter().for_each(|step| carry(&mut have, step));
        let Ok(second) = plan(&case.want, case.engine, &have) else { return Ok(()) };
        let losing = |plan: &Plan| plan.steps.iter().filter(|step| step.disruption == Disruption::DataLoss).map(|step| step.id.clone()).collect();
        let (before, after): (BTreeSet<StepId>, BTreeSet<StepId>) = (losing(&first), losing(&second));
        prop_assert!(after.is_subset(&before), "{}then without {:?} {}", story(&case), failed.action, steps(Ok(second)));
    }

    #[test]
    fn without_consent_no_volume_goes_and_no_image_is_lost_from_sight(numbers in vec(any::<u16>(), 0..160)) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let mut have = case.have.clone();
        permitted(&first, Disruption::Reboot).iter().for_each(|step| carry(&mut have, step));
        for (name, group) in &case.have.groups {
            for (volume, before) in group.volumes.iter().filter(|(_, before)| !stamp::is_unfinished_pool(before)) {
                let after = have.groups.get(name).and_then(|group| group.volumes.get(volume));
                prop_assert!(after.is_some_and(|after| after.uuid == before.uuid && after.extents >= before.extents));
            }
        }
        prop_assert_eq!((have.engine.docker, have.engine.podman), (case.have.engine.docker, case.have.engine.podman), "{}", story(&case));
    }

    #[test]
    fn data_is_lost_only_with_what_is_ours_or_with_a_filled_store(numbers in vec(any::<u16>(), 0..160)) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let ours = |group: &str, volume: &str| {
            case.have.groups.get(group).and_then(|group| group.volumes.get(volume)).is_some_and(|found| stamp::is_ours(&found.tags))
        };
        let removes = first.steps.iter().any(|step| matches!(step.action, Action::RemoveVolume { .. }));
        for step in &first.steps {
            let target = if let Action::RemoveVolume { group, volume, .. } = &step.action {
                Some((group, volume))
            } else if let Action::RemovePool { group, pool, .. } = &step.action {
                Some((group, pool))
            } else {
                None
            };
            let remnant = |group: &str, volume: &str| {
                case.have.groups.get(group).and_then(|group| group.volumes.get(volume)).is_some_and(stamp::is_unfinished_pool)
            };
            let loses = target.is_some_and(|(group, volume)| !remnant(group, volume));
            // Or made ours by a step that this one waits for.
            let adopted = |group: &str, volume: &str| first.steps.iter().any(|other| {
                matches!(&other.action, Action::AdoptPool { group: of, pool, .. } if of == group && pool == volume) && step.after.contains(&other.id)
            });
            prop_assert!(target.is_none_or(|(group, volume)| ours(group, volume) || adopted(group, volume)), "{:?}", step);
            if loses {
                prop_assert_eq!(step.disruption, Disruption::DataLoss);
            } else if let Action::WipeDisk { disk, .. } = &step.action {
                let named = |path: &&config::Placed<String>| {
                    matches!(case.have.devices.get(&path.value), Some(crate::Device::Disk(found)) if found.identity == disk.identity)
                };
                prop_assert!(case.want.wipe.iter().any(|path| named(&path)), "only what the spec names: {:?}", step);
                prop_assert_eq!(step.disruption, Disruption::DataLoss);
            } else if let Action::RemoveLoopStore { inode, .. } = &step.action {
                prop_assert_eq!((Some(*inode), step.disruption), (case.have.engine.loopback, Disruption::DataLoss));
            } else if step.disruption == Disruption::DataLoss {
                let kept = (case.have.engine.docker, case.have.engine.podman) != (Kept::Nothing, Kept::Nothing);
                prop_assert!(kept || (removes && matches!(step.action, Action::RemoveMount { .. })), "{:?}", step);
            }
        }
    }

    #[test]
    fn foreign_volumes_are_never_touched(numbers in vec(any::<u16>(), 0..160)) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let mut have = case.have.clone();
        first.steps.iter().for_each(|step| carry(&mut have, step));
        for (name, group) in &case.have.groups {
            let adopted = |volume: &String| {
                first.steps.iter().any(|step| matches!(&step.action, Action::AdoptPool { group, pool, .. } if group == name && pool == volume))
            };
            let theirs = |(volume, found): &(&String, &crate::LogicalVolume)| {
                !stamp::is_ours(&found.tags) && *volume != "root" && !adopted(volume)
            };
            for (volume, before) in group.volumes.iter().filter(theirs) {
                let after = have.groups.get(name).and_then(|group| group.volumes.get(volume));
                prop_assert_eq!(after, Some(before));
            }
        }
    }

    #[test]
    fn a_run_that_is_cut_off_anywhere_ends_where_it_would_have(numbers in vec(any::<u16>(), 0..160)) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let Some(end) = settle(&case, &case.have) else { return Ok(()) };
        let removes = first.steps.iter().any(|step| matches!(step.action, Action::RemoveVolume { .. } | Action::RemovePool { .. }));
        let makes_pool = first.steps.iter().any(|step| matches!(step.action, Action::CreatePool { .. }));
        let replaces_pool = makes_pool && first.steps.iter().any(|step| matches!(step.action, Action::RemovePool { .. }));
        let mut have = case.have.clone();
        for step in &first.steps {
            carry(&mut have, step);
            let resumed = settle(&case, &have);
            // A share of the free space depends on when it is taken, and a removal moves that. A pool made anew by share may
            // then leave too little for a volume that was to have what the old pool left, or for itself; the plan says so.
            if replaces_pool && resumed.is_none() {
                let short = plan(&case.want, case.engine, &have).err();
                let of_size = |problem: &Problem| problem.key.ends_with(".size") || problem.key == "storage.pool.minimum";
                let by_size = |problems: &Vec<Problem>| problems.iter().all(of_size);
                prop_assert!(short.as_ref().is_none_or(by_size), "stuck after {:?}: {:?}", step, short);
            } else if removes || needs_second_look(&case.have) {
                prop_assert!(resumed.is_some(), "stuck after {:?}: {}{:?}", step, story(&case), plan(&case.want, case.engine, &have));
            } else {
                let resumed = resumed.map(|resumed| but_for_slack(resumed, &end));
                prop_assert_eq!(resumed.as_ref(), Some(&end), "cut after {:?}", step);
            }
        }
    }

    #[test]
    fn a_pool_that_grows_by_itself_after_a_cut_is_not_taken_for_too_large(numbers in vec(any::<u16>(), 0..160), by in 1_u64..2000) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let removes = |plan: &Plan| plan.steps.iter().any(|step| {
            let of_the_pools_size = matches!((&step.reason, &case.want.pool), (Reason::Spec(place), Some(pool)) if *place == pool.place);
            matches!(step.action, Action::RemovePool { .. }) && of_the_pools_size
        });
        if removes(&first) || needs_second_look(&case.have) {
            return Ok(());
        }
        let mut have = case.have.clone();
        for step in &first.steps {
            carry(&mut have, step);
            let mut larger = have.clone();
            extend_pools(&mut larger, by);
            let Ok(second) = plan(&case.want, case.engine, &larger) else { continue };
            prop_assert!(!removes(&second), "after {:?}: {}then {}", step, story(&case), steps(Ok(second)));
        }
    }

    #[test]
    fn from_a_store_that_was_moved_nothing_is_removed_and_no_image_is_lost_from_sight_unasked(numbers in vec(any::<u16>(), 0..160)) {
        let mut case = case(&numbers, Flavour::Any);
        case.have.engine.root = DockerRoot::Moved { to: "/var/srv/containers".to_owned(), by: "a file".to_owned() };
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let removes = |step: &Step<Action>| matches!(step.action, Action::RemovePool { records: true, .. } | Action::RemoveLoopStore { .. });
        prop_assert!(!first.steps.iter().any(removes), "{}", story(&case));
        let mut have = case.have.clone();
        permitted(&first, Disruption::Reboot).iter().for_each(|step| carry(&mut have, step));
        prop_assert_eq!(have.engine.docker, case.have.engine.docker, "{}", story(&case));
    }

    #[test]
    fn a_pool_by_share_takes_exactly_that_share(numbers in vec(any::<u16>(), 0..160)) {
        let case = case(&numbers, Flavour::Any);
        let Ok(first) = plan(&case.want, case.engine, &case.have) else { return Ok(()) };
        let mut have = case.have.clone();
        for step in &first.steps {
            if let Action::CreatePool { group, data, metadata, spare, asked, .. } = &step.action
                && let Some(Size::OfFree(share)) = Size::from_tag(asked)
                // What others leave by consent does not count for one that is made anew.
                && !first.steps.iter().any(|step| matches!(step.action, Action::RemovePool { .. }))
            {
                prop_assert_eq!(data + metadata + spare, share.of(have.groups[group].free));
            }
            carry(&mut have, step);
        }
    }
}

#[test]
fn most_cases_can_be_planned_and_each_kind_of_step_is_drawn() {
    let mut planned = 0;
    let mut kinds = BTreeSet::new();
    for seed in 0..2000 {
        let case = draw(&mut Choices::seeded(seed), Flavour::Any);
        if let Ok(plan) = plan(&case.want, case.engine, &case.have) {
            planned += 1;
            kinds.extend(plan.steps.iter().map(|step| config::Describe::kind(&step.action)));
        }
    }
    assert!(planned > 800, "only {planned} of 2000");
    assert_eq!(kinds.len(), 31, "{kinds:?}");
}

#[test]
fn cases_for_the_guest_can_mostly_be_planned() {
    let planned = |seed: &u64| {
        let case = draw(&mut Choices::seeded(*seed), Flavour::Real);
        plan(&case.want, case.engine, &case.have).is_ok()
    };
    let planned = (0..200).filter(planned).count();
    assert!(planned > 120, "only {planned} of 200");
}
