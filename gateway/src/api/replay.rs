//! Asks for stored deliveries to be normalized and processed again: one, or a range. The worker does it; here it is
//! only queued. Results are as if each had been delivered once.
//!
//! With an `Idempotency-Key` the same request is queued once, however often it is sent within a day.

use actix_web::{HttpResponse, web};
use chrono::Utc;
use domain::ids::{DeliveryId, ReplayId};
use integrations::Sources;
use serde::{Deserialize, Serialize};
use store::Connection;
use store::jobs::{self, Replay};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Caller, Operator};
use crate::faults::Faults;
use crate::found;
use crate::idempotent;
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;

const WHAT: &str = "delivery";

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
#[schema(as = QueuedReplay)]
pub(crate) struct Queued {
    /// For `GET /v1/jobs/{job_id}`.
    #[schema(value_type = String)]
    job_id: ReplayId,
}

/// Normalizes and processes one delivery again.
#[utoipa::path(post, path = "/v1/deliveries/{id}/replay", tag = "deliveries",
    params(("id" = String, Path, description = "The delivery's id"),
           ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 202, body = Queued),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody),
))]
pub(crate) async fn delivery(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let delivery: DeliveryId = found::id(WHAT, &id)?;
    let tenant = caller.tenant.clone();
    let taken = move |conn: &mut Connection| store::deliveries::is_taken(conn, &tenant, delivery);
    if !state.store.call("delivery_taken", taken).await? {
        return Err(Problem::not_found(WHAT));
    }
    queue(&caller, &state, &sent, Replay::One { delivery }).await
}

/// Normalizes and processes a range of deliveries again.
#[utoipa::path(post, path = "/v1/replay", tag = "deliveries", request_body = ReplayRange,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 202, body = Queued),
    (status = 400, body = ProblemBody),
    (status = 422, body = ProblemBody),
))]
pub(crate) async fn range(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let replay = sent.json::<ReplayRange>()?.checked(&state.sources)?;
    queue(&caller, &state, &sent, replay).await
}

impl ReplayRange {
    /// A range that a worker can walk: what it cannot is said now, not by a job that fails later.
    fn checked(self, sources: &Sources) -> Result<Replay, Problem> {
        let mut faults = Faults::of_body();
        let (from, to) = (faults.time("from", Some(&self.from)), faults.time("to", Some(&self.to)));
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            faults.add("to", "`to` must be after `from`");
        }
        if self.source.as_deref().is_some_and(|name| sources.find(name).is_none()) {
            let known = sources.names();
            faults.add("source", format!("`source` is one of {}", known.join(", ")));
        }
        let of_types = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.r#type.as_deref().is_some_and(|prefix| !prefix.chars().all(of_types)) {
            faults.add("type", "`type` is how an event's type begins: deployment, change.merged");
        }
        let (source, r#type) = (self.source, self.r#type);
        let range = from.zip(to).map(|(from, to)| Replay::Range { source, r#type, from, to });
        faults.none()?;
        range.ok_or_else(|| Problem::new(Code::InvalidRequest, "there is no range"))
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
    let ask = move |conn: &mut Connection| {
        jobs::ask(conn, &tenant, id, &replay, now)?;
        Ok(idempotent::accepted(Queued { job_id: id }))
    };
    idempotent::answer(state, "replay_ask", keyed, now, ask).await
}
