//! Incidents as they are: a list, the latest begun first, and one of them.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::events::After;
use store::incidents::{self, IncidentRow, Listed, merges};
use store::{Connection, StoreError};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::page::{List, Page, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::state::Shared;

const LIST: List<Listed, IncidentRow> = List {
    name: "incidents",
    operation: "incident_list",
    read: incidents::list,
    place: |row| After { time: row.began_at, id: row.tie },
};

/// An incident of any tool, or one that people opened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeptIncident {
    /// `integration:id`; for paths, percent-encoded.
    id: String,
    /// `open` or `closed`.
    status: &'static str,
    title: Option<String>,
    severity: Option<String>,
    /// The integration that told of it first: `em-agent` where people did.
    source: String,
    service: Option<String>,
    /// The service's owner when it began.
    team: Option<String>,
    repo: Option<String>,
    environment: Option<String>,
    tier: Option<String>,
    started_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    /// What the source itself says: whether a change caused it.
    change_related: Option<bool>,
    url: Option<String>,
    /// `integration:deployment_id` of the deployments that it is put to.
    deployments: Vec<String>,
    /// The incident whose timeline shows this one.
    merged_into: Option<String>,
}

impl From<IncidentRow> for KeptIncident {
    fn from(row: IncidentRow) -> Self {
        Self {
            id: row.name().to_string(),
            status: status(&row),
            title: row.title,
            severity: row.severity,
            source: row.integration,
            service: row.service,
            team: row.team,
            repo: row.repo,
            environment: row.environment,
            tier: row.tier,
            started_at: Some(row.began_at).filter(|at| *at != DateTime::UNIX_EPOCH),
            acknowledged_at: row.acked_at,
            resolved_at: row.resolved_at,
            change_related: row.change_related,
            url: row.url,
            deployments: row.deployments,
            merged_into: row.merged_into,
        }
    }
}

fn status(row: &IncidentRow) -> &'static str {
    if row.resolved_at.is_some() { "closed" } else { "open" }
}

/// One, with what is merged into it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneIncident {
    #[serde(flatten)]
    incident: KeptIncident,
    /// Incidents of other tools that are this one.
    merged: Vec<String>,
}

/// What incidents are narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IncidentQuery {
    /// `open` or `closed`.
    status: Option<String>,
    /// Integration, like `pagerduty`; `em-agent`: those that people opened.
    source: Option<String>,
    /// Service that they count for.
    service: Option<String>,
    /// As the source writes it, in any case.
    severity: Option<String>,
    /// Began at or after this time (RFC 3339, or a date).
    from: Option<String>,
    /// Began before this time.
    to: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Incidents of all tools, the latest begun first.
#[utoipa::path(get, path = "/v1/incidents", tag = "incidents", params(IncidentQuery),
    responses(
    (status = 200, body = Page<KeptIncident>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<IncidentQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    let listed = Listed {
        open: faults.word("status", query.status.as_deref(), &["open", "closed"]).map(|word| word == "open"),
        from: faults.time("from", query.from.as_deref()),
        to: faults.time("to", query.to.as_deref()),
        source: query.source,
        service: query.service,
        severity: query.severity,
    };
    faults.none()?;
    LIST.answer(&state, caller.tenant, (listed, portion), KeptIncident::from).await
}

/// One incident.
#[utoipa::path(get, path = "/v1/incidents/{id}", tag = "incidents",
    params(("id" = String, Path, description = "`pagerduty:Q2X`, percent-encoded, or the part behind the colon")),
    responses(
    (status = 200, body = OneIncident),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    word: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let name = super::meant(&state, &caller.tenant, &word).await?;
    let read = move |conn: &mut Connection| -> Result<_, StoreError> {
        let Some(row) = incidents::one(conn, &caller.tenant, &name)? else { return Ok(None) };
        Ok(Some((row, merges::of(conn, &caller.tenant, &name)?)))
    };
    let found = state.store.look("incident_one", read).await?;
    let (row, merged) = found.ok_or_else(|| Problem::not_found(super::WHAT))?;
    let merged = merged.iter().map(ToString::to_string).collect();
    Ok(HttpResponse::Ok().json(OneIncident { incident: row.into(), merged }))
}
