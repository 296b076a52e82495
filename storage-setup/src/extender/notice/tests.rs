//! When the kernel can be relied on.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, proptest};

use super::Notice;

fn after(looks: &[(u32, u64)]) -> Notice {
    let mut notice = Notice::default();
    looks.iter().for_each(|(event, free)| notice.note(*event, 40, Some(*free)));
    notice
}

#[test]
fn a_new_pool_above_its_mark_will_be_told_of() {
    assert!(!after(&[(0, 100), (0, 41)]).is_spent());
}

#[test]
fn a_pool_that_was_pruned_after_the_notice_needs_a_resume() {
    let full = after(&[(0, 100), (1, 40)]);
    assert!(full.is_spent() && !full.can_be_renewed(), "a resume now would bring no event before the next chunk");
    let mut pruned = after(&[(0, 100), (1, 40), (1, 90)]);
    assert!(pruned.can_be_renewed());
    pruned.resumed();
    pruned.note(1, 40, Some(90));
    assert!(!pruned.is_spent());
}

#[test]
fn a_notice_that_somebody_else_heard_before_the_first_look_is_spent() {
    assert!(after(&[(3, 90)]).can_be_renewed());
}

#[test]
fn a_notice_that_came_and_went_between_two_looks_is_spent() {
    assert!(after(&[(0, 90), (1, 90)]).can_be_renewed());
}

#[test]
fn a_pool_that_grew_is_told_of_again_unless_the_notice_came_meanwhile() {
    let mut grown = after(&[(1, 40)]);
    grown.resumed();
    grown.note(1, 40, Some(60));
    assert!(!grown.is_spent());
    grown.resumed();
    grown.note(2, 40, Some(60));
    assert!(grown.is_spent());
}

#[test]
fn without_a_mark_or_figures_no_resume_helps() {
    let mut notice = Notice::default();
    notice.note(1, 0, Some(50));
    assert!(!notice.is_marked() && !notice.can_be_renewed());
    notice.note(2, 40, None);
    assert!(notice.is_spent() && !notice.can_be_renewed());
}

/// The kernel's side: it tells when a chunk is taken at or below the mark, once after each resume.
#[derive(Default)]
struct Kernel {
    event: u32,
    told: bool,
    free: u64,
}

const MARK: u64 = 40;

impl Kernel {
    fn take(&mut self) {
        if self.free <= MARK && !self.told {
            (self.told, self.event) = (true, self.event + 1);
        }
        self.free = self.free.saturating_sub(1);
    }
}

proptest! {
    #[test]
    fn a_kernel_that_has_nothing_more_to_tell_is_never_relied_on(steps in vec((0_u8..4, any::<u8>()), 0..80)) {
        let (mut kernel, mut notice) = (Kernel { free: 100, ..Kernel::default() }, Notice::default());
        for (what, count) in steps {
            match what {
                0 => (0..count % 80).for_each(|_| kernel.take()),
                1 => kernel.free = (kernel.free + u64::from(count)).min(100),
                2 => {
                    kernel.told = false;
                    notice.resumed();
                }
                _ => {}
            }
            notice.note(kernel.event, MARK, Some(kernel.free));
            prop_assert!(notice.is_spent() || !kernel.told);
        }
    }
}
