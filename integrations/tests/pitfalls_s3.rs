//! Pitfalls of real gateways, for the sources that watch and call: each with the row of the table it stands for, and
//! what their keys, templates and weaker proofs must and must not do.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use integrations::{
    Greeting, Headers, Incoming, Integration, Options, Refusal, SecretSlot, Secrets, Shipment, TEMPLATES, Verified,
    find, greet, identify, normalize, sign, verify,
};
use serde_json::{Value, json};

const SECRET: &[u8] = b"correct horse battery staple";

type Pairs = Vec<(&'static str, String)>;

fn source(name: &str) -> &'static Integration {
    find(name).expect("a source")
}

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().expect("a time")
}

fn signed(integration: &Integration, body: &[u8], secret: &[u8], options: &Options) -> Pairs {
    sign(integration, &Shipment { kind: "k", key: "d-1", body, secret, options, now: now() })
}

fn outcome(
    integration: &Integration,
    pairs: &[(&'static str, String)],
    body: &[u8],
    secrets: &Secrets,
) -> Result<Verified, Refusal> {
    let headers: Headers<'_> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    verify(integration, &Incoming::new(&headers, body), secrets, now())
}

fn events(name: &str, kind: &str, body: &Value) -> Vec<Draft> {
    normalize(
        source(name),
        kind,
        &Headers::from_iter(Vec::<(&str, &[u8])>::new()),
        body.to_string().as_bytes(),
        &Rules::default(),
    )
}

fn key(name: &str, body: &Value) -> String {
    let headers = Headers::from_iter(Vec::<(&str, &[u8])>::new());
    identify(source(name), &Incoming::new(&headers, body.to_string().as_bytes())).key
}

fn fixture(name: &str, path: &str) -> Value {
    let sample = source(name).samples.iter().find(|sample| sample.path == path).expect("a sample");
    serde_json::from_slice(sample.body).expect("JSON")
}

fn data(draft: &Draft) -> Value {
    serde_json::from_str(draft.data.to_json().get()).expect("JSON")
}

#[test]
fn row_12_only_version_one_of_a_list_is_taken_and_not_more_than_sixteen() {
    let (pagerduty, body, none) = (source("pagerduty"), b"{}", Options::default());
    let mac = |secret: &[u8]| {
        let pairs = signed(pagerduty, body, secret, &none);
        let (_, value) = pairs.into_iter().find(|(name, _)| *name == "x-pagerduty-signature").expect("a signature");
        value.strip_prefix("v1=").expect("a version").to_owned()
    };
    let check = |list: String, secrets: Vec<Vec<u8>>| {
        let taken = outcome(pagerduty, &[("x-pagerduty-signature", list)], body, &Secrets::of(secrets));
        taken.map(|verified| verified.secret)
    };
    let (right, wrong) = (mac(SECRET), "0".repeat(64));
    let one = || vec![SECRET.to_vec()];
    assert_eq!(check(format!("v2={wrong},v1={wrong}, v1={right}"), one()), Ok(SecretSlot::Active));
    assert_eq!(check(format!("v1={right}"), vec![b"another".to_vec(), SECRET.to_vec()]), Ok(SecretSlot::Next));
    for list in [
        format!("v2={right}"),
        format!("v0={right},v1={wrong}"),
        right.clone(),
        format!("v1={}", right.to_uppercase()),
        "v1=".to_owned(),
        format!("{}v1={right}", format!("v1={wrong},").repeat(16)),
    ] {
        assert_eq!(check(list.clone(), one()), Err(Refusal::Wrong), "{list}");
    }
}

#[test]
fn row_31_nanoseconds_milliseconds_as_text_offsets_and_years_that_mean_none() {
    let closed = events("opsgenie", "Close", &fixture("opsgenie", "opsgenie/close/p1.json"));
    assert_eq!(data(&closed[1])["resolved_at"], "2026-11-20T19:31:55.250Z");
    assert_eq!(data(&closed[1])["opened_at"], "2026-11-20T18:44:07.123Z");
    let recovered = events("datadog", "Recovered", &fixture("datadog", "datadog/recovered/p1.json"));
    assert_eq!(data(&recovered[1])["resolved_at"], "2026-11-20T19:32:07Z");
    let firing = events("grafana", "firing", &fixture("grafana", "grafana/firing/one.json"));
    let resolved = events("grafana", "resolved", &fixture("grafana", "grafana/resolved/one.json"));
    assert_eq!(firing[0].subject, resolved[0].subject, "one instant in two zones");
    assert_eq!(data(&firing[0]).get("resolved_at"), None, "0001-01-01 is no end");
    let believed = events("prometheus", "firing", &fixture("prometheus", "prometheus/firing/believed_until.json"));
    assert!(believed.iter().all(|draft| !draft.kind.as_str().ends_with("resolved")), "an end to come is no end");
}

#[test]
fn row_33_an_empty_body_with_its_own_signature_is_greeted_and_makes_no_event() {
    let (sentry, none) = (source("sentry"), Options::default());
    let secrets = Secrets::of(vec![SECRET.to_vec()]);
    let as_app = |body: &[u8]| -> Pairs {
        let pairs = signed(sentry, body, SECRET, &none);
        let (_, value) = pairs.into_iter().find(|(name, _)| *name == "sentry-hook-signature").expect("a signature");
        vec![("sentry-app-signature", value)]
    };
    let proof = as_app(b"");
    assert_eq!(outcome(sentry, &proof, b"", &secrets).map(|verified| verified.scheme), Ok("sentry-app-sha256"));
    assert_eq!(outcome(sentry, &proof, b"{}", &secrets), Err(Refusal::Wrong));
    assert_eq!(outcome(sentry, &[], b"", &secrets), Err(Refusal::Missing));
    let headers = Headers::from_iter(Vec::<(&str, &[u8])>::new());
    for (name, body, greeted) in [("sentry", "", true), ("sentry", "{}", false), ("pagerduty", "", false)] {
        let incoming = Incoming::new(&headers, body.as_bytes());
        let answer = greet(source(name), &identify(source(name), &incoming), &incoming);
        assert_eq!(answer, greeted.then(|| Greeting::Answer(json!({}))), "{name} {body}");
    }
}

#[test]
fn row_13_the_secret_alone_is_taken_from_grafana_until_the_time_is_signed() {
    let (grafana, body) = (source("grafana"), b"{\"status\":\"firing\"}");
    let (plain, timed) = (Options::default(), Options { timestamp_header: Some("x-time"), ..Options::default() });
    let secrets = |options: &Options| Secrets { options: options.clone(), ..Secrets::of(vec![SECRET.to_vec()]) };
    let scheme = |pairs: &[(&'static str, String)], options: &Options| {
        outcome(grafana, pairs, body, &secrets(options)).map(|verified| verified.scheme)
    };
    let bearer: Pairs = vec![("authorization", format!("Bearer {}", String::from_utf8_lossy(SECRET)))];
    let by_body = signed(grafana, body, SECRET, &plain);
    let by_time = signed(grafana, body, SECRET, &timed);
    assert_eq!(scheme(&bearer, &plain), Ok("token"));
    assert_eq!(scheme(&by_body, &plain), Ok("grafana-sha256"));
    assert_eq!(scheme(&by_time, &timed), Ok("grafana-timed-sha256"));
    assert_eq!(scheme(&bearer, &timed), Err(Refusal::Weaker));
    assert_eq!(scheme(&by_body, &timed), Err(Refusal::Wrong));
    assert_eq!(scheme(&[], &timed), Err(Refusal::Missing));
    // A wrong signature is not saved by a right secret beside it.
    let mut both = bearer;
    both.push(("x-grafana-alerting-signature", "0".repeat(64)));
    assert_eq!(scheme(&both, &plain), Err(Refusal::Wrong));
    // A reverse proxy's own password beside a right signature does no harm.
    let mut behind_proxy = by_body;
    behind_proxy.push(("authorization", "Basic cHJveHk6cGFzc3dvcmQ=".to_owned()));
    assert_eq!(scheme(&behind_proxy, &plain), Ok("grafana-sha256"));
}

#[test]
fn row_20_no_transition_shares_its_key_with_another_and_a_repeat_has_the_same() {
    for (name, paths) in [
        (
            "opsgenie",
            &[
                "opsgenie/create/p1.json",
                "opsgenie/create/p1_for_another_team.json",
                "opsgenie/acknowledge/p1.json",
                "opsgenie/unacknowledge/p1.json",
                "opsgenie/close/p1.json",
                "opsgenie/delete/p1.json",
            ][..],
        ),
        (
            "datadog",
            &[
                "datadog/triggered/p1.json",
                "datadog/re_triggered/p1.json",
                "datadog/renotify/p1.json",
                "datadog/recovered/p1.json",
            ][..],
        ),
        (
            "newrelic",
            &[
                "newrelic/activated/critical.json",
                "newrelic/activated/another_incident.json",
                "newrelic/acknowledged/critical.json",
                "newrelic/acknowledged/priority_changed.json",
                "newrelic/closed/critical.json",
            ][..],
        ),
        ("prometheus", &["prometheus/firing/critical.json", "prometheus/resolved/critical.json"][..]),
        ("grafana", &["grafana/firing/one.json", "grafana/resolved/one.json"][..]),
    ] {
        let keys: Vec<String> = paths.iter().map(|path| key(name, &fixture(name, path))).collect();
        let mut distinct = keys.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), paths.len(), "{name}: {keys:?}");
        assert_eq!(keys[0], key(name, &fixture(name, paths[0])), "{name}");
    }
}

#[test]
fn the_same_alert_from_another_peer_or_in_another_group_is_the_same_fact() {
    let alone = events("prometheus", "firing", &fixture("prometheus", "prometheus/firing/critical.json"));
    let from_peer = events("prometheus", "firing", &fixture("prometheus", "prometheus/firing/believed_until.json"));
    let in_group = events("prometheus", "firing", &fixture("prometheus", "prometheus/firing/mixed_group.json"));
    assert_eq!(alone, from_peer);
    assert_eq!(alone, in_group[..2]);
}

#[test]
fn what_the_datadog_template_sends_is_understood() {
    let (_, template) = TEMPLATES.iter().find(|(name, _)| *name == "datadog").expect("a template");
    let values = [
        ("$ALERT_TRANSITION", "Triggered"),
        ("$ALERT_TYPE", "error"),
        ("$ALERT_PRIORITY", "P2"),
        ("$ALERT_CYCLE_KEY", "77"),
        ("$AGGREG_KEY", "5"),
        ("$ALERT_SCOPE", "env:production"),
        ("$ALERT_ID", "9"),
        ("$EVENT_TITLE", "[Triggered] Checkout fails"),
        ("$TAGS", "service:shop"),
        ("$LAST_UPDATED", "1795200247000"),
        ("$DATE", "1795200247000"),
        ("$LINK", "https://app.datadoghq.com/event/event?id=1"),
        ("$ORG_ID", "3"),
        ("$ORG_NAME", "acme"),
        ("$ID", "1"),
    ];
    let filled = values.iter().fold((*template).to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!filled.contains('$'), "{filled}");
    let body: Value = serde_json::from_str(&filled).expect("JSON");
    let drafts = events("datadog", "Triggered", &body);
    let kinds: Vec<&str> = drafts.iter().map(|draft| draft.kind.as_str()).collect();
    assert_eq!(kinds, ["alert.fired", "incident.opened"]);
    let incident = data(&drafts[1]);
    assert_eq!((&incident["service"], &incident["environment"]), (&json!("shop"), &json!("production")));
    assert_eq!(incident["title"], "Checkout fails");
}

#[test]
fn what_the_new_relic_template_sends_is_what_the_example_has() {
    let (_, template) = TEMPLATES.iter().find(|(name, _)| *name == "newrelic").expect("a template");
    let example = fixture("newrelic", "newrelic/activated/critical.json");
    for name in example.as_object().expect("an object").keys() {
        assert!(template.contains(&format!("\"{name}\": {{{{")), "{name} is not in the template");
    }
}

#[test]
fn row_20_two_facts_with_the_same_bytes_are_two_deliveries_of_sentry() {
    let body = fixture("sentry", "sentry/issue/resolved_in_commit.json").to_string();
    let key = |resource: &str, request: &str| {
        let pairs = [("sentry-hook-resource", resource), ("request-id", request)];
        let headers: Headers<'_> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        identify(source("sentry"), &Incoming::new(&headers, body.as_bytes())).key
    };
    for resource in ["issue", "metric_alert"] {
        assert_ne!(
            key(resource, "0a"),
            key(resource, "0b"),
            "{resource}: it was resolved, opened by hand and resolved"
        );
        assert_eq!(key(resource, "0a"), key(resource, "0a"));
    }
    for resource in ["error", "event_alert"] {
        assert_eq!(key(resource, "0a"), key(resource, "0b"), "{resource}: sent again, it is the same event");
    }
}

#[test]
fn row_20_one_event_of_datadog_is_told_of_for_every_group_and_again_while_it_goes_on() {
    let told = |field: &str, value: &str| {
        let mut body = fixture("datadog", "datadog/renotify/p1.json");
        body[field] = json!(value);
        key("datadog", &body)
    };
    let keys = [
        told("org_name", "acme"),
        told("alert_cycle_key", "5521880934417720199"),
        told("last_updated", "1795201999000"),
        told("alert_transition", "Recovered"),
    ];
    let different: std::collections::BTreeSet<&String> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
    assert_eq!(keys[0], told("org_name", "acme"));
}
