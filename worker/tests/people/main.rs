//! Approvals as people in Slack meet them: on a real PostgreSQL, with a Slack that plays well and badly.

mod hook;
mod notes;
mod subscriptions;
mod world;

use std::time::Duration;

use boot::settings::SlackSettings;
use chrono::{TimeDelta, Utc};
use domain::approvals::{Choice, Escalation, Status, Terms};
use domain::ids::TenantId;
use store::{Connection, usage};
use testkit::slack::Fault;
use testkit::world::until;
use worker::approvals::Swept;

use crate::world::{LOGGED, POST, STATES, TOKEN, UPDATE, World, about, usual};

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_posted_with_buttons_and_updated_in_place_when_it_is_decided() {
    let mut world = World::working().await;
    let id = world.asked("acme/shop", usual(), Utc::now()).await;
    let posted = world.messages(1).await.remove(0);
    assert_eq!(posted.buttons(), ["approval.approve", "approval.reject", "approval.details"]);
    assert!(posted.body.to_string().contains(&id.to_string()), "{posted:?}");
    assert!(posted.body.to_string().contains("a &lt;fix&gt;"), "what people wrote is made harmless");
    world.voted(id, "U0ADA00001", Choice::Approve).await;
    until("the line about the end", async || !world.lines().is_empty()).await;
    let decided = world.own();
    assert_eq!(decided.len(), 1, "the same message");
    assert_eq!((decided[0].ts.as_str(), decided[0].buttons().len()), (posted.ts.as_str(), 0));
    let text = decided[0].body.to_string();
    assert!(text.contains("Approved") && text.contains("<@U0ADA00001>") && text.contains("through the API"), "{text}");
    let line = world.lines().remove(0);
    assert_eq!(
        (line.thread_ts.as_deref(), line.body["reply_broadcast"].as_bool()),
        (Some(posted.ts.as_str()), Some(true))
    );
    assert!(line.text().contains("✅ Approved"), "{}", line.text());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_decides_expires_and_the_message_says_so() {
    let mut world = World::working().await;
    let terms = usual();
    let end = terms.expires_at;
    let id = world.asked("acme/shop", terms, Utc::now()).await;
    world.messages(1).await;
    // While the message is noted the approval is held: a sweep passes it over until the next.
    until("the message is known", async || world.rows(STATES).await == ["request: sent"]).await;
    assert_eq!(world.sweep(end).await, Swept { expired: 1, reminders: 0 });
    until("the line about the end", async || !world.lines().is_empty()).await;
    assert_eq!(world.one(id).await.status, Status::Expired);
    let message = world.own().remove(0);
    assert_eq!(message.buttons().len(), 0);
    let text = message.body.to_string();
    assert!(text.contains("Expired") && text.contains("without a decision"), "{text}");
    assert_eq!(world.sweep(end).await, Swept::default(), "it ends once");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_reminded_in_the_thread_and_more_are_asked() {
    let mut world = World::working().await;
    let (asked_at, due_at) = (Utc::now() - TimeDelta::hours(2), Utc::now() - TimeDelta::hours(1));
    let escalation = |to: &str| Escalation { at: due_at, to: to.to_owned() };
    let escalate = vec![escalation("#managers"), escalation("@slack:U0GRACE001"), escalation("@nobody")];
    let terms = Terms { remind_at: vec![due_at], escalate, ..Terms::usual(asked_at) };
    let id = world.asked("acme/shop", terms, asked_at).await;
    let first = world.messages(1).await.remove(0);
    until("the message is known", async || world.rows(STATES).await == ["request: sent"]).await;
    assert_eq!(world.sweep(Utc::now()).await, Swept { expired: 0, reminders: 1 });
    let all = world.messages(4).await;
    until("the reminder", async || !world.lines().is_empty()).await;
    let reminder = world.lines().remove(0);
    assert_eq!((&reminder.channel, reminder.thread_ts.as_ref()), (&first.channel, Some(&first.ts)));
    assert!(reminder.text().contains("Still waiting"), "{}", reminder.text());
    let mut channels: Vec<&str> = all.iter().map(|message| &message.channel[..1]).collect();
    channels.sort_unstable();
    assert_eq!(channels, ["C", "C", "C", "D"], "two channels, one person, and the usual channel for whom nobody knows");
    assert!(all.iter().all(|message| message.buttons().len() == 3));
    assert_eq!(world.sweep(Utc::now()).await, Swept::default(), "each time is told once");
    world.voted(id, "U0ADA00001", Choice::Reject).await;
    until("all of them show it", async || world.own().iter().all(|message| message.buttons().is_empty())).await;
    assert_eq!(world.own().len(), 4);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_slack_says_that_it_is_too_much_the_method_rests() {
    let mut world = World::fresh().await;
    world.slack.fault(POST, Fault::Limited(2));
    world.asked("acme/shop", usual(), Utc::now()).await;
    world.asked("acme/warehouse", usual(), Utc::now()).await;
    world.work();
    world.messages(2).await;
    let calls = world.calls(POST);
    assert_eq!(calls.len(), 3, "nobody asked while it rested");
    assert!(calls[1] - calls[0] >= Duration::from_millis(1_900), "{:?}", calls[1] - calls[0]);
    let id = world.asked("acme/bakery", usual(), Utc::now()).await;
    world.messages(3).await;
    world.slack.fault(UPDATE, Fault::Limited(2));
    world.voted(id, "U0ADA00001", Choice::Approve).await;
    until("it shows the end", async || about(&world.own(), "acme/bakery").iter().all(|one| one.buttons().is_empty()))
        .await;
    let calls = world.calls(UPDATE);
    assert!(calls[1] - calls[0] >= Duration::from_millis(1_900), "{:?}", calls[1] - calls[0]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_post_each_approval_once() {
    let mut world = World::fresh().await;
    for number in 0..4 {
        world.asked(&format!("acme/shop{number}"), usual(), Utc::now()).await;
    }
    world.work();
    world.work();
    let messages = world.messages(4).await;
    for number in 0..4 {
        assert_eq!(about(&messages, &format!("acme/shop{number}")).len(), 1);
    }
    assert_eq!(world.calls(POST).len(), 4);
    let used =
        |conn: &mut Connection| usage::used(conn, &TenantId::default(), (Utc::now().date_naive(), usage::SLACK_POSTS));
    until("all are counted", async || world.call(used).await == 4).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_which_nobody_knows_is_not_posted_again() {
    let mut world = World::fresh().await;
    world.slack.fault(POST, Fault::FailedAfter);
    world.slack.fault(POST, Fault::Lost);
    for subject in ["acme/shop", "acme/warehouse", "acme/bakery"] {
        world.asked(subject, usual(), Utc::now()).await;
    }
    world.work();
    world.messages(3).await;
    until("all are noted", async || {
        world.rows(STATES).await == ["request: unknown", "request: unknown", "request: sent"]
    })
    .await;
    assert_eq!((world.own().len(), world.calls(POST).len()), (3, 3));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_repeated_and_a_message_that_is_gone_is_posted_anew() {
    let mut world = World::working().await;
    let id = world.asked("acme/shop", usual(), Utc::now()).await;
    let first = world.messages(1).await.remove(0);
    world.slack.delete(&first.ts);
    world.slack.fault(UPDATE, Fault::Lost);
    world.voted(id, "U0ADA00001", Choice::Reject).await;
    let second = world.messages(1).await.remove(0);
    assert_ne!(first.ts, second.ts);
    assert!(second.body.to_string().contains("Rejected") && second.buttons().is_empty(), "{second:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_limit_holds_messages_back_and_not_the_truth() {
    let mut world = World::working().await;
    let id = world.asked("acme/shop", usual(), Utc::now()).await;
    world.messages(1).await;
    world.end().await;
    world.settings.max_daily_posts = 0;
    world.work();
    world.asked("acme/warehouse", usual(), Utc::now()).await;
    let waits = "select (due_at > now())::text as line from slack_messages where state = 'waiting'";
    until("the second waits", async || world.rows(waits).await == ["true"]).await;
    world.voted(id, "U0ADA00001", Choice::Approve).await;
    until("the first shows the end", async || world.own()[0].buttons().is_empty()).await;
    assert_eq!(world.slack.messages().len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_tried_again_and_the_token_is_in_no_log_and_no_row() {
    let mut world = World::fresh().await;
    world.slack.fault(POST, Fault::Refused("not_in_channel".to_owned()));
    world.asked("acme/shop", usual(), Utc::now()).await;
    world.work();
    let errors = "select error as line from slack_messages where error is not null";
    until("it was refused", async || !world.rows(errors).await.is_empty()).await;
    let told = world.rows(errors).await.concat();
    assert!(told.contains("invite the app") && !told.contains("notreal"), "{told}");
    world.messages(1).await;
    assert!(world.slack.calls().iter().all(|call| call.token.as_deref() == Some(TOKEN)));
    world.end().await;
    let logged = String::from_utf8_lossy(&LOGGED.0.lock().expect("unpoisoned")).into_owned();
    assert!(logged.contains("Slack refused: not_in_channel") && !logged.contains("notreal"), "a token was logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_posted_and_nothing_waits() {
    let mut world = World::fresh().await;
    let none = SlackSettings { bot_token: None, ..world.settings.clone() };
    assert!(worker::slack::Slack::of(&none).expect("no fault").is_none());
    let asked_at = Utc::now() - TimeDelta::hours(2);
    let terms = Terms { remind_at: vec![asked_at + TimeDelta::hours(1)], ..Terms::usual(asked_at) };
    world.asked("acme/shop", terms, asked_at).await;
    let late = Terms { expires_at: asked_at + TimeDelta::hours(1), ..Terms::usual(asked_at) };
    let id = world.asked("acme/warehouse", late, asked_at).await;
    let sweeping = worker::approvals::run(world.store.clone(), None, world.stop.clone());
    world.working.push(tokio::spawn(sweeping));
    until("one is over", async || world.one(id).await.status == Status::Expired).await;
    let due = "select id::text as line from approvals where next_reminder_at is not null";
    until("the other reminds nobody", async || world.rows(due).await.is_empty()).await;
    assert!(world.rows(STATES).await.is_empty());
    world.end().await;
}
