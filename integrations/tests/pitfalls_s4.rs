//! Rows of the pitfalls table, for CircleCI, Jenkins, Heroku, Argo CD, Kubernetes, Codecov and SonarQube.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use integrations::{
    Headers, Incoming, Integration, Options, Sample, Secrets, Shipment, find, identify, kept_body, normalize, sign,
    verify,
};
use serde_json::{Value, json};

const SECRET: &[u8] = b"a secret of twenty characters";
const OURS: [&str; 7] = ["argocd", "circleci", "codecov", "heroku", "jenkins", "kubernetes", "sonarqube"];

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().expect("a time")
}

fn source(name: &str) -> &'static Integration {
    find(name).expect("a source")
}

fn sample(source: &'static Integration, name: &str) -> &'static Sample {
    source.sample(name).expect("a sample")
}

fn proof(source: &Integration, body: &[u8]) -> String {
    let options = Options::default();
    let shipment = Shipment { kind: "k", key: "d-1", body, secret: SECRET, options: &options, now: now() };
    let header = source.schemes[0].headers()[0];
    sign(source, &shipment).into_iter().find(|(name, _)| *name == header).expect("a proof").1
}

fn passes(source: &Integration, header: &str, value: &str, body: &[u8]) -> bool {
    let headers: Headers<'_> = [(header, value.as_bytes())].into_iter().collect();
    verify(source, &Incoming::new(&headers, body), &Secrets::of(vec![SECRET.to_vec()]), now()).is_ok()
}

fn drafts(source: &Integration, kind: &str, body: &str) -> Vec<Draft> {
    normalize(source, kind, &Headers::default(), body.as_bytes(), &Rules::default())
}

fn key(source: &Integration, body: &Value) -> String {
    let (headers, body) = (Headers::default(), body.to_string());
    identify(source, &Incoming::new(&headers, body.as_bytes())).key
}

fn value(sample: &Sample) -> Value {
    serde_json::from_slice(sample.body).expect("JSON")
}

#[test]
fn row_05_a_body_with_escapes_is_signed_as_it_was_sent() {
    let sonar = source("sonarqube");
    let sent = sample(sonar, "pull_request").body;
    let signature = proof(sonar, sent);
    assert!(sent.windows(6).any(|part| part == br"\u0026"));
    assert!(passes(sonar, "x-sonar-webhook-hmac-sha256", &signature, sent));
    let anew = value(sample(sonar, "pull_request")).to_string();
    assert!(!passes(sonar, "x-sonar-webhook-hmac-sha256", &signature, anew.as_bytes()));
    let url = drafts(sonar, "analysis", std::str::from_utf8(sent).expect("text"))[0].data.common.url.clone();
    assert_eq!(url.as_deref(), Some("https://sonar.acme.example/dashboard?id=acme_shop&pullRequest=486"));
}

#[test]
fn row_12_only_the_version_that_is_known_is_taken_out_of_a_list() {
    let circle = source("circleci");
    let body = b"lalala";
    let good = proof(circle, body);
    let digits = good.strip_prefix("v1=").expect("a version");
    let other = "0".repeat(64);
    for (header, taken) in [
        (format!("v1={digits}"), true),
        (format!("v2={other},v1={digits}"), true),
        (format!("v1={digits},v2={other}"), true),
        (format!("v2={digits}"), false),
        (format!("v1={other},v2={digits}"), false),
        (digits.to_owned(), false),
        ("v1=".to_owned(), false),
        (String::new(), false),
    ] {
        assert_eq!(passes(circle, "circleci-signature", &header, body), taken, "{header}");
    }
}

#[test]
fn row_13_a_static_value_never_stands_in_for_a_signature() {
    let secret = std::str::from_utf8(SECRET).expect("text");
    for name in ["circleci", "heroku", "sonarqube"] {
        let source = source(name);
        assert!(!passes(source, "authorization", &format!("Bearer {secret}"), b"{}"), "{name}");
        assert!(!passes(source, "authorization", secret, b"{}"), "{name}");
        assert!(!passes(source, "x-webhook-token", secret, b"{}"), "{name}");
    }
}

#[test]
fn row_20_no_two_facts_have_one_key_and_a_repeat_has_the_same() {
    let differ = |name: &str, case: &str, pointer: &str, other: Value| {
        let source = source(name);
        let first = value(sample(source, case));
        let mut second = first.clone();
        *second.pointer_mut(pointer).expect("a member") = other;
        assert_eq!(key(source, &first), key(source, &first), "{name}: {pointer}");
        key(source, &first) != key(source, &second)
    };
    assert!(differ("circleci", "deploy_production", "/id", json!("another")));
    assert!(differ("jenkins", "deploy_finalized", "/build/phase", json!("COMPLETED")));
    assert!(differ("jenkins", "deploy_finalized", "/build/status", json!("SUCCESS")));
    assert!(differ("jenkins", "run_finalized_deploy", "/id", json!("another")));
    assert!(differ("jenkins", "outbound_webhook.success", "/event", json!("failure")));
    assert!(differ("heroku", "release.succeeded", "/webhook_metadata/event/id", json!("another")));
    assert!(!differ("heroku", "release.succeeded", "/webhook_metadata/attempt/id", json!("another")));
    assert!(!differ("heroku", "release.succeeded", "/webhook_metadata/delivery/id", json!("another")));
    assert!(differ("argocd", "sync.succeeded", "/phase", json!("Failed")));
    assert!(differ("argocd", "degraded", "/health_changed_at", json!("2026-11-18T16:00:00Z")));
    assert!(differ("kubernetes", "back_off", "/count", json!(18)));
    assert!(!differ("kubernetes", "back_off", "/metadata/resourceVersion", json!("918999")));
    assert!(differ("kubernetes", "failed_scheduling", "/series/count", json!(4)));
    assert!(differ("kubernetes", "cloudevent.deployment", "/time", json!("2026-11-19T11:00:00Z")));
    assert!(differ("codecov", "pull", "/head/totals/coverage", json!("85.00000")));
    assert!(differ("sonarqube", "passed", "/taskId", json!("another")));
    assert!(differ("sonarqube", "passed", "/changedAt", json!("2026-11-16T20:00:00+0200")));
}

#[test]
fn row_29_the_body_says_what_it_is_whatever_its_content_type() {
    for (name, case) in [("argocd", "sync.succeeded"), ("kubernetes", "cloudevent.deployment"), ("jenkins", "xml")] {
        let (source, mut seen) = (source(name), Vec::new());
        let sample = sample(source, case);
        for content_type in ["", "text/plain", "application/json", "application/cloudevents+json"] {
            let headers: Headers<'_> = [("content-type", content_type.as_bytes())].into_iter().collect();
            let identity = identify(source, &Incoming::new(&headers, sample.body));
            assert_eq!(identity.kind, sample.kind, "{name} as {content_type}");
            seen.push(normalize(source, &identity.kind, &headers, sample.body, &Rules::default()));
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{name}");
    }
}

#[test]
fn row_30_odd_json_is_kept_and_never_stops_anything() {
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let nested = format!(r#"{{"data":{{"actions":{deep}}},"spec":{deep},"items":{deep}}}"#);
    let huge = r#"{"build":{"number":1e999,"timestamp":99999999999999999999},"count":1e400,"number":-1}"#;
    let strange = r#"{"__proto__":{"a":1},"constructor":"\u0000","project":{"key":"\u0000"},"items":[null]}"#;
    for name in OURS {
        for (body, sample) in [&*deep, &nested, huge, strange, "null", "[]", "\"x\"", "{}"]
            .into_iter()
            .flat_map(|body| source(name).samples.iter().map(move |sample| (body, sample)))
        {
            let found = drafts(source(name), sample.kind, body);
            assert!(found.iter().all(|draft| draft.kind.is_unmapped()), "{name}: {}", sample.path);
        }
    }
    let twice =
        r#"{"taskId":"a","project":{"key":"x","key":"acme_shop"},"qualityGate":{"status":"OK","status":"ERROR"}}"#;
    assert_eq!(drafts(source("sonarqube"), "analysis", twice)[0].subject, "sonarqube:acme_shop");
    assert_eq!(drafts(source("sonarqube"), "analysis", twice)[0].kind.as_str(), "quality_gate.failed");
}

#[test]
fn row_31_times_are_read_in_every_way_that_they_are_written() {
    for (name, case, expected) in [
        ("sonarqube", "passed", "2026-11-16T16:05:31Z"),
        ("jenkins", "run_started", "2026-11-19T00:30:00.250Z"),
        ("jenkins", "notification.completed", "2026-11-18T10:06:42.310Z"),
        ("kubernetes", "cloudevent.deployment", "2026-11-19T10:05:00.987654321Z"),
        ("argocd", "failed_staging", "2026-11-18T13:20:50Z"),
    ] {
        let sample = sample(source(name), case);
        let found = normalize(source(name), sample.kind, &Headers::default(), sample.body, &Rules::default());
        let expected: DateTime<Utc> = expected.parse().expect("a time");
        assert_eq!(found[0].time, Some(expected), "{name}: {case}");
    }
    let never = r#"{"project":{"key":"x"},"qualityGate":{"status":"OK"},"changedAt":"0001-01-01T00:00:00+0000"}"#;
    assert_eq!(drafts(source("sonarqube"), "analysis", never)[0].time, None);
}

/// Every member of every object, as the JSON pointers to it.
fn members(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect(),
        _ => return,
    };
    for (name, inside) in inner {
        let path = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        members(inside, &path, found);
        found.extend(value.is_object().then_some(path));
    }
}

#[test]
fn what_is_null_is_as_if_it_was_not_sent() {
    for source in OURS.map(source) {
        for sample in source.samples {
            let Ok(whole) = serde_json::from_slice::<Value>(sample.body) else { continue };
            let mut pointers = Vec::new();
            members(&whole, "", &mut pointers);
            for pointer in pointers {
                let (mut without, mut with_null) = (whole.clone(), whole.clone());
                let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
                let name = name.replace("~1", "/").replace("~0", "~");
                let object = |body| Value::pointer_mut(body, parent).and_then(Value::as_object_mut).expect("an object");
                object(&mut without).remove(&name);
                object(&mut with_null).insert(name, Value::Null);
                let of = |body: &Value| drafts(source, sample.kind, &body.to_string());
                assert_eq!(of(&without), of(&with_null), "{}: {pointer}", sample.path);
            }
        }
    }
}

#[test]
fn row_26_what_a_secret_keeps_is_not_stored() {
    let kubernetes = source("kubernetes");
    for case in ["audit.secrets", "cloudevent.secret"] {
        let sample = sample(kubernetes, case);
        let kept = kept_body(kubernetes, sample.body);
        let text = std::str::from_utf8(&kept).expect("text");
        assert!(text.contains("payments-db") && !text.contains("bm90LWEtcmVhbC1wYXNzd29yZA"), "{case}");
        assert_eq!(
            drafts(kubernetes, sample.kind, text),
            drafts(kubernetes, sample.kind, std::str::from_utf8(sample.body).expect("text")),
        );
    }
    let plain = sample(kubernetes, "cloudevent.deployment");
    assert_eq!(&*kept_body(kubernetes, plain.body), plain.body);
}

#[test]
fn one_build_is_one_whichever_plugin_and_phase_tells_of_it() {
    let jenkins = source("jenkins");
    let subjects: Vec<String> = [
        ("completed", r#"{"build":{"full_url":"https://ci/job/shop/job/deploy/7/","phase":"COMPLETED"}}"#),
        (
            "finalized",
            r#"{"build":{"url":"job/shop/job/deploy/7/","phase":"FINALIZED","scm":{"url":"git@h:acme/shop"}}}"#,
        ),
        ("run.completed", r#"{"type":"run.completed","source":"job/shop/job/deploy/","data":{"number":7}}"#),
        ("success", r#"{"event":"success","buildUrl":"http://ci:8080/jenkins/job/shop/job/deploy/7/"}"#),
    ]
    .into_iter()
    .map(|(kind, body)| drafts(jenkins, kind, body)[0].subject.clone())
    .collect();
    assert!(subjects.iter().all(|subject| subject == "shop/deploy!deploy/shop/deploy#7"), "{subjects:?}");
}

#[test]
fn a_deploy_of_circleci_is_counted_once_and_a_workflow_only_where_a_pattern_names_the_source() {
    let circle = source("circleci");
    let deployments = |case: &str, rules: &Rules| {
        let sample = sample(circle, case);
        let found = normalize(circle, sample.kind, &Headers::default(), sample.body, rules);
        found.iter().filter(|draft| draft.kind.noun() == "deployment").count()
    };
    let usual = Rules::default();
    let counted =
        ["deploy_production", "test_in_deploy_workflow", "deploy_failed"].map(|case| deployments(case, &usual));
    assert_eq!(counted, [1, 0, 0]);
    let pattern = domain::rules::DeployPattern::parse("circleci:deploy production").expect("a pattern");
    let named = Rules { deploy_patterns: vec![pattern], ..Rules::default() };
    assert_eq!(deployments("workflow_completed.deploy_failed", &named), 1);
}

#[test]
fn the_template_for_argo_cd_sends_what_is_read() {
    let template = include_str!("../templates/argocd-notifications.yaml");
    let argocd = source("argocd");
    for case in ["sync.succeeded", "health.healthy"] {
        for name in value(sample(argocd, case)).as_object().expect("an object").keys() {
            assert!(template.contains(&format!("\"{name}\": ")), "{case}: {name}");
        }
    }
}
