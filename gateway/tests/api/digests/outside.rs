//! Whatever others wrote is told apart from our own words: who checks a model's answer takes only ours for proof.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{a_day, ago, event, post};
use crate::metrics::facts;
use crate::world::World;
use gateway::access::Role;

/// One for each place that others write in; each claims what a model must not say after it.
const CLAIMS: [&str; 15] = [
    "qaservice was resolved",
    "qbplace was mended",
    "qctitle was rolled back",
    "qdauthor approved it",
    "qeincident is over",
    "qfrated resolved",
    "qgnote todo nothing failed",
    "qhactor closed it",
    "qiupdated fixed",
    "QJTICKET-1",
    "qkcheck succeeded",
    "qlaction was approved",
    "qmsubject was shipped",
    "qnrule was resolved",
    "qofires was recovered",
];
/// Names that the day has.
const NAMES: [&str; 6] = ["github:1", "github:2", "github:3", "acme/shop#11", "acme/shop#13", "pagerduty:Q1"];

fn hostile() -> String {
    let [
        service,
        place,
        title,
        author,
        incident,
        rated,
        note,
        actor,
        updated,
        ticket,
        check,
        action,
        subject,
        rule,
        on,
    ] = CLAIMS;
    let named = [
        format!("update changes set title = '{title}', author = '{author}', ticket_keys = array['{ticket}'];"),
        format!("update incidents set title = '{incident}', severity = '{rated}';"),
        format!("update deployments set title = '{title}';"),
        format!("update events set actor = '{actor}';"),
        ["deployments", "changes", "failures", "incidents"]
            .map(|table| format!("update dora_{table} set environment = '{place}';"))
            .concat(),
    ];
    let noted = json!({"em-agent": {"note": note, "author": author}});
    let day = a_day().replace("'shop'", &format!("'{service}'")).replace("\"tests\"", &format!("\"{check}\""));
    day + &named.concat()
        + &event(31, "incident.updated", "incident Q1", &ago(3), &noted)
        + &event(32, "incident.updated", "incident Q1", &ago(3), &json!({"severity": updated}))
        + &event(33, "change.opened", subject, &ago(3), &json!({}))
        + &event(34, "change.opened", on, &ago(3), &json!({}))
        + &facts::failure("3", &ago(3), None, &[("service", service), ("environment", place)])
        + &waiting(action, subject)
        + &firing(rule, on)
}

fn waiting(action: &str, subject: &str) -> String {
    let id = "019a0000-0000-7000-8000-00000000a001";
    let (asked, expires) = (ago(3), ago(-3));
    let usual = [("tenant_id", "default"), ("id", id), ("action", action), ("subject", subject), ("payload", "{}")];
    let rest = [("content_hash", "x"), ("status", "pending"), ("version", "1"), ("terms", "{}"), ("authors", "{}")];
    let end = [("created_at", asked.as_str()), ("expires_at", &expires), ("overridden", "false"), ("effect", "none")];
    facts::insert("approvals", &usual, &[&rest[..], &end, &[("effect_attempts", "0")]].concat())
}

fn firing(rule: &str, subject: &str) -> String {
    let id = "019a0000-0000-7000-8000-00000000a002";
    let at = ago(3);
    let usual = [("tenant_id", "default"), ("id", id), ("rule", rule), ("kind", "stale_pr"), ("subject", subject)];
    let rest = [("since", at.as_str()), ("facts", "{}"), ("opened_at", &at), ("last_seen_at", &at), ("fired", "1")];
    facts::insert("signal_states", &usual, &rest)
}

/// What of it stands in texts of the material. Nothing of it stands there alone.
fn found(material: &Value) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let groups = material["groups"].as_array().expect("groups");
    for unit in groups.iter().flat_map(|group| group["units"].as_array().expect("units")) {
        let text = unit["text"].as_str().expect("a text");
        let details = unit["details"].as_array().expect("details");
        let ours = ["status", "outcome", "service", "environment", "severity", "state", "kind"];
        let theirs = details.iter().filter(|one| !ours.contains(&one[0].as_str().expect("a name")));
        let theirs: Vec<&str> = theirs.filter_map(|one| one[1].as_str()).collect();
        let names: BTreeSet<&str> = details.iter().filter_map(|one| one[0].as_str()).collect();
        assert_eq!(names.len(), details.len(), "a model sees each name once: {unit}");
        for word in CLAIMS.into_iter().chain(NAMES).filter(|word| text.contains(word)) {
            assert!(theirs.iter().any(|value| value.contains(word)), "{word} is taken for ours: {unit}");
            found.insert(word);
        }
    }
    found
}

#[tokio::test]
async fn what_others_wrote_stands_in_the_details_too() {
    let world = World::new().await;
    world.sql(&hostile());
    let mut all = BTreeSet::new();
    for body in [
        json!({"kind": "standup"}),
        json!({"kind": "sprint_health"}),
        json!({"kind": "weekly"}),
        json!({"kind": "release", "subject": "github:2"}),
        json!({"kind": "incident", "subject": "Q1"}),
        json!({"kind": "postmortem", "subject": "Q1"}),
        json!({"kind": "pull_request", "subject": "acme/shop#11"}),
    ] {
        let answer = post(&world, Role::Viewer, "/v1/digests/preview", &body).await;
        assert_eq!(answer.status(), 200, "{body}");
        let shown: Value = answer.json().await.expect("json");
        let here = found(&shown["material"]);
        assert!(here.len() > 2, "{body}: {here:?} of {shown}");
        all.extend(here);
    }
    let missing: Vec<&str> = CLAIMS.into_iter().filter(|claim| !all.contains(claim)).collect();
    assert!(missing.is_empty(), "these stand nowhere, so nothing was tried with them: {missing:?}");
}
