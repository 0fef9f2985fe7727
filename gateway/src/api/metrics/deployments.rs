//! Deployments that ended: a list of a range, newest first, and one of them from all sides.

use actix_web::{HttpResponse, web};
use domain::dora::facts::{Kind, Outside};
use store::events::After;
use store::metrics::rows::deployments::{self, DeploymentRow, Listed};

use super::inspector::Inspected;
use super::lists::{Asking, Known, Rows};
use super::query::{flag, metrics_query};
use super::views::Deployment;
use crate::access::{Caller, Viewer};
use crate::api::deliveries::NoQuery;
use crate::page::Page;
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, Faults, comma_list};
use crate::state::Shared;

const OUTCOMES: [&str; 5] = ["success", "failure", "cancelled", "error", "skipped"];

metrics_query! {
    /// The range and what is listed of it.
    DeploymentsQuery {
        /// Comma list of `success`, `failure`, `cancelled`, `error`, `skipped`.
        outcome,
        /// Comma list of `forward`, `redeploy`, `rollback`, `hotfix`.
        kind,
        /// `true`: only those that failed; `false`: only those that did not.
        failed,
        /// `true`: only rework; `false`: none.
        rework,
        /// Rows of a page, 1 to 200; 50 unless given.
        limit,
        /// `next_cursor` of the page before, with the same filters.
        cursor,
    }
}

impl DeploymentsQuery {
    fn listed(&self, faults: &mut Faults) -> Listed {
        let kinds: Vec<&'static str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let mut words = |name: &str, list: Option<&str>, known: &[&'static str]| -> Vec<String> {
            let asked = comma_list(list);
            asked.iter().filter_map(|word| faults.word(name, Some(word), known)).map(str::to_owned).collect()
        };
        let outcomes = words("outcome", self.outcome.as_deref(), &OUTCOMES);
        let kinds = words("kind", self.kind.as_deref(), &kinds);
        let mut either = |name: &str, value: Option<&str>| value.map(|value| flag(faults, name, Some(value), false));
        let failed = either("failed", self.failed.as_deref());
        Listed { outcomes, kinds, failed, rework: either("rework", self.rework.as_deref()) }
    }
}

/// Deployments that ended, newest first.
#[utoipa::path(get, path = "/v1/deployments", tag = "deployments", params(DeploymentsQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Rows<Deployment>),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<DeploymentsQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let listed = query.listed(&mut faults);
    let asking = Asking {
        list: "deployments",
        common: query.asked(),
        own: listed.clone(),
        limit: query.limit.as_deref(),
        cursor: query.cursor.as_deref(),
        wait: query.wait.as_deref(),
    };
    let listing = asking.begin(&state, &caller.tenant, faults).await?;
    let (limit, scope, settled) = (listing.limit, listing.scope, listing.settled);
    let read = move |conn: &mut store::Connection| {
        let slice = &listing.range.slice;
        let rows = deployments::ended(conn, &caller.tenant, slice, &listed, listing.after, limit + 1)?;
        let known = Known::of(conn, &caller.tenant, rows.iter().filter_map(|row| row.subject.as_ref()))?;
        Ok((rows, known))
    };
    let (rows, known) = state.store.look("deployment_list", read).await?;
    let place = |row: &DeploymentRow| After { time: row.at, id: row.tie };
    let page = Page::cut(rows, limit, scope, place, |row| Deployment::of(row, &known));
    Ok(HttpResponse::Ok().json(Rows { page, settled }))
}

/// One deployment from all sides: what it ships and why, what it broke or mended, how its facts came about.
#[utoipa::path(get, path = "/v1/deployments/{integration}/{id}", tag = "deployments",
    params(("integration" = String, Path, description = "`github`"),
           ("id" = String, Path, description = "The source's own id, percent-encoded")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Inspected),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    name: web::Path<(String, String)>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let (integration, id) = name.into_inner();
    let deployment = Outside::new(integration, id);
    // PostgreSQL's texts cannot hold it.
    if deployment.to_string().contains('\0') {
        return Err(Problem::not_found("deployment"));
    }
    let read = move |conn: &mut store::Connection| Inspected::of(conn, &caller.tenant, &deployment);
    let found = state.store.look("deployment_one", read).await?;
    Ok(HttpResponse::Ok().json(found.ok_or_else(|| Problem::not_found("deployment that ended"))?))
}
