//! The audit, for admins: what people and policies did, newest first. `em-agent audit verify` proves that it is whole.

use actix_web::HttpResponse;
use domain::event::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Connection;
use store::audit::{self, AuditFilter, Row};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Admin, Caller};
use crate::page::{self, Page};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::Shared;

/// What somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Audited {
    /// 1, 2, 3, … without gaps.
    seq: i64,
    at: String,
    /// A person's id, `policy:<name>@<version>`, or `system`.
    actor: String,
    /// `approval.vote`, `approval.refused`, `identity.added`, …
    action: String,
    /// `approval/<id>`, …
    subject: String,
    #[schema(value_type = Object)]
    detail: Box<RawValue>,
    /// Over this row and the hash of the one before it.
    hash: String,
}

impl From<Row> for Audited {
    fn from(row: Row) -> Self {
        let Row { seq, at, actor, action, subject, detail, hash } = row;
        Self { seq, at: rfc3339(at), actor, action, subject, detail, hash }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// `approval/<id>`, `identity/<id>`.
    subject: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The audit, newest first.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(AuditQuery), security(("bearer" = []), ("admin_key" = [])),
    responses(
        (status = 200, body = Page<Audited>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    caller: Caller<Admin>,
    state: Shared,
    Asked(query): Asked<AuditQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let AuditQuery { subject, actor, action, cursor, .. } = query;
    let unread =
        || Problem::new(Code::InvalidCursor, "the cursor is not one of ours; take it from `next_cursor` as it is");
    let before: Option<i64> = cursor.map(|cursor| cursor.parse().map_err(|_| unread())).transpose()?;
    let filter = AuditFilter { subject, actor, action };
    let read = move |conn: &mut Connection| audit::list(conn, &caller.tenant, &filter, before, limit + 1);
    let mut rows = state.store.call("audit_list", read).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let next_cursor = rows.last().filter(|_| more).map(|last| last.seq.to_string());
    Ok(HttpResponse::Ok().json(Page { data: rows.into_iter().map(Audited::from).collect::<Vec<_>>(), next_cursor }))
}
