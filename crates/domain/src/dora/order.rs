//! The promise of this room: any order, any repetition and any cutting into batches of the same events add up alike.

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::deployments::ended;
use super::*;
use crate::event::{EventType, Facets};
use crate::ids::{DeliveryId, TenantId};

/// Few keys, few times and few words, so that events often speak of the same thing at the same time.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (0u8..3, 0i64..4, 0u8..3, 0u8..3, any::<bool>(), 0u8..5);
    prop::collection::vec(one, 1..24).prop_map(|all| all.into_iter().enumerate().map(event).collect())
}

fn event((place, (noun, minute, key, word, dated, verb)): (usize, (u8, i64, u8, u8, bool, u8))) -> Event {
    let time = DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).expect("a time");
    let when = time.to_rfc3339();
    let revision = dated.then(|| when.clone());
    let (kind, data) = match noun {
        0 => (
            "commits.pushed",
            serde_json::json!({
                "repo": "acme/shop", "revision": revision, "ref": "main", "before": format!("{key}a"), "after": format!("{word}b"),
                "commits": [{"sha": format!("{word}b"), "authored_at": when, "author": {"login": format!("ada{verb}"), "bot": false}}],
            }),
        ),
        1 => (
            ["change.opened", "change.reviewed", "change.merged", "change.reopened", "change.closed"]
                [usize::from(verb)],
            serde_json::json!({
                "repo": "acme/shop", "revision": revision, "number": key, "title": format!("title {word}"),
                "closed_at": (verb > 2 && dated).then_some(&when), "first_commit_at": when,
            }),
        ),
        _ => (
            ["deployment.started", "deployment.updated", "deployment.finished"][usize::from(verb % 3)],
            serde_json::json!({
                "repo": "acme/shop", "revision": revision, "deployment_id": format!("d{key}"), "at": when,
                "outcome": (verb > 1).then(|| ["success", "failure", "error"][usize::from(word)]), "commit_sha": format!("{word}c"),
            }),
        ),
    };
    let text = data
        .as_object()
        .map(|fields| fields.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())));
    let data: serde_json::Map<String, serde_json::Value> = text.into_iter().flatten().collect();
    let delivery = DeliveryId::new(time, [place as u8; 16]);
    Event {
        id: delivery.event(0),
        tenant: TenantId::default(),
        integration: "github".into(),
        source: "/github/acme/shop".into(),
        kind: EventType::parse(kind).expect("a type"),
        subject: format!("acme/shop#{key}"),
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
