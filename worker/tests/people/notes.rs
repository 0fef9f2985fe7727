//! Messages with content of their own: said once, in their place, into threads too.

use chrono::{TimeDelta, Utc};
use domain::ids::TenantId;
use serde_json::json;
use store::Connection;
use store::slack_messages::{Note, said, say};
use testkit::slack::Fault;
use testkit::world::until;

use crate::world::{POST, STATES, World};

async fn note(world: &World, key: &'static str, place: &'static str, thread_ts: Option<String>) -> bool {
    let message = json!({"text": key, "blocks": [{"type": "divider"}]});
    let work = move |conn: &mut Connection| {
        let note = Note { key, place, thread_ts: thread_ts.as_deref(), message: &message };
        say(conn, &TenantId::default(), note, Utc::now())
    };
    world.call(work).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_posted_as_it_was_written_and_once() {
    let mut world = World::working().await;
    assert!(note(&world, "shop was deployed", "#shop", None).await);
    assert!(!note(&world, "shop was deployed", "#shop", None).await);
    let first = world.messages(1).await.remove(0);
    assert_eq!((first.text(), &first.body["blocks"]), ("shop was deployed", &json!([{"type": "divider"}])));
    let known = move |conn: &mut Connection| said(conn, &TenantId::default(), "shop was deployed", "#shop");
    until("it is noted", async || world.call(known).await.is_some_and(|said| said.ts.is_some())).await;
    let stands = world.call(known).await.expect("known");
    assert_eq!(
        (stands.channel.as_deref(), stands.ts.as_deref()),
        (Some(first.channel.as_str()), Some(first.ts.as_str()))
    );
    let channel: &'static str = first.channel.clone().leak();
    assert!(note(&world, "and it works", channel, Some(first.ts.clone())).await);
    until("the line", async || !world.lines().is_empty()).await;
    let line = world.lines().remove(0);
    assert_eq!((line.text(), line.thread_ts.as_ref()), ("and it works", Some(&first.ts)));
    assert_eq!(world.own().len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_slack_refuses_is_tried_again_and_one_that_is_lost_is_not() {
    let mut world = World::fresh().await;
    world.slack.fault(POST, Fault::Lost);
    note(&world, "lost", "#shop", None).await;
    world.work();
    until("nobody knows", async || world.rows(STATES).await == ["lost: unknown"]).await;
    world.slack.fault(POST, Fault::Refused("not_in_channel".to_owned()));
    note(&world, "refused", "#ops", None).await;
    until("it was refused and is posted then", async || world.own().len() == 2).await;
    until("it is noted", async || world.rows(STATES).await == ["lost: unknown", "refused: sent"]).await;
    assert_eq!(world.calls(POST).len(), 3);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_news_that_slack_refuses_are_left_out() {
    let mut world = World::fresh().await;
    world.slack.fault(POST, Fault::Refused("channel_not_found".to_owned()));
    let asked_at = Utc::now() - TimeDelta::hours(25);
    let message = json!({"text": "old"});
    let work = move |conn: &mut Connection| {
        say(
            conn,
            &TenantId::default(),
            Note { key: "old", place: "#gone", thread_ts: None, message: &message },
            asked_at,
        )
    };
    assert!(world.call(work).await);
    world.work();
    until("it is left out", async || world.rows(STATES).await == ["old: dropped"]).await;
    world.end().await;
}
