//! What changed before an incident: the deployments that finished in the hours before it began, with what they shipped.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use domain::data::Tier;
use domain::dora::facts::Outside;
use serde::{Deserialize, Serialize};
use store::events::After;
use store::incidents::before::{self, ChangeRow};
use store::incidents::{self, IncidentRow};
use store::metrics::Slice;
use store::metrics::rows::deployments::{self, DeploymentRow, Listed};
use store::{Connection, StoreError};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Caller, Viewer};
use crate::cursor::Scope;
use crate::faults::Faults;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const USUAL_HOURS: i64 = 24;
/// A month.
const MOST_HOURS: i64 = 744;
/// A first deployment may ship a whole history.
const MOST_CHANGES: i64 = 1000;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BeforeQuery {
    /// How many hours before it began, 1 to 744; 24 unless given.
    hours: Option<String>,
    /// `service`: what the incident's service deployed; `all`: everybody. `service` unless it names none.
    scope: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// A change that was shipped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeBefore {
    repo: String,
    /// Of a direct push: the commit's SHA.
    number: String,
    title: Option<String>,
    author: Option<String>,
    url: Option<String>,
    merged_at: Option<DateTime<Utc>>,
    lead_s: f64,
    is_bot: bool,
    is_revert: bool,
}

/// A deployment that finished before the incident began.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeploymentBefore {
    /// `integration:deployment_id`.
    deployment: String,
    service: String,
    team: Option<String>,
    environment: String,
    tier: String,
    outcome: String,
    /// `forward`, `redeploy`, `rollback` or `hotfix`; null unless it succeeded.
    kind: Option<String>,
    finished_at: DateTime<Utc>,
    /// From its finish to the incident's beginning.
    seconds_before: f64,
    title: Option<String>,
    url: Option<String>,
    /// Whether the incident is put to it.
    linked: bool,
    changes: Vec<ChangeBefore>,
}

/// What changed before an incident.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangesBefore {
    incident: String,
    from: DateTime<Utc>,
    /// When it began.
    to: DateTime<Utc>,
    /// Whose deployments; null: everybody's.
    service: Option<String>,
    tier: String,
    #[serde(flatten)]
    page: Page<DeploymentBefore>,
}

/// The deployments of the hours before an incident, newest first, with the changes that they shipped.
#[utoipa::path(get, path = "/v1/incidents/{id}/changes-before", tag = "incidents",
    params(BeforeQuery, ("id" = String, Path, description = "`pagerduty:Q2X`, percent-encoded")),
    responses(
    (status = 200, body = ChangesBefore),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    word: web::Path<String>,
    Asked(query): Asked<BeforeQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    let hours = faults.number("hours", query.hours.as_deref(), 1..=MOST_HOURS, USUAL_HOURS);
    let of_all = faults.word("scope", query.scope.as_deref(), &["service", "all"]) == Some("all");
    faults.none()?;
    let name = super::meant(&state, &caller.tenant, &word).await?;
    let scope = Scope::new("changes before", &caller.tenant, &(&name, hours, of_all));
    let after = scope.place(query.cursor.as_deref())?;
    let read = move |conn: &mut Connection| -> Result<Option<Found>, StoreError> {
        let Some(incident) = incidents::one(conn, &caller.tenant, &name)? else { return Ok(None) };
        let slice = slice(&incident, hours, of_all);
        let rows = deployments::ended(conn, &caller.tenant, &slice, &Listed::default(), after, limit + 1)?;
        let shown: Vec<Outside> = rows.iter().map(|row| Outside::new(&row.integration, &row.deployment_id)).collect();
        let changes = before::changes(conn, &caller.tenant, &shown, MOST_CHANGES)?;
        Ok(Some(Found { incident, slice, rows, changes }))
    };
    let found = state.store.look("incident_changes_before", read).await?;
    let found = found.ok_or_else(|| Problem::not_found(super::WHAT))?;
    Ok(HttpResponse::Ok().json(found.told(limit, scope)))
}

/// The deployments in question: of the incident's tier, production unless it is known.
fn slice(incident: &IncidentRow, hours: i64, of_all: bool) -> Slice {
    let tier = incident.tier.clone().unwrap_or_else(|| Tier::Production.as_str().to_owned());
    Slice {
        from: incident.began_at - TimeDelta::hours(hours),
        to: incident.began_at,
        tiers: vec![tier],
        services: incident.service.clone().into_iter().filter(|_| !of_all).collect(),
        teams: Vec::new(),
        repos: Vec::new(),
        environment: None,
    }
}

struct Found {
    incident: IncidentRow,
    slice: Slice,
    rows: Vec<DeploymentRow>,
    changes: Vec<ChangeRow>,
}

impl Found {
    fn told(self, limit: i64, scope: Scope) -> ChangesBefore {
        let Self { incident, slice, rows, mut changes } = self;
        let place = |row: &DeploymentRow| After { time: row.at, id: row.tie };
        let page = Page::cut(rows, limit, scope, place, |row| {
            let of_row = |change: &mut ChangeRow| {
                change.integration == row.integration && change.deployment_id == row.deployment_id
            };
            let shipped = changes.extract_if(.., of_row).map(ChangeBefore::from).collect();
            DeploymentBefore::of(row, &incident, shipped)
        });
        ChangesBefore {
            incident: incident.name().to_string(),
            from: slice.from,
            to: slice.to,
            service: slice.services.into_iter().next(),
            tier: slice.tiers.join(","),
            page,
        }
    }
}

impl DeploymentBefore {
    fn of(row: DeploymentRow, incident: &IncidentRow, changes: Vec<ChangeBefore>) -> Self {
        let deployment = format!("{}:{}", row.integration, row.deployment_id);
        Self {
            linked: incident.deployments.contains(&deployment),
            deployment,
            service: row.service,
            team: row.team,
            environment: row.environment,
            tier: row.tier,
            outcome: row.outcome,
            kind: row.kind,
            finished_at: row.at,
            seconds_before: (incident.began_at - row.at).as_seconds_f64(),
            title: row.title,
            url: row.url,
            changes,
        }
    }
}

impl From<ChangeRow> for ChangeBefore {
    fn from(row: ChangeRow) -> Self {
        Self {
            repo: row.repo,
            number: row.number,
            title: row.title,
            author: row.author,
            url: row.url,
            merged_at: row.merged_at,
            lead_s: row.lead_s,
            is_bot: row.is_bot,
            is_revert: row.is_revert,
        }
    }
}
