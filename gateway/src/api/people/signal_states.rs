//! Signals as people see them: which are open, which are over, and what followed.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use domain::event::rfc3339;
use domain::signals::KINDS;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::events::After;
use store::signals::states::{self, Signal as Row, SignalFilter};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::page::{List, Page, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const STATES: &[&str] = &["open", "closed", "all"];
const OPEN: &str = "open";
const CLOSED: &str = "closed";

const LIST: List<SignalFilter, Row> = List {
    name: "signals",
    operation: "signal_list",
    read: states::list,
    place: |row| After { time: row.opened_at, id: row.id },
};

/// Something that a rule found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Signal {
    #[schema(value_type = String)]
    id: Uuid,
    /// The rule's name.
    rule: String,
    kind: String,
    /// What it is about, `acme/shop#12`.
    subject: String,
    /// `open` or `closed`.
    state: &'static str,
    /// Since when it is so.
    since: String,
    /// When a worker saw it first, this time.
    opened_at: String,
    last_seen_at: String,
    closed_at: Option<String>,
    /// What is known of it, as the worker saw it last; docs/SIGNALS.md names the members.
    #[schema(value_type = Object)]
    row: Value,
    /// None: it has not fired yet.
    done: Option<Done>,
}

/// What followed when it fired last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    at: String,
    /// How often it fired, in all.
    times: i32,
    /// What the policy said; `allow`: nothing is done.
    action: Option<String>,
    /// Why, in the policy's words.
    reason: Option<String>,
    /// `name@version`.
    policy: Option<String>,
    /// For `GET /v1/workflows/jobs/{job_id}`.
    #[schema(value_type = Option<String>)]
    job_id: Option<Uuid>,
    /// For `GET /v1/approvals/{id}`.
    #[schema(value_type = Option<String>)]
    approval_id: Option<Uuid>,
}

impl From<Row> for Signal {
    fn from(row: Row) -> Self {
        let moment = |at: Option<DateTime<Utc>>| at.map(rfc3339);
        let Row { action, reason, policy, job_id, approval_id, fired: times, .. } = row;
        let done = moment(row.last_fired_at).map(|at| Done { at, times, action, reason, policy, job_id, approval_id });
        Self {
            id: row.id,
            rule: row.rule,
            kind: row.kind,
            subject: row.subject,
            state: if row.closed_at.is_none() { OPEN } else { CLOSED },
            since: rfc3339(row.since),
            opened_at: rfc3339(row.opened_at),
            last_seen_at: rfc3339(row.last_seen_at),
            closed_at: moment(row.closed_at),
            row: row.facts,
            done,
        }
    }
}

/// What signals are narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SignalQuery {
    /// `open`, `closed` or `all`; `open` unless given.
    state: Option<String>,
    /// `stale_pr`, …
    kind: Option<String>,
    /// The name of a rule.
    rule: Option<String>,
    subject: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Signals, those that opened last first.
#[utoipa::path(get, path = "/v1/signals", tag = "signals", params(SignalQuery),
    responses(
        (status = 200, body = Page<Signal>),
        (status = 400, body = ProblemBody),
    ))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<SignalQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    let kinds: Vec<&'static str> = KINDS.iter().map(|kind| kind.name).collect();
    let kind = faults.word("kind", query.kind.as_deref(), &kinds);
    let wanted = faults.word("state", query.state.as_deref(), STATES);
    faults.none()?;
    let open = match wanted {
        None | Some(OPEN) => Some(true),
        Some(CLOSED) => Some(false),
        Some(_) => None,
    };
    let filter = SignalFilter { open, kind: kind.map(str::to_owned), rule: query.rule, subject: query.subject };
    LIST.answer(&state, caller.tenant, (filter, portion), Signal::from).await
}
