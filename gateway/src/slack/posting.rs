//! Approvals posted again where people asked for it: queued here, said by the worker within its pace and the day's limit.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use domain::ids::{ApprovalId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use show::people;
use store::idempotency::Answer;
use store::slack_messages::{self, Ask, REQUEST};
use store::{Connection, StoreError, approvals};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use uuid::Uuid;

use super::votes::waits;
use crate::access::{Caller, Operator};
use crate::api::deliveries::NoQuery;
use crate::fields::Fields;
use crate::idempotent;
use crate::problem::{Code, FieldError, Problem, ProblemBody};
use crate::query::Asked;
use crate::sent::Sent;
use crate::state::{Shared, State};

const ACCEPTED: i16 = 202;
const LONGEST_CHANNEL: usize = 255;
pub(crate) const NO_TOKEN: &str = "nothing can be posted to Slack: set SLACK_BOT_TOKEN";
const NO_PLACE: &str = "say a `channel`, or set SLACK_DEFAULT_CHANNEL";

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
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("approval_notify", &caller)?;
    let asked = sent.json::<Notification>()?;
    let mut fields = Fields::default();
    let channel = fields.line("channel", asked.channel.as_deref(), LONGEST_CHANNEL);
    fields.none()?;
    let id: ApprovalId = id.parse().map_err(|_| Problem::not_found("approval"))?;
    if !state.slack.client.has_token() {
        return Err(Problem::new(Code::Conflict, NO_TOKEN));
    }
    let place = place(&state, channel).ok_or_else(|| {
        Problem::invalid(vec![FieldError { pointer: "/channel".to_owned(), detail: NO_PLACE.to_owned() }])
    })?;
    let (now, tenant) = (Utc::now().trunc_subsecs(6), caller.tenant.clone());
    let (tell, told) = oneshot::channel();
    let work = move |conn: &mut Connection| {
        let approval = approvals::one(conn, &tenant, id)?.ok_or(StoreError::NotFound)?;
        if !waits(&approval, now) {
            // Nobody listens any more when the caller has gone.
            let _ = tell.send(());
            return Err(StoreError::NotFound);
        }
        ask(conn, &tenant, id, &place, now)?;
        let posted = Queued { channel: place, state: "queued" };
        Ok(Answer { status: ACCEPTED, body: json!(Notified { ok: true, posted }) })
    };
    let answer = idempotent::answer(&state, "approval_notify", keyed, now, work).await;
    if told.await.is_ok() {
        return Err(Problem::new(Code::Conflict, "it waits for nobody any more: there is nothing to ask people"));
    }
    answer.map_err(|problem| if problem.code() == Code::NotFound { Problem::not_found("approval") } else { problem })
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
