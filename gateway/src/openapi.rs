//! The OpenAPI 3.1 document, put together from the handlers' own descriptions. What holds for all of them is said here once:
//! who has to prove themselves, as `ROUTES` says, and that failures are problems. A test holds it against `ROUTES`.

mod tags;

use utoipa::openapi::path::{ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, RefOr, Required, Response};
use utoipa::{Modify, OpenApi};

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
use crate::problem::PROBLEM_JSON;
use crate::routes::{Entry, ROUTES};
use crate::slack;

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
        notify::notify,
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
    modifiers(&Schemes, &AsServed, &OfTenant, &Chapters)
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

/// What the handlers' descriptions leave out.
struct AsServed;

impl Modify for AsServed {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let with_role = |path: &str| ROUTES.iter().any(|row| row.path == path && matches!(row.entry, Entry::Role(_)));
        for (path, item) in &mut document.paths.paths {
            let proved = with_role(path);
            let PathItem { get, put, post, delete, options, patch, .. } = item;
            for operation in [get, put, post, delete, options, patch].into_iter().flatten() {
                let none: [&str; 0] = [];
                let ways = || ["bearer", "admin_key"].map(|way| SecurityRequirement::new(way, none)).to_vec();
                operation.security = proved.then(ways);
                operation.responses.responses.values_mut().for_each(as_problem);
            }
        }
    }
}

fn as_problem(response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    let kind = |kind, content: &RefOr<Content>| if is_problem(content) { PROBLEM_JSON.to_owned() } else { kind };
    let contents = std::mem::take(&mut response.content).into_iter();
    response.content = contents.map(|(name, content)| (kind(name, &content), content)).collect();
}

fn is_problem(content: &RefOr<Content>) -> bool {
    let RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) = content else { return false };
    schema.ref_location.ends_with("/ProblemBody")
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    /// The names that the types of a file have in the document.
    fn names(source: &str) -> Vec<String> {
        let word = |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
        let (mut names, mut own, mut is_shown) = (Vec::new(), None, false);
        for line in source.lines().map(str::trim_start) {
            if line.starts_with("#[derive(") {
                (own, is_shown) = (None, line.contains("ToSchema"));
            } else if let Some(rest) = line.strip_prefix("#[schema(as = ") {
                own = Some(word(rest));
            } else if let Some((_, rest)) = line.split_once("struct ").or_else(|| line.split_once("enum "))
                && is_shown
                && !line.starts_with("//")
            {
                names.push(own.take().unwrap_or_else(|| word(rest)));
                is_shown = false;
            }
        }
        names
    }

    #[test]
    fn no_two_types_have_one_name_in_the_document() {
        let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
        for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            for name in names(&std::fs::read_to_string(&path).expect("a file")) {
                let other = seen.insert(name.clone(), path.clone());
                assert_eq!(other, None, "{name} of {} is another type: give one `#[schema(as = …)]`", path.display());
            }
        }
        assert!(seen.contains_key("AgentRun") && seen.contains_key("CrawlRun"), "{seen:?}");
    }
}
