//! Which deployments failed, how that is known, and how they recovered.

use chrono::TimeDelta;
use domain::data::Tier;

use crate::world::{MINUTES_A_DAY, World, at, outside};

/// Three commits that landed as changes, deployed one an hour.
fn changed(titles: [&str; 3]) -> World {
    let mut world = World::new();
    world.line(&["v0", "v1", "v2", "v3"]);
    for (place, title) in titles.iter().enumerate() {
        let number = (place + 1).to_string();
        let minute = (place as i64 + 1) * 10;
        world.change(&number, &format!("v{number}"), minute - 1, minute).title = Some((*title).to_owned());
        world.deploy(&format!("d{number}"), (place as i64 + 1) * 60, &format!("v{number}"));
    }
    world
}

#[test]
fn a_revert_blames_who_shipped_what_it_takes_back() {
    let by_title = changed(["base", "Add X", "Revert \"Add X\""]);
    let facts = by_title.reckon();
    assert_eq!(facts.remedies(), [("d3", "d2", "revert")]);
    assert_eq!((facts.failed(), facts.reworked()), (vec!["d2"], vec!["d3"]));
    assert_eq!(facts.failures["d2"].rt_s, Some(3600.0));
    assert!(facts.change("3").is_revert);

    for word in ["#2", "2", "v2"] {
        let mut said = changed(["base", "Add X", "Take it back"]);
        said.changes[2].reverts = Some(word.to_owned());
        assert_eq!(said.reckon().remedies(), [("d3", "d2", "revert")], "{word}");
    }
    let mut by_commit = changed(["base", "Add X", "Take it back"]);
    by_commit.commit("v3", &[], 30).reverts = Some("v2".to_owned());
    let facts = by_commit.reckon();
    assert_eq!(facts.remedies(), [("d3", "d2", "revert")]);
    assert!(facts.change("3").is_revert);
}

#[test]
fn a_revert_that_ships_with_its_original_says_nothing() {
    let mut world = changed(["base", "Add X", "Revert \"Add X\""]);
    world.deployments.remove(1);
    let facts = world.reckon();
    assert!(facts.remedies().is_empty() && facts.reworked().is_empty());
}

#[test]
fn a_revert_of_what_never_shipped_says_nothing() {
    for title in ["Revert \"Something old\"", "Revert \"base0\""] {
        let mut world = changed(["base", "Add X", title]);
        world.change("0", "v0", 0, 1).title = Some("base0".to_owned());
        assert!(world.reckon().remedies().is_empty(), "{title}");
    }
}

#[test]
fn the_latest_of_that_title_is_taken_back() {
    let mut world = changed(["Bump", "Bump", "Revert \"Bump\""]);
    assert_eq!(world.reckon().remedies(), [("d3", "d2", "revert")]);
    world.changes[1].repo = "acme/other".to_owned();
    assert_eq!(world.reckon().remedies(), [("d3", "d1", "revert")], "the same repository");
}

#[test]
fn a_hotfix_blames_the_deployment_before() {
    let mut label = changed(["base", "Add X", "Fix crash"]);
    label.changes[2].labels = vec!["Hotfix".to_owned()];
    let title = changed(["base", "Add X", "hotfix: crash"]);
    let mut branch = changed(["base", "Add X", "Fix crash"]);
    branch.changes[2].head = Some("hotfix/crash".to_owned());
    for world in [label, title, branch] {
        let facts = world.reckon();
        assert_eq!(facts.remedies(), [("d3", "d2", "hotfix")]);
        assert_eq!((facts.failed(), facts.reworked()), (vec!["d2"], vec!["d3"]));
        assert!(facts.change("3").is_hotfix);
        assert_eq!(facts.kinds()[2], "forward", "only the source calls a deployment a hotfix");
    }
}

#[test]
fn fixes_names_them() {
    let mut world = changed(["a", "b", "c"]);
    world.deployments[2].fixes = vec!["d1".to_owned(), "ci:d2".to_owned(), "d3".to_owned(), "unknown".to_owned()];
    let facts = world.reckon();
    assert_eq!(facts.remedies(), [("d3", "d1", "fixes"), ("d3", "d2", "fixes")]);
    assert_eq!(facts.reworked(), ["d3"]);
}

#[test]
fn what_was_not_planned_is_rework_and_blames_nobody() {
    let mut world = changed(["a", "b", "c"]);
    world.deployments[1].unplanned = true;
    let facts = world.reckon();
    assert_eq!((facts.failed().len(), facts.reworked()), (0, vec!["d2"]));
}

#[test]
fn an_incident_comes_from_the_latest_within_the_window() {
    let mut world = changed(["a", "b", "c"]);
    world.incident("i", 150, Some(200));
    let facts = world.reckon();
    assert_eq!(facts.links(), [("i", "d2", "window")]);
    let failure = &facts.failures["d2"];
    assert_eq!((failure.rt_s, failure.rt_impact_s), (Some(80.0 * 60.0), Some(50.0 * 60.0)));
    assert_eq!((failure.impact_at, failure.methods.as_slice()), (Some(at(150)), ["window".to_owned()].as_slice()));
}

#[test]
fn the_window_holds_both_its_ends() {
    let found = |start: i64| {
        let mut world = World::new();
        world.deploy("d1", 100, "a");
        world.incident("i", start, None);
        world.reckon().links().len()
    };
    assert_eq!([94, 95, 100, 100 + MINUTES_A_DAY, 101 + MINUTES_A_DAY].map(found), [0, 1, 1, 1, 0]);
}

#[test]
fn an_incident_while_rolling_out_comes_from_that_rollout() {
    let mut world = changed(["a", "b", "c"]);
    world.incident("i", 117, Some(118));
    let facts = world.reckon();
    assert_eq!(facts.links(), [("i", "d2", "window")]);
    assert_eq!((facts.failures["d2"].recovered_at, facts.failures["d2"].rt_s), (Some(at(118)), Some(0.0)));
}

#[test]
fn a_window_of_zero_is_off() {
    let mut world = changed(["a", "b", "c"]);
    world.rules.incident_window = TimeDelta::zero();
    world.incident("i", 120, None);
    assert!(world.reckon().links().is_empty());
}

#[test]
fn people_know_better_than_rules() {
    let mut world = changed(["a", "b", "c"]);
    world.incident("i", 190, None);
    world.incidents[0].0.caused_by = Some(outside("d2"));
    assert_eq!(world.reckon().links(), [("i", "d2", "caused_by")]);
    world.incidents[0].0.explicit = vec![outside("d2"), outside("d1"), outside("d2")];
    assert_eq!(world.reckon().links(), [("i", "d1", "explicit"), ("i", "d2", "explicit")]);
    world.incidents[0].0.explicit = Vec::new();
    world.incidents[0].0.unlinked = true;
    assert!(world.reckon().links().is_empty(), "somebody looked at it");
    world.incidents[0].0.explicit = vec![outside("d3")];
    assert_eq!(world.reckon().links(), [("i", "d3", "explicit")], "linked again");
}

#[test]
fn what_has_nothing_to_do_with_changes_or_does_not_count_is_never_linked() {
    let mut world = changed(["a", "b", "c"]);
    let unrelated = world.incident("i1", 190, None);
    unrelated.change_related = Some(false);
    unrelated.explicit = vec![outside("d1")];
    world.incident("i2", 190, None).qualifies = false;
    assert!(world.reckon().links().is_empty());
}

#[test]
fn without_a_service_only_people_can_link() {
    let mut world = changed(["a", "b", "c"]);
    world.incident("i", 190, None).service = None;
    assert!(world.reckon().links().is_empty());
    world.incidents[0].0.explicit = vec![outside("d1")];
    assert_eq!(world.reckon().links().len(), 1);
}

#[test]
fn an_incident_looks_in_its_environment() {
    let mut world = World::new();
    world.deploy("p", 100, "a");
    world.deploy("eu", 110, "a").environment = "production-eu".to_owned();
    let staging = world.deploy("s", 120, "a");
    staging.environment = "staging".to_owned();
    staging.tier = Tier::Staging;
    world.incident("plain", 130, None);
    world.incident("eu", 130, None).environment = Some("production-eu".to_owned());
    world.incident("staging", 130, None).tier = Some(Tier::Staging);
    world.incident("odd", 130, None).environment = Some("nowhere".to_owned());
    world.incident("none", 130, None).tier = Some(Tier::Testing);
    let facts = world.reckon();
    let found = [("plain", "eu"), ("eu", "eu"), ("staging", "s"), ("odd", "eu")].map(|(one, it)| (one, it, "window"));
    assert_eq!(facts.links(), found);
}

#[test]
fn a_failed_rollout_is_no_suspect() {
    let mut world = changed(["a", "b", "c"]);
    world.deployments[2].outcome = "failure".to_owned();
    world.incident("i", 190, None);
    assert_eq!(world.reckon().links(), [("i", "d2", "window")]);
}

#[test]
fn it_recovers_when_all_incidents_have_ended_else_with_the_first_remedy() {
    let mut world = changed(["a", "b", "Revert \"b\""]);
    world.incident("i1", 130, Some(150));
    world.incident("i2", 140, Some(170));
    let both = world.reckon();
    assert_eq!(both.failures["d2"].recovered_at, Some(at(170)));
    assert_eq!(both.failures["d2"].methods, ["revert", "window"]);
    world.incidents[1].1 = None;
    assert_eq!(world.reckon().failures["d2"].recovered_at, Some(at(180)), "the revert");
    world.incidents[1].1 = Some(at(139));
    assert_eq!(world.reckon().failures["d2"].recovered_at, Some(at(180)), "an end before the beginning is none");
    world.changes[2].title = None;
    let open = world.reckon();
    assert_eq!((open.failures["d2"].recovered_at, open.failures["d2"].rt_s), (None, None));
    assert_eq!(open.failures["d2"].impact_at, Some(at(130)));
}

#[test]
fn a_rollback_that_has_an_incident_does_not_fail() {
    let mut world = World::new();
    world.line(&["v1", "v2"]);
    for (id, minute, sha) in [("d1", 60, "v1"), ("d2", 120, "v2"), ("d3", 180, "v1")] {
        world.deploy(id, minute, sha);
    }
    world.incident("i", 190, None);
    let facts = world.reckon();
    assert_eq!(facts.links(), [("i", "d3", "window")]);
    assert_eq!(facts.failed(), ["d2"]);
}
