//! What ships with which deployment, and how long it took.

use domain::data::Tier;
use domain::dora::engine::Ownership;

use crate::world::{MINUTES_A_DAY, REPO, World, at, component, named};

#[test]
fn commits_ship_once_with_the_first_that_contains_them() {
    let mut world = World::new();
    world.commit("c", &[], 780);
    world.commit("c1", &["c"], 840);
    world.commit("c2", &["c1"], 900);
    world.commit("c3", &["c2"], 960);
    world.commit("c4", &["c2", "c3"], 1020).is_merge = true;
    world.deploy("d1", 840, "c1");
    world.deploy("d2", 1140, "c4");
    world.deploy("d3", 1200, "c4");
    let facts = world.reckon();
    assert!(facts.commits("d1").is_empty(), "nobody knows what was live before the first");
    assert_eq!(facts.commits("d2"), ["c2", "c3", "c4"]);
    assert!(facts.commits("d3").is_empty());
    let leads = facts.reckoned.commits.iter().filter(|one| one.shipped && !one.is_merge).filter_map(|one| one.lead_s);
    assert_eq!(leads.collect::<Vec<_>>(), [4.0 * 3600.0, 3.0 * 3600.0]);
}

#[test]
fn changes_ship_by_where_they_landed_however_they_were_merged() {
    let mut world = World::new();
    world.line(&["base", "squashed", "rebased1", "rebased2"]);
    world.commit("b1", &["base"], 1);
    world.commit("merge", &["rebased2", "b1"], 50).is_merge = true;
    world.change("1", "squashed", 5, 20).first_commit_at = Some(at(2));
    world.change("2", "rebased2", 15, 30);
    world.change("3", "merge", 16, 50).first_commit_at = Some(at(1));
    world.deploy("d1", 10, "base");
    world.deploy("d2", 60, "merge");
    let facts = world.reckon();
    assert_eq!(facts.shipped("d2"), [("1", "graph"), ("2", "graph"), ("3", "graph")]);
    assert_eq!(facts.deployment("d2").changes, 3);
    assert_eq!(facts.change("1").lead_s, 58.0 * 60.0);
    assert_eq!(facts.change("2").lead_s, 45.0 * 60.0);
    assert_eq!(facts.change("3").phases.deploy_s, Some(600.0));
}

#[test]
fn a_first_deployment_ships_only_what_landed_as_its_very_commit() {
    let mut world = World::new();
    world.line(&["a", "b", "c"]);
    world.change("1", "b", 1, 10);
    world.change("2", "c", 2, 20);
    world.deploy("d1", 30, "c");
    world.deploy("d2", 40, "c");
    let facts = world.reckon();
    assert_eq!(facts.shipped("d1"), [("2", "exact")]);
    assert!(facts.shipped("d2").is_empty());
    assert!(facts.commits("d1").is_empty());
    assert!(!facts.deployment("d1").ancestry_gap);
}

#[test]
fn each_environment_and_repository_begins_on_its_own() {
    let mut world = World::new();
    world.line(&["a", "b", "c"]);
    world.commit_of("acme/web", "w1", &[], 0);
    world.commit_of("acme/web", "w2", &["w1"], 5);
    world.change("1", "b", 1, 10);
    world.deploy("d1", 10, "a");
    world.deploy("s1", 15, "a").environment = "staging".to_owned();
    world.deploy("s2", 20, "b").environment = "staging".to_owned();
    world.deploy_parts("d2", 30, vec![component(REPO, Some("b")), component("acme/web", Some("w2"))]);
    world.deployments[1].tier = Tier::Staging;
    let facts = world.reckon();
    assert_eq!(facts.shipped("s2"), [("1", "graph")]);
    assert_eq!(facts.shipped("d2"), [("1", "graph")], "once in each environment");
    assert_eq!(facts.commits("d2"), ["b"], "the web's first");
}

#[test]
fn what_failed_ships_nothing_and_the_next_success_ships_it() {
    let mut world = World::new();
    world.line(&["a", "b", "c"]);
    world.change("1", "b", 1, 10);
    world.deploy("d1", 10, "a");
    world.deploy("d2", 20, "b").outcome = "failure".to_owned();
    world.deploy("d3", 30, "c");
    let facts = world.reckon();
    assert!(facts.shipped("d2").is_empty() && facts.commits("d2").is_empty());
    assert_eq!(facts.shipped("d3"), [("1", "graph")]);
}

#[test]
fn an_unknown_predecessor_does_not_swallow_history() {
    let mut world = World::new();
    world.line(&["a", "b", "c"]);
    world.commit("later", &["c"], 40);
    for (number, landed) in [("1", "b"), ("2", "c"), ("3", "later")] {
        world.change(number, landed, 1, 10);
    }
    world.deploy("d1", 20, "nobody-pushed-this");
    world.deploy("d2", 50, "c");
    world.deploy("d3", 60, "later");
    let facts = world.reckon();
    assert!(facts.deployment("d2").ancestry_gap);
    assert_eq!(facts.shipped("d2"), [("2", "graph")]);
    assert_eq!(facts.shipped("d3"), [("3", "graph")], "what was live is never new again");
    assert!(!facts.deployment("d3").ancestry_gap);

    world.commit("nobody-pushed-this", &["a"], 15);
    world.graph.parents.entry(named(REPO, "b")).or_default().insert("nobody-pushed-this".to_owned());
    let healed = world.reckon();
    assert!(!healed.deployment("d2").ancestry_gap);
    assert_eq!(healed.shipped("d2"), [("1", "graph"), ("2", "graph")]);
}

#[test]
fn a_predecessor_that_is_only_known_as_a_parent_is_known_enough() {
    let mut world = World::new();
    world.commit("b", &["a"], 5);
    world.change("1", "b", 1, 5);
    world.deploy("d1", 3, "a");
    world.deploy("d2", 10, "b");
    let facts = world.reckon();
    assert_eq!(facts.shipped("d2"), [("1", "graph")]);
    assert!(!facts.deployment("d2").ancestry_gap);
}

#[test]
fn files_decide_in_a_shared_repository() {
    let mut world = World::new();
    world.rules.paths.insert(REPO.to_owned(), vec!["services/shop/**".to_owned()]);
    world.line(&["a", "ours", "theirs", "unknown"]);
    world.commit("branch", &["a"], 5).branches.insert("feature".to_owned());
    world.commit("merge", &["unknown", "branch"], 50).is_merge = true;
    world.change("1", "ours", 1, 10);
    world.change("2", "theirs", 1, 10);
    world.change("3", "unknown", 1, 10);
    world.change("4", "merge", 1, 50).head = Some("feature".to_owned());
    let files = |path: &str| Some(vec![path.to_owned()]);
    world.commit("ours", &[], 10).files = files("services/shop/main.rs");
    world.commit("theirs", &[], 20).files = files("services/cart/main.rs");
    world.commit("branch", &[], 5).files = files("services/cart/main.rs");
    world.deploy("d1", 5, "a");
    world.deploy("d2", 60, "merge");
    let facts = world.reckon();
    assert_eq!(facts.shipped("d2"), [("1", "graph"), ("3", "graph")]);
    assert!(facts.change("1").files_known && !facts.change("3").files_known);
    let outside: Vec<&str> =
        facts.reckoned.commits.iter().filter(|one| !one.in_scope).map(|one| one.sha.as_str()).collect();
    assert_eq!(outside, ["branch", "theirs"]);

    world.commit("branch", &[], 5).files = files("services/shop/lib.rs");
    assert_eq!(world.reckon().shipped("d2"), [("1", "graph"), ("3", "graph"), ("4", "graph")]);
}

#[test]
fn each_part_has_its_own_finish() {
    let mut world = World::new();
    world.line(&["a", "b"]);
    world.commit_of("acme/web", "w1", &[], 0);
    world.commit_of("acme/web", "w2", &["w1"], 5);
    world.change("1", "b", 0, 10);
    world.change("2", "w2", 0, 10).repo = "acme/web".to_owned();
    world.deploy_parts("d1", 5, vec![component(REPO, Some("a")), component("acme/web", Some("w1"))]);
    let mut parts = vec![component(REPO, Some("b")), component("acme/web", Some("w2"))];
    parts[0].finished_at = Some(at(20));
    world.deploy_parts("d2", 30, parts);
    let facts = world.reckon();
    assert_eq!((facts.change("1").lead_s, facts.change("2").lead_s), (1200.0, 1800.0));
    assert_eq!(facts.change("1").deployed_at, at(30));
    assert_eq!(facts.deployment("d2").changes, 2);
}

#[test]
fn odd_clocks_are_told_and_not_mended() {
    let mut world = World::new();
    world.line(&["a", "b", "c"]);
    world.change("before-merge", "b", 0, 90);
    world.change("negative", "c", 70, 80);
    world.deploy("d1", 5, "a");
    world.deploy("d2", 60, "c");
    let facts = world.reckon();
    assert_eq!(facts.change("before-merge").lead_s, 3600.0);
    assert_eq!(facts.change("before-merge").phases.deploy_s, Some(0.0));
    assert_eq!(facts.change("negative").lead_s, -600.0);
    assert_eq!(facts.change("negative").phases.deploy_s, None);
}

#[test]
fn pushes_without_a_change_count_as_one_each() {
    let mut world = World::new();
    world.line(&["a", "direct", "squash", "rebase1", "rebase2"]);
    world.commit("branch", &["a"], 7).branches.insert("feature".to_owned());
    world.commit("picked", &["rebase2"], 50).picked_from = Some("squash".to_owned());
    world.commit("merge", &["picked", "branch"], 60);
    for (sha, minute, after) in [
        ("direct", 12, "direct"),
        ("squash", 22, "squash"),
        ("rebase1", 45, "rebase2"),
        ("rebase2", 45, "rebase2"),
        ("picked", 55, "picked"),
        ("branch", 61, "merge"),
    ] {
        world.commit(sha, &[], minute - 2).pushed_to_default = Some((at(minute), after.to_owned()));
    }
    world.change("1", "squash", 1, 22);
    world.change("2", "rebase2", 1, 45);
    world.deploy("d1", 5, "a");
    world.deploy("d2", 100, "merge");
    let facts = world.reckon();
    assert_eq!(facts.shipped("d2"), [("1", "graph"), ("2", "graph"), ("direct", "graph")]);
    let direct = facts.change("direct");
    assert_eq!(direct.kind.as_str(), "direct");
    assert_eq!((direct.lead_s, direct.phases.deploy_s), (90.0 * 60.0, Some(88.0 * 60.0)));
}

#[test]
fn the_owner_of_that_time_is_the_team() {
    let mut world = World::new();
    world.line(&["a", "b", "c"]);
    world.change("1", "b", 1, 10);
    let own = |team: &str, from, to| Ownership { team: team.to_owned(), from, to };
    world.rules.owners = vec![own("old", None, Some(at(30))), own("new", Some(at(30)), None)];
    world.deploy("d1", 10, "a");
    world.deploy("d2", 29, "b");
    world.deploy("d3", 30, "c");
    let facts = world.reckon();
    let team = |id: &str| facts.deployment(id).team.clone();
    assert_eq!((team("d2").as_deref(), team("d3").as_deref()), (Some("old"), Some("new")));
    assert_eq!(facts.change("1").team.as_deref(), Some("old"));
    assert_eq!(facts.deployment("d1").provisional_until, at(10 + MINUTES_A_DAY));
}
