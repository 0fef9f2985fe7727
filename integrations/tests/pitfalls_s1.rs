//! Pitfalls of real gateways, for GitLab, Bitbucket and Azure DevOps: what proves a delivery, what makes two of them
//! one, and what a short hash, a time or a status is not.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use integrations::{
    Greeting, Headers, Incoming, Integration, Options, Refusal, Secrets, Shipment, Verified, find, greet, identify,
    normalize, sign, verify,
};
use serde_json::{Value, json};

const SIGNING: &[u8] = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PLAIN: &[u8] = b"correct horse battery staple";

type Pairs = Vec<(&'static str, String)>;

fn source(name: &str) -> &'static Integration {
    find(name).expect("a source")
}

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().expect("a time")
}

fn signed(name: &str, secret: &[u8], body: &[u8]) -> Pairs {
    let options = Options::default();
    sign(source(name), &Shipment { kind: "k", key: "d-1", body, secret, options: &options, now: now() })
}

fn check(name: &str, pairs: &Pairs, secrets: &[&[u8]]) -> Result<Verified, Refusal> {
    let headers: Headers<'_> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let secrets = Secrets::of(secrets.iter().map(|secret| secret.to_vec()).collect());
    verify(source(name), &Incoming::new(&headers, b"{}"), &secrets, now())
}

fn identity(name: &str, pairs: &[(&str, &str)], body: &Value) -> (String, String) {
    let headers: Headers<'_> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let identity = identify(source(name), &Incoming::new(&headers, body.to_string().as_bytes()));
    (identity.kind, identity.key)
}

fn events(name: &str, path: &str, change: impl Fn(&mut Value)) -> Vec<Draft> {
    let sample = source(name).samples.iter().find(|sample| sample.path == path).expect("a sample");
    let mut body: Value = serde_json::from_slice(sample.body).expect("JSON");
    change(&mut body);
    normalize(source(name), sample.kind, &Headers::default(), body.to_string().as_bytes(), &Rules::default())
}

fn data(draft: &Draft) -> Value {
    serde_json::from_str(draft.data.to_json().get()).expect("JSON")
}

#[test]
fn row_13_gitlab_takes_no_token_while_it_could_be_signed() {
    let token = vec![("x-gitlab-token", String::from_utf8_lossy(SIGNING).into_owned())];
    assert_eq!(check("gitlab", &token, &[SIGNING]), Err(Refusal::Weaker));
    let plain = signed("gitlab", PLAIN, b"{}");
    assert!(plain.iter().any(|(name, _)| *name == "x-gitlab-token"));
    assert_eq!(check("gitlab", &plain, &[PLAIN]).map(|verified| verified.scheme), Ok("gitlab-token"));
    assert_eq!(check("gitlab", &plain, &[SIGNING, PLAIN]), Err(Refusal::Weaker), "one signing token is enough");
    let proved = signed("gitlab", SIGNING, b"{}");
    let verified = check("gitlab", &proved, &[SIGNING, PLAIN]).map(|verified| verified.scheme);
    assert_eq!(verified, Ok("gitlab-standard-webhooks"));
}

#[test]
fn row_11_bitbucket_takes_sha256_and_no_other_method() {
    let good = signed("bitbucket", PLAIN, b"{}");
    assert!(check("bitbucket", &good, &[PLAIN]).is_ok());
    for method in ["sha1=", "sha512=", "SHA256=", "md5=", ""] {
        let of = |(name, value): &(&'static str, String)| (*name, value.replace("sha256=", method));
        assert_eq!(check("bitbucket", &good.iter().map(of).collect(), &[PLAIN]), Err(Refusal::Wrong), "{method}");
    }
}

#[test]
fn row_21_what_webhooks_share_of_an_event_is_no_id_of_a_delivery() {
    let key = |pairs: &[(&str, &str)], body: Value| identity("gitlab", pairs, &body).1;
    let (push, pipeline) = (json!({"object_kind": "push"}), json!({"object_kind": "pipeline"}));
    let shared = [("x-gitlab-event-uuid", "13792a34-cac6-4fda-95a8-c58e00a3954e")];
    assert_ne!(key(&shared, push.clone()), key(&shared, pipeline));
    assert_eq!(key(&shared, push.clone()), key(&shared, push.clone()));
    let first = [("x-gitlab-event-uuid", "1"), ("idempotency-key", "a")];
    let second = [("x-gitlab-event-uuid", "1"), ("idempotency-key", "b")];
    assert_ne!(key(&first, push.clone()), key(&second, push));
}

#[test]
fn a_kind_is_the_body_s_own_word_also_from_a_system_hook() {
    let kind = |header: &str, body: Value| identity("gitlab", &[("x-gitlab-event", header)], &body).0;
    assert_eq!(kind("System Hook", json!({"object_kind": "merge_request"})), "merge_request");
    assert_eq!(kind("System Hook", json!({"event_name": "project_create"})), "project_create");
    assert_eq!(kind("Push Hook", json!({"text": "a template"})), "Push Hook");
}

#[test]
fn row_20_two_subscriptions_of_azure_devops_do_not_hide_each_other_s_deliveries() {
    let key = |subscription: &str, id: &str| {
        identity("azuredevops", &[], &json!({"subscriptionId": subscription, "id": id, "eventType": "git.push"})).1
    };
    assert_eq!(key("a", "1"), key("a", "1"));
    let keys: BTreeSet<String> = [("a", "1"), ("b", "1"), ("a", "2")].map(|(a, b)| key(a, b)).into();
    assert_eq!(keys.len(), 3);
}

#[test]
fn row_27_the_connection_test_of_data_center_is_answered_and_means_nothing() {
    let pairs = [("x-event-key", b"diagnostics:ping".as_slice())];
    let headers: Headers<'_> = pairs.into_iter().collect();
    let incoming = Incoming::new(&headers, br#"{"test":true}"#);
    let identity = identify(source("bitbucket"), &incoming);
    assert!(matches!(greet(source("bitbucket"), &identity, &incoming), Some(Greeting::Answer(_))));
    assert!(source("bitbucket").unsigned_greeting.is_none(), "it is answered after its proof only");
}

#[test]
fn row_32_a_whole_sha_is_taken_from_where_it_stands_and_never_made_up() {
    let shipped = |change: &dyn Fn(&mut Value)| {
        data(&events("gitlab", "gitlab/deployment/success.json", change)[0])["commit_sha"].clone()
    };
    assert_eq!(shipped(&|_| ()).as_str().map(str::len), Some(40));
    let other = &|body: &mut Value| body["short_sha"] = json!("0123456f");
    assert_eq!(shipped(other), "0123456f", "a URL of another commit");
    let merged = data(&events("bitbucket", "bitbucket/pullrequest_fulfilled/merged.json", |_| ())[0]);
    assert_eq!(merged["landed_sha"].as_str().map(str::len), Some(12));
    let nothing = events("bitbucket", "bitbucket/pullrequest_fulfilled/merged.json", |body| {
        body["pullrequest"]["merge_commit"] = json!({"hash": "not a hash"});
    });
    assert_eq!(data(&nothing[0])["landed_sha"], Value::Null);
}

#[test]
fn row_31_the_year_9999_is_no_time_and_fractions_may_be_long() {
    let pushed = |date: &str| {
        let of = |body: &mut Value| body["resource"]["date"] = json!(date);
        data(&events("azuredevops", "azuredevops/git_push/branch.json", of)[0])["pushed_at"].clone()
    };
    assert_eq!(pushed("2026-11-16T08:40:02.7761408Z"), "2026-11-16T08:40:02.776140800Z");
    assert_eq!(pushed("9999-01-01T00:00:00Z"), "2026-11-16T08:40:03.118720300Z", "that of the event");
    let changed = |date: &str| {
        let of = |body: &mut Value| body["status_changed_at"] = json!(date);
        events("gitlab", "gitlab/deployment/success.json", of)[0].time
    };
    let expected = "2026-11-16T14:02:44Z".parse().ok();
    for date in ["2026-11-16 15:02:44 +0100", "2026-11-16 14:02:44 UTC", "2026-11-16T14:02:44Z"] {
        assert_eq!(changed(date), expected, "{date}");
    }
}

#[test]
fn a_merge_that_was_only_tried_is_no_merge() {
    for (status, expected) in
        [("active", "change.updated"), ("completed", "change.merged"), ("abandoned", "change.closed")]
    {
        let of = |body: &mut Value| body["resource"]["status"] = json!(status);
        let drafts = events("azuredevops", "azuredevops/git_pullrequest_merged/only_attempted.json", of);
        assert_eq!(drafts[0].kind.as_str(), expected);
        let landed = data(&drafts[0])["landed_sha"].is_string();
        assert_eq!(landed, status == "completed", "{status}");
    }
}

#[test]
fn one_deployment_is_told_once() {
    let deployments = |name: &str, path: &str| {
        events(name, path, |_| ()).iter().filter(|draft| draft.kind.noun() == "deployment").count()
    };
    assert_eq!(deployments("gitlab", "gitlab/build/deploys_once.json"), 0);
    assert_eq!(deployments("azuredevops", "azuredevops/build_complete/named_deploy.json"), 0);
    assert_eq!(deployments("azuredevops", "azuredevops/pipeline_job/succeeded.json"), 0);
    assert_eq!(deployments("azuredevops", "azuredevops/pipeline_stage/deploy_production.json"), 1);
    assert_eq!(deployments("bitbucket", "bitbucket/repo_commit_status_updated/deploy_to_production.json"), 1);
}
