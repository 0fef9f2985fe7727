//! How the gateway speaks to Slack: answers, windows and the home tab. Messages of their own go through the worker's queue.

use std::time::Duration;

use boot::settings::SlackSettings;
use outbound::{Outbound, OutboundError};
use slack::client::{Client, Outcome, Profile};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

/// A window must be open three seconds after the press.
const TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_BYTES: usize = 1_000_000;

pub(crate) struct Voice {
    pub(crate) client: Client,
    /// Of the process: what goes on after an answer must not end with the thread that gave it.
    runtime: Handle,
    /// The app's workspace, once Slack has said it.
    team: OnceCell<String>,
}

impl Voice {
    /// Must be called inside the runtime.
    pub(crate) fn new(settings: &SlackSettings) -> Result<Self, OutboundError> {
        let outbound = Outbound::new(TIMEOUT, ANSWER_BYTES)?;
        let client = match settings.bot_token.clone() {
            Some(token) => Client::new(outbound, &settings.api_url, token),
            None => Client::without_token(outbound, &settings.api_url),
        };
        Ok(Self { client, runtime: Handle::current(), team: OnceCell::new() })
    }

    pub(super) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime.spawn(work)
    }

    /// The e-mail address that Slack vouches for: of a person, in our own workspace, whose account is open.
    pub(super) async fn email(&self, user_id: &str) -> Option<String> {
        if !self.client.has_token() {
            return None;
        }
        let profile = told("users.info", self.client.profile(user_id).await)?;
        let is_ours = self.team().await.is_some_and(|team| team == profile.team_id);
        let Profile { email, is_bot, is_deleted, .. } = profile;
        email.filter(|_| is_ours && !is_bot && !is_deleted)
    }

    async fn team(&self) -> Option<&str> {
        let ask =
            || async { told("auth.test", self.client.identity().await).map(|identity| identity.team_id).ok_or(()) };
        self.team.get_or_try_init(ask).await.ok().map(String::as_str).filter(|team| !team.is_empty())
    }
}

/// What came of a call; why nothing did is logged.
pub(super) fn told<T>(method: &'static str, outcome: Outcome<T>) -> Option<T> {
    let why = match outcome {
        Outcome::Ok(value) => return Some(value),
        Outcome::RateLimited { .. } => "Slack asked to come later".to_owned(),
        Outcome::Refused(refused) => refused.to_string(),
        Outcome::Unknown { why } | Outcome::Unreachable { why } => why,
    };
    tracing::warn!(method, why, "a call to Slack failed; who asked may try again");
    None
}
