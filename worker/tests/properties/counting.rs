//! What the numbers are of the rows, and of each other (P3 to P8, P11, P14, P15, P18 to P20).

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::TenantId;
use domain::metrics::percentile::of_sorted;
use proptest::prelude::*;
use serde_json::Value;
use store::metrics::lead::{self, Unit, Which};

use crate::few;
use crate::history::{DAY, SERVICES, START, facts, steps};
use crate::world::{END, Headline, World};

fn sum(parts: impl IntoIterator<Item = Headline>) -> Headline {
    parts.into_iter().fold(Headline::default(), Headline::plus)
}

/// Everything that a commit stands on, itself too: an own walk over the told parents.
fn closure(parents: &BTreeMap<(String, String), Vec<String>>, repo: &str, sha: &str) -> BTreeSet<String> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![sha.to_owned()]);
    while let Some(sha) = next.pop() {
        if seen.insert(sha.clone()) {
            next.extend(parents.get(&(repo.to_owned(), sha)).into_iter().flatten().cloned());
        }
    }
    seen
}

fn text<'a>(fact: &'a Value, field: &str) -> &'a str {
    fact[field].as_str().unwrap_or_default()
}

/// The parents that a history tells.
fn parents(all: &[Value]) -> BTreeMap<(String, String), Vec<String>> {
    let commits = all.iter().filter(|fact| fact["kind"] == "commit");
    let parent = |fact: &Value| {
        fact["parents"].as_array().into_iter().flatten().filter_map(|sha| sha.as_str().map(str::to_owned)).collect()
    };
    commits.map(|fact| ((text(fact, "repo").to_owned(), text(fact, "sha").to_owned()), parent(fact))).collect()
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn p3_p4_p5_every_rate_lies_between_none_and_all(steps in steps(40)) {
        let mut world = World::of(&facts(&steps, 0));
        for services in [&SERVICES[..], &SERVICES[..1], &SERVICES[1..]] {
            let all = world.headline(services);
            prop_assert!(0 <= all.failed && all.failed <= all.judged() && all.judged() <= all.deployments, "{all:?}");
            prop_assert!(0 <= all.rework && all.rework <= all.deployments, "{all:?}");
            prop_assert!(all.recoveries.len() as i64 + all.open >= 0 && all.recoveries.iter().all(|seconds| *seconds >= 0.0));
        }
    }

    #[test]
    fn p6_p8_services_add_up_and_the_whole_lies_between_its_parts(steps in steps(40)) {
        let mut world = World::of(&facts(&steps, 0));
        let parts: Vec<Headline> = SERVICES.iter().map(|service| world.headline(&[service])).collect();
        let whole = world.headline(&SERVICES);
        let medians: Vec<f64> = parts.iter().filter_map(|part| of_sorted(&part.leads, 0.5)).collect();
        if let Some(median) = of_sorted(&whole.leads, 0.5) {
            prop_assert!(medians.iter().any(|part| *part <= median) && medians.iter().any(|part| *part >= median));
        }
        prop_assert_eq!(sum(parts), whole);
    }

    #[test]
    fn p7_windows_add_up(steps in steps(40), cut in 0i64..200) {
        let mut world = World::of(&facts(&steps, 0));
        let middle = START + cut * 3600;
        let (early, late) = (world.headline_within(&[], START - DAY, middle), world.headline_within(&[], middle, END));
        let whole = world.headline_within(&[], START - DAY, END);
        // What is open is open at an end, not within a window.
        let closed = |one: Headline| Headline { open: 0, ..one };
        prop_assert_eq!(closed(sum([early, late])), closed(whole));
    }

    #[test]
    fn p14_p18_a_change_ships_once_in_an_environment_and_only_with_a_success(steps in steps(40)) {
        let mut world = World::of(&facts(&steps, 0));
        let twice = "select service || environment || repo || number as line from dora_changes
             group by service, environment, repo, number having count(*) > 1";
        prop_assert_eq!(world.history.lines(twice), Vec::<String>::new());
        let without_success = "select c.deployment_id as line from dora_changes c left join dora_deployments d
             using (tenant_id, integration, deployment_id) where d.outcome is distinct from 'success'
             union all select c.deployment_id from dora_commits c left join dora_deployments d
             using (tenant_id, integration, deployment_id) where d.outcome is distinct from 'success'";
        prop_assert_eq!(world.history.lines(without_success), Vec::<String>::new());
    }

    #[test]
    fn p15_the_shipping_deployment_is_the_first_whose_ancestry_holds_what_landed(steps in steps(40)) {
        let all = facts(&steps, 0);
        let parents = parents(&all);
        let mut world = World::of(&all);
        let rows = "select concat_ws(' ', c.service, c.environment, c.repo, ch.landed_sha, c.deployment_id) as line
             from dora_changes c join changes ch using (tenant_id, repo, number) where c.link_method = 'graph'";
        let successes = "select concat_ws(' ', service, environment, deployment_id, heads) as line from dora_deployments
             where outcome = 'success' order by at, deployment_id";
        let successes: Vec<Vec<String>> =
            world.history.lines(successes).iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect();
        for row in world.history.lines(rows) {
            let [service, environment, repo, landed, deployment] = row.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{row}");
            };
            for success in successes.iter().filter(|success| success[0] == service && success[1] == environment) {
                let head = success.get(3).and_then(|head| head.strip_prefix(repo)?.strip_prefix('@'));
                let holds = head.is_some_and(|head| closure(&parents, repo, head).contains(landed));
                if success[2] == deployment {
                    prop_assert!(holds, "{deployment} does not hold {landed}");
                    break;
                }
                prop_assert!(!holds, "{} held {landed} before {deployment}", success[2]);
            }
        }
    }

    #[test]
    fn p19_p20_headlines_are_those_of_the_rows_behind_them(steps in steps(40)) {
        let mut world = World::of(&facts(&steps, 0));
        let headline = world.headline(&[]);
        let shares = [0.5, 0.75, 0.9, 0.95];
        let slice = crate::world::slice(&[], START - DAY, END);
        for (unit, raw) in [(Unit::Change, &headline.leads), (Unit::Commit, &headline.commit_leads)] {
            let which = Which { unit, exclude_bots: false };
            let total = lead::total(&mut world.history.conn, &TenantId::default(), &slice, which, &shares).expect("counted");
            prop_assert_eq!(total.n, raw.len() as i64);
            let own: Vec<f64> = shares.iter().filter_map(|share| of_sorted(raw, *share)).collect();
            let theirs = total.percentiles.unwrap_or_default();
            prop_assert!(own.len() == theirs.len() && own.iter().zip(&theirs).all(|(a, b)| (a - b).abs() <= 1e-6 * a.abs().max(1.0)),
                "{own:?} {theirs:?}");
        }
        let counted = world.history.lines("select count(*)::text as line from dora_deployments
            where tier = 'production' and outcome = 'success'");
        prop_assert_eq!(counted, vec![headline.deployments.to_string()]);
    }
}
