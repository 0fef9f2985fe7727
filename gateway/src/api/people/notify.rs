//! Has people in Slack asked again for an approval that waits. Queued here, said by the worker.

use actix_web::{HttpResponse, web};
use domain::ids::ApprovalId;
use serde::{Deserialize, Serialize};
use store::{Connection, approvals};
use utoipa::ToSchema;

use super::APPROVAL;
use super::decisions::waits;
use crate::access::{Caller, Operator};
use crate::clock;
use crate::faults::Faults;
use crate::found;
use crate::idempotent;
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::NoQuery;
use crate::reports::posting::Cannot;
use crate::sent::Sent;
use crate::slack::posting::{LONGEST_CHANNEL, ask, place};
use crate::state::Shared;

/// Where to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notification {
    /// `#name`, or the id of a channel or person; SLACK_DEFAULT_CHANNEL unless said.
    channel: Option<String>,
}

/// What is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notified {
    ok: bool,
    posted: Queued,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueuedNotice)]
pub(crate) struct Queued {
    channel: String,
    /// The worker says it, in its turn.
    state: &'static str,
}

/// Posts an approval that waits to Slack, also where it was posted before.
#[utoipa::path(post, path = "/v1/approvals/{id}/notify", tag = "approvals", request_body = Notification,
    params(
        ("id" = String, Path, description = "The approval's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once"),
    ),
    responses(
    (status = 202, body = Notified),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody),
))]
pub(crate) async fn notify(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("approval_notify", &caller)?;
    let asked = sent.json::<Notification>()?;
    let mut faults = Faults::of_body();
    let channel = faults.line("channel", asked.channel.as_deref(), LONGEST_CHANNEL);
    faults.none()?;
    let id: ApprovalId = found::id(APPROVAL, &id)?;
    if !state.slack.client.has_token() {
        return Err(Cannot::NoToken.into());
    }
    let place = place(&state, channel).ok_or(Cannot::NoPlace)?;
    let (now, tenant) = (clock::now(), caller.tenant.clone());
    let work = move |conn: &mut Connection| {
        let approval = approvals::one(conn, &tenant, id)?.ok_or_else(|| Problem::not_found(APPROVAL))?;
        if !waits(&approval, now) {
            let detail = "it waits for nobody any more: there is nothing to ask people";
            return Err(Problem::new(Code::Conflict, detail).into());
        }
        ask(conn, &tenant, id, &place, now)?;
        Ok(idempotent::accepted(Notified { ok: true, posted: Queued { channel: place, state: "queued" } }))
    };
    idempotent::answer(&state, "approval_notify", keyed, now, work).await
}
