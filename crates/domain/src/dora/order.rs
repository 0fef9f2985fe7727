//! The promise of this room: any order, any repetition and any cutting into batches of the same events add up alike.

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::deployments::ended;
use super::*;
use crate::event::{EventType, Facets};
use crate::ids::{DeliveryId, TenantId};

/// Few keys, few times and few words, so that events often speak of the same thing at the same time.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (0u8..8, 0i64..4, 0u8..3, 0u8..3, any::<bool>(), 0u8..5);
    prop::collection::vec(one, 1..32).prop_map(|all| all.into_iter().enumerate().map(event).collect())
}

/// What an event is about, when, and what it says of it.
type Said = (u8, i64, u8, u8, bool, u8);

fn event((place, said): (usize, Said)) -> Event {
    let (noun, minute, _, _, dated, _) = said;
    let (kind, mut data) = match noun {
        0..3 => of_code(said),
        3 | 4 => of_deployment(said),
        _ => of_quality(said),
    };
    data["repo"] = json!("acme/shop");
    data["revision"] = json!(dated.then(|| time(minute).to_rfc3339()));
    sealed(kind, time(minute), place, &data)
}

fn of_code((noun, minute, key, word, dated, verb): Said) -> (&'static str, Value) {
    let when = time(minute).to_rfc3339();
    let r#ref = ["main", "refs/heads/feature", "refs/tags/v1"][usize::from(word)];
    let default = if dated { "main" } else { "feature" };
    match noun {
        0 => {
            let commit = json!({
                "sha": format!("{word}b"), "authored_at": when, "author": {"login": format!("ada{verb}"), "bot": false},
                "message_head": if verb % 2 == 0 { "Merge branch 'x'" } else { "Mend it" }, "files": [format!("{verb}.rs")],
                "trailers": [format!("(cherry picked from commit 0a1b2c{key}{verb})")],
            });
            let (before, after) = (format!("{key}a"), format!("{word}b"));
            let push =
                json!({"ref": r#ref, "before": before, "after": after, "default_branch": default, "commits": [commit]});
            ("commits.pushed", push)
        }
        1 => {
            let labels = if word == 0 { vec![] } else { vec![format!("label {word}")] };
            let change = json!({
                "number": key, "title": format!("title {word}"), "base": "main", "draft": dated.then_some(false),
                "closed_at": (verb > 2 && dated).then_some(&when), "first_commit_at": when, "additions": word,
                "labels": labels, "url": format!("https://example.org/{verb}"),
            });
            (CHANGES[usize::from(verb)], change)
        }
        _ => ("artifact.published", json!({"digest": format!("sha256:{key}"), "sha": format!("{word}c")})),
    }
}

const CHANGES: [&str; 5] = ["change.opened", "change.reviewed", "change.merged", "change.reopened", "change.closed"];

fn of_deployment((_, minute, key, word, dated, verb): Said) -> (&'static str, Value) {
    let when = time(minute).to_rfc3339();
    let image = json!({"image_digest": format!("sha256:{word}"), "finished_at": when});
    let kind = ["deployment.started", "deployment.updated", "deployment.finished"][usize::from(verb % 3)];
    let deployment = json!({
        "deployment_id": format!("d{key}"), "at": when, "commit_sha": format!("{word}c"),
        "outcome": (verb > 1).then(|| ["success", "failure", "error"][usize::from(word)]),
        "contains": [["acme/shop", format!("{verb}c")]], "fixes": [format!("d{verb}")], "unplanned": dated,
        "components": if word == 0 { vec![] } else { vec![image] },
    });
    (kind, deployment)
}

fn of_quality((noun, _, key, word, dated, verb): Said) -> (&'static str, Value) {
    match noun {
        5 => {
            let incident = json!({
                "incident_id": format!("i{key}"), "title": format!("title {word}"), "labels": [format!("label {verb}")],
                "caused_by": dated.then(|| json!({"deployment": format!("d{word}")})), "deleted": word == 0,
            });
            let verbs = ["incident.opened", "incident.updated", "incident.resolved", "incident.reopened"];
            (verbs[usize::from(verb % 4)], incident)
        }
        6 => {
            let actor = dated.then(|| json!({"login": format!("ada{verb}"), "bot": false}));
            let link = json!({"incident_id": format!("i{key}"), "deployment_id": format!("d{word}"), "actor": actor});
            (if verb % 2 == 0 { "link.set" } else { "link.removed" }, link)
        }
        _ => {
            let verbs = ["coverage.reported", "quality_gate.passed", "quality_gate.failed"];
            let report = json!({"project": dated.then(|| format!("p{key}")), "coverage_pct": word});
            (verbs[usize::from(verb % 3)], report)
        }
    }
}

fn time(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).expect("a time")
}

/// An event of a minute, for tests of other rooms.
pub(super) fn told(kind: &str, minute: i64, data: Value) -> Event {
    sealed(kind, time(minute), usize::try_from(minute).expect("a minute"), &data)
}

/// What is null is left out, as everywhere.
fn sealed(kind: &str, time: DateTime<Utc>, place: usize, data: &Value) -> Event {
    let fields = data.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let data: serde_json::Map<String, serde_json::Value> = fields.map(|(k, v)| (k.clone(), v.clone())).collect();
    let delivery = DeliveryId::new(time, [place as u8; 16]);
    Event {
        id: delivery.event(0),
        tenant: TenantId::default(),
        integration: "github".into(),
        source: "/github/acme/shop".into(),
        kind: EventType::parse(kind).expect("a type"),
        subject: format!("acme/shop#{}", data.len()),
        time,
        delivery,
        traceparent: None,
        facets: Facets::default(),
        data: RawValue::from_string(serde_json::to_string(&data).expect("json")).expect("json"),
    }
}

fn shuffled(log: Vec<Event>) -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    (Just(log.clone()), Just(log).prop_shuffle())
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_add_up_alike((log, mut other) in events().prop_flat_map(shuffled), again in any::<u32>()) {
        let straight = Entities::of(&log).expect("readable");
        other.extend(log.iter().enumerate().filter(|(place, _)| again >> place & 1 == 1).map(|(_, one)| one.clone()));
        let crooked = Entities::of(&other).expect("readable");
        for (key, statuses) in &straight.statuses {
            prop_assert_eq!(ended(statuses), ended(&crooked.statuses[key]));
        }
        prop_assert_eq!(straight, crooked);
    }
}

#[test]
fn data_of_another_shape_is_refused_with_its_event() {
    let mut odd = event((0, (1, 0, 0, 0, true, 0)));
    odd.data = RawValue::from_string(r#"{"repo":"acme/shop","number":"many"}"#.into()).expect("json");
    let error = Entities::of([&odd]).expect_err("refused").to_string();
    assert!(error.contains(&odd.id.to_string()) && error.contains("change"), "{error}");
}
