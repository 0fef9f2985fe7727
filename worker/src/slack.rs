//! Says in Slack what approvals wait for and how they end, and what else is queued for it.
//!
//! New messages ([`messages`]) come from a queue and are said at most once; messages that are there ([`updates`]) are
//! written anew until they show how the approval stands, everywhere, also when decided long after. [`shown`] is what
//! people see, [`people`] who they are in Slack; the gateway shows approvals the same way. Every worker does it; the store
//! keeps one pace for all. Without `SLACK_BOT_TOKEN` no approval is posted and nothing waits for it; notes to the default
//! channel go through `SLACK_WEBHOOK_URL`, where that is set.

mod messages;
mod updates;

use std::error::Error;
use std::time::Duration;

use boot::settings::SlackSettings;
use chrono::Utc;
use outbound::{Outbound, OutboundError};
use secrecy::SecretString;
use show::approvals as shown;
pub(crate) use show::people;
use slack::client::{Client, Refused};
use store::{Store, StoreError, slack_messages};
use tokio_util::sync::CancellationToken;

/// How often is looked for something to say.
const PAUSE: Duration = Duration::from_millis(500);
/// Longer than Slack may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES: usize = 1_000_000;
/// Approvals that one look asks about.
const LIMIT: i64 = 100;

/// How we post.
#[derive(Clone, Debug)]
pub struct Slack {
    client: Client,
    /// An incoming webhook in the place of a token.
    hook: Option<SecretString>,
    default_channel: Option<String>,
    daily_limit: i64,
}

impl Slack {
    /// `None`: there is neither a token nor a webhook.
    pub fn of(settings: &SlackSettings) -> Result<Option<Self>, OutboundError> {
        let outbound = Outbound::new(TIMEOUT, ANSWER_BYTES)?;
        let (client, hook) = match (settings.bot_token.clone(), settings.webhook_url.clone()) {
            (Some(token), _) => (Client::new(outbound, &settings.api_url, token), None),
            (None, Some(hook)) => (Client::without_token(outbound, &settings.api_url), Some(hook)),
            (None, None) => return Ok(None),
        };
        let default_channel = settings.default_channel.as_deref().map(people::channel);
        Ok(Some(Self { client, hook, default_channel, daily_limit: i64::from(settings.max_daily_posts) }))
    }
}

/// Posts until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, slack: Slack, stop: CancellationToken) {
    metrics::counter!("slack_throttled_total").increment(0);
    while !stop.is_cancelled() {
        if let Err(error) = work_once(&store, &slack, &stop).await {
            tracing::warn!(error = &error as &dyn Error, "Slack waits");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Asks about what is new, writes anew what is stale, and says what is due.
async fn work_once(store: &Store, slack: &Slack, stop: &CancellationToken) -> Result<(), StoreError> {
    // What cannot be kept true in place is not posted: approvals wait for a token.
    let place = slack.default_channel.clone().filter(|_| slack.hook.is_none());
    let now = Utc::now();
    let ask = move |conn: &mut store::Connection| {
        if let Some(place) = &place {
            slack_messages::ask_new(conn, place, now, LIMIT)?;
        }
        slack_messages::abandon(conn, now)
    };
    for lost in store.call("slack_ask", ask).await? {
        let approval = lost.approval.map(|id| id.to_string());
        tracing::warn!(approval, key = lost.key, "nobody knows whether a message was posted; it is not posted again");
    }
    if slack.hook.is_none() {
        updates::write(store, slack, stop).await?;
    }
    messages::say(store, slack, stop).await
}

/// Whether it is the app that Slack refuses: then every call is refused until somebody mends it.
fn is_of_the_app(refused: &Refused) -> bool {
    let codes = ["invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"];
    codes.contains(&refused.code.as_str())
}

fn count(kind: &str, ok: bool) {
    let kinds = [
        slack_messages::REQUEST,
        slack_messages::REMINDER,
        slack_messages::ESCALATION,
        slack_messages::CONCLUSION,
        slack_messages::NOTE,
    ];
    let kind = kinds.into_iter().find(|known| *known == kind).unwrap_or("update");
    let ok = if ok { "true" } else { "false" };
    metrics::counter!("slack_posts_total", "kind" => kind, "ok" => ok).increment(1);
}
