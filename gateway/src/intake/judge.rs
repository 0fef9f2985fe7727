//! From raw bytes to what is to be kept: prove, identify, greet, normalize, pack. Pure computation on one thread.

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Fetched, Greeting, Headers, Incoming, Integration, Refusal, Secrets};
use store::intake::{Keep, pack};

use super::endings::{Turned, refused};

/// What is known of a delivery before its body is looked at.
pub(super) struct Knock {
    pub(super) integration: &'static Integration,
    pub(super) tenant: TenantId,
    pub(super) secrets: Arc<Secrets>,
    pub(super) rules: Arc<Rules>,
    /// The id that the delivery will have, which carries the received time.
    pub(super) id: DeliveryId,
    pub(super) traceparent: Option<String>,
    /// The token that the URL carries.
    pub(super) query_token: Option<String>,
    /// Certificates that an earlier look at it asked for.
    pub(super) certificates: Vec<Fetched>,
}

/// What a proved delivery is.
pub(super) enum Judged {
    /// A handshake: answered, not kept.
    Greeting(Greeting),
    Delivery(Box<Keep>),
    /// It can be judged only with what this URL gives.
    Need(String),
}

/// The headers as integrations read them.
pub(super) fn headers(map: &HeaderMap) -> Headers<'_> {
    map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

pub(super) fn judge(knock: &Knock, headers: &Headers<'_>, body: &[u8]) -> Result<Judged, Turned> {
    let Knock { integration, tenant, secrets, rules, id, traceparent, query_token, certificates } = knock;
    let incoming = Incoming { headers, body, query_token: query_token.as_deref(), certificates, proved: None };
    if let Some(answer) = integration.unsigned_greeting.and_then(|greeting| greeting(&incoming)) {
        return Ok(Judged::Greeting(Greeting::Answer(answer)));
    }
    let verified = match integrations::verify(integration, &incoming, secrets, id.received_at()) {
        Err(Refusal::Need(url)) => return Ok(Judged::Need(url)),
        verified => verified.map_err(refused)?,
    };
    let incoming = Incoming { proved: Some(verified.scheme), ..incoming };
    let identity = integrations::identify(integration, &incoming);
    if let Some(answer) = integrations::greet(integration, &identity, &incoming) {
        return Ok(Judged::Greeting(answer));
    }
    // What is stored is what is read, so that a later reading of it gives the same events.
    let stored_headers = integrations::kept_headers(integration, headers);
    let stored_body = integrations::kept_body(integration, body);
    let stored: Headers<'_> = stored_headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let drafts = integrations::normalize(integration, &identity.kind, &stored, &stored_body, rules);
    Ok(Judged::Delivery(Box::new(Keep {
        tenant: tenant.clone(),
        id: *id,
        source: integration.name.to_owned(),
        events: Event::seal(drafts, integration.name, tenant, *id, traceparent.as_deref()),
        kind: identity.kind,
        key: identity.key,
        headers: serde_json::to_string(&stored_headers).unwrap_or_else(|_| "[]".into()),
        body: pack(&stored_body),
        scheme: verified.scheme,
        secret: verified.secret.as_str(),
        mapping_version: integration.mapping_version,
    })))
}
