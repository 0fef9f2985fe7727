//! Writes messages anew that show an approval as it was: in place, wherever it was posted. Twice does no harm.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use slack::approvals::{Shown, message};
use slack::client::{Outcome, Posted, Refused};
use store::approvals::{self, Approval, Post};
use store::slack_messages::{self, Ask, CONCLUSION, UPDATE};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;

use super::messages::ANEW;
use super::{Slack, count, is_of_the_app, people, shown};

/// Messages of one look.
const LIMIT: i64 = 100;
/// While Slack fails, or refuses the app itself.
const REST: TimeDelta = TimeDelta::seconds(5);
const MENDING: TimeDelta = TimeDelta::seconds(60);
/// Older than every version.
const NO_VERSION: i32 = 0;
const LONGEST_REST: TimeDelta = TimeDelta::hours(1);

/// Writes anew what is stale: one message of a channel, whose next turn comes with the next look.
pub(super) async fn write(store: &Store, slack: &Slack, stop: &CancellationToken) -> Result<(), StoreError> {
    let mut channels = HashSet::new();
    for post in store.call("slack_stale", |conn| approvals::stale_posts(conn, LIMIT)).await? {
        if stop.is_cancelled() {
            break;
        }
        if !channels.insert(post.channel.clone()) {
            continue;
        }
        let (asked, now) = (post.clone(), Utc::now());
        if let Some((approval, shown)) = store.call("slack_turn", move |conn| turn(conn, &asked, now)).await? {
            write_one(store, slack, (post, approval), &shown).await?;
        }
    }
    Ok(())
}

/// What the message should show, where it is its turn now.
fn turn(conn: &mut Connection, post: &Post, now: DateTime<Utc>) -> Result<Option<(Approval, Shown)>, StoreError> {
    if !slack_messages::update_turn(conn, &post.channel, now)? {
        return Ok(None);
    }
    match shown::load(conn, &post.tenant, post.approval) {
        Ok(Some(known)) => return Ok(Some(known)),
        Ok(None) => {}
        Err(error @ StoreError::Corrupt(_)) => {
            tracing::error!(approval = %post.approval, %error, "an approval cannot be read; its message stays as it is");
        }
        Err(error) => return Err(error),
    }
    approvals::remove_post(conn, post)?;
    Ok(None)
}

async fn write_one(
    store: &Store,
    slack: &Slack,
    (post, approval): (Post, Approval),
    shown: &Shown,
) -> Result<(), StoreError> {
    let at = Posted { channel: post.channel.clone(), ts: post.ts.clone() };
    let outcome = slack.client.update(&at, &message(shown)).await;
    count("update", matches!(outcome, Outcome::Ok(_)));
    tell(&post, &outcome);
    let now = Utc::now();
    match outcome {
        Outcome::Ok(_) => store.call("slack_shown", move |conn| done(conn, &post, &approval, now)).await,
        Outcome::RateLimited { retry_after } => {
            metrics::counter!("slack_throttled_total").increment(1);
            rest(store, now + TimeDelta::from_std(retry_after).unwrap_or(LONGEST_REST)).await
        }
        Outcome::Refused(refused) if refused.is_gone() => {
            let instead = place(slack, &post, &refused);
            store.call("slack_replace", move |conn| replace(conn, &post, instead.as_deref(), now)).await
        }
        Outcome::Refused(refused) if is_of_the_app(&refused) => rest(store, now + MENDING).await,
        Outcome::Refused(_) => {
            store.call("slack_shown", move |conn| approvals::post_shown(conn, &post, approval.version)).await
        }
        Outcome::Unknown { .. } | Outcome::Unreachable { .. } => {
            store.call("slack_failed", move |conn| failed(conn, &post, now)).await
        }
    }
}

fn tell<T>(post: &Post, outcome: &Outcome<T>) {
    let why = match outcome {
        Outcome::Refused(refused) => refused.to_string(),
        Outcome::Unknown { why } | Outcome::Unreachable { why } => why.clone(),
        _ => return,
    };
    tracing::warn!(approval = %post.approval, channel = post.channel, why, "a message in Slack shows an approval as it was");
}

/// What is on its way may still arrive, after another worker's newer form: no version is known to be shown.
fn failed(conn: &mut Connection, post: &Post, now: DateTime<Utc>) -> Result<(), StoreError> {
    approvals::post_shown(conn, post, NO_VERSION)?;
    slack_messages::rest(conn, UPDATE, now + REST)
}

/// The message shows this version. Of an end the thread, and with it the channel, is told once.
fn done(conn: &mut Connection, post: &Post, approval: &Approval, now: DateTime<Utc>) -> Result<(), StoreError> {
    store::transaction(conn, |conn| {
        approvals::post_shown(conn, post, approval.version)?;
        if approval.status.is_end() {
            let key = format!("{CONCLUSION} {}", post.ts);
            let (place, thread_ts) = (post.channel.as_str(), Some(post.ts.as_str()));
            let ask = Ask { approval: approval.id, kind: CONCLUSION, key: &key, place, thread_ts };
            slack_messages::ask(conn, &approval.tenant, ask, now)?;
        }
        Ok(())
    })
}

/// Where the new message goes: where the old one was, unless the channel itself is gone.
fn place(slack: &Slack, post: &Post, refused: &Refused) -> Option<String> {
    let is_channel = ["channel_not_found", "is_archived"].contains(&refused.code.as_str());
    if is_channel { slack.default_channel.clone() } else { Some(post.channel.clone()) }
}

fn replace(conn: &mut Connection, post: &Post, place: Option<&str>, now: DateTime<Utc>) -> Result<(), StoreError> {
    store::transaction(conn, |conn| {
        approvals::remove_post(conn, post)?;
        let Some(place) = place else { return Ok(()) };
        let key = format!("{ANEW} {}", post.ts);
        let ask = Ask {
            approval: post.approval,
            kind: &post.kind,
            key: &key,
            place: &people::channel(place),
            thread_ts: None,
        };
        slack_messages::ask(conn, &post.tenant, ask, now)?;
        Ok(())
    })
}

async fn rest(store: &Store, until: DateTime<Utc>) -> Result<(), StoreError> {
    store.call("slack_rest", move |conn| slack_messages::rest(conn, UPDATE, until)).await
}
