//! Asks for stored deliveries to be normalized and processed again: one, or a range. The worker does it; here it is
//! only queued. Results are as if each had been delivered once.
//!
//! With an `Idempotency-Key` the same request is queued once, however often it is sent within a day.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, ReplayId, TenantId};
use integrations::Sources;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::idempotency::Answer;
use store::jobs::{self, Replay};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::deliveries::NoQuery;
use crate::access::{Caller, Operator};
use crate::idempotent;
use crate::problem::{FieldError, Problem, ProblemBody};
use crate::query::{Asked, time_of};
use crate::sent::Sent;
use crate::state::Shared;

const ACCEPTED: i16 = 202;

/// Which deliveries: received in `[from, to)`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRange {
    /// Name of the integration, `github`.
    source: Option<String>,
    /// Only deliveries that made an event whose type begins with this.
    r#type: Option<String>,
    /// RFC 3339, or a date.
    #[schema(format = DateTime)]
    from: String,
    /// RFC 3339, or a date.
    #[schema(format = DateTime)]
    to: String,
}

/// What was queued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queued {
    /// For `GET /v1/jobs/{job_id}`.
    #[schema(value_type = String)]
    job_id: ReplayId,
}

/// Normalizes and processes one delivery again.
#[utoipa::path(post, path = "/v1/deliveries/{id}/replay", tag = "deliveries",
    params(("id" = String, Path, description = "The delivery's id"),
           ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 202, body = Queued),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn delivery(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let delivery: DeliveryId = id.parse().map_err(|_| Problem::not_found("delivery"))?;
    let tenant = caller.tenant.clone();
    let taken =
        state.store.call("delivery_taken", move |conn| store::deliveries::is_taken(conn, &tenant, delivery)).await?;
    if !taken {
        return Err(Problem::not_found("delivery"));
    }
    queue(&caller, &state, &sent, Replay::One { delivery }).await
}

/// Normalizes and processes a range of deliveries again.
#[utoipa::path(post, path = "/v1/replay", tag = "deliveries", request_body = ReplayRange,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 202, body = Queued),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn range(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let replay = sent.json::<ReplayRange>()?.checked(&state.sources)?;
    queue(&caller, &state, &sent, replay).await
}

impl ReplayRange {
    /// A range that a worker can walk: what it cannot is said now, not by a job that fails later.
    fn checked(self, sources: &Sources) -> Result<Replay, Problem> {
        let mut errors = Vec::new();
        let mut add = |field: &str, detail: String| errors.push(FieldError { pointer: format!("/{field}"), detail });
        let [from, to] = [("from", &self.from), ("to", &self.to)].map(|(field, text)| {
            let time = time_of(text);
            if time.is_none() {
                add(field, format!("`{field}` is a time like 2026-11-20T18:44:07Z, or a date"));
            }
            time
        });
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            add("to", "`to` must be after `from`".to_owned());
        }
        if self.source.as_deref().is_some_and(|name| sources.find(name).is_none()) {
            let known = sources.names();
            add("source", format!("`source` is one of {}", known.join(", ")));
        }
        let of_types = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.r#type.as_deref().is_some_and(|prefix| !prefix.chars().all(of_types)) {
            add("type", "`type` is how an event's type begins: deployment, change.merged".to_owned());
        }
        match (from, to) {
            (Some(from), Some(to)) if errors.is_empty() => {
                Ok(Replay::Range { source: self.source, r#type: self.r#type, from, to })
            }
            _ => Err(Problem::invalid(errors)),
        }
    }
}

async fn queue(
    caller: &Caller<Operator>,
    state: &Shared,
    sent: &Sent,
    replay: Replay,
) -> Result<HttpResponse, Problem> {
    let now = Utc::now();
    let id = ReplayId::new(now, Uuid::new_v4().into_bytes());
    let tenant = caller.tenant.clone();
    let keyed = sent.keyed("replay", caller)?;
    let ask = move |conn: &mut Connection| ask(conn, &tenant, id, &replay, now);
    idempotent::answer(state, "replay_ask", keyed, now, ask).await
}

fn ask(
    conn: &mut Connection,
    tenant: &TenantId,
    id: ReplayId,
    replay: &Replay,
    now: DateTime<Utc>,
) -> Result<Answer, StoreError> {
    jobs::ask(conn, tenant, id, replay, now)?;
    Ok(Answer { status: ACCEPTED, body: json!(Queued { job_id: id }) })
}
