//! SIGKILL before and after every effect in turn: what boots is as before or as after, and the next run gets there.

use config::Kill;
use image::{Event, Order};

use crate::UPGRADE;
use crate::world::World;

#[test]
fn an_upgrade_that_is_cut_off_anywhere_is_finished_by_the_next() {
    let world = World::new();
    world.publish("12", 1_700_000_000, true);
    world.install("12");
    world.publish("13", 1_700_000_100, true);
    let (clean, _) = world.order(&Order { request: UPGRADE, kill: None });
    let effects: Vec<&str> = clean.iter().filter_map(effect).collect();
    assert_eq!(effects.len(), 5, "{effects:?}");

    let mut last = "13".to_owned();
    let points = (1..=5).flat_map(|effect| [false, true].map(|after| Kill { effect, after }));
    for (number, kill) in (0..).zip(points) {
        let next = (14 + number).to_string();
        world.publish(&next, 1_700_000_200 + number, true);
        let (cut, code) = world.order(&Order { request: UPGRADE, kill: Some(kill) });
        let told = cut.iter().filter_map(effect).count();
        assert_eq!((code, told), (None, usize::try_from(kill.effect).unwrap() - usize::from(!kill.after)), "{kill:?}: {cut:?}");
        let boots = world.deployed().remove(0);
        assert!(boots == last || boots == next, "{kill:?}: {boots}");

        assert!(matches!(world.ask(&UPGRADE), Event::Staged { .. } | Event::NothingNew { .. }), "{kill:?}");
        assert_eq!(world.deployed()[0], next, "{kill:?}");
        assert_eq!(world.leftovers(), Vec::<String>::new(), "{kill:?}");
        last = next;
    }
    world.ostree(&["fsck", "--quiet"]);
}

fn effect(event: &Event) -> Option<&str> {
    match event {
        Event::Effect { what } => Some(what),
        Event::Progress { .. }
        | Event::Status(_)
        | Event::Available { .. }
        | Event::Staged { .. }
        | Event::NothingNew { .. }
        | Event::RolledBack { .. }
        | Event::Failed { .. } => None,
    }
}
