//! Approvals posted again where people asked for it: queued here, said by the worker within its pace and the day's limit.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::{ApprovalId, TenantId};
use serde::{Deserialize, Serialize};
use show::people;
use store::slack_messages::{self, Ask, REQUEST};
use store::{Connection, StoreError, approvals};
use utoipa::ToSchema;
use uuid::Uuid;

use super::votes::waits;
use crate::access::{Caller, Operator};
use crate::api::people::APPROVAL;
use crate::clock;
use crate::faults::Faults;
use crate::found;
use crate::idempotent;
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::NoQuery;
use crate::reports::posting::Cannot;
use crate::sent::Sent;
use crate::state::{Shared, State};

/// Of a channel's name or id.
pub(crate) const LONGEST_CHANNEL: usize = 255;

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
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 202, body = Notified),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
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

/// A place as Slack takes it; the default channel where none is said.
pub(crate) fn place(state: &State, said: Option<String>) -> Option<String> {
    said.or_else(|| state.settings.slack.default_channel.clone()).map(|place| people::channel(&place))
}

/// Asks for the message, each time anew.
pub(super) fn ask(
    conn: &mut Connection,
    tenant: &TenantId,
    approval: ApprovalId,
    place: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let key = format!("{REQUEST} {}", Uuid::new_v4().simple());
    slack_messages::ask(conn, tenant, Ask { approval, kind: REQUEST, key: &key, place, thread_ts: None }, now)?;
    Ok(())
}
