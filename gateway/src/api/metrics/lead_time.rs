//! Lead time, change by change: what was shipped in the range, newest first. The headline's median is over these rows.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde::Serialize;
use serde_json::Value;
use store::Connection;
use store::metrics::rows::changes::{self, ChangeRow, Shown};
use utoipa::ToSchema;
use uuid::Uuid;

use super::facts::Fact;
use super::figures::Phases;
use super::lists::{Known, Listing, Rows, hours};
use super::query::rows_query;
use super::views::phases;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

rows_query! {
    /// The range and what is listed of it.
    LeadTimeQuery {
        /// `true` leaves changes of bots out.
        exclude_bots,
    }
}

/// A change, by EM Agent's names and more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeadTimeRow {
    repo: String,
    /// A number where it is one; null for a push without a pull request.
    #[schema(value_type = Option<i64>)]
    pr_number: Value,
    merged_at: Option<DateTime<Utc>>,
    first_deploy_after_merge: DateTime<Utc>,
    /// From the first commit to the deployment.
    lead_time_hours: f64,
    lead_s: f64,
    /// The commit that it landed on.
    commit_sha: Option<String>,
    first_commit_at: Option<DateTime<Utc>>,
    opened_at: Option<DateTime<Utc>>,
    first_review_at: Option<DateTime<Utc>>,
    approved_at: Option<DateTime<Utc>>,
    /// The source's own id; `deployment` names the source, too.
    deployment_id: String,
    deployment: String,
    service: String,
    environment: String,
    team: Option<String>,
    title: Option<String>,
    author: Option<String>,
    url: Option<String>,
    #[serde(flatten)]
    phases: Phases,
    is_bot: bool,
    link_method: String,
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl LeadTimeRow {
    fn of(row: ChangeRow, known: &Known) -> Self {
        let direct = row.kind == "direct";
        Self {
            pr_number: if direct { Value::Null } else { number(&row.number) },
            commit_sha: if direct { Some(row.number.clone()) } else { row.landed_sha.clone() },
            events: known.events(row.subjects()),
            deployment: format!("{}:{}", row.integration, row.deployment_id),
            phases: phases(&row),
            repo: row.repo,
            merged_at: row.merged_at,
            first_deploy_after_merge: row.at,
            lead_time_hours: hours(row.lead_s),
            lead_s: row.lead_s,
            first_commit_at: row.first_commit_at,
            opened_at: row.opened_at,
            first_review_at: row.first_review_at,
            approved_at: row.approved_at,
            deployment_id: row.deployment_id,
            service: row.service,
            environment: row.environment,
            team: row.team,
            title: row.title,
            author: row.author,
            url: row.url,
            is_bot: row.is_bot,
            link_method: row.link_method,
        }
    }
}

/// Some sources number their changes, others name them.
pub(super) fn number(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
}

/// Lead time, change by change.
#[utoipa::path(get, path = "/v1/metrics/dora/lead-time", tag = "metrics", params(LeadTimeQuery),
    responses(
    (status = 200, body = Rows<LeadTimeRow>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn rows(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<LeadTimeQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let exclude_bots = faults.flag("exclude_bots", query.exclude_bots.as_deref(), false);
    let asking = query.of("lead-time", exclude_bots);
    let listing = asking.begin(&state, &caller.tenant, faults).await?;
    let shown = Shown { exclude_bots, only_counted: true };
    let read = move |conn: &mut Connection, tenant: &TenantId, listing: &Listing| {
        changes::shipped(conn, tenant, &listing.range.slice, shown, listing.after, listing.limit + 1)
    };
    listing.answer(&state, caller.tenant, "lead_time_rows", read, LeadTimeRow::of).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_and_names_are_names() {
        assert_eq!((number("482"), number("CR-7")), (482.into(), "CR-7".into()));
    }
}
