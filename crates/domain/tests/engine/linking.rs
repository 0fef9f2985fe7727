//! How a change is known to have shipped where the graph alone does not tell.

use crate::world::{MINUTES_A_DAY, REPO, World, component, named};

const SHOP: &str = REPO;

#[test]
fn a_cherry_pick_ships_the_change_that_it_was_picked_from() {
    let mut world = World::new();
    world.line(&["a", "main1", "main2"]);
    world.commit("release1", &["a"], 30).picked_from = Some("main2".to_owned());
    world.change("1", "main1", 1, 10);
    world.change("2", "main2", 1, 20);
    world.deploy("d1", 25, "a");
    world.deploy("d2", 40, "release1");
    world.deploy("d3", 50, "main2");
    let facts = world.reckon();
    assert_eq!(facts.shipped("d2"), [("2", "cherry_pick")]);
    assert_eq!(facts.shipped("d3"), [("1", "graph")]);
}

#[test]
fn what_was_live_before_the_first_is_not_shipped_by_a_pick() {
    let mut world = World::new();
    world.line(&["a", "b", "c"]);
    world.commit("pick", &["c"], 30).picked_from = Some("a".to_owned());
    world.change("1", "a", 0, 1);
    world.deploy("d1", 25, "b");
    world.deploy("d2", 40, "pick");
    assert!(world.reckon().shipped("d2").is_empty());
}

#[test]
fn what_a_source_lists_ships_even_with_the_first_deployment() {
    let mut world = World::new();
    world.line(&["a", "b", "c"]);
    world.change("1", "b", 1, 10);
    world.change("2", "c", 1, 20);
    world.deploy("d1", 30, "c").contains = [named(SHOP, "b")].into();
    let facts = world.reckon();
    assert_eq!(facts.commits("d1"), ["b"]);
    assert_eq!(facts.shipped("d1"), [("1", "contains"), ("2", "exact")]);
}

#[test]
fn deployments_may_be_nothing_but_lists() {
    let mut world = World::new();
    world.commit("x", &[], 0);
    world.commit("y", &[], 10);
    world.deploy_parts("d1", 20, Vec::new()).contains = [named(SHOP, "x")].into();
    world.deploy_parts("d2", 30, Vec::new());
    world.deploy_parts("d3", 40, Vec::new()).contains = [named(SHOP, "y"), named(SHOP, "x")].into();
    let facts = world.reckon();
    assert_eq!((facts.commits("d1"), facts.commits("d3")), (vec!["x"], vec!["y"]));
    assert_eq!(facts.kinds(), ["forward", "forward", "forward"]);
}

#[test]
fn what_failed_attempts_list_rolls_on() {
    let mut world = World::new();
    for sha in ["x", "y", "z"] {
        world.commit(sha, &[], 0);
        world.change(sha, sha, 0, 1);
    }
    for (id, minute, sha, outcome) in [("d1", 10, "x", "failure"), ("d2", 20, "y", "error"), ("d3", 30, "z", "success")]
    {
        let ended = world.deploy_parts(id, minute, Vec::new());
        ended.contains = [named(SHOP, sha)].into();
        ended.outcome = outcome.to_owned();
    }
    world.deploy_parts("d4", 40, Vec::new());
    let facts = world.reckon();
    assert_eq!(facts.shipped("d3"), [("x", "contains"), ("y", "contains"), ("z", "contains")]);
    assert!(facts.shipped("d4").is_empty() && facts.shipped("d1").is_empty());
}

#[test]
fn an_image_says_so() {
    let mut world = World::new();
    world.line(&["a", "b"]);
    world.change("1", "b", 1, 10);
    for (id, minute, sha) in [("d1", 5, "a"), ("d2", 20, "b")] {
        let mut image = component(SHOP, Some(sha));
        image.by_image = true;
        world.deploy_parts(id, minute, vec![image]);
    }
    assert_eq!(world.reckon().shipped("d2"), [("1", "image")]);
}

#[test]
fn a_commit_that_nobody_pushed_is_known_by_its_name() {
    let mut world = World::new();
    world.change("1", "b", 1, 10);
    world.deploy("d1", 5, "a");
    world.deploy("d2", 20, "b");
    let facts = world.reckon();
    assert_eq!(facts.shipped("d2"), [("1", "exact")]);
    assert!(facts.deployment("d2").ancestry_gap);
}

/// Deployments of a branch, without commits.
fn branches(deployments: &[(&str, i64, &str)]) -> World {
    let mut world = World::new();
    for (id, minute, branch) in deployments {
        let mut part = component(SHOP, None);
        part.branch = Some((*branch).to_owned());
        world.deploy_parts(id, *minute, vec![part]);
    }
    world
}

fn merged(world: &mut World, number: &str, (head, base): (&str, &str), minute: i64) {
    let change = world.change(number, "", minute - 5, minute);
    change.landed_sha = Some(format!("landed-{number}"));
    change.head = Some(head.to_owned());
    change.base = Some(base.to_owned());
}

#[test]
fn a_branch_ships_what_was_merged_into_it_since_the_deployment_before() {
    let mut world = branches(&[("d1", 100, "main"), ("d2", 200, "main"), ("d3", 300, "main")]);
    for (number, minute) in [("1", 99), ("2", 100), ("3", 101), ("4", 200), ("5", 201)] {
        merged(&mut world, number, (&format!("f{number}"), "main"), minute);
    }
    merged(&mut world, "other", ("f", "release"), 150);
    let facts = world.reckon();
    assert!(facts.shipped("d1").is_empty());
    assert_eq!(facts.shipped("d2"), [("3", "time"), ("4", "time")]);
    assert_eq!(facts.shipped("d3"), [("5", "time")]);
    assert_eq!(facts.kinds(), ["forward", "forward", "forward"]);
}

#[test]
fn a_merge_is_not_believed_to_have_waited_for_longer_than_thirty_days() {
    let late = 31 * MINUTES_A_DAY;
    let mut world = branches(&[("d1", 100, "main"), ("d2", late, "main")]);
    merged(&mut world, "old", ("f1", "main"), 101);
    merged(&mut world, "edge", ("f2", "main"), MINUTES_A_DAY);
    assert_eq!(world.reckon().shipped("d2"), [("edge", "time")]);
}

#[test]
fn promotions_carry_what_was_merged_before_them() {
    let mut world = branches(&[("d1", 100, "main"), ("d2", 200, "main"), ("d3", 300, "main")]);
    merged(&mut world, "f0", ("f0", "develop"), 50);
    merged(&mut world, "p0", ("develop", "main"), 60);
    merged(&mut world, "f1", ("f1", "develop"), 90);
    merged(&mut world, "deep", ("x", "f2"), 120);
    merged(&mut world, "f2", ("f2", "develop"), 130);
    merged(&mut world, "p1", ("develop", "main"), 150);
    merged(&mut world, "f3", ("f3", "develop"), 160);
    merged(&mut world, "p2", ("develop", "main"), 250);
    let facts = world.reckon();
    let promoted = [("deep", "promotion"), ("f1", "promotion"), ("f2", "promotion"), ("p1", "time")];
    assert_eq!(facts.shipped("d2"), promoted);
    assert_eq!(facts.shipped("d3"), [("f3", "promotion"), ("p2", "time")]);
}

#[test]
fn a_known_commit_leaves_nothing_to_the_clock() {
    let mut world = World::new();
    world.line(&["a", "b"]);
    for (id, minute, sha) in [("d1", 10, "a"), ("d2", 60, "b"), ("d3", 90, "unknown")] {
        let mut part = component(SHOP, Some(sha));
        part.branch = Some("main".to_owned());
        world.deploy_parts(id, minute, vec![part]);
    }
    merged(&mut world, "1", ("f1", "main"), 20);
    merged(&mut world, "2", ("f2", "main"), 70);
    let facts = world.reckon();
    assert!(facts.shipped("d2").is_empty());
    assert_eq!(facts.shipped("d3"), [("2", "time")]);
}
