//! What holds for every history. Names (P1, P12, …) are those of the specification of the metrics.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::dora::engine::contents::{Reckoned, pairs, reckon};
use domain::dora::engine::{Change, Ended, RepoSha};
use domain::dora::facts::Kind;
use proptest::prelude::*;

use crate::random::worlds;
use crate::stretch::{ancestors, landed, shas, since};
use crate::world::{World, at, component, named, outside};

/// The facts of deployments since a time.
fn late(mut facts: Reckoned, from: DateTime<Utc>) -> Reckoned {
    facts.deployments.retain(|one| one.at >= from);
    facts.commits.retain(|one| one.deployed_at >= from);
    facts.changes.retain(|one| one.deployed_at >= from);
    facts.remediations.retain(|one| one.at >= from);
    facts
}

/// The facts of deployments before a time.
fn early(mut facts: Reckoned, to: DateTime<Utc>) -> Reckoned {
    facts.deployments.retain(|one| one.at < to);
    facts.commits.retain(|one| one.deployed_at < to);
    facts.changes.retain(|one| one.deployed_at < to);
    facts.remediations.retain(|one| one.at < to);
    facts
}

fn ordered(world: &World) -> Vec<&Ended> {
    let mut all: Vec<&Ended> = world.deployments.iter().filter(|one| one.outcome == "success").collect();
    all.sort_by_key(|one| (one.finished_at, &one.deployment.id));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// P21 without a store.
    #[test]
    fn a_stretch_says_what_the_whole_says(world in worlds(), cut in 0i64..100) {
        let whole = reckon(&world.whole());
        let stretch = since(&world, &whole, at(cut));
        prop_assert_eq!(reckon(&stretch), late(whole, at(cut)));
    }

    /// P21 again: what more is known of before does no harm.
    #[test]
    fn more_of_the_past_does_no_harm(world in worlds(), cut in 0i64..100) {
        let whole = reckon(&world.whole());
        let mut stretch = since(&world, &whole, at(cut));
        stretch.changes.clone_from(&world.changes);
        let full = since(&world, &whole, at(cut));
        let known: BTreeSet<(&str, &str)> = full.changes.iter().map(|one| (one.repo.as_str(), one.number.as_str())).collect();
        for fact in whole.changes.iter().filter(|one| one.deployed_at < at(cut)) {
            if !known.contains(&(fact.repo.as_str(), fact.number.as_str())) {
                let key = (fact.environment.clone(), fact.repo.clone(), fact.number.clone());
                stretch.before.shipped.insert(key, fact.deployment.clone());
            }
        }
        prop_assert_eq!(reckon(&stretch), late(whole, at(cut)));
    }

    /// P1.
    #[test]
    fn order_says_nothing(world in worlds(), turn in 0usize..8) {
        let straight = world.whole();
        let mut crooked = world.whole();
        crooked.deployments.reverse();
        crooked.changes.reverse();
        let (deployments, changes) = (crooked.deployments.len(), crooked.changes.len());
        crooked.deployments.rotate_left(turn % deployments);
        crooked.changes.rotate_left(turn % changes);
        prop_assert_eq!(reckon(&straight), reckon(&crooked));
    }

    /// P12.
    #[test]
    fn deploying_the_same_again_ships_nothing(world in worlds()) {
        let Some(last) = ordered(&world).last().map(|last| (*last).clone()) else { return Ok(()) };
        if last.components.iter().any(|part| part.sha.is_none()) {
            return Ok(());
        }
        let mut again = world.clone();
        let deployment = outside("z-again");
        let finished_at = last.finished_at + TimeDelta::days(40);
        let contains = BTreeSet::new();
        let one = Ended { deployment, finished_at, explicit_kind: None, fixes: Vec::new(), contains, ..last };
        again.deployments.push(one);
        let facts = reckon(&again.whole());
        let new = late(facts.clone(), finished_at);
        prop_assert_eq!(new.deployments[0].kind, Some(Kind::Redeploy));
        let rolls = world.deployments.iter().any(|one| one.outcome != "success" && !one.contains.is_empty());
        prop_assert!(rolls || (new.changes.is_empty() && new.commits.is_empty()));
        prop_assert_eq!(early(facts, finished_at), reckon(&world.whole()));
    }

    /// P13: neither what is not deployed nor another environment changes anything.
    #[test]
    fn strangers_change_nothing(world in worlds(), minute in 0i64..100) {
        let mut crowd = world.clone();
        crowd.commit_of("acme/stranger", "s", &[], 1);
        let parts = vec![component("acme/stranger", Some("s")), component("acme/shop", Some("c00"))];
        crowd.deploy_parts("a-stranger", minute, parts).environment = "elsewhere".to_owned();
        let change = Change { repo: "acme/stranger".to_owned(), landed_sha: Some("s".to_owned()), ..Change::default() };
        crowd.changes.push(change);
        let mut facts = reckon(&crowd.whole());
        facts.deployments.retain(|one| one.environment != "elsewhere");
        facts.commits.retain(|one| one.environment != "elsewhere");
        facts.changes.retain(|one| one.environment != "elsewhere");
        facts.remediations.retain(|one| one.deployment.id != "a-stranger");
        prop_assert_eq!(facts, reckon(&world.whole()));
    }

    /// P14, P18, and that what is counted is there.
    #[test]
    fn everything_ships_once_and_with_a_success(world in worlds()) {
        let facts = reckon(&world.whole());
        let changes: BTreeSet<_> = facts.changes.iter().map(|one| (&one.environment, &one.repo, &one.number)).collect();
        prop_assert_eq!(changes.len(), facts.changes.len());
        let commits: BTreeSet<_> = facts.commits.iter().map(|one| (&one.environment, &one.repo, &one.sha)).collect();
        prop_assert_eq!(commits.len(), facts.commits.len());
        let succeeded: BTreeMap<_, _> = facts.deployments.iter().map(|one| (&one.deployment, one)).collect();
        for one in &facts.changes {
            prop_assert_eq!(succeeded[&one.deployment].outcome.as_str(), "success");
        }
        for one in &facts.commits {
            prop_assert_eq!(succeeded[&one.deployment].outcome.as_str(), "success");
        }
        for one in &facts.deployments {
            let shipped = facts.changes.iter().filter(|change| change.deployment == one.deployment).count();
            prop_assert_eq!(one.changes as usize, shipped);
            prop_assert_eq!(one.kind.is_some(), one.outcome == "success");
            prop_assert!(one.kind == Some(Kind::Rollback) || one.target.is_none());
        }
        for one in &facts.remediations {
            prop_assert!(one.culprit != one.deployment);
            prop_assert!(succeeded[&one.culprit].at <= one.at && succeeded[&one.deployment].rework);
        }
    }

    /// P15, by a walk of its own.
    #[test]
    fn what_ships_was_contained_then_and_not_before(world in worlds()) {
        let facts = reckon(&world.whole());
        let mut rolled: BTreeMap<&str, BTreeSet<RepoSha>> = BTreeMap::new();
        let mut live: BTreeMap<&str, BTreeSet<RepoSha>> = BTreeMap::new();
        let mut all: Vec<&Ended> = world.deployments.iter().collect();
        all.sort_by_key(|one| (one.finished_at, &one.deployment.id));
        for one in all {
            let environment = one.environment.as_str();
            if one.outcome != "success" {
                rolled.entry(environment).or_default().extend(one.contains.iter().cloned());
                continue;
            }
            let heads: BTreeSet<RepoSha> = shas(one).into_iter().chain(rolled.remove(environment).unwrap_or_default()).collect();
            let closure: BTreeSet<RepoSha> = heads.iter().flat_map(|head| ancestors(&world.graph, head)).collect();
            let live = live.entry(environment).or_default();
            for fact in facts.commits.iter().filter(|fact| fact.deployment == one.deployment) {
                let commit = named(&fact.repo, &fact.sha);
                prop_assert!(closure.contains(&commit) && !live.contains(&commit));
            }
            for fact in facts.changes.iter().filter(|fact| fact.deployment == one.deployment) {
                let landed = world.changes.iter().find(|change| change.number == fact.number).and_then(landed);
                match (landed, fact.link_method.as_str()) {
                    (Some(landed), "graph" | "exact") => {
                        prop_assert!(closure.contains(&landed) && !live.contains(&landed));
                    }
                    (Some(landed), _) => prop_assert!(!live.contains(&landed)),
                    (None, _) => {}
                }
            }
            live.extend(closure);
        }
    }

    /// P16: a deployment that becomes known late changes nothing of what was before it.
    #[test]
    fn the_past_does_not_depend_on_the_future(world in worlds(), cut in 0i64..100) {
        let mut shorter = world.clone();
        shorter.deployments.retain(|one| one.finished_at < at(cut));
        prop_assert_eq!(early(reckon(&world.whole()), at(cut)), reckon(&shorter.whole()));
    }

    /// P26.
    #[test]
    fn other_names_are_only_other_names(world in worlds()) {
        let mut renamed = world.clone();
        for one in &mut renamed.deployments {
            one.deployment.id = format!("x-{}", one.deployment.id);
            one.fixes.iter_mut().for_each(|word| *word = format!("x-{word}"));
        }
        let mut facts = reckon(&renamed.whole());
        let back = |id: &mut String| *id = id.trim_start_matches("x-").to_owned();
        for one in &mut facts.deployments {
            back(&mut one.deployment.id);
            one.target.iter_mut().chain(&mut one.predecessor).for_each(|other| back(&mut other.id));
        }
        facts.commits.iter_mut().for_each(|one| back(&mut one.deployment.id));
        facts.changes.iter_mut().for_each(|one| back(&mut one.deployment.id));
        facts.remediations.iter_mut().for_each(|one| {
            back(&mut one.deployment.id);
            back(&mut one.culprit.id);
        });
        prop_assert_eq!(facts, reckon(&world.whole()));
    }

    /// P10, and that phases never say more than the lead time.
    #[test]
    fn leads_do_not_depend_on_the_date_and_hold_their_phases(world in worlds()) {
        for one in &reckon(&world.whole()).changes {
            let all = one.phases;
            let known = [all.coding_s, all.pickup_s, all.review_s, all.merge_s, all.deploy_s];
            prop_assert!(known.iter().flatten().all(|phase| *phase >= 0.0));
            prop_assert!(known.iter().flatten().sum::<f64>() <= one.lead_s.max(0.0) + 1e-6);
            prop_assert_eq!((one.at - one.start_at).as_seconds_f64(), one.lead_s);
        }
    }

    /// P17, P25.
    #[test]
    fn a_second_incident_fails_no_second_deployment(world in worlds(), start in 0i64..120, end in 0i64..120) {
        let mut one = world;
        one.incident("i1", start, Some(end));
        let before = one.reckon();
        let linked = one.incidents[0].0.clone();
        one.incident("i2", start, None).environment.clone_from(&linked.environment);
        let after = one.reckon();
        prop_assert_eq!(before.failed(), after.failed());

        one.incidents.truncate(1);
        one.incidents[0].0.unlinked = true;
        prop_assert!(one.reckon().links().is_empty());
        if let Some(link) = before.links.first() {
            one.incidents[0].0.explicit = vec![link.deployment.clone()];
            let again = one.reckon();
            prop_assert_eq!(before.failed(), again.failed());
        }
    }

    #[test]
    fn nothing_is_asked_from_the_beginning(world in worlds()) {
        prop_assert!(pairs(&world.whole()).is_empty());
    }
}
