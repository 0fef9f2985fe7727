//! Normalized events: lists with filters, and one by its id, as CloudEvents or as CDEvents.

use actix_web::{HttpResponse, web};
use domain::cdevents;
use domain::event::Event;
use domain::ids::{EventId, TenantId};
use serde::{Deserialize, Serialize};
use store::events::{After, EventFilter};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::access::{Caller, Viewer};
use crate::cursor::Scope;
use crate::page::{self, Page};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::Shared;

/// An event in its CloudEvents 1.0 envelope.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Envelope(pub(crate) Event);

impl PartialSchema for Envelope {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String).build();
        let names = [
            "specversion",
            "id",
            "source",
            "type",
            "subject",
            "time",
            "datacontenttype",
            "tenant",
            "delivery",
            "receivedat",
        ];
        let described =
            ObjectBuilder::new().description(Some("CloudEvents 1.0; docs/events.md says what `data` holds"));
        let with_names = names.iter().fold(described, |object, name| object.property(*name, text()).required(*name));
        let data = ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(true))).build();
        with_names.property("traceparent", text()).property("data", data).required("data").into()
    }
}

impl ToSchema for Envelope {}

/// What events are narrowed to. All that is given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// Name of the integration, `github`.
    source: Option<String>,
    /// The type begins with this: `deployment` or `change.merged`.
    r#type: Option<String>,
    subject: Option<String>,
    /// `owner/name`.
    repo: Option<String>,
    service: Option<String>,
    environment: Option<String>,
    /// Login of who did it.
    actor: Option<String>,
    /// Happened at or after this time (RFC 3339, or a date).
    from: Option<String>,
    /// Happened before this time.
    to: Option<String>,
    /// Found in the subject or the data.
    q: Option<String>,
    /// `cdevents` for CDEvents 0.5.1; events without such a form are left out.
    format: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// The parameters of one event.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OneQuery {
    /// `cdevents` for CDEvents 0.5.1.
    format: Option<String>,
}

/// Events, newest first.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(EventQuery), security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Page<Envelope>),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<EventQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    let as_cdevents = wants_cdevents(&mut faults, query.format.as_deref());
    let filter = EventFilter {
        from: faults.time("from", query.from.as_deref()),
        to: faults.time("to", query.to.as_deref()),
        source: query.source,
        type_prefix: query.r#type,
        subject: query.subject,
        repo: query.repo,
        service: query.service,
        environment: query.environment,
        actor: query.actor,
        text: query.q,
    };
    faults.none()?;
    let scope = Scope::new("events", &caller.tenant, &filter);
    let after = scope.place(query.cursor.as_deref())?;
    let events = load(&state, caller.tenant, filter, after, limit + 1).await?;
    let place = |event: &Event| After { time: event.time, id: event.id.0 };
    if !as_cdevents {
        return Ok(HttpResponse::Ok().json(Page::cut(events, limit, scope, place, Envelope)));
    }
    let page = Page::cut(events, limit, scope, place, |event| cdevents::render(&event));
    let data = page.data.into_iter().flatten().collect();
    Ok(HttpResponse::Ok().json(Page::<serde_json::Value> { data, next_cursor: page.next_cursor }))
}

/// One event.
#[utoipa::path(get, path = "/v1/events/{id}", tag = "events", params(("id" = String, Path, description = "The event's id"), OneQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Envelope),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 406, description = "CDEvents has no form for it", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<OneQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let as_cdevents = wants_cdevents(&mut faults, query.format.as_deref());
    faults.none()?;
    let id: EventId = id.parse().map_err(|_| Problem::not_found("event"))?;
    let found = state.store.call("event_one", move |conn| store::events::one(conn, &caller.tenant, id)).await?;
    let event = found.ok_or_else(|| Problem::not_found("event"))?;
    if !as_cdevents {
        return Ok(HttpResponse::Ok().json(Envelope(event)));
    }
    let no_form = || Problem::new(Code::NoCdeventsForm, format!("CDEvents 0.5.1 has no form for `{}`", event.kind));
    Ok(HttpResponse::Ok().json(cdevents::render(&event).ok_or_else(no_form)?))
}

async fn load(
    state: &Shared,
    tenant: TenantId,
    filter: EventFilter,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Event>, Problem> {
    let listed = state.store.call("event_list", move |conn| store::events::list(conn, &tenant, &filter, after, limit));
    Ok(listed.await?)
}

fn wants_cdevents(faults: &mut Faults, format: Option<&str>) -> bool {
    faults.word("format", format, &["cloudevents", "cdevents"]) == Some("cdevents")
}
