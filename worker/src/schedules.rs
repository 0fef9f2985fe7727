//! Makes digests when their schedules say so: each slot once, by one worker of the whole installation.
//!
//! In order: take a slot (`store::schedules::runs`), select what it is made of as it stood at the slot, have it worded outside
//! of any transaction, and write digest, delivery and the end of the slot together. A worker that dies leaves its slot to the
//! next; one that was too slow writes nothing.

mod counts;

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::digests::{Kind, Material};
use domain::ids;
use models::Models;
use serde_json::Value;
use store::digests::delivery::Letter;
use store::digests::kept::{Kept, kind_of};
use store::digests::{Wanted, is_of_one, material};
use store::schedules::runs::{Run, Taken, fail, finish, lease, take};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::hold::{Hold, while_held};

/// How often is looked whether a slot is due.
const PAUSE: Duration = Duration::from_secs(5);
/// A worker that is gone is not waited for longer than this. It is renewed while a model words.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// After a try that went wrong.
const AGAIN: TimeDelta = TimeDelta::minutes(1);
/// A stand-up tells of what happened since the one before, unless that is longer ago.
const SINCE: TimeDelta = TimeDelta::days(7);
/// Who made it.
const BY: &str = "schedule";

/// What became of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// The digest is kept, and its delivery asked for.
    Done(Uuid),
    Failed(String),
    /// Another worker has it now.
    Lost,
}

/// Makes what is due until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, models: Models, stop: CancellationToken) {
    counts::begin();
    while !stop.is_cancelled() {
        match run_once(&store, &models, LEASE, Utc::now()).await {
            Ok(Some(_)) => continue,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, "digests that are due wait; it is tried again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Makes one slot that is due; `None`: none is, or others are at it. Who is gone for `held` loses it.
pub async fn run_once(
    store: &Store,
    models: &Models,
    held: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Option<Ran>, StoreError> {
    let now = now.trunc_subsecs(6);
    let take = move |conn: &mut Connection| take(conn, now, held, || Uuid::new_v4().into_bytes());
    let Taken { run, missed, failed } = store.call("schedule_take", take).await?;
    counts::gone(missed, failed);
    let Some(run) = run else { return Ok(None) };
    match make(store, models, &run, (held, now)).await {
        Ok(ran) => {
            counts::ran(&ran);
            if let Ran::Failed(why) = &ran {
                tracing::warn!(schedule = %run.schedule.id, due_at = %run.due_at, why, "a digest was not made");
            }
            Ok(Some(ran))
        }
        Err(error) => {
            // Where not even this can be written, the lease runs out.
            store.call("schedule_put_off", move |conn| lease(conn, &run, now + AGAIN)).await?;
            Err(error)
        }
    }
}

async fn make(
    store: &Store,
    models: &Models,
    run: &Run,
    (held, now): (TimeDelta, DateTime<Utc>),
) -> Result<Ran, StoreError> {
    let Some(wanted) = wanted(run) else {
        return give_up(store, run, "no digest is called so; change its kind", now).await;
    };
    let tenant = run.tenant.clone();
    let select = move |conn: &mut Connection| material(conn, &tenant, &wanted, now);
    let Some(material) = store.look("schedule_material", select).await? else {
        return give_up(store, run, "there is no such subject; change it, or delete the schedule", now).await;
    };
    let id = ids::row(now, Uuid::new_v4().into_bytes());
    let renew = |until| {
        let run = run.clone();
        store.call("schedule_lease", move |conn| lease(conn, &run, until))
    };
    let hold = Hold { of: run.schedule.id, since: now, lasts: held };
    let Some(kept) = while_held(hold, worded(models, run, (id, &material), now), renew).await else {
        return Ok(Ran::Lost);
    };
    let messages: Result<Vec<Value>, _> = show::digests::series(&kept).iter().map(serde_json::to_value).collect();
    let messages = messages.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let (run, data) = (run.clone(), show::digests::data(&kept));
    let write = move |conn: &mut Connection| {
        let letter = Letter { digest: id, messages: &messages, data: &data, by: BY };
        finish(conn, &run, &kept, letter, Uuid::new_v4().into_bytes(), now)
    };
    let delivered = store.call("schedule_finish", write).await?;
    Ok(if delivered.is_some() { Ran::Done(id) } else { Ran::Lost })
}

async fn give_up(store: &Store, run: &Run, why: &str, now: DateTime<Utc>) -> Result<Ran, StoreError> {
    let (run, said) = (run.clone(), why.to_owned());
    let ours = store.call("schedule_fail", move |conn| fail(conn, &run, &said, now)).await?;
    Ok(if ours { Ran::Failed(why.to_owned()) } else { Ran::Lost })
}

/// What a slot is of: a time that ends with it; a thing as it is now.
fn wanted(run: &Run) -> Option<Wanted> {
    let kind = kind_of(&run.schedule.kind)?;
    let subject = run.schedule.subject.clone();
    if is_of_one(kind) {
        return Some(Wanted { kind, subject, from: None, to: None });
    }
    // Monday's stand-up tells of Friday too.
    let since = run.since.filter(|since| kind == Kind::Standup && run.due_at - *since <= SINCE);
    Some(Wanted { kind, subject, from: since, to: Some(run.due_at) })
}

async fn worded(models: &Models, run: &Run, (id, material): (Uuid, &Material), now: DateTime<Utc>) -> Kept {
    let session = id.to_string();
    let composing = summaries::compose(models, &run.tenant, material, Some(&session), &mut rand::rng());
    let made = composing.await;
    made.kept(id, material, (BY, Some(run.schedule.id)), now)
}
