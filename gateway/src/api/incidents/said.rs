//! What people say of incidents: they open one, note something, weigh it, close it. Each is an event of the integration
//! `em-agent`, kept before it is answered, and counts for the metrics as a tool's word does: the last word counts.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use domain::data::{Body, Common, Data, Incident};
use domain::dora::facts::Outside;
use domain::event::{Draft, EventType, OURSELVES};
use domain::ids::DeliveryId;
use domain::text::clean;
use serde::Deserialize;
use serde_json::json;
use store::Connection;
use store::incidents::IncidentRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::saying::{LONGEST_NOTE, SCOPE, Saying, Word};
use crate::access::{Caller, Operator};
use crate::faults::Faults;
use crate::idempotent;
use crate::ourselves;
use crate::problem::{Problem, ProblemBody};
use crate::query::{NoQuery, time_of};
use crate::sent::Sent;
use crate::state::{Shared, State};

/// How bad it is, as people say it.
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
const UNTITLED: &str = "Untitled Incident";
pub(crate) const LONGEST_TITLE: usize = 255;
const LONGEST_NAME: usize = 255;

/// An incident that somebody opens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIncident {
    /// At most 255 characters; `Untitled Incident` unless given.
    title: Option<String>,
    /// `low`, `medium`, `high` or `critical`.
    severity: Option<String>,
    service: Option<String>,
    /// The environment's name; its tier follows from it.
    environment: Option<String>,
    /// `owner/name`.
    repo: Option<String>,
    /// When it began, if not now.
    started_at: Option<String>,
}

/// Something worth remembering.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    /// 1 to 5000 characters. Secrets and control characters are taken out.
    text: Option<String>,
    /// In whose name; the caller's unless given.
    author: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSeverity {
    /// `low`, `medium`, `high` or `critical`.
    severity: Option<String>,
}

/// Opens an incident.
#[utoipa::path(post, path = "/v1/incidents", tag = "incidents", request_body = NewIncident,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`id` (`em-agent:019…`), `status`, `title`, `event_id`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 422, body = ProblemBody),
))]
pub(crate) async fn open(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("incidents", &caller)?;
    let now = Utc::now();
    let id = DeliveryId::new(now, Uuid::new_v4().into_bytes());
    let (title, draft) = opened(&caller, &state, sent.json()?, id, now)?;
    let answer = json!({"id": draft.subject, "status": "open", "title": title, "event_id": id.event(0).to_string()});
    let delivery = ourselves::delivery(&caller.tenant, id, "incident", sent.bytes(), vec![draft]);
    let work = move |conn: &mut Connection| Ok((idempotent::done(answer), ourselves::keep(conn, delivery, now)?));
    ourselves::answer(&state, "incident_open", keyed, now, work).await
}

fn opened(
    caller: &Caller<Operator>,
    state: &State,
    said: NewIncident,
    id: DeliveryId,
    now: DateTime<Utc>,
) -> Result<(String, Draft), Problem> {
    let mut faults = Faults::of_body();
    let title = faults.line("title", said.title.as_deref(), LONGEST_TITLE);
    let severity = faults.word("severity", said.severity.as_deref(), &SEVERITIES);
    let mut common = ourselves::said_by(caller.name(), now);
    common.service = faults.line("service", said.service.as_deref(), LONGEST_NAME);
    common.repo = faults.line("repo", said.repo.as_deref(), LONGEST_NAME);
    common.environment = faults.line("environment", said.environment.as_deref(), LONGEST_NAME);
    common.environment_tier = common.environment.as_deref().map(|name| state.door.rules.tier(name, None));
    let started_at = said.started_at.as_deref().and_then(time_of);
    if said.started_at.is_some() && started_at.is_none_or(|at| at > now) {
        faults.add("started_at", "`started_at` is a time in the past, like 2026-11-20T18:44:07Z");
    }
    faults.none()?;
    Ok(opening(common, (title, severity.map(str::to_owned)), started_at, id, now))
}

/// The title, and the event that opens an incident of `common`.
pub(crate) fn opening(
    common: Common,
    (title, severity): (Option<String>, Option<String>),
    started_at: Option<DateTime<Utc>>,
    id: DeliveryId,
    now: DateTime<Utc>,
) -> (String, Draft) {
    let now = now.trunc_subsecs(6);
    let title = clean(title.as_deref().unwrap_or(UNTITLED), LONGEST_TITLE);
    let incident = Incident {
        incident_id: Some(id.to_string()),
        title: Some(title.clone()),
        severity,
        opened_at: Some(now),
        started_at: Some(started_at.unwrap_or(now)),
        ..Incident::default()
    };
    let draft = Draft {
        kind: EventType::new("incident.opened"),
        scope: SCOPE.to_owned(),
        subject: Outside::new(OURSELVES, id.to_string()).to_string(),
        time: Some(now),
        data: Data { common, body: Body::Incident(incident), extra: BTreeMap::new() },
    };
    (title, draft)
}

/// Notes something about an incident.
#[utoipa::path(post, path = "/v1/incidents/{id}/note", tag = "incidents", request_body = NewNote,
    params(("id" = String, Path, description = "`pagerduty:Q2X`, percent-encoded"),
           ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`ok` and `timeline_id`, the event's id", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn note(
    caller: Caller<Operator>,
    state: Shared,
    word: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let saying = Saying::begin(caller, &state, &word, sent).await?;
    let NewNote { text, author } = saying.sent.json()?;
    let mut faults = Faults::of_body();
    let author = faults.line("author", author.as_deref(), LONGEST_NAME);
    let text = text.unwrap_or_default();
    let fits = !text.trim().is_empty() && text.chars().count() <= LONGEST_NOTE;
    if !fits {
        faults.add("text", format!("`text` has 1 to {LONGEST_NOTE} characters"));
    }
    faults.none()?;
    let answer = json!({"ok": true, "timeline_id": saying.speech.id.event(0).to_string()});
    let word = Word::note(&text, author);
    saying.say(&state, "incident_note", move |_| (answer, Some(word))).await
}

/// Says how bad an incident is.
#[utoipa::path(post, path = "/v1/incidents/{id}/severity", tag = "incidents", request_body = NewSeverity,
    params(("id" = String, Path, description = "`pagerduty:Q2X`, percent-encoded"),
           ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`id` and `severity`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn severity(
    caller: Caller<Operator>,
    state: Shared,
    word: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let saying = Saying::begin(caller, &state, &word, sent).await?;
    let NewSeverity { severity } = saying.sent.json()?;
    let mut faults = Faults::of_body();
    let severity = faults.word("severity", Some(severity.as_deref().unwrap_or_default()), &SEVERITIES);
    faults.none()?;
    let answer = json!({"id": saying.speech.name.to_string(), "severity": severity});
    let word = severity.map(Word::severity);
    saying.say(&state, "incident_severity", move |_| (answer, word)).await
}

/// Closes an incident; one that is closed stays as it is.
#[utoipa::path(post, path = "/v1/incidents/{id}/close", tag = "incidents",
    params(("id" = String, Path, description = "`pagerduty:Q2X`, percent-encoded"),
           ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`id`, `status` and `resolved_at`", body = Object),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn close(
    caller: Caller<Operator>,
    state: Shared,
    word: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let saying = Saying::begin(caller, &state, &word, sent).await?;
    let (id, now) = (saying.speech.name.to_string(), saying.speech.now.trunc_subsecs(6));
    let word = move |row: &IncidentRow| {
        let resolved_at = row.resolved_at.unwrap_or(now);
        (json!({"id": id, "status": "closed", "resolved_at": resolved_at}), Word::close(row, now))
    };
    saying.say(&state, "incident_close", word).await
}
