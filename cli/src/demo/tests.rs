//! The day must make sense: everything in it is understood, and its facts agree with each other.

use chrono::{DateTime, NaiveDate, Utc};
use domain::event::{Draft, Event};
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, normalize};
use serde_json::Value;

use super::{bodies, day, key};

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).expect("a date")
}

fn drafts() -> Vec<Draft> {
    let read = |delivery: super::Delivery| {
        let integration = integrations::find(delivery.source).expect("a source");
        let body = bodies::body(delivery.source, delivery.kind, &delivery.scene).expect("a body");
        normalize(integration, delivery.kind, &Headers::default(), &body, &Rules::default())
    };
    day(date()).into_iter().flat_map(read).collect()
}

/// Each event's type, time and data, in the order of the day.
fn events() -> Vec<(String, DateTime<Utc>, Value)> {
    let delivery = DeliveryId::new(DateTime::UNIX_EPOCH, [0; 16]);
    let events = Event::seal(drafts(), "demo", &TenantId::default(), delivery, None);
    let open = |event: Event| {
        let data = serde_json::from_str(event.data.get()).expect("JSON");
        (event.kind.to_string(), event.time, data)
    };
    events.into_iter().map(open).collect()
}

fn of(kind: &str) -> Vec<(DateTime<Utc>, Value)> {
    events().into_iter().filter(|(known, ..)| known == kind).map(|(_, at, data)| (at, data)).collect()
}

fn time(data: &Value, field: &str) -> DateTime<Utc> {
    data[field].as_str().and_then(|text| text.parse().ok()).expect("a time")
}

#[test]
fn every_delivery_is_understood_and_happened_on_the_day() {
    for draft in drafts() {
        assert!(!draft.kind.is_unmapped(), "{} is not understood", draft.subject);
        let at = draft.time.expect("the source's own time");
        assert_eq!(at.date_naive(), date(), "{} of {}", draft.kind, draft.subject);
    }
}

#[test]
fn the_same_day_gives_the_same_keys_and_bytes() {
    let bytes = || -> Vec<_> {
        let body = |d: &super::Delivery| bodies::body(d.source, d.kind, &d.scene);
        day(date()).iter().enumerate().map(|(place, d)| (key(date(), place), body(d))).collect()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn what_is_deployed_was_committed_before_and_what_landed_was_pushed() {
    let mut commits = Vec::new();
    for (_, data) in of("commits.pushed") {
        for commit in data["commits"].as_array().expect("commits") {
            commits.push((data["repo"].clone(), commit["sha"].clone(), time(commit, "committed_at")));
        }
    }
    let deployments = of("deployment.finished");
    assert_eq!(deployments.len(), 9);
    for (finished, data) in &deployments {
        let component = &data["components"][0];
        let commit = commits.iter().find(|(repo, sha, _)| (repo, sha) == (&component["repo"], &component["sha"]));
        assert!(commit.is_some_and(|(.., at)| at < finished), "{data}");
        assert_eq!(data["environment_tier"], "production");
    }
    for (merged, data) in of("change.merged") {
        let landed = commits.iter().find(|(_, sha, _)| sha == &data["landed_sha"]);
        assert!(landed.is_some_and(|(.., at)| *at == merged) && time(&data, "opened_at") < merged, "{data}");
        let shipped = deployments.iter().find(|(_, deployed)| deployed["commit_sha"] == data["landed_sha"]);
        assert!(shipped.is_some_and(|(at, _)| *at > merged), "{data}");
    }
}

#[test]
fn a_deployment_goes_through_its_states_in_order() {
    for (finished, data) in of("deployment.finished").iter().filter(|(_, data)| data["service"] == "acme/shop") {
        let at = |kind: &str| {
            of(kind).into_iter().find(|(_, other)| other["deployment_id"] == data["deployment_id"]).expect(kind).0
        };
        assert!(at("deployment.updated") < at("deployment.started") && at("deployment.started") < *finished, "{data}");
    }
}

#[test]
fn the_incident_follows_a_deployment_and_ends_after_the_one_that_mends_it() {
    let (opened, resolved) = (of("incident.opened"), of("incident.resolved"));
    assert_eq!((opened.len(), resolved.len()), (1, 1));
    assert_eq!(opened[0].1["incident_id"], resolved[0].1["incident_id"]);
    assert_eq!(time(&resolved[0].1, "opened_at"), opened[0].0);
    let shop = of("deployment.finished").into_iter().filter(|(_, data)| data["service"] == "acme/shop");
    let (before, after): (Vec<_>, Vec<_>) = shop.map(|(at, _)| at).partition(|at| *at < opened[0].0);
    assert_eq!(before.len(), 4);
    assert!((opened[0].0 - before[3]).num_minutes() < 10 && after[0] < resolved[0].0);
}
