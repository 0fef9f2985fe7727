//! The OpenAPI 3.1 document, put together from the handlers' own descriptions. A test holds it against `ROUTES`.

mod tags;

use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{RefOr, Required};
use utoipa::{Modify, OpenApi};

use crate::api::callers;
use crate::api::digests::schedules::runs;
use crate::api::digests::{self, feedback, history, schedules};
use crate::api::incidents::{before, links, merges, said, shown, timeline};
use crate::api::metrics::{code_quality, deployments, dora, explain, flow, frequency, incidents, lead_time, weeks};
use crate::api::onboarding::tasks;
use crate::api::people::{
    again, approvals, audit, decisions, identities, policy, proposals, revivals, signal_states, signals, simulation,
    workflow_jobs, workflows,
};
use crate::api::rag::{crawls as rag_crawls, documents as rag_documents, index as rag_index};
use crate::api::{
    agent, ask, catalog, conversations, deliveries, docs, event_stream, events, health, jobs, key_results, objectives,
    onboarding, projects, rag, replay, reports, services, sources, subscriptions, usage,
};
use crate::intake;
use crate::slack::{self, posting};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "EM Agent",
        description = "Deliveries in, events and metrics out. Who asks proves it with a bearer token (a JWT) or the administrator's key: \
                       see Authorize. Errors are RFC 9457 problems; `docs/errors.md` lists their codes."
    ),
    paths(
        callers::greeting,
        callers::me,
        health::health,
        health::ready,
        health::metrics,
        intake::post,
        intake::put,
        intake::options,
        events::list,
        event_stream::stream,
        events::one,
        deliveries::list,
        deliveries::one,
        replay::delivery,
        replay::range,
        jobs::list,
        jobs::one,
        sources::list,
        catalog::show,
        catalog::put,
        catalog::history,
        services::services,
        services::teams,
        links::say,
        shown::list,
        said::open,
        shown::one,
        timeline::list,
        before::list,
        said::note,
        said::severity,
        said::close,
        merges::merge,
        agent::run,
        agent::run_before,
        agent::status,
        agent::status_before,
        ask::ask,
        conversations::list,
        conversations::one,
        conversations::delete,
        projects::list,
        projects::create,
        projects::one,
        projects::change,
        projects::delete,
        onboarding::list,
        onboarding::create,
        onboarding::one,
        tasks::list,
        tasks::add,
        tasks::done,
        objectives::list,
        objectives::create,
        objectives::one,
        objectives::delete,
        key_results::list,
        key_results::add,
        key_results::one,
        key_results::progress,
        subscriptions::list,
        usage::today,
        usage::quotas,
        rag::search,
        rag_index::one,
        rag_index::bulk,
        rag_documents::list,
        rag_documents::one,
        rag_documents::forget,
        rag_crawls::list,
        rag_crawls::create,
        rag_crawls::delete,
        rag_crawls::run,
        rag_crawls::runs,
        rag::status,
        reports::standup,
        reports::post_standup,
        reports::sprint,
        reports::post_sprint,
        digests::make,
        digests::preview,
        history::list,
        history::one,
        feedback::say,
        schedules::list_schedules,
        schedules::create,
        schedules::one_schedule,
        schedules::change,
        schedules::delete,
        runs::list_runs,
        policy::evaluate,
        simulation::try_out,
        signals::look,
        signal_states::list,
        workflows::run,
        workflow_jobs::list,
        workflow_jobs::one,
        approvals::list,
        approvals::one,
        proposals::propose,
        decisions::say,
        decisions::cancel,
        revivals::retry,
        posting::notify,
        slack::commands,
        slack::interactions,
        again::ask,
        identities::list,
        identities::add,
        identities::remove,
        audit::list,
        dora::object,
        frequency::rows,
        lead_time::rows,
        weeks::failures,
        incidents::rows,
        weeks::rework,
        explain::metric,
        code_quality::rows,
        flow::wip,
        flow::aging,
        flow::idle,
        flow::review,
        deployments::list,
        deployments::one,
        docs::openapi,
        docs::page,
        docs::file,
    ),
    modifiers(&Schemes, &OfTenant, &Chapters)
)]
struct Document;

/// The document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let admin = ApiKey::Header(ApiKeyValue::new("X-Admin-Key"));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("admin_key", SecurityScheme::ApiKey(admin));
    }
}

struct Chapters;

impl Modify for Chapters {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        document.tags = Some(tags::all());
    }
}

/// Intake's two paths lead to one handler, which carries one description.
struct OfTenant;

impl Modify for OfTenant {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let Some(mut item) = document.paths.paths.get("/webhooks/{source}").cloned() else { return };
        let tenant = ParameterBuilder::new().name("tenant").parameter_in(ParameterIn::Path).required(Required::True);
        if let Some(post) = item.post.as_mut() {
            post.operation_id = Some("post_of_tenant".to_owned());
            post.parameters
                .get_or_insert_default()
                .push(RefOr::T(tenant.schema(Some(Object::with_type(Type::String))).build()));
        }
        document.paths.paths.insert("/t/{tenant}/webhooks/{source}".to_owned(), item);
    }
}
