//! A deployment that GitHub holds back: kept as it comes, asked about once, answered once, and said how it stands.

use std::collections::BTreeMap;

use boot::Settings;
use boot::settings::Env;
use chrono::{DateTime, Utc};
use domain::approvals::{Choice, Effect, Status};
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, normalize};
use policies::Policies;
use serde_json::{Value, json};
use store::approvals::{self, Approval, ApprovalFilter};
use worker::consumers::CONSUMERS;
use worker::protections::work_once;

use crate::world::World;

const CONSOLE: &str = "https://em-agent.example.com";

fn policies() -> Policies {
    let (settings, _) = Settings::read(&BTreeMap::new(), &["github"], Env::Development).expect("settings");
    Policies::read(&settings).expect("the shipped policy")
}

/// What GitHub sends.
fn delivery(world: &World, at: DateTime<Utc>) -> Event {
    let callback = format!("{}/repos/acme/shop/actions/runs/79/deployment_protection_rule", world.github.url());
    let body = json!({"action": "requested", "environment": "production", "event": "push", "sha": "c3d4c3d4",
        "ref": "refs/heads/main", "deployment_callback_url": callback,
        "deployment": {"id": 5, "production_environment": true, "created_at": at.to_rfc3339()},
        "pull_requests": [{"number": 7, "user": {"login": "grace"}}],
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "rita", "id": 1, "type": "User"}});
    let source = integrations::find("github").expect("GitHub");
    let headers: Headers<'_> = std::iter::empty().collect();
    let drafts =
        normalize(source, "deployment_protection_rule", &headers, body.to_string().as_bytes(), &Rules::default());
    let delivery = DeliveryId::new(at, [7; 16]);
    Event::seal(drafts, "github", &TenantId::default(), delivery, None).remove(0)
}

impl World {
    async fn heard(&self, event: &Event) {
        let (event, now) = (event.clone(), self.now());
        let handle = move |conn: &mut store::Connection| {
            assert!((CONSUMERS[0].handle)(conn, &[&event], now).is_ok(), "it is taken");
            Ok(())
        };
        self.call(handle).await;
    }

    /// Asks and looks until nothing is due, and does what follows.
    async fn protect(&self) {
        while work_once(&self.store, &policies(), CONSOLE, self.now()).await.expect("the store answers") {}
        self.work().await;
    }

    async fn approvals(&self) -> Vec<Approval> {
        self.call(|conn| approvals::list(conn, &TenantId::default(), &ApprovalFilter::default(), None, 10)).await
    }

    fn statuses(&self) -> Vec<Value> {
        self.github.state().statuses.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_waits_is_asked_about_once_and_answered_once() {
    let world = World::fresh().await;
    let event = delivery(&world, world.now());
    world.heard(&event).await;
    world.heard(&event).await;
    world.protect().await;
    let approvals = world.approvals().await;
    assert_eq!(approvals.len(), 1, "{approvals:?}");
    let asked = &approvals[0];
    assert_eq!((asked.status, asked.requested_by.as_deref()), (Status::Pending, Some("github:rita")));
    assert_eq!((asked.authors.as_slice(), &asked.payload["run_id"]), (&["github:grace".to_owned()][..], &json!(79)));
    let shown = world.statuses();
    assert_eq!((shown.len(), shown[0].get("state")), (1, None), "{shown:?}");
    let said = shown[0]["comment"].as_str().expect("a comment");
    assert!(said.starts_with("Waiting for approval: 0 of ") && said.contains(CONSOLE), "{said}");
    world.pass(20);
    world.protect().await;
    assert_eq!(world.statuses().len(), 1, "nothing has changed");
    world.voted(asked.id, Choice::Approve).await;
    world.heard(&event).await;
    world.pass(20);
    world.protect().await;
    assert_eq!(world.approval(asked.id).await.effect, Effect::Delivered);
    let shown = world.statuses();
    assert_eq!((shown.len(), &shown[1]["state"]), (2, &json!("approved")));
    assert_eq!(world.approvals().await.len(), 1, "the same delivery asks nothing anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_reminded_once_and_nobodys_answer_is_no() {
    let world = World::fresh().await;
    world.heard(&delivery(&world, world.now())).await;
    world.protect().await;
    let asked = world.approvals().await.remove(0);
    let waits = (asked.expires_at - asked.created_at).num_seconds();
    world.pass(waits / 2 + 60);
    world.protect().await;
    world.pass(60);
    world.protect().await;
    let shown = world.statuses();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[1]["comment"].as_str().is_some_and(|said| said.starts_with("Still waiting")), "{shown:?}");
    world.pass(waits);
    let now = world.now();
    world.call(move |conn| approvals::expire_due(conn, now, 10)).await;
    world.protect().await;
    let last = world.statuses().pop().expect("an answer");
    assert_eq!((&last["state"], world.approval(asked.id).await.status), (&json!("rejected"), Status::Expired));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_started_again_asks_again() {
    let world = World::fresh().await;
    world.heard(&delivery(&world, world.now())).await;
    world.protect().await;
    let first = world.approvals().await.remove(0);
    world.voted(first.id, Choice::Reject).await;
    world.pass(20);
    world.protect().await;
    world.github.state().is_waiting = true;
    world.pass(600);
    world.heard(&delivery(&world, world.now())).await;
    world.protect().await;
    assert_eq!(world.approvals().await.len(), 2);
}
