//! Every URL of the gateway, with its method and who may call it. The application is built from this table, and
//! tests hold it against what unproved callers are answered and against the OpenAPI document.

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, Route as Handler, guard, web};

use crate::access::Role;
use crate::admit::admit;
use crate::api::callers;
use crate::api::digests::schedules::runs;
use crate::api::digests::{self, feedback, history, schedules};
use crate::api::incidents::{before, links, merges, said, shown, timeline};
use crate::api::metrics::{code_quality, deployments, dora, explain, flow, frequency, incidents, lead_time, weeks};
use crate::api::onboarding::tasks;
use crate::api::people::{
    again, approvals, audit, decisions, identities, notify, policy, proposals, revivals, signal_states, signals,
    simulation, workflow_jobs, workflows,
};
use crate::api::rag::{crawls as rag_crawls, documents as rag_documents, index as rag_index};
use crate::api::{
    agent, ask, catalog, conversations, deliveries, docs, event_stream, events, health, jobs, key_results, objectives,
    onboarding, projects, rag, replay, reports, services, sources, subscriptions, usage,
};
use crate::intake;
use crate::problem::{Code, Problem};
use crate::slack;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Anybody.
    Open,
    /// Whoever proves the delivery by the source's own scheme.
    Signed,
    /// A caller with this role; the handler's signature says the same.
    Role(Role),
}

/// One line of the table.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub entry: Entry,
    handler: fn() -> Handler,
}

const fn get(path: &'static str, entry: Entry, handler: fn() -> Handler) -> Route {
    Route { method: Method::GET, path, entry, handler }
}

const fn post(path: &'static str, entry: Entry, handler: fn() -> Handler) -> Route {
    Route { method: Method::POST, path, entry, handler }
}

const fn put(path: &'static str, entry: Entry, handler: fn() -> Handler) -> Route {
    Route { method: Method::PUT, path, entry, handler }
}

const fn patch(path: &'static str, entry: Entry, handler: fn() -> Handler) -> Route {
    Route { method: Method::PATCH, path, entry, handler }
}

const fn delete(path: &'static str, entry: Entry, handler: fn() -> Handler) -> Route {
    Route { method: Method::DELETE, path, entry, handler }
}

const fn options(path: &'static str, entry: Entry, handler: fn() -> Handler) -> Route {
    Route { method: Method::OPTIONS, path, entry, handler }
}

const VIEWER: Entry = Entry::Role(Role::Viewer);
const OPERATOR: Entry = Entry::Role(Role::Operator);
const APPROVER: Entry = Entry::Role(Role::Approver);
const ADMIN: Entry = Entry::Role(Role::Admin);

/// The first path that fits wins: `/v1/events/stream` stands before `/v1/events/{id}`.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    get("/", Entry::Open, || web::to(callers::greeting)),
    get("/health", Entry::Open, || web::to(health::health)),
    get("/ready", Entry::Open, || web::to(health::ready)),
    get("/metrics", Entry::Open, || web::to(health::metrics)),
    post("/webhooks/{source}", Entry::Signed, || web::to(intake::post)),
    put("/webhooks/{source}", Entry::Signed, || web::to(intake::put)),
    options("/webhooks/{source}", Entry::Signed, || web::to(intake::options)),
    post("/t/{tenant}/webhooks/{source}", Entry::Signed, || web::to(intake::post)),
    put("/t/{tenant}/webhooks/{source}", Entry::Signed, || web::to(intake::put)),
    options("/t/{tenant}/webhooks/{source}", Entry::Signed, || web::to(intake::options)),
    get("/v1/events", VIEWER, || web::to(events::list)),
    get("/v1/events/stream", VIEWER, || web::to(event_stream::stream)),
    get("/v1/events/{id}", VIEWER, || web::to(events::one)),
    get("/v1/deliveries", VIEWER, || web::to(deliveries::list)),
    get("/v1/deliveries/{id}", VIEWER, || web::to(deliveries::one)),
    post("/v1/deliveries/{id}/replay", OPERATOR, || web::to(replay::delivery)),
    post("/v1/replay", OPERATOR, || web::to(replay::range)),
    get("/v1/jobs", VIEWER, || web::to(jobs::list)),
    get("/v1/jobs/{job_id}", VIEWER, || web::to(jobs::one)),
    get("/v1/sources", VIEWER, || web::to(sources::list)),
    get("/v1/catalog", VIEWER, || web::to(catalog::show)),
    put("/v1/catalog", OPERATOR, || web::to(catalog::put)),
    get("/v1/catalog/history", VIEWER, || web::to(catalog::history)),
    get("/v1/services", VIEWER, || web::to(services::services)),
    get("/v1/teams", VIEWER, || web::to(services::teams)),
    post("/v1/incidents/links", OPERATOR, || web::to(links::say)),
    get("/v1/incidents", VIEWER, || web::to(shown::list)),
    post("/v1/incidents", OPERATOR, || web::to(said::open)),
    get("/v1/incidents/{id}", VIEWER, || web::to(shown::one)),
    get("/v1/incidents/{id}/timeline", VIEWER, || web::to(timeline::list)),
    get("/v1/incidents/{id}/changes-before", VIEWER, || web::to(before::list)),
    post("/v1/incidents/{id}/note", OPERATOR, || web::to(said::note)),
    post("/v1/incidents/{id}/severity", OPERATOR, || web::to(said::severity)),
    post("/v1/incidents/{id}/close", OPERATOR, || web::to(said::close)),
    post("/v1/incidents/{id}/merge", OPERATOR, || web::to(merges::merge)),
    get("/v1/projects", VIEWER, || web::to(projects::list)),
    post("/v1/projects", OPERATOR, || web::to(projects::create)),
    get("/v1/projects/{id}", VIEWER, || web::to(projects::one)),
    patch("/v1/projects/{id}", OPERATOR, || web::to(projects::change)),
    delete("/v1/projects/{id}", OPERATOR, || web::to(projects::delete)),
    get("/v1/onboarding/plans", VIEWER, || web::to(onboarding::list)),
    post("/v1/onboarding/plans", OPERATOR, || web::to(onboarding::create)),
    get("/v1/onboarding/plans/{id}", VIEWER, || web::to(onboarding::one)),
    get("/v1/onboarding/plans/{id}/tasks", VIEWER, || web::to(tasks::list)),
    post("/v1/onboarding/plans/{id}/tasks", OPERATOR, || web::to(tasks::add)),
    post("/v1/onboarding/tasks/{id}/done", OPERATOR, || web::to(tasks::done)),
    get("/v1/okr/objectives", VIEWER, || web::to(objectives::list)),
    post("/v1/okr/objectives", OPERATOR, || web::to(objectives::create)),
    get("/v1/okr/objectives/{id}", VIEWER, || web::to(objectives::one)),
    delete("/v1/okr/objectives/{id}", OPERATOR, || web::to(objectives::delete)),
    get("/v1/okr/objectives/{id}/krs", VIEWER, || web::to(key_results::list)),
    post("/v1/okr/objectives/{id}/krs", OPERATOR, || web::to(key_results::add)),
    get("/v1/okr/krs/{id}", VIEWER, || web::to(key_results::one)),
    post("/v1/okr/krs/{id}/progress", OPERATOR, || web::to(key_results::progress)),
    get("/v1/subscriptions", VIEWER, || web::to(subscriptions::list)),
    post("/v1/rag/search", VIEWER, || web::to(rag::search)),
    post("/v1/rag/index", OPERATOR, || web::to(rag_index::one)),
    post("/v1/rag/index/bulk", OPERATOR, || web::to(rag_index::bulk)),
    get("/v1/rag/documents", VIEWER, || web::to(rag_documents::list)),
    get("/v1/rag/documents/{id}", VIEWER, || web::to(rag_documents::one)),
    delete("/v1/rag/documents/{id}", OPERATOR, || web::to(rag_documents::forget)),
    get("/v1/rag/crawls", VIEWER, || web::to(rag_crawls::list)),
    post("/v1/rag/crawls", OPERATOR, || web::to(rag_crawls::create)),
    delete("/v1/rag/crawls/{id}", OPERATOR, || web::to(rag_crawls::delete)),
    post("/v1/rag/crawls/{id}/run", OPERATOR, || web::to(rag_crawls::run)),
    get("/v1/rag/crawls/{id}/runs", VIEWER, || web::to(rag_crawls::runs)),
    get("/v1/rag/status", VIEWER, || web::to(rag::status)),
    post("/v1/reports/standup", VIEWER, || web::to(reports::standup)),
    post("/v1/reports/standup/post", OPERATOR, || web::to(reports::post_standup)),
    post("/v1/reports/sprint-health", VIEWER, || web::to(reports::sprint)),
    post("/v1/reports/sprint-health/post", OPERATOR, || web::to(reports::post_sprint)),
    post("/v1/digests", VIEWER, || web::to(digests::make)),
    get("/v1/digests", VIEWER, || web::to(history::list)),
    post("/v1/digests/preview", VIEWER, || web::to(digests::preview)),
    get("/v1/digests/schedules", VIEWER, || web::to(schedules::list_schedules)),
    post("/v1/digests/schedules", OPERATOR, || web::to(schedules::create)),
    get("/v1/digests/schedules/{id}", VIEWER, || web::to(schedules::one_schedule)),
    patch("/v1/digests/schedules/{id}", OPERATOR, || web::to(schedules::change)),
    delete("/v1/digests/schedules/{id}", OPERATOR, || web::to(schedules::delete)),
    get("/v1/digests/schedules/{id}/runs", VIEWER, || web::to(runs::list_runs)),
    get("/v1/digests/{id}", VIEWER, || web::to(history::one)),
    post("/v1/digests/{id}/feedback", VIEWER, || web::to(feedback::say)),
    post("/v1/policy/evaluate", VIEWER, || web::to(policy::evaluate)),
    post("/v1/policy/simulate", VIEWER, || web::to(simulation::try_out)),
    post("/v1/signals/evaluate", VIEWER, || web::to(signals::look)),
    get("/v1/signals", VIEWER, || web::to(signal_states::list)),
    post("/v1/workflows/run", OPERATOR, || web::to(workflows::run)),
    get("/v1/workflows/jobs", VIEWER, || web::to(workflow_jobs::list)),
    get("/v1/workflows/jobs/{job_id}", VIEWER, || web::to(workflow_jobs::one)),
    get("/v1/approvals", VIEWER, || web::to(approvals::list)),
    post("/v1/approvals/propose", OPERATOR, || web::to(proposals::propose)),
    get("/v1/approvals/{id}", VIEWER, || web::to(approvals::one)),
    post("/v1/approvals/{id}/decision", APPROVER, || web::to(decisions::say)),
    post("/v1/approvals/{id}/notify", OPERATOR, || web::to(notify::notify)),
    post("/v1/approvals/{id}/cancel", OPERATOR, || web::to(decisions::cancel)),
    post("/v1/approvals/{id}/retry", OPERATOR, || web::to(revivals::retry)),
    post("/v1/approvals/{id}/again", OPERATOR, || web::to(again::ask)),
    get("/v1/identities", VIEWER, || web::to(identities::list)),
    post("/v1/identities", ADMIN, || web::to(identities::add)),
    delete("/v1/identities/{id}", ADMIN, || web::to(identities::remove)),
    post("/v1/slack/commands", Entry::Signed, || web::to(slack::commands)),
    post("/v1/slack/interactions", Entry::Signed, || web::to(slack::interactions)),
    get("/v1/auth/me", VIEWER, || web::to(callers::me)),
    get("/v1/audit", ADMIN, || web::to(audit::list)),
    get("/v1/metrics/dora", VIEWER, || web::to(dora::object)),
    get("/v1/metrics/dora/deployment-frequency", VIEWER, || web::to(frequency::rows)),
    get("/v1/metrics/dora/lead-time", VIEWER, || web::to(lead_time::rows)),
    get("/v1/metrics/dora/change-fail-rate", VIEWER, || web::to(weeks::failures)),
    get("/v1/metrics/dora/mttr", VIEWER, || web::to(incidents::rows)),
    get("/v1/metrics/dora/rework-rate", VIEWER, || web::to(weeks::rework)),
    get("/v1/metrics/dora/{metric}/explain", VIEWER, || web::to(explain::metric)),
    get("/v1/metrics/code-quality", VIEWER, || web::to(code_quality::rows)),
    get("/v1/usage", VIEWER, || web::to(usage::today)),
    get("/v1/metrics/quotas", VIEWER, || web::to(usage::quotas)),
    get("/v1/metrics/wip", VIEWER, || web::to(flow::wip)),
    get("/v1/metrics/aging-wip", VIEWER, || web::to(flow::aging)),
    get("/v1/metrics/pr-idle-time", VIEWER, || web::to(flow::idle)),
    get("/v1/metrics/review-time", VIEWER, || web::to(flow::review)),
    get("/v1/deployments", VIEWER, || web::to(deployments::list)),
    get("/v1/deployments/{integration}/{id}", VIEWER, || web::to(deployments::one)),
    post("/v1/agent/run", VIEWER, || web::to(agent::run)),
    post("/agent/run", VIEWER, || web::to(agent::run_before)),
    get("/v1/agent/status/{job_id}", VIEWER, || web::to(agent::status)),
    get("/agent/status/{job_id}", VIEWER, || web::to(agent::status_before)),
    post("/v1/ask", VIEWER, || web::to(ask::ask)),
    get("/v1/conversations", VIEWER, || web::to(conversations::list)),
    get("/v1/conversations/{id}", VIEWER, || web::to(conversations::one)),
    delete("/v1/conversations/{id}", VIEWER, || web::to(conversations::delete)),
    get("/openapi.json", Entry::Open, || web::to(docs::openapi)),
    get("/docs", Entry::Open, || web::to(docs::page)),
    get("/docs/{file}", Entry::Open, || web::to(docs::file)),
];

/// The pattern that a request matched, as metrics and logs name it. In the data of the route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteName(pub(crate) &'static str);

/// Builds the application's routes from the table.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    for (place, first) in ROUTES.iter().enumerate() {
        if ROUTES[..place].iter().any(|earlier| earlier.path == first.path) {
            continue;
        }
        let rows: Vec<&Route> = ROUTES.iter().filter(|row| row.path == first.path).collect();
        let mut resource = web::resource(first.path).app_data(RouteName(first.path));
        for row in &rows {
            resource = resource.route(with_method(row));
        }
        let allow = rows.iter().map(|row| row.method.as_str()).collect::<Vec<_>>().join(", ");
        let resource = resource.default_service(web::to(move || refuse_method(allow.clone())));
        match first.entry {
            Entry::Role(_) => config.service(resource.wrap(from_fn(admit))),
            Entry::Open | Entry::Signed => config.service(resource),
        };
    }
    config.default_service(web::to(unknown_path));
}

/// What answers GET answers HEAD; the body is left out on the way.
fn with_method(row: &Route) -> Handler {
    let handler = (row.handler)();
    match row.method {
        Method::GET => handler.guard(guard::Any(guard::Get()).or(guard::Head())),
        ref method => handler.method(method.clone()),
    }
}

async fn refuse_method(allow: String) -> Result<HttpResponse, Problem> {
    Err(Problem::method_not_allowed(allow))
}

async fn unknown_path() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Code::NotFound, "there is nothing at this path; /docs lists what there is"))
}
