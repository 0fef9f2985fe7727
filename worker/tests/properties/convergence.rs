//! Any order, any duplication, any crash: the same facts (P1, P2, P21, P22, P25).

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::few;
use crate::history::{facts, steps};
use crate::world::World;

/// What somebody may do to facts who should not.
const SPOILED: [&str; 5] = [
    "select 1",
    "delete from dora_deployments; delete from dora_commits; delete from dora_changes; delete from dora_remediations;
     delete from dora_incidents; delete from dora_links; delete from dora_failures",
    "update dora_deployments set failed = not failed, service = 'stranger', at = at - interval '9 days'",
    "update dora_changes set lead_s = 1, service = 'stranger'; update dora_incidents set service = 'stranger', resolved_at = null",
    "delete from dora_links; update dora_failures set failed_at = failed_at - interval '400 days'; delete from dora_commits",
];

proptest! {
    #![proptest_config(few())]

    #[test]
    fn p1_any_order_gives_the_same_facts(steps in steps(30), salt in any::<u64>(), batch in 1usize..7) {
        let all = facts(&steps, 0);
        let mut shuffled: Vec<&Value> = all.iter().collect();
        shuffled.sort_by_cached_key(|fact| hash(salt, fact));
        let mut world = World::new();
        for some in shuffled.chunks(batch) {
            world.tell(&some.iter().map(|fact| (*fact).clone()).collect::<Vec<_>>());
        }
        prop_assert_eq!(world.facts(), World::of(&all).facts());
    }

    #[test]
    fn p2_duplicates_change_nothing(steps in steps(30), again in proptest::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let all = facts(&steps, 0);
        let mut world = World::of(&all);
        let before = world.facts();
        for index in again {
            if !all.is_empty() {
                world.tell(&[all[index.index(all.len())].clone()]);
            }
        }
        prop_assert_eq!(world.facts(), before);
    }

    #[test]
    fn p21_what_is_kept_up_is_what_a_rebuild_makes_at_every_step(steps in steps(24)) {
        let mut world = World::new();
        for fact in facts(&steps, 0) {
            world.tell(&[fact]);
            prop_assert_eq!(world.history.facts_made_anew(), world.facts());
        }
    }

    #[test]
    fn p21_a_rebuild_in_lanes_mends_whatever_is_wrong(steps in steps(40), spoiled in prop::sample::select(&SPOILED[..])) {
        let mut world = World::of(&facts(&steps, 0));
        let before = world.facts();
        world.history.rebuild_in_lanes(spoiled);
        prop_assert_eq!(world.facts(), before);
    }

    #[test]
    fn p22_a_crash_between_any_two_statements_is_no_difference(steps in steps(24), crashes in proptest::collection::vec(any::<bool>(), 24)) {
        let all = facts(&steps, 0);
        let mut world = World::new();
        for (fact, crashed) in all.iter().zip(crashes.iter().chain(std::iter::repeat(&false))) {
            let one = [fact.clone()];
            if *crashed {
                // The consumer dies before its commit, is told again, and the engine dies before its own.
                world.take_in_and_die(&one);
                world.history.tell(&one);
                world.reckon_and_die();
            } else {
                world.history.tell(&one);
            }
        }
        world.history.reckon();
        prop_assert_eq!(world.facts(), World::of(&all).facts());
    }

    #[test]
    fn p25_unlinking_and_linking_again_is_linking(steps in steps(30), incident in 1usize..3, deployment in 1usize..6) {
        let all = facts(&steps, 0);
        let link = |removed: bool, at: i64| json!({"kind": "link", "incident": format!("i{incident}"),
            "deployment": format!("d{deployment}"), "removed": removed, "updated_at": at});
        let late = crate::history::START + 90 * crate::history::DAY;
        let mut once = World::of(&all);
        once.tell(&[link(false, late)]);
        let mut thrice = World::of(&all);
        for (removed, at) in [(false, late - 2), (true, late - 1), (false, late)] {
            thrice.tell(&[link(removed, at)]);
        }
        prop_assert_eq!(thrice.facts(), once.facts());
    }
}

/// Some order that has nothing to do with what is ordered.
fn hash(salt: u64, fact: &Value) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (salt, fact.to_string()).hash(&mut hasher);
    hasher.finish()
}
