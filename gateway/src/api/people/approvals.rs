//! Approvals as people see them: what is asked for, what it takes, who has answered, what followed.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::approvals::Status;
use domain::event::rfc3339;
use domain::ids::{ApprovalId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::approvals::{self, Approval as Row, ApprovalFilter};
use store::events::After;
use store::{Connection, StoreError};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::APPROVAL;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::found::found;
use crate::page::{List, Page, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::state::Shared;

const STATUSES: &[&str] = &["pending", "approved", "rejected", "expired", "cancelled"];

const LIST: List<ApprovalFilter, Followed> = List {
    name: "approvals",
    operation: "approval_list",
    read: |conn, tenant, filter, after, most| {
        let rows = approvals::list(conn, tenant, filter, after, most)?;
        followed(conn, tenant, rows)
    },
    place: |(row, _)| After { time: row.created_at, id: row.id.0 },
};

/// An approval, and those that asked anew for it.
type Followed = (Row, Vec<ApprovalId>);

/// One approval.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Approval {
    #[schema(value_type = String)]
    id: ApprovalId,
    subject: String,
    /// What is done once it is allowed.
    action: String,
    /// What the policy was asked about.
    kind: Option<String>,
    /// `pending`, `approved`, `rejected`, `expired` or `cancelled`.
    status: &'static str,
    /// Why it was asked for.
    reason: Option<String>,
    #[schema(value_type = Object)]
    payload: Value,
    /// SHA-256 of subject, action and payload: what exactly is allowed.
    content_hash: String,
    requested_by: Option<String>,
    /// Who wrote what is to be allowed.
    authors: Vec<String>,
    /// Who decides, in words.
    requires: String,
    progress: Vec<Progress>,
    votes: Vec<Vote>,
    /// `policy:<name>@<version>`; none: the usual terms.
    policy: Option<String>,
    /// All that it takes, as it was when it was proposed.
    #[schema(value_type = Object)]
    terms: Value,
    created_at: String,
    expires_at: String,
    decided_at: Option<String>,
    decided_by: Option<String>,
    decision_reason: Option<String>,
    /// Somebody ended it alone.
    overridden: bool,
    effect: Effect,
    /// The job that does what follows.
    #[schema(value_type = Option<String>)]
    job_id: Option<Uuid>,
    /// One more with every change.
    version: i32,
    /// The approval that this one asks anew.
    #[schema(value_type = Option<String>)]
    again_of: Option<ApprovalId>,
    /// Those that asked anew for this one, oldest first.
    #[schema(value_type = Vec<String>)]
    asked_again: Vec<ApprovalId>,
}

/// How far one requirement is met.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RequirementProgress)]
pub(crate) struct Progress {
    needed: u32,
    /// `{"group": "sre"}` or `{"role": "approver"}`.
    #[schema(value_type = Object)]
    of: Value,
    people: Vec<String>,
}

/// One vote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Vote {
    person: String,
    /// `approve` or `reject`.
    vote: &'static str,
    /// `slack`, `api`, `console` or `policy`.
    via: &'static str,
    at: String,
    reason: Option<String>,
    /// False: it was given for other content.
    current: bool,
}

/// What followed from the end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Effect {
    /// `none`, `pending`, `delivered`, `failed` (and tried again) or `dead`.
    status: &'static str,
    attempts: i32,
    error: Option<String>,
    next_at: Option<String>,
}

impl Approval {
    fn of((row, asked_again): Followed) -> Self {
        let standing = row.standing();
        let progress = standing.progress.into_iter().map(|one| Progress {
            needed: one.requirement.votes,
            of: json!(one.requirement.of),
            people: one.people,
        });
        let moment = |at: Option<DateTime<Utc>>| at.map(rfc3339);
        Self {
            id: row.id,
            status: row.status.as_str(),
            progress: progress.collect(),
            votes: row.votes.iter().map(|vote| Vote::of(&row, vote)).collect(),
            requires: row.terms.in_words(),
            policy: row.terms.policy.as_ref().map(domain::approvals::PolicyRef::signature),
            terms: json!(row.terms),
            effect: Effect::of(&row),
            subject: row.subject,
            action: row.action,
            kind: row.kind,
            reason: row.reason,
            payload: row.payload,
            content_hash: row.content_hash,
            requested_by: row.requested_by,
            authors: row.authors,
            created_at: rfc3339(row.created_at),
            expires_at: rfc3339(row.expires_at),
            decided_at: moment(row.decided_at),
            decided_by: row.decided_by,
            decision_reason: row.decision_reason,
            overridden: row.overridden,
            job_id: row.job_id,
            version: row.version,
            again_of: row.again_of,
            asked_again,
        }
    }
}

/// Rows with what asked anew for them.
fn followed(conn: &mut Connection, tenant: &TenantId, rows: Vec<Row>) -> Result<Vec<Followed>, StoreError> {
    let ids: Vec<ApprovalId> = rows.iter().map(|row| row.id).collect();
    let mut successors = approvals::successors(conn, tenant, &ids)?;
    let with_its = |row: Row| {
        let its = successors.remove(&row.id).unwrap_or_default();
        (row, its)
    };
    Ok(rows.into_iter().map(with_its).collect())
}

impl Effect {
    fn of(row: &Row) -> Self {
        Self {
            status: row.effect.as_str(),
            attempts: row.effect_attempts,
            error: row.effect_error.clone(),
            next_at: row.effect_at.map(rfc3339),
        }
    }
}

impl Vote {
    fn of(row: &Row, vote: &domain::approvals::Vote) -> Self {
        Self {
            person: vote.person.id.clone(),
            vote: vote.choice.as_str(),
            via: vote.via.as_str(),
            at: rfc3339(vote.at),
            reason: vote.reason.clone(),
            current: row.terms.sticky || vote.content_hash == row.content_hash,
        }
    }
}

/// What approvals are narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApprovalQuery {
    /// `pending`, `approved`, `rejected`, `expired` or `cancelled`.
    status: Option<String>,
    subject: Option<String>,
    action: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Approvals, newest first.
#[utoipa::path(get, path = "/v1/approvals", tag = "approvals", params(ApprovalQuery),
    responses(
        (status = 200, body = Page<Approval>),
        (status = 400, body = ProblemBody),
    ))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<ApprovalQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    let status = faults.word("status", query.status.as_deref(), STATUSES).and_then(Status::parse);
    faults.none()?;
    let filter = ApprovalFilter { status, subject: query.subject, action: query.action, ..ApprovalFilter::default() };
    LIST.answer(&state, caller.tenant, (filter, portion), Approval::of).await
}

/// One approval.
#[utoipa::path(get, path = "/v1/approvals/{id}", tag = "approvals", params(("id" = String, Path, description = "The approval's id")),
    responses(
    (status = 200, body = Approval),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let read = move |conn: &mut Connection, id| {
        let row = approvals::one(conn, &caller.tenant, id)?;
        Ok(followed(conn, &caller.tenant, row.into_iter().collect())?.pop())
    };
    Ok(HttpResponse::Ok().json(Approval::of(found(&state, (APPROVAL, "approval_one"), &id, read).await?)))
}
