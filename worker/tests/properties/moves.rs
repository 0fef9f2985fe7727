//! What one thing more may move, and what it may not (P9, P10, P12, P13, P16, P17, P28).

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::few;
use crate::history::{DAY, SERVICES, START, facts, steps};
use crate::world::{Headline, World};

/// Ends after everything a history has.
const LATE: i64 = START + 200 * DAY;

fn deployment(id: &str, service: &str, environment: (&str, &str), at: i64, sha: Option<(&str, &str)>) -> Value {
    let components: Vec<Value> = sha.into_iter().map(|(repo, sha)| json!({"repo": repo, "sha": sha})).collect();
    json!({"kind": "deployment", "id": id, "service": service, "env": environment.0, "tier": environment.1,
        "status": "success", "at": at, "components": components})
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn p9_what_is_not_production_moves_nothing(steps in steps(30), minutes in 0i64..5000) {
        let all = facts(&steps, 0);
        let mut world = World::of(&all);
        let before = world.headline(&[]);
        let at = START + minutes * 60;
        world.tell(&[
            deployment("noise-1", SERVICES[0], ("qa", "testing"), at, Some(("acme/mono", "0000"))),
            deployment("noise-2", SERVICES[0], ("qa", "testing"), at + 60, Some(("acme/mono", "0001"))),
            json!({"kind": "incident", "id": "noise", "service": SERVICES[0], "env": "qa", "opened_at": at + 120}),
        ]);
        let after = world.headline(&[]);
        // An incident is counted for itself; no deployment fails by it.
        prop_assert_eq!(after.without_restores(), before.without_restores());
    }

    #[test]
    fn p10_moving_all_times_moves_only_times(steps in steps(30), weeks in 1i64..40) {
        let shift = weeks * 7 * DAY;
        let here = World::of(&facts(&steps, 0)).headline(&[]);
        let there = World::of(&facts(&steps, shift)).headline_within(&[], START, crate::world::END + shift);
        prop_assert_eq!(there, here);
    }

    #[test]
    fn p12_a_redeploy_is_one_more_deployment_and_no_more_changes(steps in steps(30)) {
        let all = facts(&steps, 0);
        let mut world = World::of(&all);
        let Some([service, environment, repo, sha]) = world.last_success() else { return Ok(()) };
        let before = world.headline(&[&service]);
        world.tell(&[deployment("again", &service, (&environment, "production"), LATE, Some((&repo, &sha)))]);
        let after = world.headline(&[&service]);
        prop_assert_eq!(after.deployments, before.deployments + 1);
        prop_assert_eq!(after.leads, before.leads);
        prop_assert_eq!((after.failed, after.rework), (before.failed, before.rework));
    }

    #[test]
    fn p13_another_service_moves_no_slice_but_its_own(steps in steps(30), minutes in 0i64..5000) {
        let all = facts(&steps, 0);
        let mut world = World::of(&all);
        let before: Vec<Headline> = SERVICES.iter().map(|service| world.headline(&[service])).collect();
        let at = START + minutes * 60;
        world.tell(&[
            deployment("n1", "newcomer", ("prod", "production"), at, Some(("acme/mono", "0000"))),
            deployment("n2", "newcomer", ("prod", "production"), at + 600, Some(("acme/mono", "0002"))),
            json!({"kind": "incident", "id": "n3", "service": "newcomer", "opened_at": at + 900}),
        ]);
        let after: Vec<Headline> = SERVICES.iter().map(|service| world.headline(&[service])).collect();
        prop_assert_eq!(after, before);
    }

    #[test]
    fn p16_a_late_deployment_moves_no_frequency_and_no_lead_time_before_it(steps in steps(30)) {
        let all = facts(&steps, 0);
        let mut world = World::of(&all);
        let before = world.headline(&[]);
        world.tell(&[
            deployment("late", SERVICES[0], ("prod", "production"), LATE, Some(("acme/mono", "0000"))),
        ]);
        let earlier = world.headline_within(&[], START - DAY, LATE);
        prop_assert_eq!((earlier.deployments, earlier.leads), (before.deployments, before.leads));
    }

    #[test]
    fn p17_a_second_incident_on_a_failed_deployment_moves_no_failure_rate(steps in steps(30)) {
        let all = facts(&steps, 0);
        let mut world = World::of(&all);
        let Some((id, at)) = world.a_failure() else { return Ok(()) };
        let before = world.headline(&[]);
        world.tell(&[json!({"kind": "incident", "id": "second", "opened_at": at, "caused_by": {"deployment": id}})]);
        let after = world.headline(&[]);
        prop_assert_eq!((after.failed, after.judged()), (before.failed, before.judged()));
    }

    #[test]
    fn p28_a_service_brings_what_it_takes_away(steps in steps(30)) {
        let all = facts(&steps, 0);
        let of = |fact: &Value| fact["service"].as_str().map(str::to_owned);
        // Incidents that name another's commit, and links, would tie services together.
        let apart: Vec<Value> =
            all.into_iter().filter(|fact| fact["kind"] != "link" && fact.get("caused_by").is_none()).collect();
        let without: Vec<Value> =
            apart.iter().filter(|fact| of(fact).as_deref() != Some(SERVICES[2])).cloned().collect();
        let (mut whole, mut rest) = (World::of(&apart), World::of(&without));
        for service in &SERVICES[..2] {
            prop_assert_eq!(rest.headline(&[service]), whole.headline(&[service]));
        }
        prop_assert_eq!(rest.headline(&[SERVICES[2]]).deployments, 0);
    }
}
