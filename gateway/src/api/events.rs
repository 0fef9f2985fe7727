//! Normalized events: lists with filters, and one by its id, as CloudEvents or as CDEvents.

use actix_web::{HttpResponse, web};
use domain::cdevents;
use domain::event::Event;
use serde::{Deserialize, Serialize};
use store::Connection;
use store::events::{self, After, EventFilter};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::openapi::{RefOr, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::found::found;
use crate::page::{List, Page, Portion};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const LIST: List<EventFilter, Event> = List {
    name: "events",
    operation: "event_list",
    read: events::list,
    place: |event| After { time: event.time, id: event.id.0 },
};

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

/// Makes the parameters of a call about events: what they are narrowed to, and its own.
macro_rules! events_query {
    ($(#[$doc:meta])* $name:ident { $($(#[$own:meta])* $field:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
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
            $($(#[$own])* $field: Option<String>,)*
        }

        impl $name {
            /// What events are narrowed to.
            fn filter(&self, faults: &mut $crate::faults::Faults) -> store::events::EventFilter {
                store::events::EventFilter {
                    from: faults.time("from", self.from.as_deref()),
                    to: faults.time("to", self.to.as_deref()),
                    source: self.source.clone(),
                    type_prefix: self.r#type.clone(),
                    subject: self.subject.clone(),
                    repo: self.repo.clone(),
                    service: self.service.clone(),
                    environment: self.environment.clone(),
                    actor: self.actor.clone(),
                    text: self.q.clone(),
                }
            }
        }
    };
}
pub(super) use events_query;

events_query! {
    /// What events are narrowed to. All that is given must hold.
    EventQuery {
        /// `cdevents` for CDEvents 0.5.1; events without such a form are left out.
        format,
        /// Rows of a page, 1 to 200; 50 unless given.
        limit,
        /// `next_cursor` of the page before, with the same filters.
        cursor,
    }
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
#[utoipa::path(get, path = "/v1/events", tag = "events", params(EventQuery), responses(
    (status = 200, body = Page<Envelope>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<EventQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor.clone());
    let as_cdevents = wants_cdevents(&mut faults, query.format.as_deref());
    let filter = query.filter(&mut faults);
    faults.none()?;
    let wanted = (filter, portion);
    if !as_cdevents {
        return LIST.answer(&state, caller.tenant, wanted, Envelope).await;
    }
    let page = LIST.page(&state, caller.tenant, wanted, |event| cdevents::render(&event)).await?;
    let data = page.data.into_iter().flatten().collect();
    Ok(HttpResponse::Ok().json(Page::<serde_json::Value> { data, next_cursor: page.next_cursor }))
}

/// One event.
#[utoipa::path(get, path = "/v1/events/{id}", tag = "events", params(("id" = String, Path, description = "The event's id"), OneQuery),
    responses(
    (status = 200, body = Envelope),
    (status = 404, body = ProblemBody),
    (status = 406, description = "CDEvents has no form for it", body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<OneQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let as_cdevents = wants_cdevents(&mut faults, query.format.as_deref());
    faults.none()?;
    let read = move |conn: &mut Connection, id| events::one(conn, &caller.tenant, id);
    let event = found(&state, ("event", "event_one"), &id, read).await?;
    if !as_cdevents {
        return Ok(HttpResponse::Ok().json(Envelope(event)));
    }
    let no_form = || Problem::new(Code::NoCdeventsForm, format!("CDEvents 0.5.1 has no form for `{}`", event.kind));
    Ok(HttpResponse::Ok().json(cdevents::render(&event).ok_or_else(no_form)?))
}

fn wants_cdevents(faults: &mut Faults, format: Option<&str>) -> bool {
    faults.word("format", format, &["cloudevents", "cdevents"]) == Some("cdevents")
}
