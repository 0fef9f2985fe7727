//! The sources: whether each is taken, how it has to prove itself, and what came from it lately.

use actix_web::HttpResponse;
use chrono::{TimeDelta, Utc};
use domain::event::rfc3339;
use domain::ids::TenantId;
use serde::Serialize;
use store::sources::SourceActivity;
use utoipa::ToSchema;

use crate::access::{Caller, Viewer};
use crate::page::Page;
use crate::problem::Problem;
use crate::query::NoQuery;
use crate::state::{Shared, State};

/// One source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Source {
    name: &'static str,
    title: &'static str,
    /// `built-in` or `plugin`.
    origin: &'static str,
    enabled: bool,
    /// Where its deliveries are posted.
    path: String,
    /// The ways in which it may prove itself, strongest first.
    schemes: Vec<SchemeState>,
    /// Whether at least one of them can be used with what is set.
    secret_configured: bool,
    /// The setting that holds its secret.
    secret_setting: &'static str,
    mapping_version: i32,
    /// Where it is described.
    docs: String,
    /// Without a secret: whether its deliveries are taken all the same.
    unsigned_allowed: bool,
    last_verified_delivery_at: Option<String>,
    counts_24h: Counts,
}

/// One way to prove who sent a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SchemeState {
    name: &'static str,
    /// With the secrets and settings there are.
    usable: bool,
}

/// Deliveries of the last 24 hours by what became of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    accepted: i64,
    unmapped: i64,
    /// Of the bounded sample that is kept of them.
    rejected: i64,
}

/// Every source.
#[utoipa::path(get, path = "/v1/sources", tag = "sources", responses(
    (status = 200, body = Page<Source>),
))]
pub(crate) async fn list(caller: Caller<Viewer>, state: Shared, _: NoQuery) -> Result<HttpResponse, Problem> {
    let all = state.sources.all();
    let names = state.sources.names();
    let (tenant, since) = (caller.tenant.clone(), Utc::now() - TimeDelta::hours(24));
    let read = move |conn: &mut store::Connection| store::sources::activity(conn, &tenant, &names, since);
    let activity = state.store.call("source_activity", read).await?;
    let data = all
        .iter()
        .zip(activity)
        .map(|(integration, activity)| describe(&state, &caller.tenant, integration, activity))
        .collect();
    Ok(HttpResponse::Ok().json(Page::<Source> { data, next_cursor: None }))
}

fn describe(
    state: &State,
    tenant: &TenantId,
    integration: &'static integrations::Integration,
    activity: SourceActivity,
) -> Source {
    let name = integration.name;
    let secrets = state.door.secrets(tenant, integration);
    let state_of = |scheme: &integrations::Scheme| SchemeState { name: scheme.name(), usable: secrets.can_use(scheme) };
    let schemes: Vec<SchemeState> = integration.schemes.iter().map(state_of).collect();
    let own = tenant.as_str() != TenantId::DEFAULT;
    Source {
        name,
        title: integration.title,
        origin: if integration.is_plugin() { "plugin" } else { "built-in" },
        enabled: state.settings.sources.enabled(name),
        path: if own { format!("/t/{tenant}/webhooks/{name}") } else { format!("/webhooks/{name}") },
        secret_configured: schemes.iter().any(|scheme| scheme.usable),
        schemes,
        secret_setting: integration.secret_setting,
        mapping_version: integration.mapping_version,
        docs: integration.setup.docs.to_owned(),
        unsigned_allowed: secrets.allow_unsigned,
        last_verified_delivery_at: activity.last_delivery_at.map(rfc3339),
        counts_24h: Counts { accepted: activity.accepted, unmapped: activity.unmapped, rejected: activity.rejected },
    }
}
