//! The day must make sense: everything in it is understood, and its facts agree with each other.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use domain::event::{Draft, Event};
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, Identity, Incoming, Shipment, identify, normalize};
use serde_json::Value;

use super::key;
use super::story::{Delivery, told};

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).expect("a date")
}

fn read(delivery: &Delivery) -> Vec<Draft> {
    let integration = integrations::find(delivery.source).expect("a source");
    normalize(integration, delivery.kind, &Headers::default(), &delivery.body, &Rules::default())
}

fn drafts() -> Vec<Draft> {
    told(date()).iter().flat_map(read).collect()
}

/// What a delivery is called when it comes in with that key in its headers.
fn identity(delivery: &Delivery, key: &str) -> Identity {
    let integration = integrations::find(delivery.source).expect("a source");
    let shipment = Shipment::of(delivery.kind, key, &delivery.body, b"", DateTime::UNIX_EPOCH);
    let signed = integrations::sign(integration, &shipment);
    let headers: Headers<'_> = signed.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    identify(integration, &Incoming::new(&headers, &delivery.body))
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
    for delivery in told(date()) {
        assert_eq!(delivery.at.date_naive(), date(), "{} of {}", delivery.kind, delivery.source);
        let drafts = read(&delivery);
        assert!(!drafts.is_empty(), "{} of {}", delivery.kind, delivery.source);
        for draft in drafts {
            assert!(!draft.kind.is_unmapped(), "{} is not understood: {:?}", draft.subject, draft.data);
            // These two say of nothing when it was.
            let timeless = matches!((delivery.source, delivery.kind), ("codecov", _) | ("gitlab", "push"));
            let (told, at) = (draft.time.map(|time| time.timestamp()), delivery.at.timestamp());
            assert_eq!(told, (!timeless).then_some(at), "{} of {}", draft.kind, draft.subject);
        }
    }
}

#[test]
fn the_same_day_gives_the_same_keys_and_bytes_and_another_day_others() {
    assert_eq!(told(date()), told(date()));
    let keys = |date: NaiveDate| -> BTreeSet<(&str, String)> {
        let deliveries = told(date);
        let of = |(place, delivery): (usize, &Delivery)| {
            let identity = identity(delivery, &key(date, place));
            assert_eq!(identity.kind, delivery.kind, "{}", delivery.source);
            (delivery.source, identity.key)
        };
        let keys: BTreeSet<_> = deliveries.iter().enumerate().map(of).collect();
        assert_eq!(keys.len(), deliveries.len(), "two deliveries would be taken for one");
        keys
    };
    let (today, tomorrow) = (keys(date()), keys(date().succ_opt().expect("a date")));
    assert_eq!(today, keys(date()));
    assert_eq!(today.intersection(&tomorrow).count(), 0);
}

#[test]
fn the_day_has_as_many_facts_as_the_story_says() {
    for (kind, expected) in [
        ("change.opened", 8),
        ("change.merged", 8),
        ("deployment.finished", 13),
        ("incident.opened", 1),
        ("incident.acknowledged", 1),
        ("incident.resolved", 1),
        ("alert.fired", 1),
        ("alert.resolved", 1),
        ("error.detected", 1),
        ("quality_gate.passed", 6),
        // SonarQube tells of the coverage as well.
        ("coverage.reported", 12),
        // Of the changes, and the bug.
        ("ticket.created", 7),
        ("ticket.moved", 6),
        ("ticket.closed", 7),
        ("workload.degraded", 3),
        ("workload.recovered", 1),
        ("message.posted", 10),
    ] {
        assert_eq!(of(kind).len(), expected, "{kind}");
    }
    let sources: BTreeSet<&str> = told(date()).iter().map(|delivery| delivery.source).collect();
    assert_eq!(sources.len(), 15, "{sources:?}");
    let failed = of("deployment.finished").iter().filter(|(_, data)| data["outcome"] != "success").count();
    assert_eq!(failed, 1);
}

#[test]
fn everybody_is_somebody_of_the_team_or_a_machine() {
    let known = ["ada", "grace", "linus"];
    for (kind, _, data) in events() {
        let Some(login) = data["actor"]["login"].as_str() else { continue };
        let name = login.trim_end_matches("@acme.example");
        assert!(known.contains(&name) || data["actor"]["bot"] == true, "{login} of {kind}");
    }
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
fn a_change_of_the_shop_has_a_ticket_that_is_done_once_it_is_in_production_and_was_measured() {
    let (done, gates) = (of("ticket.closed"), of("quality_gate.passed"));
    let shop = of("change.merged").into_iter().filter(|(_, data)| data["repo"] == "acme/shop");
    for (merged, data) in shop {
        let key = &data["ticket_keys"][0];
        let closed = done.iter().find(|(_, ticket)| ticket["key"] == *key);
        assert!(closed.is_some_and(|(at, _)| *at > merged), "{data}");
        assert!(gates.iter().any(|(at, gate)| *at > merged && gate["commit_sha"] == data["landed_sha"]), "{data}");
    }
}

#[test]
fn a_deployment_goes_through_its_states_in_order() {
    let of_shop = |(_, data): &&(DateTime<Utc>, Value)| data["service"] == "acme/shop";
    for (finished, data) in of("deployment.finished").iter().filter(of_shop) {
        let at = |kind: &str| {
            of(kind).into_iter().find(|(_, other)| other["deployment_id"] == data["deployment_id"]).expect(kind).0
        };
        assert!(at("deployment.updated") < at("deployment.started") && at("deployment.started") < *finished, "{data}");
    }
}

#[test]
fn the_incident_follows_a_deployment_of_its_service_and_ends_after_the_one_that_mends_it() {
    let (opened, resolved) = (of("incident.opened"), of("incident.resolved"));
    assert_eq!(opened[0].1["incident_id"], resolved[0].1["incident_id"]);
    assert_eq!(time(&resolved[0].1, "opened_at"), opened[0].0);
    let service = &opened[0].1["service"];
    let own = of("deployment.finished").into_iter().filter(|(_, data)| data["service"] == *service);
    let (before, after): (Vec<_>, Vec<_>) = own.map(|(at, _)| at).partition(|at| *at < opened[0].0);
    assert_eq!(before.len(), 4);
    assert!((opened[0].0 - before[3]).num_minutes() < 10 && after[0] < resolved[0].0);
    for kind in ["alert.fired", "error.detected"] {
        let (at, noticed) = &of(kind)[0];
        assert!(before[3] < *at && *at < opened[0].0, "{noticed}");
    }
}
