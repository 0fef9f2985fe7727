//! What we emit, read by others: every event of every sample as a CloudEvent and, where there is a form, as a CDEvent.
//! What we emit as CDEvents we read back as the same facts. `fixtures/emitted.json` holds one event of each type for
//! readers in other languages; `INSTA_UPDATE=always` writes it anew.

use std::collections::BTreeMap;
use std::path::Path;

use cdevents_sdk::CDEvent;
use cloudevents::AttributesReader;
use domain::canonical::Sorted;
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use domain::{cdevents, event};
use integrations::{ALL, Headers, Integration, Sample, Shipment, find, normalize, sign};
use serde_json::{Value, json};

/// The events of a sample, sealed as the gateway seals them.
fn events_of(integration: &Integration, sample: &Sample) -> Vec<Event> {
    let received = "2026-11-21T12:00:00Z".parse().expect("a time");
    let mut headers = sign(integration, &Shipment::of(sample.kind, "key-1", sample.body, b"", received));
    headers.retain(|(name, _)| !sample.headers.iter().any(|(other, _)| other == name));
    headers.extend(sample.headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let headers: Headers<'_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let drafts = normalize(integration, sample.kind, &headers, sample.body, &Rules::default());
    let delivery = DeliveryId::new(received, [7; 16]);
    let trace = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    Event::seal(drafts, integration.name, &TenantId::default(), delivery, trace)
}

/// Every event that there is, with the sample that it is from.
fn all() -> impl Iterator<Item = (&'static str, Event)> {
    let samples =
        ALL.iter().flat_map(|integration| integration.samples.iter().map(move |sample| (integration, sample)));
    samples.flat_map(|(integration, sample)| {
        events_of(integration, sample).into_iter().map(move |event| (sample.path, event))
    })
}

fn document(event: &Event) -> Value {
    serde_json::to_string(event).and_then(|text| serde_json::from_str(&text)).expect("JSON")
}

#[test]
fn every_event_is_a_cloudevent_to_its_library() {
    for (path, event) in all() {
        let sent = document(&event);
        let read: cloudevents::Event =
            serde_json::from_value(sent.clone()).unwrap_or_else(|why| panic!("{path}: {why}"));
        assert_eq!(read.ty(), event.kind.as_str(), "{path}");
        assert_eq!(read.subject(), Some(event.subject.as_str()), "{path}");
        assert_eq!(read.source().as_str(), sent["source"], "{path}");
        assert_eq!(read.time().map(|time| time.timestamp_millis()), Some(event.time.timestamp_millis()), "{path}");
        let back: Value = serde_json::to_value(&read).expect("JSON");
        assert_eq!(back["data"], sent["data"], "{path}");
    }
}

#[test]
fn every_cdevent_is_one_to_its_library() {
    let mut seen = 0;
    for (path, event) in all() {
        let Some(rendered) = cdevents::render(&event) else { continue };
        let read: CDEvent =
            serde_json::from_value(rendered.clone()).unwrap_or_else(|why| panic!("{path}: {why}: {rendered}"));
        assert_eq!(read.id().as_str(), event.id.to_string(), "{path}");
        assert_eq!(rendered["context"]["type"], read.ty(), "{path}");
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

/// Which type a CDEvent's own type means: it has one word where we have several.
fn meant(kind: &str) -> &str {
    match kind {
        "change.ready" | "change.reopened" => "change.updated",
        "change.approved" => "change.reviewed",
        "incident.reopened" => "incident.opened",
        "ticket.moved" => "ticket.updated",
        other => other,
    }
}

/// The facts that a CDEvent of that type can say.
fn said(kind: &str) -> &'static [&'static str] {
    match kind {
        "change.opened" => &["repo", "number", "title"],
        "change.updated" | "change.reviewed" | "change.merged" | "change.closed" => &["repo", "number"],
        "branch.created" | "branch.deleted" => &["repo", "ref"],
        "build.queued" | "build.started" => &["name", "run_id", "url", "parent_run"],
        "build.finished" => &["name", "run_id", "url", "parent_run", "outcome"],
        "deployment.finished" => &["environment", "outcome", "explicit_kind"],
        "incident.opened" => &["environment", "service", "title", "url"],
        "incident.resolved" => &["environment", "service", "title"],
        "ticket.created" | "ticket.updated" => &["key", "title", "url"],
        "ticket.closed" => &["key", "title", "status", "url"],
        "artifact.published" => &["digest"],
        _ => &[],
    }
}

/// CDEvents has no word for what was skipped, none for kinds of deployments but rollbacks, and only URLs of the web.
fn can_be_said(name: &str, value: &Value) -> bool {
    match name {
        "outcome" => value != "skipped",
        "explicit_kind" => value == "rollback",
        "url" => value.as_str().is_some_and(|url| url.starts_with("http")),
        _ => value != "",
    }
}

#[test]
fn what_we_emit_as_cdevents_we_read_back_as_the_same_facts() {
    let source = find("cloudevents").expect("the source");
    for (path, event) in all() {
        let Some(rendered) = cdevents::render(&event) else { continue };
        let kind = rendered["context"]["type"].as_str().expect("a type").to_owned();
        let sent = json!({
            "specversion": "1.0",
            "id": rendered["context"]["id"],
            "source": rendered["context"]["source"],
            "type": kind,
            "subject": rendered["subject"]["id"],
            "time": rendered["context"]["timestamp"],
            "datacontenttype": "application/json",
            "data": rendered,
        });
        let headers: Headers<'_> = [("content-type", b"application/cloudevents+json".as_slice())].into_iter().collect();
        let drafts = normalize(source, &kind, &headers, sent.to_string().as_bytes(), &Rules::default());
        let [draft] = &drafts[..] else { panic!("{path}: not one event: {drafts:?}") };
        let expected = meant(event.kind.as_str());
        let (ours, theirs) = (document(&event), serde_json::to_value(&draft.data).expect("JSON"));
        assert_eq!(draft.kind.as_str(), expected, "{path}: {theirs}");
        assert_eq!(draft.time, Some(event.time), "{path}");
        for name in said(expected) {
            // A tier that only the source knows is not in the environment's name, which is all that CDEvents carries.
            let by_name =
                || Rules::default().tier(ours["data"]["environment"].as_str().unwrap_or_default(), None).as_str();
            if *name == "environment_tier" && ours["data"][name] != by_name() {
                continue;
            }
            let known = ours["data"].get(name).filter(|value| can_be_said(name, value));
            assert_eq!(theirs.get(name), known, "{path}: {name}");
        }
    }
}

#[test]
fn the_file_of_emitted_events_holds_one_of_each_type() {
    let mut first: BTreeMap<String, Value> = BTreeMap::new();
    for (_, event) in all() {
        first.entry(event.kind.as_str().to_owned()).or_insert_with(|| document(&event));
    }
    let known: Vec<String> =
        event::TYPES.iter().flat_map(|(noun, verbs)| verbs.iter().map(move |verb| format!("{noun}.{verb}"))).collect();
    assert!(first.keys().all(|kind| known.contains(kind) || kind.ends_with(".unmapped")));
    let text = serde_json::to_string_pretty(&first.values().map(Sorted).collect::<Vec<_>>()).expect("JSON") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/emitted.json");
    if option_env!("INSTA_UPDATE") == Some("always") {
        std::fs::write(&path, &text).expect("written");
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        held == text,
        "emitted.json is not what we emit: INSTA_UPDATE=always cargo test -p integrations --test emitted"
    );
}
