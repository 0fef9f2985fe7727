//! Traps that other gateways fell into, for the sources of Amazon and CloudEvents, one test each, named after the trap.

use std::fs;
use std::path::Path;

use domain::data::Body;
use domain::rules::Rules;
use integrations::{
    Greeting, Headers, Incoming, Integration, Options, Refusal, Secrets, find, greet, identify, kept_body,
    kept_headers, normalize, verify,
};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:acme-alarms";

type Pair<'a> = (&'a str, &'a str);

fn source(name: &str) -> &'static Integration {
    find(name).unwrap_or_else(|| panic!("no source {name}"))
}

fn headers<'a>(pairs: &[Pair<'a>]) -> Headers<'a> {
    pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
}

fn fixture(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)).expect("a fixture")
}

fn asked() -> String {
    fixture("cloudwatch/subscription/asked.json")
}

fn greeting(body: &str, proved: Option<&'static str>) -> Option<Greeting> {
    let headers = headers(&[("x-amz-sns-message-type", "SubscriptionConfirmation")]);
    let incoming = Incoming { proved, ..Incoming::new(&headers, body.as_bytes()) };
    let source = source("cloudwatch");
    greet(source, &identify(source, &incoming), &incoming)
}

fn secrets(live: &[&str], topics: &[&str]) -> Secrets {
    let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
    let live = live.iter().map(|secret| secret.as_bytes().to_vec()).collect();
    Secrets { options: Options { topics, ..Options::default() }, ..Secrets::of(live) }
}

fn verdict(pairs: &[Pair<'_>], body: &str, secrets: &Secrets) -> Result<&'static str, Refusal> {
    let headers = headers(pairs);
    let now = "2026-11-20T18:45:00Z".parse().expect("a time");
    verify(source("cloudwatch"), &Incoming::new(&headers, body.as_bytes()), secrets, now)
        .map(|verified| verified.scheme)
}

#[test]
fn row_23_a_subscription_is_confirmed_at_an_address_of_our_own_making() {
    let Some(Greeting::Call { url, answer }) = greeting(&asked(), Some("sns-v2")) else { panic!("no call") };
    assert_eq!(
        url,
        "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription\
         &TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Aacme-alarms\
         &Token=2336412f37fb687f5d51e6e241d638b059ce8a49"
    );
    assert_eq!(answer, serde_json::json!({}));
    let evil = asked().replace("https://sns.eu-west-1.amazonaws.com/?Action", "https://evil.example/?Action");
    assert_eq!(greeting(&evil, Some("sns-v2")), Some(Greeting::Call { url, answer }));
    let token = asked().replace("\"Token\": \"2336", "\"Token\": \"x&TopicArn=y#");
    let Some(Greeting::Call { url, .. }) = greeting(&token, Some("sns-v1")) else { panic!("no call") };
    assert!(url.contains("Token=x%26TopicArn%3Dy%23"), "{url}");
}

#[test]
fn row_23_no_token_and_no_open_door_makes_us_call() {
    for proved in [None, Some("token"), Some("none")] {
        assert_eq!(greeting(&asked(), proved), None, "{proved:?}");
    }
}

#[test]
fn row_23_the_end_of_a_subscription_and_messages_are_never_answered_with_a_call() {
    for path in ["cloudwatch/subscription/ended.json", "cloudwatch/alarm/firing.json"] {
        assert_eq!(greeting(&fixture(path), Some("sns-v2")), None, "{path}");
    }
    for body in [asked().replace(TOPIC, "arn:aws:sns:evil.example:1:x"), asked().replace("\"Token\"", "\"Tokem\"")] {
        assert_eq!(greeting(&body, Some("sns-v2")), None);
    }
}

#[test]
fn row_25_raw_delivery_has_no_signature_and_only_a_token_lets_it_in() {
    let body = fixture("cloudwatch/alarm/harmless_raw.json");
    let raw = [("x-amz-sns-message-type", "Notification"), ("x-amz-sns-rawdelivery", "True")];
    let shown = [raw[0], raw[1], ("x-webhook-token", "s3cret")];
    assert_eq!(verdict(&raw, &body, &secrets(&[], &[TOPIC])), Err(Refusal::Missing));
    assert_eq!(verdict(&shown, &body, &secrets(&[], &[TOPIC])), Err(Refusal::Missing));
    assert_eq!(verdict(&raw, &body, &secrets(&["s3cret"], &[TOPIC])), Err(Refusal::Missing));
    assert_eq!(verdict(&shown, &body, &secrets(&["s3cret"], &[TOPIC])), Ok("token"));
}

#[test]
fn row_13_and_24_a_token_does_not_stand_in_for_a_signature_that_is_wrong() {
    let pairs = [("x-amz-sns-message-type", "Notification"), ("x-webhook-token", "s3cret")];
    let other = fixture("cloudwatch/alarm/firing.json").replace("acme-alarms", "others-alarms");
    assert_eq!(verdict(&pairs, &other, &secrets(&["s3cret"], &[TOPIC])), Err(Refusal::Wrong));
}

#[test]
fn row_24_without_topics_nothing_of_sns_is_believed() {
    let pairs = [("x-amz-sns-message-type", "Notification")];
    let body = fixture("cloudwatch/alarm/firing.json");
    assert_eq!(verdict(&pairs, &body, &secrets(&[], &[])), Err(Refusal::Unconfigured));
    assert_eq!(verdict(&pairs, &body, &secrets(&["s3cret"], &[])), Err(Refusal::Missing));
}

#[test]
fn row_26_what_would_confirm_a_subscription_is_not_stored() {
    for path in ["cloudwatch/subscription/asked.json", "cloudwatch/subscription/ended.json"] {
        let body = fixture(path);
        let kept = kept_body(source("cloudwatch"), body.as_bytes());
        let kept = String::from_utf8(kept.into_owned()).expect("UTF-8");
        assert!(!kept.contains("2336412f") && kept.contains("MessageId"), "{kept}");
    }
    let body = fixture("cloudwatch/alarm/firing.json");
    assert_eq!(*kept_body(source("cloudwatch"), body.as_bytes()), *body.as_bytes());
}

#[test]
fn row_26_kept_headers_hold_no_proof() {
    let pairs = [
        ("authorization", "Bearer s3cret"),
        ("x-webhook-token", "s3cret"),
        ("x-amz-sns-topic-arn", TOPIC),
        ("ce-id", "e-1"),
        ("cookie", "a=b"),
    ];
    for (name, expected) in [("cloudwatch", "x-amz-sns-topic-arn"), ("cloudevents", "ce-id")] {
        let kept = kept_headers(source(name), &headers(&pairs));
        assert_eq!(kept.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn row_29_the_body_says_what_it_is_whatever_its_content_type() {
    for (path, kind) in [
        ("cloudwatch/alarm/firing.json", "alarm"),
        ("cloudwatch/alarm_state_change/in_a_message.json", "CloudWatch Alarm State Change"),
        ("ecs/task/running.json", "ECS Task State Change"),
    ] {
        for content_type in ["text/plain; charset=UTF-8", "application/json", "image/png"] {
            let body = fixture(path);
            let (name, headers) =
                (path.split('/').next().expect("a source"), headers(&[("content-type", content_type)]));
            let incoming = Incoming::new(&headers, body.as_bytes());
            let identity = identify(source(name), &incoming);
            assert_eq!(identity.kind, kind);
            let drafts = normalize(source(name), kind, &headers, body.as_bytes(), &Rules::default());
            assert!(drafts.iter().all(|draft| !draft.kind.is_unmapped()), "{path}");
        }
    }
}

#[test]
fn row_20_the_same_message_has_one_key_and_an_alarm_that_is_over_another() {
    let key = |path: &str| {
        let (body, headers) = (fixture(path), headers(&[]));
        identify(source("cloudwatch"), &Incoming::new(&headers, body.as_bytes())).key
    };
    assert_eq!(key("cloudwatch/alarm/firing.json"), key("cloudwatch/alarm/firing.json"));
    assert_ne!(key("cloudwatch/alarm/firing.json"), key("cloudwatch/alarm/over.json"));
    assert_ne!(key("cloudwatch/alarm_state_change/firing.json"), key("cloudwatch/alarm_state_change/over.json"));
}

#[test]
fn an_alarm_goes_by_the_same_name_when_it_is_over() {
    let subject = |path: &str| {
        let (body, headers) = (fixture(path), headers(&[]));
        let kind = identify(source("cloudwatch"), &Incoming::new(&headers, body.as_bytes())).kind;
        normalize(source("cloudwatch"), &kind, &headers, body.as_bytes(), &Rules::default())[0].subject.clone()
    };
    assert_eq!(subject("cloudwatch/alarm/firing.json"), subject("cloudwatch/alarm/over.json"));
    let event = |case: &str| subject(&format!("cloudwatch/alarm_state_change/{case}.json"));
    assert_eq!(event("firing"), event("over"));
}

#[test]
fn row_30_hostile_bodies_become_one_unmapped_event() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let nested = format!(r#"{{"Type":"Notification","Message":"{deep}"}}"#);
    let inner = format!(r#"{{"detail-type":"ECS Task State Change","detail":{deep}}}"#);
    let cloud = format!(
        r#"{{"specversion":"1.0","id":"1","source":"s","type":"dev.cdevents.change.merged.0.3.0","data":{deep}}}"#
    );
    for body in ["", "null", "[]", "{", "[1]", "\"x\"", &deep, &nested, &inner, &cloud] {
        for name in ["cloudwatch", "ecs", "cloudevents"] {
            let headers = headers(&[]);
            let kind = identify(source(name), &Incoming::new(&headers, body.as_bytes())).kind;
            for kind in [kind.as_str(), "alarm", "ECS Task State Change", "batch"] {
                let drafts = normalize(source(name), kind, &headers, body.as_bytes(), &Rules::default());
                assert_eq!(drafts.len(), 1, "{name}: {kind}");
                assert!(drafts[0].kind.is_unmapped(), "{name}: {kind}");
                assert!(matches!(drafts[0].data.body, Body::Unmapped(_)));
            }
        }
    }
}

#[test]
fn row_30_repeated_fields_are_read_as_most_readers_do_after_the_proof() {
    let body = fixture("ecs/deployment/completed.json")
        .replace("\"deploymentId\":", "\"deploymentId\": \"ecs-svc/1\", \"deploymentId\":");
    let drafts =
        normalize(source("ecs"), "ECS Deployment State Change", &headers(&[]), body.as_bytes(), &Rules::default());
    assert_eq!(drafts[0].subject, "shop/production:ecs-svc/4930521867104421337");
}
