//! Services and teams: what the catalog says of them, and what was seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::HttpResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::catalog::{Catalog, Owns};
use domain::event::rfc3339;
use serde::Serialize;
use store::services::{self, Seen};
use store::{Connection, catalogs};
use utoipa::ToSchema;

use crate::access::{Caller, Viewer};
use crate::cursor::unread;
use crate::page::{Page, PageQuery, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::state::Shared;

/// A service that the catalog names, or that deployments or incidents are counted for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Service {
    name: String,
    /// Whether the catalog names it.
    configured: bool,
    /// The team that owns it now.
    team: Option<String>,
    /// Of the catalog and of its deployments.
    repos: BTreeSet<String>,
    environments: Vec<Environment>,
    deployments: i64,
    incidents: i64,
    /// The latest that ended.
    last_deployment: Option<LastDeployment>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Environment {
    name: String,
    /// `production`, `staging`, `testing`, `development` or `other`.
    tier: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastDeployment {
    /// `github:1234`.
    id: String,
    environment: Option<String>,
    outcome: String,
    finished_at: String,
}

/// A team that the catalog names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Team {
    name: String,
    members: BTreeSet<String>,
    owns: Vec<Owned>,
}

/// A service that a team owns, owned or will own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Owned {
    service: String,
    from: Option<String>,
    /// The first moment that it is not theirs any more.
    until: Option<String>,
    /// Whether it is theirs now.
    current: bool,
}

/// Every service, by name.
#[utoipa::path(get, path = "/v1/services", tag = "catalog", params(PageQuery),
    responses(
        (status = 200, body = Page<Service>),
        (status = 400, body = ProblemBody),
    ))]
pub(crate) async fn services(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let Portion { limit, cursor } = query.portion()?;
    let after = cursor.as_deref().map_or(Ok(String::new()), name_of)?;
    let read = move |conn: &mut Connection| {
        let catalog = catalogs::current(conn, &caller.tenant)?;
        let given: Vec<String> = catalog.services().map(str::to_owned).collect();
        let names = services::names(conn, &caller.tenant, &given, &after, limit + 1)?;
        let seen = services::seen(conn, &caller.tenant, &names)?;
        Ok((catalog, names, seen))
    };
    let (catalog, names, mut seen) = state.store.call("services", read).await?;
    let now = Utc::now();
    let view = |name: String| {
        let seen = seen.remove(&name).unwrap_or_default();
        Service::of(name, &catalog, seen, now)
    };
    Ok(HttpResponse::Ok().json(Page::cut_at(names, limit, |last| URL_SAFE_NO_PAD.encode(last), view)))
}

/// Every team of the catalog, by name.
#[utoipa::path(get, path = "/v1/teams", tag = "catalog", responses(
    (status = 200, body = Page<Team>),
))]
pub(crate) async fn teams(caller: Caller<Viewer>, state: Shared, _: NoQuery) -> Result<HttpResponse, Problem> {
    let catalog: Arc<Catalog> = state.store.call("teams", move |conn| catalogs::current(conn, &caller.tenant)).await?;
    let now = Utc::now();
    let view = |team: domain::catalog::Team<'_>| Team {
        name: team.name.to_owned(),
        members: team.members.clone(),
        owns: catalog.owned_by(team.name).into_iter().map(|owns| Owned::of(owns, now)).collect(),
    };
    Ok(HttpResponse::Ok().json(Page { data: catalog.teams().map(view).collect::<Vec<_>>(), next_cursor: None }))
}

impl Service {
    fn of(name: String, catalog: &Catalog, seen: Seen, now: DateTime<Utc>) -> Self {
        let configured = catalog.repos(&name);
        // A pattern is no repository.
        let repos = configured.into_iter().flat_map(|repos| repos.keys()).filter(|repo| !repo.contains('*'));
        let last = seen.last.map(|last| LastDeployment {
            id: format!("{}:{}", last.integration, last.id),
            environment: last.environment,
            outcome: last.outcome,
            finished_at: rfc3339(last.finished_at),
        });
        Self {
            configured: configured.is_some(),
            team: catalog.team_at(&name, now).map(str::to_owned),
            repos: repos.cloned().chain(seen.repos).collect(),
            environments: seen.environments.into_iter().map(|(name, tier)| Environment { name, tier }).collect(),
            deployments: seen.deployments,
            incidents: seen.incidents,
            last_deployment: last,
            name,
        }
    }
}

impl Owned {
    fn of(owns: Owns<'_>, now: DateTime<Utc>) -> Self {
        Self {
            service: owns.service.to_owned(),
            from: owns.from.map(rfc3339),
            until: owns.until.map(rfc3339),
            current: owns.from.is_none_or(|from| from <= now) && owns.until.is_none_or(|until| now < until),
        }
    }
}

/// The name that a cursor holds.
fn name_of(cursor: &str) -> Result<String, Problem> {
    let name = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.filter(|name| !name.contains('\0')).ok_or_else(unread)
}
