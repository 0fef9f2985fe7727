//! A delivery at the door, in this order: whose is it, is it small enough, who sent it, what is it, keep it, answer.
//!
//! Nothing parses the body before its signature is proved, and nothing is answered with success before it is
//! committed. Every way out of a source that is known is counted once under one result; refusals are sampled. The path
//! is short on purpose: what a source means is decided in `integrations`, how rows are kept in `store`.

mod door;
mod endings;
mod judge;
mod proving;
mod signed;

use std::time::Instant;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use bytes::Bytes;
use chrono::Utc;
use domain::ids::{DeliveryId, TenantId};
use integrations::{Greeting, Integration};
use serde_json::json;
use uuid::Uuid;

pub(crate) use door::Door;
pub(crate) use endings::Ending;
pub(crate) use signed::{Signed, signed};

use crate::body;
use crate::problem::{Code, Problem, ProblemBody};
use crate::rejects::Reject;
use crate::slack;
use crate::state::{Shared, State};
use crate::traceparent::Traceparent;
use crate::writer::Kept;
use endings::{Turned, no_certificate, not_kept, unconfirmed, unread};
use judge::{Judged, Knock};

/// Takes a delivery as its source sends it; answers when it is kept.
#[utoipa::path(post, path = "/webhooks/{source}", tag = "intake",
    params(("source" = String, Path, description = "Name of the integration, `github`")),
    request_body(content = String, content_type = "application/json", description = "The raw bytes, as the source signed them"),
    responses(
        (status = 200, body = Object, example = json!({"status": "ok", "id": "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55"})),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 408, body = ProblemBody),
        (status = 413, body = ProblemBody),
        (status = 415, body = ProblemBody),
        (status = 429, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ))]
pub(crate) async fn post(request: HttpRequest, payload: web::Payload, state: Shared) -> Result<HttpResponse, Problem> {
    let started = Instant::now();
    let (tenant, integration) = whose(&request, &state, started).await?;
    let mut seen = Bytes::new();
    let ended = take(&request, payload, &state, &tenant, integration, &mut seen).await;
    let ending = ended.as_ref().map_or_else(|turned| turned.ending, |(ending, _)| *ending);
    state.door.count(integration, ending, started);
    ended.map(|(_, response)| response).map_err(|turned| sampled(&request, &state, (tenant, integration), turned, seen))
}

/// Notes a refusal for the sample; what its sender is told.
fn sampled(
    request: &HttpRequest,
    state: &Shared,
    (tenant, integration): (TenantId, &'static Integration),
    turned: Turned,
    body: Bytes,
) -> Problem {
    let Turned { ending, reason, problem } = turned;
    let headers = integrations::kept_headers(integration, &judge::headers(request.headers()));
    state.door.rejects.note(Reject { tenant, integration, ending, reason, headers, body });
    problem.because(reason)
}

/// As the post, for senders that put.
#[utoipa::path(put, path = "/webhooks/{source}", tag = "intake",
    params(("source" = String, Path, description = "Name of the integration, `grafana`")),
    request_body(content = String, content_type = "application/json", description = "The raw bytes, as the source signed them"),
    responses((status = 200, body = Object), (status = "default", body = ProblemBody)))]
pub(crate) async fn put(request: HttpRequest, payload: web::Payload, state: Shared) -> Result<HttpResponse, Problem> {
    post(request, payload, state).await
}

/// Answers the handshake of CloudEvents' webhooks: any origin may send here, as it has to prove each delivery.
#[utoipa::path(options, path = "/webhooks/{source}", tag = "intake",
    params(
        ("source" = String, Path, description = "Name of the integration, `cloudevents`"),
        ("WebHook-Request-Origin" = String, Header, description = "Who asks to send"),
    ),
    responses((status = 200), (status = "default", body = ProblemBody)))]
pub(crate) async fn options(request: HttpRequest, state: Shared) -> Result<HttpResponse, Problem> {
    named(&request, &state)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("allow", "POST"));
    // Who asks for nothing is told no more than the method. The callback that it may name is never called.
    if let Some(origin) = request.headers().get("webhook-request-origin") {
        answer.insert_header(("webhook-allowed-origin", origin.clone()));
        answer.insert_header(("webhook-allowed-rate", "*"));
    }
    Ok(answer.finish())
}

/// The tenant and the integration that the path names, once it is known that there are such.
async fn whose(
    request: &HttpRequest,
    state: &Shared,
    started: Instant,
) -> Result<(TenantId, &'static Integration), Problem> {
    let (tenant, integration) = named(request, state)?;
    match state.door.tenants.known(&tenant).await {
        Ok(()) => Ok((tenant, integration)),
        Err(problem) if problem.code() == Code::NotFound => Err(problem),
        Err(problem) => {
            state.door.count(integration, Ending::Failed, started);
            Err(Problem::new(Code::NotKept, "the tenant cannot be looked up now").because(problem.causes()))
        }
    }
}

/// The tenant and the integration that the path names.
fn named(request: &HttpRequest, state: &State) -> Result<(TenantId, &'static Integration), Problem> {
    let path = request.match_info();
    let unknown = || Problem::not_found("webhook source");
    let integration = path.get("source").and_then(|name| state.sources.find(name)).ok_or_else(unknown)?;
    let tenant: TenantId = match path.get("tenant") {
        None => TenantId::default(),
        Some(name) => name.parse().map_err(|_| Problem::not_found("tenant"))?,
    };
    Ok((tenant, integration))
}

/// From the door to the commit. `seen` is the body as far as it was read, for the sample of a refusal.
async fn take(
    request: &HttpRequest,
    payload: web::Payload,
    state: &Shared,
    tenant: &TenantId,
    integration: &'static Integration,
    seen: &mut Bytes,
) -> Result<(Ending, HttpResponse), Turned> {
    admit(state, tenant, integration)?;
    let cap = integration.max_body_bytes.min(state.settings.limits.max_payload_bytes);
    let (body, _share) = body::read(&state.memory, request, payload, cap).await.map_err(unread)?;
    *seen = body.clone();

    let knock = knock(request, state, tenant, integration);
    match proving::proved(state, knock, request.headers(), body).await? {
        Judged::Need(_) => Err(no_certificate()),
        Judged::Greeting(Greeting::Answer(answer)) => Ok((Ending::Handshake, HttpResponse::Ok().json(answer))),
        Judged::Greeting(Greeting::Call { url, answer }) => {
            let done = state.certificates.call(&url).await;
            done.then(|| (Ending::Handshake, HttpResponse::Ok().json(answer))).ok_or_else(unconfirmed)
        }
        Judged::Delivery(keep) => {
            let (id, unmapped) = (keep.id, keep.events.iter().any(|event| event.kind.is_unmapped()));
            let kept = state.intake.keep(*keep).await.map_err(not_kept)?;
            Ok(match kept {
                Kept::New => {
                    slack::opened(state, tenant, integration, seen);
                    (if unmapped { Ending::Unmapped } else { Ending::Accepted }, answer("ok", id))
                }
                Kept::Duplicate(first) => (Ending::Duplicate, answer("duplicate", first)),
            })
        }
    }
}

fn knock(request: &HttpRequest, state: &State, tenant: &TenantId, integration: &'static Integration) -> Knock {
    Knock {
        integration,
        tenant: tenant.clone(),
        secrets: state.door.secrets(tenant, integration),
        rules: state.door.rules.clone(),
        id: DeliveryId::new(Utc::now(), Uuid::new_v4().into_bytes()),
        traceparent: request.extensions().get::<Traceparent>().and_then(|trace| trace.0.clone()),
        query_token: query_token(request.query_string()),
        certificates: Vec::new(),
    }
}

/// The token in the URL, where there is exactly one.
fn query_token(query: &str) -> Option<String> {
    let mut tokens = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| matches!(&**name, "token" | "access_token"))
        .map(|(_, token)| token.into_owned());
    tokens.next().filter(|token| !token.is_empty() && tokens.next().is_none())
}

/// What can be decided before a byte of the body is read.
fn admit(state: &Shared, tenant: &TenantId, integration: &'static Integration) -> Result<(), Turned> {
    if !state.settings.sources.enabled(integration.name) {
        let problem = Problem::new(Code::Disabled, "Integration disabled").retry_after(300);
        return Err(Turned::new(Ending::Disabled, "the integration is disabled", problem));
    }
    if let Err(seconds) = state.limits.check_intake(tenant, integration.name) {
        // Some vendors drop on 429 what they would send again after 503.
        let code = if integration.manners.wants_503_over_limit() { Code::NotKept } else { Code::RateLimited };
        let problem = Problem::new(code, "too many deliveries of this source").retry_after(seconds);
        return Err(Turned::new(Ending::RejectedLimit, "over INTAKE_RATE_PER_SEC", problem));
    }
    Ok(())
}

fn answer(status: &str, id: DeliveryId) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": status, "id": id }))
}
