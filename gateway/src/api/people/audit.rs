//! The audit, for admins: what people and policies did, newest first. `em-agent audit verify` proves that it is whole.

use actix_web::HttpResponse;
use domain::event::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Connection;
use store::audit::{self, AuditFilter, Row};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Admin, Caller};
use crate::cursor::unread;
use crate::faults::Faults;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
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
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(AuditQuery),
    responses(
        (status = 200, body = Page<Audited>),
        (status = 400, body = ProblemBody),
    ))]
pub(crate) async fn list(
    caller: Caller<Admin>,
    state: Shared,
    Asked(query): Asked<AuditQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let AuditQuery { subject, actor, action, cursor, .. } = query;
    let before: Option<i64> = cursor.map(|cursor| cursor.parse().map_err(|_| unread())).transpose()?;
    let filter = AuditFilter { subject, actor, action };
    let read = move |conn: &mut Connection| audit::list(conn, &caller.tenant, &filter, before, limit + 1);
    let rows = state.store.call("audit_list", read).await?;
    Ok(HttpResponse::Ok().json(Page::cut_at(rows, limit, |last| last.seq.to_string(), Audited::from)))
}
