//! Whom jobs can call, as the settings say. What is not set up is refused by the action itself, with what to set.

use std::sync::Arc;
use std::time::Duration;

use actions::effects::Clients;
use actions::github::{AppKeyError, GitHub};
use actions::page::Pager;
use actions::webhook::{NotASecret, Secret, Webhooks};
use boot::Settings;
use domain::ids::TenantId;
use outbound::guard::{Guard, NotANetwork};
use outbound::{Outbound, OutboundError};
use store::Store;

use super::nudges::Nudges;
use crate::slack::people;

/// Longer than the other side may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// A page of comments is large.
const ANSWER_BYTES: usize = 16 << 20;
/// What a receiver of webhooks says is not read.
const RECEIPT_BYTES: usize = 64 << 10;

/// A setting that does not fit.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no client for what jobs call")]
    Outbound(#[from] OutboundError),
    #[error(transparent)]
    AppKey(#[from] AppKeyError),
    #[error("OUTGOING_WEBHOOK_SECRETS: {0}")]
    Secret(#[from] NotASecret),
    #[error("WEBHOOKS_ALLOW_NETWORKS: {0}")]
    Network(#[from] NotANetwork),
}

/// Whom we call. Cheap to clone.
#[derive(Clone)]
pub struct Calling {
    clients: Clients,
    /// Whether people can be told in Slack.
    tells: bool,
    /// Where nudges go that name no place.
    channel: Option<String>,
}

impl Calling {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Result<Self, ClientError> {
        let open = Outbound::new(TIMEOUT, ANSWER_BYTES)?;
        let pager = settings.actions.pagerduty_key.clone();
        let clients = Clients {
            github: github(settings, &open)?,
            pager: pager.map(|key| Pager::new(open.clone(), &settings.actions.pagerduty_url, key)),
            webhooks: webhooks(settings)?,
            tell: None,
        };
        let channel = settings.slack.default_channel.as_deref().map(people::channel);
        Ok(Self { clients, tells: settings.slack.bot_token.is_some(), channel })
    }

    pub(super) fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// The clients, and who tells people of this tenant.
    pub(super) fn clients(&self, store: &Store, tenant: &TenantId) -> Clients {
        let nudges = Nudges::new(store.clone(), tenant.clone());
        Clients { tell: self.tells.then(|| Arc::new(nudges) as _), ..self.clients.clone() }
    }
}

fn github(settings: &Settings, outbound: &Outbound) -> Result<Option<GitHub>, AppKeyError> {
    let url = &settings.apis.github_url;
    if let Some(app) = &settings.actions.github_app {
        return GitHub::with_app(outbound.clone(), url, &app.id, &app.private_key).map(Some);
    }
    let token = settings.apis.github_token.clone();
    Ok(token.map(|token| GitHub::with_token(outbound.clone(), url, token)))
}

/// Their addresses come from data: they are reached through a guarded client only.
fn webhooks(settings: &Settings) -> Result<Option<Arc<Webhooks>>, ClientError> {
    let secrets: Result<Vec<Secret>, NotASecret> = settings.actions.webhook_secrets.iter().map(Secret::parse).collect();
    let inside: Result<Vec<_>, NotANetwork> = settings.actions.inside.iter().map(|network| network.parse()).collect();
    let guard = Guard { inside: inside?, plain_http: !settings.env.is_production() };
    let secrets = secrets?;
    if secrets.is_empty() {
        return Ok(None);
    }
    let guarded = Outbound::guarded(TIMEOUT, RECEIPT_BYTES, guard)?;
    Ok(Some(Arc::new(Webhooks::new(guarded, secrets))))
}
