//! Pages, webhooks, and what is handed to whoever posts to Slack.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actions::effects::{Clients, EffectKey, Nudge, Performed, Previous, Tell, Telling, perform};
use actions::outcome::Outcome;
use actions::page::Pager;
use actions::webhook::{Secret, Webhooks, headers};
use chrono::{DateTime, Utc};
use outbound::Outbound;
use outbound::guard::Guard;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{action, after, again, done, first, key, lost, noon, outbound};
use testkit::listening::{Asked, Listening, Reply};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A server that answers each time the same, and what it was asked.
async fn answering(reply: Reply) -> (Listening, Arc<Mutex<Vec<Asked>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = asked.clone();
    let listening = Listening::start(move |one| {
        heard.lock().expect("no panic").push(one);
        reply.clone()
    })
    .await;
    (listening, asked)
}

fn pager(url: &str) -> Clients {
    let pager = Pager::new(outbound(), url, SecretString::from("R0UT1NGKEY".to_owned()));
    Clients { pager: Some(pager), ..Clients::default() }
}

#[tokio::test]
async fn a_page_has_a_key_of_its_own_and_may_be_sent_again() {
    let accepted = json!({"status": "success", "message": "Event processed", "dedup_key": "x"});
    let (pagerduty, asked) = answering(Reply::json(202, &accepted)).await;
    let page = action("page", &json!({"summary": "checkout is down", "severity": "critical", "details": {"a": 1}}));
    done(first(&page, &pager(&pagerduty.url())).await);
    done(again(&page, &pager(&pagerduty.url())).await);
    let asked = asked.lock().expect("no panic").clone();
    assert_eq!(asked[0].line(), "POST /v2/enqueue");
    let payload = json!({"summary": "checkout is down", "source": "em-agent", "severity": "critical",
        "custom_details": {"a": 1}});
    let sent = json!({"routing_key": "R0UT1NGKEY", "event_action": "trigger", "dedup_key": key(&page).as_str(),
        "payload": payload});
    assert_eq!((asked[0].json(), asked[1].json()), (sent.clone(), sent), "the same alert");
}

#[tokio::test]
async fn a_page_is_resolved_by_its_key() {
    let (pagerduty, asked) = answering(Reply::json(202, &json!({}))).await;
    let resolve = action("page", &json!({"event": "resolve", "dedup_key": "shop-down"}));
    assert_eq!(done(first(&resolve, &pager(&pagerduty.url())).await).what, "resolved the page shop-down");
    let sent = json!({"routing_key": "R0UT1NGKEY", "event_action": "resolve", "dedup_key": "shop-down"});
    assert_eq!(asked.lock().expect("no panic")[0].json(), sent);
}

#[tokio::test]
async fn what_pagerduty_answers() {
    let page = action("page", &json!({"summary": "x"}));
    let outcome = async |status: u16, body: Value| {
        let (pagerduty, _) = answering(Reply::json(status, &body)).await;
        first(&page, &pager(&pagerduty.url())).await
    };
    let invalid = json!({"status": "invalid event", "errors": ["Length of 'routing_key' is incorrect"]});
    let Outcome::Refused(refused) = outcome(400, invalid).await else { panic!("refused") };
    assert!(refused.message.contains("'routing_key' is incorrect") && !refused.message.contains("R0UT1NGKEY"));
    assert_eq!(outcome(429, json!({})).await, Outcome::Wait { until: after(60) });
    assert!(matches!(outcome(500, json!({})).await, Outcome::Unknown { .. }));
}

fn webhooks(guard: Guard) -> Clients {
    let guarded = Outbound::guarded(Duration::from_secs(20), 4_096, guard).expect("a client");
    let secret = Secret::parse(&SecretString::from(SECRET.to_owned())).expect("a secret");
    Clients { webhooks: Some(Arc::new(Webhooks::new(guarded, vec![secret]))), ..Clients::default() }
}

/// Lets loopback in.
fn loopback() -> Guard {
    Guard { inside: vec!["127.0.0.0/8".parse().expect("a network")], plain_http: true }
}

fn webhook(url: &str) -> actions::effects::Action {
    let payload = json!({"url": url, "type": "approval.decided", "timestamp": "2026-11-21T11:59:00Z",
        "data": {"status": "approved"}});
    action("webhook", &payload)
}

#[tokio::test]
async fn a_webhook_is_signed_and_keeps_its_id() {
    let (receiver, asked) = answering(Reply::with(204, &[], "")).await;
    let hook = webhook(&format!("{}/hook?token=sesame", receiver.url()));
    let performed = done(first(&hook, &webhooks(loopback())).await);
    assert!(!performed.what.contains("sesame"), "{}", performed.what);
    done(perform(&hook, &webhooks(loopback()), &key(&hook), lost(), after(300)).await);
    let asked = asked.lock().expect("no panic").clone();
    let body = r#"{"data":{"status":"approved"},"timestamp":"2026-11-21T11:59:00.000Z","type":"approval.decided"}"#;
    let secret = Secret::parse(&SecretString::from(SECRET.to_owned())).expect("a secret");
    let id = format!("msg_{}", key(&hook));
    for (one, now) in asked.iter().zip([noon(), after(300)]) {
        assert_eq!((one.line().as_str(), one.text()), ("POST /hook", body));
        for (name, value) in headers(&id, now.timestamp(), body.as_bytes(), std::slice::from_ref(&secret)) {
            assert_eq!(one.header(&name), value, "{name}");
        }
    }
}

#[tokio::test]
async fn a_webhook_never_reaches_inside() {
    let (receiver, asked) = answering(Reply::with(200, &[], "")).await;
    let (plain, inside) = (webhook(&receiver.url()), webhook("https://169.254.169.254/latest/meta-data"));
    for hook in [plain, inside, webhook("https://localhost/")] {
        let outcome = first(&hook, &webhooks(Guard::default())).await;
        assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    }
    assert!(asked.lock().expect("no panic").is_empty());
    // A client without a guard is not used at all.
    let secret = Secret::parse(&SecretString::from(SECRET.to_owned())).expect("a secret");
    let open = Clients { webhooks: Some(Arc::new(Webhooks::new(outbound(), vec![secret]))), ..Clients::default() };
    assert!(matches!(first(&webhook(&receiver.url()), &open).await, Outcome::Refused(_)));
}

#[tokio::test]
async fn what_a_receiver_answers() {
    let outcome = async |status: u16, headers: &[(&str, String)]| {
        let (receiver, _) = answering(Reply::with(status, headers, "")).await;
        first(&webhook(&receiver.url()), &webhooks(loopback())).await
    };
    let rest = [("retry-after", "120".to_owned())];
    assert!(matches!(outcome(410, &[]).await, Outcome::Refused(_)));
    assert_eq!(outcome(429, &rest).await, Outcome::Wait { until: after(120) });
    assert_eq!(outcome(503, &rest).await, Outcome::Wait { until: after(120) });
    assert!(matches!(outcome(500, &[]).await, Outcome::Unknown { .. }));
    for status in [302, 400, 401, 404] {
        assert!(matches!(outcome(status, &[]).await, Outcome::Unreachable { .. }), "{status}");
    }
}

#[tokio::test]
async fn a_receiver_that_says_much_has_taken_it() {
    let (receiver, _) = answering(Reply::with(200, &[], &"thanks ".repeat(1_000))).await;
    done(first(&webhook(&receiver.url()), &webhooks(loopback())).await);
}

/// Remembers what it was to tell.
#[derive(Default)]
struct Remembers(Mutex<Vec<(Nudge, Option<Previous>)>>);

impl Tell for Remembers {
    fn tell<'a>(
        &'a self,
        nudge: &'a Nudge,
        _: &'a EffectKey,
        previous: Option<Previous>,
        _: DateTime<Utc>,
    ) -> Telling<'a> {
        self.0.lock().expect("no panic").push((nudge.clone(), previous));
        let performed = Performed { what: "told".to_owned(), url: None, was_found: false };
        Box::pin(async move { Outcome::Done(performed) })
    }
}

#[tokio::test]
async fn a_nudge_is_handed_over_with_what_is_known() {
    let tell = Arc::new(Remembers::default());
    let clients = Clients { tell: Some(tell.clone()), ..Clients::default() };
    let nudge = action("nudge", &json!({"user": "U1", "text": "acme/shop#7 waits for you"}));
    done(again(&nudge, &clients).await);
    let told = tell.0.lock().expect("no panic").clone();
    assert_eq!((told[0].0.user.as_deref(), told[0].1), (Some("U1"), lost()));
}
