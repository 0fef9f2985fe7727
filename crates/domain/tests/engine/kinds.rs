//! What deployments were, and what they say about earlier ones.

use domain::dora::facts::Outside;

use crate::world::{World, component};

const SHOP: &str = "acme/shop";

/// A line of commits v1, v2, …, and these deployed one an hour.
fn deployed(shas: &[&str]) -> World {
    let mut world = World::new();
    world.line(&["v0", "v1", "v2", "v3", "v4"]);
    for (place, sha) in shas.iter().enumerate() {
        world.deploy(&format!("d{}", place + 1), (place as i64 + 1) * 60, sha);
    }
    world
}

#[test]
fn going_back_is_a_rollback_and_blames_the_first_after_where_it_went() {
    let facts = deployed(&["v1", "v2", "v3", "v1"]).reckon();
    assert_eq!(facts.kinds(), ["forward", "forward", "forward", "rollback"]);
    assert_eq!(facts.remedies(), [("d4", "d2", "rollback")]);
    assert_eq!(facts.deployment("d4").target, Some(Outside::new("ci", "d1")));
    assert_eq!(facts.failed(), ["d2"]);
    assert_eq!(facts.failures["d2"].rt_s, Some(7200.0));
    assert_eq!(facts.reworked(), ["d4"]);
}

#[test]
fn the_same_commits_again_are_a_redeploy() {
    let facts = deployed(&["v1", "v1"]).reckon();
    assert_eq!(facts.kinds(), ["forward", "redeploy"]);
    assert!(facts.failed().is_empty() && facts.reworked().is_empty());
}

#[test]
fn releasing_again_after_a_rollback_goes_forward() {
    let facts = deployed(&["v1", "v2", "v1", "v2", "v3"]).reckon();
    assert_eq!(facts.kinds(), ["forward", "forward", "rollback", "forward", "forward"]);
    assert_eq!(facts.failed(), ["d2"]);
}

#[test]
fn rolling_back_twice_blames_both() {
    let facts = deployed(&["v1", "v2", "v1", "v3", "v1"]).reckon();
    assert_eq!(facts.remedies(), [("d3", "d2", "rollback"), ("d5", "d4", "rollback")]);
    assert_eq!(facts.deployment("d5").target, Some(Outside::new("ci", "d3")));
}

#[test]
fn a_rollback_is_never_the_culprit_of_a_rollback() {
    let facts = deployed(&["v1", "v2", "v1", "v4", "v2"]).reckon();
    assert_eq!(facts.kinds()[4], "rollback");
    assert_eq!(facts.remedies()[1], ("d5", "d4", "rollback"), "d3 went back from d2 itself");
}

#[test]
fn going_back_to_where_nobody_saw_it_blames_the_one_before() {
    let facts = deployed(&["v1", "v2", "v0"]).reckon();
    assert_eq!(facts.kinds(), ["forward", "forward", "rollback"]);
    assert_eq!(facts.deployment("d3").target, None);
    assert_eq!(facts.remedies(), [("d3", "d2", "rollback")]);
}

#[test]
fn without_a_graph_the_heads_tell_that_it_went_back() {
    let mut world = World::new();
    for (id, minute, sha) in [("d1", 10, "x"), ("d2", 20, "y"), ("d3", 30, "x"), ("d4", 40, "y")] {
        world.deploy(id, minute, sha);
    }
    let facts = world.reckon();
    assert_eq!(facts.kinds(), ["forward", "forward", "rollback", "forward"]);
}

#[test]
fn the_source_knows_better() {
    let mut world = deployed(&["v1", "v2", "v3", "v3"]);
    for (place, kind) in [(1, "rollback"), (2, "hotfix"), (3, "banana")] {
        world.deployments[place].explicit_kind = Some(kind.to_owned());
    }
    let facts = world.reckon();
    assert_eq!(facts.kinds(), ["forward", "rollback", "hotfix", "redeploy"]);
    assert_eq!(facts.remedies(), [("d2", "d1", "rollback"), ("d3", "d2", "hotfix")]);
    assert_eq!(facts.failed(), ["d1"], "a rollback does not fail");
    assert_eq!(facts.reworked(), ["d2", "d3"]);
}

#[test]
fn parts_that_are_deployed_apart_are_compared_with_their_own_past() {
    let mut world = World::new();
    world.line(&["v1", "v2"]);
    world.commit_of("acme/web", "w1", &[], 0);
    world.commit_of("acme/web", "w2", &["w1"], 5);
    for (id, minute, repo, sha) in [
        ("d1", 10, SHOP, "v1"),
        ("d2", 20, "acme/web", "w1"),
        ("d3", 30, SHOP, "v2"),
        ("d4", 40, "acme/web", "w2"),
        ("d5", 50, SHOP, "v1"),
        ("d6", 60, "acme/web", "w2"),
    ] {
        world.deploy_parts(id, minute, vec![component(repo, Some(sha))]);
    }
    let facts = world.reckon();
    assert_eq!(facts.kinds(), ["forward", "forward", "forward", "forward", "rollback", "redeploy"]);
    assert_eq!(facts.remedies(), [("d5", "d3", "rollback")]);
}

#[test]
fn one_part_ahead_is_forward_whatever_the_other_does() {
    let mut world = World::new();
    world.line(&["v1", "v2"]);
    world.commit_of("acme/web", "w1", &[], 0);
    world.commit_of("acme/web", "w2", &["w1"], 5);
    for (id, minute, shop, web) in [("d1", 10, "v2", "w1"), ("d2", 20, "v1", "w2")] {
        world.deploy_parts(id, minute, vec![component(SHOP, Some(shop)), component("acme/web", Some(web))]);
    }
    assert_eq!(world.reckon().kinds(), ["forward", "forward"]);
}

#[test]
fn environments_do_not_know_of_each_other() {
    let mut world = deployed(&["v2", "v1"]);
    world.deployments[1].environment = "staging".to_owned();
    let facts = world.reckon();
    assert_eq!(facts.kinds(), ["forward", "forward"]);
    assert_eq!(facts.deployment("d2").predecessor, None);
}

#[test]
fn a_failed_attempt_is_nobodys_predecessor_and_knows_its_own() {
    let mut world = deployed(&["v1", "v2", "v3"]);
    world.deployments[1].outcome = "failure".to_owned();
    let facts = world.reckon();
    assert_eq!(facts.kinds(), ["forward", "none", "forward"]);
    assert_eq!(facts.deployment("d2").predecessor, Some(Outside::new("ci", "d1")));
    assert_eq!(facts.deployment("d3").predecessor, Some(Outside::new("ci", "d1")));
}

#[test]
fn a_rollback_that_failed_is_none() {
    let mut world = deployed(&["v1", "v2", "v1"]);
    world.deployments[2].outcome = "failure".to_owned();
    assert!(world.reckon().remedies().is_empty());
}
