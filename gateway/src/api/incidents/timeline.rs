//! One timeline of an incident and of those merged into it, across tools, oldest first.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::dora::facts::Outside;
use domain::event::OURSELVES;
use serde::Serialize;
use serde_json::Value;
use store::events::After;
use store::incidents::timeline::{self, Moment};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Caller, Viewer};
use crate::page::{List, Page, PageQuery};
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const LIST: List<Outside, Moment> = List {
    name: "timeline",
    operation: "incident_timeline",
    read: timeline::moments,
    place: |moment| After { time: moment.at, id: moment.tie },
};

/// One moment of an incident. What it does not say is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEntry {
    at: DateTime<Utc>,
    /// An event's type; or `link.set`, `link.removed`: people said which deployment caused it; `deployment.linked`: a deployment
    /// that it is put to, when that finished; `incident.merged`.
    r#type: String,
    /// Which of the merged incidents it is about.
    incident: String,
    /// The integration that told of it.
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<String>,
    /// What somebody noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// In whose name it was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// `integration:deployment_id`; `none`: people said that none caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<String>,
    /// How it is known that the deployment caused it: `explicit`, `caused_by` or `window`.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// For `GET /v1/events/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    event_id: Option<Uuid>,
}

impl From<Moment> for TimelineEntry {
    fn from(moment: Moment) -> Self {
        let data = moment.data.unwrap_or_default();
        let ours = data.get(OURSELVES).cloned().unwrap_or_default();
        let text = |from: &Value, name: &str| from.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            at: moment.at,
            title: text(&data, "title"),
            severity: text(&data, "severity"),
            note: text(&ours, "note"),
            author: text(&ours, "author"),
            method: text(&data, "method").filter(|_| moment.deployment.is_some()),
            r#type: moment.kind,
            incident: moment.incident,
            source: moment.source,
            actor: moment.actor,
            deployment: moment.deployment,
            event_id: moment.event_id,
        }
    }
}

/// All that is known of an incident, across tools, oldest first.
#[utoipa::path(get, path = "/v1/incidents/{id}/timeline", tag = "incidents",
    params(PageQuery, ("id" = String, Path, description = "`pagerduty:Q2X`, percent-encoded")),
    responses(
    (status = 200, body = Page<TimelineEntry>),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    word: web::Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let portion = query.portion()?;
    let name = super::meant(&state, &caller.tenant, &word).await?;
    LIST.answer(&state, caller.tenant, (name, portion), TimelineEntry::from).await
}
