//! What a source signs and we answer instead of keeping: commands and presses. Proved by the source's own scheme, refused,
//! counted and sampled as its deliveries are.
//!
//! What comes this way acts in people's names, so it is never taken unsigned, also where deliveries are.

use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use bytes::Bytes;
use chrono::Utc;
use domain::ids::TenantId;
use integrations::{Incoming, Integration, Refusal, Secrets};
use serde_json::Value;

use super::endings::{Ending, Turned, refused, unread};
use super::judge::headers;
use super::{admit, sampled};
use crate::body::{self, Share};
use crate::problem::{Code, Problem};
use crate::state::Shared;

/// What came.
pub(crate) enum Signed {
    /// A look at the address, which nobody signs: its answer.
    Greeting(Value),
    /// The proved bytes, and their share of the memory.
    Body(Bytes, Share),
}

/// Reads and proves it. Secrets of the environment are the default tenant's, and so is what they prove.
pub(crate) async fn signed(
    request: &HttpRequest,
    payload: Payload,
    state: &Shared,
    integration: &'static Integration,
) -> Result<Signed, Problem> {
    let (started, tenant) = (Instant::now(), TenantId::default());
    let mut seen = Bytes::new();
    proved(request, payload, state, (&tenant, integration), &mut seen).await.map_err(|turned| {
        state.door.count(integration, turned.ending, started);
        sampled(request, state, (tenant.clone(), integration), turned, seen)
    })
}

async fn proved(
    request: &HttpRequest,
    payload: Payload,
    state: &Shared,
    (tenant, integration): (&TenantId, &'static Integration),
    seen: &mut Bytes,
) -> Result<Signed, Turned> {
    admit(state, tenant, integration)?;
    let cap = integration.max_body_bytes.min(state.settings.limits.max_payload_bytes);
    let (body, share) = body::read(&state.memory, request, payload, cap).await.map_err(unread)?;
    *seen = body.clone();
    let headers = headers(request.headers());
    let incoming = Incoming { headers: &headers, body: &body, query_token: None, certificates: &[], proved: None };
    if let Some(answer) = integration.unsigned_greeting.and_then(|greeting| greeting(&incoming)) {
        return Ok(Signed::Greeting(answer));
    }
    let secrets = Secrets { allow_unsigned: false, ..(*state.door.secrets(tenant, integration)).clone() };
    match integrations::verify(integration, &incoming, &secrets, Utc::now()) {
        Ok(_) => Ok(Signed::Body(body, share)),
        Err(refusal @ Refusal::Unconfigured) => {
            let detail = format!("set {}: nothing can be proved without it", integration.secret_setting);
            let problem = Problem::new(Code::Unconfigured, detail).retry_after(300);
            Err(Turned::new(Ending::Disabled, refusal.reason(), problem))
        }
        Err(refusal) => Err(refused(refusal)),
    }
}
