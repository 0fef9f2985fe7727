//! Deployments that ended: a list of a range, newest first, and one of them from all sides.

use actix_web::{HttpResponse, web};
use domain::dora::facts::{Kind, Outside};
use domain::ids::TenantId;
use store::Connection;
use store::metrics::rows::deployments::{self, Listed};

use super::inspector::Inspected;
use super::lists::{Listing, Rows};
use super::query::rows_query;
use super::views::Deployment;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery, comma_list};
use crate::state::Shared;

const OUTCOMES: [&str; 5] = ["success", "failure", "cancelled", "error", "skipped"];

rows_query! {
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
        let mut either = |name: &str, value: Option<&str>| value.map(|value| faults.flag(name, Some(value), false));
        let failed = either("failed", self.failed.as_deref());
        Listed { outcomes, kinds, failed, rework: either("rework", self.rework.as_deref()) }
    }
}

/// Deployments that ended, newest first.
#[utoipa::path(get, path = "/v1/deployments", tag = "deployments", params(DeploymentsQuery),
    responses(
    (status = 200, body = Rows<Deployment>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<DeploymentsQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let listed = query.listed(&mut faults);
    let asking = query.of("deployments", listed.clone());
    let listing = asking.begin(&state, &caller.tenant, faults).await?;
    let read = move |conn: &mut Connection, tenant: &TenantId, listing: &Listing| {
        deployments::ended(conn, tenant, &listing.range.slice, &listed, listing.after, listing.limit + 1)
    };
    listing.answer(&state, caller.tenant, "deployment_list", read, Deployment::of).await
}

/// One deployment from all sides: what it ships and why, what it broke or mended, how its facts came about.
#[utoipa::path(get, path = "/v1/deployments/{integration}/{id}", tag = "deployments",
    params(("integration" = String, Path, description = "`github`"),
           ("id" = String, Path, description = "The source's own id, percent-encoded")),
    responses(
    (status = 200, body = Inspected),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    name: web::Path<(String, String)>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let (integration, id) = name.into_inner();
    let deployment = Outside::new(integration, id);
    // PostgreSQL's texts cannot hold it.
    if deployment.to_string().contains('\0') {
        return Err(Problem::not_found("deployment"));
    }
    let read = move |conn: &mut Connection| Inspected::of(conn, &caller.tenant, &deployment);
    let found = state.store.look("deployment_one", read).await?;
    Ok(HttpResponse::Ok().json(found.ok_or_else(|| Problem::not_found("deployment that ended"))?))
}
