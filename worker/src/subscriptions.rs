//! Tells subscribed channels what happens to their services: deployments that ended, incidents that were opened or resolved.
//!
//! It looks at facts, not at events: a deployment is told when all that decides about it was reckoned, whichever event came
//! last. Each is told once a channel, by its name in the queue for Slack, however often it is reckoned and by whichever worker.
//! What is older than an hour is not told: a replay, a backfill or a worker that was down fills no channel with history.

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use show::news;
use slack::fit::Message;
use store::slack_messages::{Note, say};
use store::subscriptions::{deployments, incidents};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often is looked for news.
const CLOCK: Duration = Duration::from_secs(5);
/// Older is no news.
const NEWS: TimeDelta = TimeDelta::hours(1);
/// News of a sort that one look takes.
const LIMIT: i64 = 100;

/// Tells until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = tell_once(&store, Utc::now()).await {
            tracing::warn!(error = &error as &dyn Error, "subscribed channels wait");
        }
        tokio::select! {
            () = tokio::time::sleep(CLOCK) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Queues what is new at this time; returns how many messages.
pub async fn tell_once(store: &Store, now: DateTime<Utc>) -> Result<usize, StoreError> {
    store.call("subscriptions_tell", move |conn| store::transaction(conn, |conn| tell(conn, now))).await
}

fn tell(conn: &mut Connection, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let span = (now - NEWS, now);
    let mut told = 0;
    for one in deployments(conn, span, LIMIT)? {
        told += usize::from(queue(conn, &one.tenant, (&one.key, &one.channel), &news::deployment(&one), now)?);
    }
    for one in incidents(conn, span, LIMIT)? {
        told += usize::from(queue(conn, &one.tenant, (&one.key, &one.channel), &news::incident(&one), now)?);
    }
    Ok(told)
}

/// Whether it was not asked for before.
fn queue(
    conn: &mut Connection,
    tenant: &TenantId,
    (key, channel): (&str, &str),
    message: &Message,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let message = serde_json::to_value(message).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    say(conn, tenant, Note { key, place: channel, thread_ts: None, message: &message }, now)
}
