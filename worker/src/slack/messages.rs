//! Says what is queued: each message at most once, at the pace that the store keeps.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::ApprovalId;
use secrecy::ExposeSecret;
use serde_json::Value;
use slack::approvals::{Shown, conclusion, message, reminder};
use slack::client::{Outcome, Posted, Refused};
use store::approvals::Approval;
use store::slack_messages::{self, CONCLUSION, Matter, Message, POST, REMINDER, Turn};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;

use super::{Slack, count, is_of_the_app, shown};

/// Longer than a call takes: who is at it longer never comes back.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long the first failure waits; each further one twice as long.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);
/// While Slack cannot be reached, or refuses the app itself.
const REST: TimeDelta = TimeDelta::seconds(5);
const MENDING: TimeDelta = TimeDelta::seconds(60);
/// So long a note that Slack refuses is tried again: later it is news to nobody.
const NEWS: TimeDelta = TimeDelta::hours(24);
/// Tries to record what was said.
const RECORDS: usize = 5;
const BETWEEN_RECORDS: Duration = Duration::from_secs(1);
/// Keys of messages that stand in for lost ones: those are said also when all is over.
pub(super) const ANEW: &str = "anew";

/// An incoming webhook has a channel of its own and says no more than it is given.
const NOT_BY_HOOK: &str =
    "SLACK_WEBHOOK_URL takes only notes to SLACK_DEFAULT_CHANNEL; set SLACK_BOT_TOKEN for the rest";

/// What can be said where there is only a webhook.
struct Hooked {
    place: Option<String>,
}

impl Hooked {
    fn takes(&self, taken: &Message) -> bool {
        let is_note = matches!(taken.matter, Matter::Note(_));
        is_note && taken.thread_ts.is_none() && self.place.as_deref() == Some(taken.place.as_str())
    }
}

impl Slack {
    fn hooked(&self) -> Option<Hooked> {
        self.hook.is_some().then(|| Hooked { place: self.default_channel.clone() })
    }
}

/// What the queue has for us.
enum Next {
    Nothing,
    Passed,
    Say(Box<(Message, What)>),
}

/// What a message says now.
enum What {
    Approval(Box<Approval>, Box<Shown>),
    Note(Value),
}

impl What {
    /// The version of the approval that it shows.
    fn version(&self) -> i32 {
        match self {
            Self::Approval(approval, _) => approval.version,
            Self::Note(_) => 0,
        }
    }

    /// Whether people need it no more, should it be refused.
    fn is_past(&self, taken: &Message, now: DateTime<Utc>) -> bool {
        match self {
            Self::Approval(approval, _) => taken.thread_ts.is_some() || approval.status.is_end(),
            Self::Note(_) => now - taken.asked_at > NEWS,
        }
    }
}

/// Says what is due until nothing is.
pub(super) async fn say(store: &Store, slack: &Slack, stop: &CancellationToken) -> Result<(), StoreError> {
    while !stop.is_cancelled() {
        let (limit, now) = (slack.daily_limit, Utc::now());
        let hooked = slack.hooked();
        match store.call("slack_take", move |conn| next(conn, (limit, hooked.as_ref()), now)).await? {
            Next::Nothing => return Ok(()),
            Next::Passed => {}
            Next::Say(what) => {
                let (message, what) = *what;
                say_one(store, slack, message, what).await?;
            }
        }
    }
    Ok(())
}

/// Takes a message together with what it is about: one that cannot be said is not left taken.
fn next(
    conn: &mut Connection,
    (daily_limit, hooked): (i64, Option<&Hooked>),
    now: DateTime<Utc>,
) -> Result<Next, StoreError> {
    store::transaction(conn, |conn| {
        let taken = match slack_messages::take(conn, daily_limit, now, LEASE)? {
            Turn::Nothing => return Ok(Next::Nothing),
            Turn::UsedUp(tenant) => {
                tracing::warn!(%tenant, daily_limit, "MAX_DAILY_SLACK_POSTS is used up: messages wait for tomorrow");
                return Ok(Next::Passed);
            }
            Turn::Say(taken) => taken,
        };
        let why = match &taken.matter {
            _ if hooked.is_some_and(|hooked| !hooked.takes(&taken)) => NOT_BY_HOOK,
            Matter::Note(note) => {
                let note = What::Note(note.clone());
                return Ok(Next::Say(Box::new((*taken, note))));
            }
            Matter::Approval(id) => match about(conn, &taken, *id)? {
                Ok(what) => return Ok(Next::Say(Box::new((*taken, what)))),
                Err(why) => why,
            },
        };
        slack_messages::dropped(conn, &taken, why, now)?;
        Ok(Next::Passed)
    })
}

/// What is to be said of an approval; else why nothing is.
fn about(conn: &mut Connection, taken: &Message, id: ApprovalId) -> Result<Result<What, &'static str>, StoreError> {
    match shown::load(conn, &taken.tenant, id) {
        Ok(Some((approval, _))) if is_over(taken, &approval) => Ok(Err("it was decided before")),
        Ok(Some((approval, shown))) => Ok(Ok(What::Approval(Box::new(approval), Box::new(shown)))),
        Ok(None) => Ok(Err("there is no such approval")),
        Err(error @ StoreError::Corrupt(_)) => {
            tracing::error!(approval = %id, %error, "an approval cannot be read and is not posted; mend its row");
            Ok(Err("the approval cannot be read"))
        }
        Err(error) => Err(error),
    }
}

/// Whether there is no reason any more to say it.
fn is_over(message: &Message, approval: &Approval) -> bool {
    let is_for_the_end = message.kind == CONCLUSION;
    !message.key.starts_with(ANEW) && approval.status.is_end() != is_for_the_end
}

async fn say_one(store: &Store, slack: &Slack, taken: Message, what: What) -> Result<(), StoreError> {
    let outcome = post(slack, &taken, &what).await;
    count(&taken.kind, matches!(outcome, Outcome::Ok(_)));
    tell(&taken, &outcome);
    let (now, tries) = (Utc::now(), taken.tries);
    match outcome {
        Outcome::Ok(posted) => record(store, taken, posted, what.version()).await,
        Outcome::RateLimited { retry_after } => {
            metrics::counter!("slack_throttled_total").increment(1);
            let until = now + TimeDelta::from_std(retry_after).unwrap_or(LONGEST_PAUSE);
            put_off(store, taken, (until, Some(until)), "Slack asked to come later".to_owned()).await
        }
        Outcome::Refused(refused) => refuse(store, (taken, &what), refused, now).await,
        Outcome::Unreachable { why } => put_off(store, taken, (now + pause(tries), Some(now + REST)), why).await,
        Outcome::Unknown { why } => {
            store.call("slack_unknown", move |conn| slack_messages::uncertain(conn, &taken, &why, now)).await
        }
    }
}

fn tell(taken: &Message, outcome: &Outcome<Posted>) {
    match outcome {
        Outcome::Unreachable { why } => tracing::warn!(why, "Slack cannot be reached"),
        Outcome::Unknown { why } => tracing::warn!(
            key = taken.key,
            place = taken.place,
            kind = taken.kind,
            why,
            "nobody knows whether a message was posted; it is not posted again"
        ),
        _ => {}
    }
}

/// A thread that cannot be answered is left; a message that people wait for is tried until it is there or all is over.
async fn refuse(
    store: &Store,
    (taken, what): (Message, &What),
    refused: Refused,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let why = refused.to_string();
    if what.is_past(&taken, now) {
        tracing::warn!(key = taken.key, place = taken.place, kind = taken.kind, why, "a message to Slack is left out");
        return store.call("slack_drop", move |conn| slack_messages::dropped(conn, &taken, &why, now)).await;
    }
    tracing::error!(
        key = taken.key,
        place = taken.place,
        kind = taken.kind,
        why,
        "a message is not in Slack; it is tried again"
    );
    let rest = is_of_the_app(&refused).then_some(now + MENDING);
    let until = now + pause(taken.tries);
    put_off(store, taken, (until, rest), why).await
}

async fn post(slack: &Slack, taken: &Message, what: &What) -> Outcome<Posted> {
    let shown = match what {
        What::Note(note) => {
            if let Some(hook) = &slack.hook {
                // A webhook does not say where the message stands.
                let stands = Posted { channel: taken.place.clone(), ts: String::new() };
                return slack.client.post_kept_to_webhook(hook.expose_secret(), note).await.map(|()| stands);
            }
            return slack.client.post_kept(&taken.place, taken.thread_ts.as_deref(), note).await;
        }
        What::Approval(_, shown) => shown,
    };
    let thread = taken.thread_ts.as_ref().map(|ts| Posted { channel: taken.place.clone(), ts: ts.clone() });
    match (thread, conclusion(shown)) {
        (Some(thread), _) if taken.kind == REMINDER => {
            slack.client.reply(&thread, &reminder(shown, Utc::now()), false).await
        }
        // The end belongs to everybody in the channel.
        (Some(thread), Some(words)) => slack.client.reply(&thread, &words, true).await,
        _ => slack.client.post(&taken.place, &message(shown)).await,
    }
}

/// Notes where it stands. What is not noted would never be kept up to date, so it is tried more than once.
async fn record(store: &Store, taken: Message, posted: Posted, version: i32) -> Result<(), StoreError> {
    let mut tries = 1;
    loop {
        let (taken, posted, now) = (taken.clone(), posted.clone(), Utc::now());
        let note = move |conn: &mut Connection| {
            slack_messages::sent(conn, &taken, (&posted.channel, &posted.ts), version, now)
        };
        match store.call("slack_sent", note).await {
            Err(error) if error.is_transient() && tries < RECORDS => tries += 1,
            done => return done,
        }
        tokio::time::sleep(BETWEEN_RECORDS).await;
    }
}

/// Later again; `rest` is for every message.
async fn put_off(
    store: &Store,
    taken: Message,
    (until, rest): (DateTime<Utc>, Option<DateTime<Utc>>),
    why: String,
) -> Result<(), StoreError> {
    let note = move |conn: &mut Connection| {
        if let Some(rest) = rest {
            slack_messages::rest(conn, POST, rest)?;
        }
        slack_messages::put_off(conn, &taken, until, &why)
    };
    store.call("slack_put_off", note).await
}

fn pause(tries: i32) -> TimeDelta {
    let doubled = FIRST_PAUSE * 2_i32.pow(u32::try_from(tries).unwrap_or(0).min(10));
    doubled.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_after_longer_and_longer_pauses() {
        assert_eq!([0, 1, 2].map(pause).map(|pause| pause.num_seconds()), [5, 10, 20]);
        assert_eq!(pause(i32::MAX), LONGEST_PAUSE);
    }
}
