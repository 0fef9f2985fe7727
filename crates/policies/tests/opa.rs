//! OPA in the place of the document: what it says counts, and what it does not say lets nothing through.

use std::time::Duration;

use boot::Settings;
use boot::environment::Variables;
use boot::settings::Env;
use domain::policy::{Decision, Input};
use policies::Policies;
use serde_json::{Value, json};
use testkit::opa::{Opa, PATH};

fn policies(url: &str, more: &[(&str, &str)]) -> Policies {
    let named = [("OPA_URL", url), ("OPA_TIMEOUT_MS", "300")];
    let set = named.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (settings, _) = Settings::read(&set.collect::<Variables>(), &[], Env::Development).expect("settings");
    Policies::read(&settings).expect("policies")
}

async fn decided(policies: &Policies, what: &Value) -> Decision {
    policies.decide(&Input::read(what).expect("an input")).await
}

#[tokio::test]
async fn it_is_asked_with_everything_that_is_known_and_decides() {
    let opa = Opa::start().await;
    opa.decides(&json!({"allow": false, "action": "label", "reason": "a freeze", "policy": "freezes"}));
    // The shipped document would only nudge.
    let asked = json!({"kind": "stale_pr", "subject": "acme/shop#12", "team": "web", "now": "2026-11-20T12:00:00Z", "lines": 5});
    for url in [opa.url(), opa.url() + PATH] {
        let policies = policies(&url, &[]);
        let decision = decided(&policies, &asked).await;
        assert_eq!((decision.action.as_str(), decision.requires_approval), ("label", true), "{decision:?}");
        assert_eq!((decision.reason.as_str(), decision.error.as_deref()), ("a freeze", None));
        let terms = policies.terms(&decision, chrono::Utc::now()).expect("terms");
        assert_eq!(terms.policy.expect("a policy").name, "freezes");
    }
    let mut input = asked;
    input["facts"] = json!({"lines": 5});
    assert_eq!(opa.asked(), [input.clone(), input]);
}

#[tokio::test]
async fn whatever_goes_wrong_people_are_asked() {
    let opa = Opa::start().await;
    let with = policies(&opa.url(), &[]);
    let stale = json!({"kind": "stale_pr"});
    for (status, body, why) in [
        (200, "{}", "there is no `result`"),
        (200, "not json", "there is no `result`"),
        (200, r#"{"result": {"action": "nudge", "alow": true}}"#, "says nothing that fits"),
        (200, r#"{"result": {}}"#, "says nothing that fits"),
        (404, "{}", "status 404"),
        (500, r#"{"code": "internal_error"}"#, "status 500"),
        (302, "", "status 302"),
    ] {
        opa.says(status, body);
        let decision = decided(&with, &stale).await;
        assert!(decision.requires_approval && decision.reason.contains(why), "{body}: {decision:?}");
        assert!(decision.error.is_some() && policies::Policies::terms(&with, &decision, chrono::Utc::now()).is_some());
    }
    opa.decides(&json!(true));
    opa.takes(Duration::from_secs(30));
    let late = decided(&with, &stale).await;
    assert!(late.requires_approval && late.reason.contains("no answer in time"), "{late:?}");
    let gone = decided(&policies("http://127.0.0.1:1", &[]), &stale).await;
    assert!(gone.requires_approval && gone.reason.contains("no connection"), "{gone:?}");
}

#[tokio::test]
async fn what_counts_without_an_answer_is_a_setting() {
    let nobody = "http://127.0.0.1:1";
    let document = policies(nobody, &[("OPA_UNANSWERED", "document")]);
    let stale = decided(&document, &json!({"kind": "stale_pr"})).await;
    assert_eq!(
        (stale.action.as_str(), stale.requires_approval, stale.rule.as_deref()),
        ("nudge", false, Some("stale-pr"))
    );
    assert!(stale.reason.starts_with("OPA does not answer (no connection); by the document: "), "{}", stale.reason);
    assert!(decided(&document, &json!({"kind": "deploy"})).await.requires_approval);
    let allow = decided(&policies(nobody, &[("OPA_UNANSWERED", "allow")]), &json!({"kind": "deploy"})).await;
    assert_eq!((allow.action.as_str(), allow.requires_approval, allow.error.is_some()), ("allow", false, true));
    assert!(allow.reason.ends_with("OPA_UNANSWERED is allow"), "{}", allow.reason);
}
