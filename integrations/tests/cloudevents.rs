//! The rules of CloudEvents' HTTP binding by name, and documents that the CloudEvents and CDEvents libraries made.

use std::error::Error;

use cdevents_sdk::{CDEvent, Subject, spec_0_5_1::service_deployed};
use cloudevents::{EventBuilder, EventBuilderV10};
use domain::data::Body;
use domain::event::Draft;
use domain::rules::Rules;
use integrations::{Headers, Incoming, Integration, find, identify, normalize};
use serde_json::{Value, json};

const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json");

fn source() -> &'static Integration {
    find("cloudevents").expect("the source")
}

/// What is made of a delivery: its kind and key, and its events.
fn taken(pairs: &[(&str, &str)], body: &str) -> (String, String, Vec<Draft>) {
    let headers: Headers<'_> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let identity = identify(source(), &Incoming::new(&headers, body.as_bytes()));
    let drafts = normalize(source(), &identity.kind, &headers, body.as_bytes(), &Rules::default());
    (identity.kind, identity.key, drafts)
}

fn merged() -> Value {
    json!({
        "context": {
            "specversion": "0.5.1", "id": "e-1", "source": "/acme/ci",
            "type": "dev.cdevents.change.merged.0.3.0", "timestamp": "2026-11-20T18:44:07Z",
        },
        "subject": {"id": "482", "content": {"repository": {"id": "acme/shop"}}},
    })
}

fn document() -> Value {
    json!({
        "specversion": "1.0", "id": "e-1", "source": "/acme/ci", "type": "dev.cdevents.change.merged.0.3.0",
        "subject": "482", "time": "2026-11-20T18:44:07Z", "datacontenttype": "application/json", "data": merged(),
    })
}

/// The headers of the same event in binary mode.
fn binary<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut pairs = vec![
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "e-1"),
        ("ce-source", "/acme/ci"),
        ("ce-type", "dev.cdevents.change.merged.0.3.0"),
        ("ce-subject", "482"),
        ("ce-time", "2026-11-20T18:44:07Z"),
    ];
    pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    pairs.extend(changes);
    pairs
}

fn subjects(pairs: &[(&str, &str)], body: &str) -> Vec<String> {
    taken(pairs, body).2.into_iter().filter(|draft| !draft.kind.is_unmapped()).map(|draft| draft.subject).collect()
}

/// Why a delivery is kept without a meaning.
fn reason(pairs: &[(&str, &str)], body: &str) -> String {
    match &taken(pairs, body).2[..] {
        [Draft { data: domain::data::Data { body: Body::Unmapped(unmapped), .. }, .. }] => {
            unmapped.reason.clone().unwrap_or_default()
        }
        other => panic!("not one unmapped event: {other:?}"),
    }
}

#[test]
fn the_content_type_decides_in_any_case_and_with_any_parameters() {
    let (one, many) = (document().to_string(), json!([document(), document()]).to_string());
    for media in
        ["application/cloudevents+json", "Application/CloudEvents+JSON", "application/cloudevents+json ; charset=UTF-8"]
    {
        assert_eq!(subjects(&[("Content-Type", media)], &one), ["acme/shop#482"], "{media}");
    }
    for media in ["application/cloudevents-batch+json", "APPLICATION/cloudevents-batch+json; charset=utf-8"] {
        assert_eq!(subjects(&[("content-type", media)], &many), ["acme/shop#482", "acme/shop#482"], "{media}");
        assert_eq!(taken(&[("content-type", media)], "[]").2, []);
        assert!(!reason(&[("content-type", media)], &one).is_empty());
    }
    assert!(reason(&[STRUCTURED], &many).contains("type"));
    assert!(reason(&[("content-type", "application/cloudevents+xml")], &one).contains("JSON"));
}

#[test]
fn a_body_that_says_so_is_an_event_whatever_its_content_type() {
    let one = document().to_string();
    for pairs in [&[][..], &[("content-type", "application/json")], &[("content-type", "text/plain")]] {
        assert_eq!(subjects(pairs, &one), ["acme/shop#482"]);
        assert!(reason(pairs, "{\"a\":1}").contains("no CloudEvent"));
    }
}

#[test]
fn the_three_modes_of_one_event_mean_the_same() {
    let (kind, key, structured) = taken(&[STRUCTURED], &document().to_string());
    let (binary_kind, binary_key, drafts) = taken(&binary(&[]), &merged().to_string());
    assert_eq!((&kind, &key, &structured), (&binary_kind, &binary_key, &drafts));
    let batch = [("content-type", "application/cloudevents-batch+json")];
    let (kind, _, batched) = taken(&batch, &json!([document()]).to_string());
    assert_eq!((kind.as_str(), batched), ("batch", structured));
}

#[test]
fn the_key_is_source_and_id_and_of_a_batch_its_bytes() {
    let key = |change: &dyn Fn(&mut Value)| {
        let mut changed = document();
        change(&mut changed);
        taken(&[STRUCTURED], &changed.to_string()).1
    };
    let plain = key(&|_| {});
    assert_eq!(plain, key(&|event| event["data"] = json!(null)));
    assert_ne!(plain, key(&|event| event["id"] = json!("e-2")));
    assert_ne!(plain, key(&|event| event["source"] = json!("/acme/other")));
    let moved = |id: &str, source: &str| key(&|event| (event["id"], event["source"]) = (json!(id), json!(source)));
    assert_ne!(moved("a", "b:c"), moved("a:b", "c"));
    let batch = |body: Value| taken(&[("content-type", "application/cloudevents-batch+json")], &body.to_string()).1;
    assert_ne!(batch(json!([document()])), batch(json!([document(), document()])));
}

#[test]
fn headers_are_percent_decoded_once_and_unquoted() {
    let mut body = merged();
    for (sent, meant) in [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro \u{20ac} \u{1f600}"),
        ("a%2541", "a%41"),
        ("\"a \\\"b\\\"\"", "a \"b\""),
        ("plain", "plain"),
    ] {
        body["subject"]["id"] = json!(meant);
        assert_eq!(subjects(&binary(&[("ce-subject", sent)]), &body.to_string()), [format!("acme/shop#{meant}")]);
    }
}

#[test]
fn headers_that_are_no_utf8_are_refused() {
    for sent in ["%C0%A0", "%FF", "%ED%A0%80", "caf\u{e9}"] {
        let said = reason(&binary(&[("ce-subject", sent)]), &merged().to_string());
        assert!(said.contains("ce-subject"), "{said}");
    }
}

#[test]
fn a_header_that_is_sent_twice_is_refused() {
    let mut pairs = binary(&[]);
    pairs.push(("Ce-Id", "e-1"));
    assert!(reason(&pairs, &merged().to_string()).contains("ce-id was sent more than once"));
}

#[test]
fn the_content_type_of_binary_data_stands_in_one_place_only() {
    let said = reason(&binary(&[("ce-datacontenttype", "application/json")]), &merged().to_string());
    assert!(said.contains("ce-datacontenttype"), "{said}");
}

#[test]
fn copies_in_headers_must_say_what_the_body_says() {
    let body = document().to_string();
    for (name, same) in [
        ("ce-specversion", "1.0"),
        ("ce-id", "e-1"),
        ("ce-source", "/acme/ci"),
        ("ce-type", "dev.cdevents.change.merged.0.3.0"),
        ("ce-subject", "482"),
        ("ce-time", "2026-11-20T18:44:07Z"),
    ] {
        assert_eq!(subjects(&[STRUCTURED, (name, same)], &body), ["acme/shop#482"], "{name}");
        let said = reason(&[STRUCTURED, (name, "other")], &body);
        assert!(said.contains(name), "{said}");
    }
}

#[test]
fn required_attributes_are_required_and_null_is_absent() {
    for name in ["specversion", "id", "source", "type"] {
        for value in [Value::Null, json!("")] {
            let mut lacking = document();
            lacking[name] = value;
            reason(&[STRUCTURED], &lacking.to_string());
        }
        let header = format!("ce-{name}");
        if name != "specversion" {
            reason(&binary(&[(&header, "")]), &merged().to_string());
        }
    }
    let mut nulls = document();
    for name in ["subject", "time", "datacontenttype", "data_base64", "dataschema"] {
        nulls[name] = Value::Null;
    }
    assert_eq!(subjects(&[STRUCTURED], &nulls.to_string()), ["acme/shop#482"]);
    for version in ["0.3", "1.1", "2.0"] {
        let mut other = document();
        other["specversion"] = json!(version);
        assert!(reason(&[STRUCTURED], &other.to_string()).contains("1.0"));
    }
}

#[test]
fn data_is_json_or_base64_and_never_both() {
    use base64::Engine;
    let mut encoded = document();
    encoded["data_base64"] = json!(base64::engine::general_purpose::STANDARD.encode(merged().to_string()));
    assert!(reason(&[STRUCTURED], &encoded.to_string()).contains("both"));
    encoded["data"] = Value::Null;
    assert_eq!(subjects(&[STRUCTURED], &encoded.to_string()), ["acme/shop#482"]);
    encoded["data_base64"] = json!("not base64!");
    assert!(reason(&[STRUCTURED], &encoded.to_string()).contains("base64"));
    let mut text = document();
    text["data"] = json!(merged().to_string());
    // A text stays a text, also where it holds JSON.
    assert!(reason(&[STRUCTURED], &text.to_string()).contains("another type"));
    text["data"] = Value::Null;
    assert!(reason(&[STRUCTURED], &text.to_string()).contains("no data"));
}

#[test]
fn attributes_that_stand_there_twice_are_refused_and_data_takes_the_last() {
    let body = document().to_string();
    for (name, value) in [("id", "e-1"), ("source", "/acme/ci"), ("type", "dev.cdevents.change.merged.0.3.0")] {
        let twice = body.replacen('{', &format!("{{\"{name}\":\"{value}\","), 1);
        assert!(reason(&[STRUCTURED], &twice).contains("twice"), "{name}");
    }
    let body = merged().to_string().replace("\"id\":\"482\"", "\"id\":\"481\",\"id\":\"482\"");
    assert_eq!(subjects(&binary(&[]), &body), ["acme/shop#482"]);
}

#[test]
fn what_cdevents_says_twice_must_be_the_same() {
    for (pointer, word) in [
        ("/data/context/id", "id"),
        ("/data/context/source", "source"),
        ("/data/context/type", "type"),
        ("/data/subject/id", "subject"),
    ] {
        let mut other = document();
        *other.pointer_mut(pointer).expect("a member") = json!("other");
        let said = reason(&[STRUCTURED], &other.to_string());
        assert_eq!(said, format!("the CDEvent has another {word} than the CloudEvent"));
    }
    let mut later = document();
    later["time"] = json!("2026-11-20T18:44:08Z");
    assert!(reason(&[STRUCTURED], &later.to_string()).contains("another time"));
    later["time"] = json!("2026-11-20T19:44:07+01:00");
    assert_eq!(subjects(&[STRUCTURED], &later.to_string()), ["acme/shop#482"]);
}

#[test]
fn what_the_cloudevents_library_writes_is_understood() -> Result<(), Box<dyn Error>> {
    let event = EventBuilderV10::new()
        .id("e-1")
        .source("/acme/ci")
        .ty("dev.cdevents.change.merged.0.3.0")
        .subject("482")
        .time("2026-11-20T18:44:07Z")
        .extension("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .data("application/json", merged())
        .build()?;
    assert_eq!(subjects(&[STRUCTURED], &serde_json::to_string(&event)?), ["acme/shop#482"]);
    let batch = serde_json::to_string(&[event.clone(), event])?;
    assert_eq!(subjects(&[("content-type", "application/cloudevents-batch+json")], &batch).len(), 2);
    let bytes = EventBuilderV10::new()
        .id("e-1")
        .source("/acme/ci")
        .ty("dev.cdevents.change.merged.0.3.0")
        .data("application/json", merged().to_string().into_bytes())
        .build()?;
    let written = serde_json::to_string(&bytes)?;
    assert!(written.contains("data_base64"));
    assert_eq!(subjects(&[STRUCTURED], &written), ["acme/shop#482"]);
    Ok(())
}

#[test]
fn what_the_cdevents_library_writes_is_understood() -> Result<(), Box<dyn Error>> {
    let content = service_deployed::Content {
        artifact_id: "pkg:github/acme/shop@5f0c2a9b7d1e4c63a8b0f29d7c5e1a4b3d6f8091".try_into()?,
        environment: service_deployed::ContentEnvironment { id: "production".try_into()?, source: None },
    };
    let deployed = CDEvent::from(Subject::from(content).with_id("shop".try_into()?))
        .with_id("e-7".try_into()?)
        .with_source("/acme/deployer".try_into()?);
    let event: cloudevents::Event = deployed.try_into()?;
    let (kind, _, drafts) = taken(&[STRUCTURED], &serde_json::to_string(&event)?);
    assert!(kind.starts_with("dev.cdevents.service.deployed."), "{kind}");
    let [draft] = &drafts[..] else { panic!("not one event: {drafts:?}") };
    assert_eq!(
        (draft.kind.as_str(), draft.subject.as_str()),
        ("deployment.finished", "shop/production:acme/deployer/e-7")
    );
    assert_eq!(draft.data.common.commit_sha.as_deref(), Some("5f0c2a9b7d1e4c63a8b0f29d7c5e1a4b3d6f8091"));
    Ok(())
}
