//! Facts on a real PostgreSQL: reckoned step by step, they are at any time what a rebuild makes of the entities.

use serde_json::{Value, json};
use testkit::history::History;

/// A time of the day that these histories are about.
fn at(hour: i64, minute: i64) -> String {
    format!("2026-03-{:02}T{:02}:{minute:02}:00Z", 2 + hour / 24, hour % 24)
}

fn commit(sha: &str, parents: &[&str], hour: i64) -> Value {
    json!({"kind": "commit", "repo": "acme/shop", "sha": sha, "parents": parents, "authored_at": at(hour, 0),
        "committed_at": at(hour, 0), "msg": format!("work {sha}"), "author": "ada"})
}

fn change(id: i64, landed: &str, opened: i64, merged: i64) -> Value {
    json!({"kind": "change", "repo": "acme/shop", "id": id, "title": format!("Change {id}"), "author": "ada", "base": "main",
        "head": format!("branch-{id}"), "opened_at": at(opened, 0), "merged_at": at(merged, 0), "landed_sha": landed})
}

fn deployed(id: &str, sha: &str, hour: i64) -> Value {
    json!({"kind": "deployment", "id": id, "service": "shop", "env": "production", "status": "success",
        "started_at": at(hour, 0), "finished_at": at(hour, 10), "components": [{"repo": "acme/shop", "sha": sha}]})
}

fn incident(id: &str, hour: i64, resolved: Option<i64>) -> Value {
    let mut incident = json!({"kind": "incident", "id": id, "service": "shop", "env": "production", "severity": "critical",
        "opened_at": at(hour, 30)});
    if let Some(hour) = resolved {
        incident["resolved_at"] = json!(at(hour, 45));
    }
    incident
}

/// Three deployments, each with a change but the first.
fn plain() -> Vec<Value> {
    vec![
        commit("a", &[], 1),
        commit("b", &["a"], 2),
        commit("c", &["b"], 3),
        change(2, "b", 1, 2),
        change(3, "c", 2, 3),
        deployed("d1", "a", 4),
        deployed("d2", "b", 5),
        deployed("d3", "c", 6),
    ]
}

fn shipped(history: &mut History) -> Vec<String> {
    history.lines(
        "select number || ' ' || deployment_id || ' ' || link_method as line from dora_changes order by environment, number",
    )
}

#[test]
fn a_change_ships_with_the_first_deployment_that_contains_it() {
    let mut history = History::fresh();
    history.then(&plain());
    assert_eq!(shipped(&mut history), ["2 d2 graph", "3 d3 graph"]);
    history.assert_settled();
}

#[test]
fn every_order_gives_the_same_facts_and_every_step_those_of_a_rebuild() {
    let mut straight = History::fresh();
    straight.then(&plain());
    let expected = straight.facts();
    for (step, size) in [(7, 1), (3, 3), (5, 2)] {
        let mut history = History::fresh();
        let all = plain();
        let order: Vec<Value> = (0..all.len()).map(|place| all[(place * step) % all.len()].clone()).collect();
        for some in order.chunks(size) {
            history.then(some);
            history.assert_settled();
            history.then(some);
        }
        assert_eq!(history.facts(), expected, "step {step}, batches of {size}");
    }
}

#[test]
fn nothing_changes_and_nothing_is_audited_twice() {
    let mut history = History::fresh();
    history.then(&plain());
    let audited = history.lines("select count(*)::text as line from dora_audit");
    let again = history.then(&plain());
    assert_eq!((again.facts_changed, again.services), (0, 1));
    assert_eq!(history.lines("select count(*)::text as line from dora_audit"), audited);
}

#[test]
fn an_incident_is_put_down_to_the_deployment_before_it_and_moves_with_it() {
    let mut history = History::fresh();
    history.then(&plain());
    let failed = "select deployment_id || ' ' || array_to_string(methods, ',') as line from dora_failures order by 1";
    history.then(&[incident("i1", 6, None)]);
    assert_eq!(history.lines(failed), ["d3 window"]);
    history.assert_settled();
    history.then(&[
        json!({"kind": "incident", "id": "i1", "service": "shop", "env": "production", "severity": "critical",
        "opened_at": at(6, 30), "started_at": at(5, 30), "updated_at": at(9, 0)}),
    ]);
    assert_eq!(history.lines(failed), ["d2 window"]);
    let flags = "select deployment_id || ' ' || failed as line from dora_deployments order by 1";
    assert_eq!(history.lines(flags), ["d1 false", "d2 true", "d3 false"]);
    history.assert_settled();
    history.then(&[json!({"kind": "link", "incident": "i1", "deployment": "d1", "updated_at": at(9, 0)})]);
    assert_eq!(history.lines(failed), ["d1 explicit"]);
    history.assert_settled();
    history.then(&[
        json!({"kind": "link", "incident": "i1", "deployment": "d1", "removed": true, "updated_at": at(9, 1)}),
    ]);
    assert!(history.lines(failed).is_empty());
    history.assert_settled();
}

#[test]
fn a_rollback_marks_an_earlier_deployment_beyond_its_stretch() {
    let mut history = History::fresh();
    history.then(&plain());
    history.then(&[deployed("d4", "a", 30)]);
    let mended = "select deployment_id || ' ' || culprit_id || ' ' || method as line from dora_remediations order by 1";
    assert_eq!(history.lines(mended), ["d4 d2 rollback"]);
    let failed = "select deployment_id as line from dora_failures order by 1";
    assert_eq!(history.lines(failed), ["d2"]);
    history.assert_settled();
}

#[test]
fn a_late_deployment_takes_its_changes_from_a_later_one() {
    let mut history = History::fresh();
    let all = plain();
    let late = all.iter().filter(|fact| fact["id"] != "d2").cloned().collect::<Vec<_>>();
    history.then(&late);
    assert_eq!(shipped(&mut history), ["2 d3 graph", "3 d3 graph"]);
    history.then(&all);
    assert_eq!(shipped(&mut history), ["2 d2 graph", "3 d3 graph"]);
    history.assert_settled();
}

#[test]
fn what_a_gap_hid_is_found_when_the_commits_come() {
    let mut history = History::fresh();
    let mut all = plain();
    all.retain(|fact| fact["kind"] != "commit");
    history.then(&all);
    let gaps = "select deployment_id as line from dora_deployments where ancestry_gap order by 1";
    assert_eq!(history.lines(gaps), ["d2", "d3"]);
    history.assert_settled();
    for commit in plain().iter().filter(|fact| fact["kind"] == "commit").rev() {
        history.then(std::slice::from_ref(commit));
        history.assert_settled();
    }
    assert!(history.lines(gaps).is_empty());
    assert_eq!(shipped(&mut history), ["2 d2 graph", "3 d3 graph"]);
}

#[test]
fn an_incident_of_nobody_is_counted_and_may_be_caused_by_a_deployment() {
    let mut history = History::fresh();
    history.then(&plain());
    history.then(&[json!({"kind": "incident", "id": "i9", "severity": "critical", "opened_at": at(7, 0)})]);
    let incidents = "select incident_id || ' ' || attributed as line from dora_incidents where service is null";
    assert_eq!(history.lines(incidents), ["i9 false"]);
    history.assert_settled();
    let caused = json!({"kind": "incident", "id": "i9", "severity": "critical", "opened_at": at(7, 0), "updated_at": at(8, 0),
        "caused_by": {"sha": "b"}});
    history.then(&[caused]);
    assert_eq!(history.lines(incidents), ["i9 true"]);
    assert_eq!(history.lines("select deployment_id as line from dora_failures"), ["d2"]);
    history.assert_settled();
}
