//! Tells people in Slack: a nudge is put into the queue of messages, once for its effect. The queue says it, at its pace;
//! the job is done when it is there.

use actions::effects::{EffectKey, Nudge, Performed, Previous, Tell, Telling};
use actions::outcome::Outcome;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde_json::{Value, json};
use slack::blocks::Block;
use slack::fit::Message;
use slack::text::escape;
use store::slack_messages::{self, Note};
use store::{Connection, Store, StoreError};

use crate::slack::people;

/// Who queues the nudges of one tenant.
pub(super) struct Nudges {
    store: Store,
    tenant: TenantId,
}

/// What the queue says.
enum Queued {
    /// `false`: a try before had queued it.
    Now(bool, String),
    NobodyKnown,
}

impl Nudges {
    pub(super) fn new(store: Store, tenant: TenantId) -> Self {
        Self { store, tenant }
    }

    async fn queue(&self, nudge: &Nudge, key: &EffectKey, now: DateTime<Utc>) -> Outcome<Performed> {
        let (tenant, nudge, key) = (self.tenant.clone(), nudge.clone(), format!("nudge {key}"));
        let to = nudge.channel.clone().or(nudge.user.clone()).unwrap_or_default();
        let queue = move |conn: &mut Connection| queue(conn, &tenant, &nudge, &key, now);
        match self.store.call("nudge", queue).await {
            Ok(Queued::Now(is_new, place)) => {
                let what = format!("queued for Slack: {place}");
                Outcome::Done(Performed { what, url: None, was_found: !is_new })
            }
            Ok(Queued::NobodyKnown) => {
                Outcome::refuse(format!("nobody in Slack is known as {to}: map them with POST /v1/identities"))
            }
            Err(error) => Outcome::Unreachable { why: error.to_string() },
        }
    }
}

impl Tell for Nudges {
    fn tell<'a>(
        &'a self,
        nudge: &'a Nudge,
        key: &'a EffectKey,
        _: Option<Previous>,
        now: DateTime<Utc>,
    ) -> Telling<'a> {
        Box::pin(self.queue(nudge, key, now))
    }
}

/// The same key is queued once in a place.
fn queue(
    conn: &mut Connection,
    tenant: &TenantId,
    nudge: &Nudge,
    key: &str,
    now: DateTime<Utc>,
) -> Result<Queued, StoreError> {
    let place = match (&nudge.channel, &nudge.user) {
        (Some(channel), _) => Some(people::channel(channel)),
        (None, user) => people::slack_id(conn, tenant, user.as_deref().unwrap_or_default())?,
    };
    let Some(place) = place else { return Ok(Queued::NobodyKnown) };
    let message = message(&nudge.text);
    let note = Note { key, place: &place, thread_ts: None, message: &message };
    Ok(Queued::Now(slack_messages::say(conn, tenant, note, now)?, place))
}

/// The text as it stands: what it quotes from outside mentions nobody.
fn message(text: &str) -> Value {
    let words = escape(text);
    json!(Message::new(&words, vec![Block::section(words.clone())], None))
}
