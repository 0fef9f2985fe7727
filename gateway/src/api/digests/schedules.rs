//! When digests are made by themselves: schedules that people keep, and what became of their slots. The worker makes them.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use domain::ids;
use domain::schedules::{NoSchedule, Schedule};
use serde::Deserialize;
use serde_json::{Value, json};
use store::digests::delivery::Deliver;
use store::digests::kept::name_of;
use store::events::After;
use store::idempotency::Answer;
use store::schedules::{self, DigestSchedule};
use store::{Connection, StoreError};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asked::{DeliverAsked, of, placed};
use crate::access::{Caller, Operator, Role, Viewer};
use crate::api::deliveries::NoQuery;
use crate::body;
use crate::cursor::Scope;
use crate::fields::Fields;
use crate::idempotent::{self, keyed};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::{Shared, State};

pub(crate) mod runs;

const CREATED: i16 = 201;
const WHAT: &str = "schedule";
const LONGEST_CRON: usize = 100;
const LONGEST_ZONE: usize = 64;

/// What a schedule is to be; of one that is there, what is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSchedule {
    /// As `POST /v1/digests` takes it.
    kind: Option<String>,
    subject: Option<String>,
    /// Minute, hour, day of the month, month, day of the week: `0 9 * * 1-5`. Not oftener than every five minutes.
    cron: Option<String>,
    /// An IANA name; UTC unless given.
    timezone: Option<String>,
    deliver: Option<DeliverAsked>,
    /// True unless given.
    enabled: Option<bool>,
}

/// What is shown of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScheduleQuery {
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

fn shown(row: &DigestSchedule) -> Value {
    json!({
        "id": row.id, "kind": row.kind, "subject": row.subject, "cron": row.cron, "timezone": row.timezone,
        "deliver": row.deliver, "enabled": row.enabled, "next_at": row.next_at, "created_at": row.created_at,
        "created_by": row.created_by, "updated_at": row.updated_at,
    })
}

impl NewSchedule {
    /// What it comes to, beside what is there. Whether it comes at other times than before.
    fn read(
        self,
        there: Option<DigestSchedule>,
        (state, by): (&State, &str),
        now: DateTime<Utc>,
    ) -> Result<(DigestSchedule, bool), Problem> {
        let mut fields = Fields::default();
        let old = there.as_ref();
        let kind = self.kind.as_deref().or(old.map(|one| one.kind.as_str()));
        let subject = self.subject.as_deref().or(old.and_then(|one| one.subject.as_deref()));
        let (kind, subject) = of(&mut fields, kind, subject);
        let cron = self.cron.as_deref().or(old.map(|one| one.cron.as_str()));
        let cron = fields.required("cron", cron, LONGEST_CRON);
        let zone = self.timezone.as_deref().or(old.map(|one| one.timezone.as_str()));
        let timezone = fields.line("timezone", zone, LONGEST_ZONE).unwrap_or_else(|| "UTC".to_owned());
        let deliver = self.deliver.as_ref().map(|deliver| deliver.read(&mut fields));
        let next_at = next(&mut fields, &cron, &timezone, now);
        fields.none()?;
        let deliver = match deliver {
            Some(deliver) => placed(deliver, state, Role::Operator)?,
            None => old.map_or_else(Deliver::default, |one| one.deliver.clone()),
        };
        let enabled = self.enabled.or(old.map(|one| one.enabled)).unwrap_or(true);
        let same = old.is_some_and(|one| one.cron == cron && one.timezone == timezone && one.enabled == enabled);
        let schedule = DigestSchedule {
            id: old.map_or_else(|| ids::row(now, Uuid::new_v4().into_bytes()), |one| one.id),
            kind: name_of(kind).to_owned(),
            subject,
            cron,
            timezone,
            deliver,
            enabled,
            next_at: next_at.filter(|_| enabled),
            created_at: old.map_or(now, |one| one.created_at),
            created_by: old.map_or_else(|| by.to_owned(), |one| one.created_by.clone()),
            updated_at: now,
        };
        Ok((schedule, !same))
    }
}

/// Its first slot after now.
fn next(fields: &mut Fields, cron: &str, timezone: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match Schedule::new(cron, timezone, now) {
        Ok(schedule) => schedule.next(now),
        Err(error) => {
            let name = if error == NoSchedule::NoZone { "timezone" } else { "cron" };
            if !cron.is_empty() || name == "timezone" {
                fields.add(name, format!("`{name}`: {error}"));
            }
            None
        }
    }
}

/// Schedules, newest first.
#[utoipa::path(get, path = "/v1/digests/schedules", tag = "digests", params(ScheduleQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, description = "`data`: schedules with `next_at`; `next_cursor`", body = Object),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list_schedules(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<ScheduleQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let scope = Scope::new("digest schedules", &caller.tenant, &());
    let after = scope.place(query.cursor.as_deref())?;
    let read = move |conn: &mut Connection| schedules::list(conn, &caller.tenant, after, limit + 1);
    let rows = state.store.call("schedule_list", read).await?;
    let place = |row: &DigestSchedule| After { time: row.created_at, id: row.id };
    Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, place, |row| shown(&row))))
}

/// Keeps a schedule: from its next slot on, a digest is made and delivered.
#[utoipa::path(post, path = "/v1/digests/schedules", tag = "digests", request_body = NewSchedule,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 201, description = "The schedule, with `next_at`", body = Object),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It cannot be delivered there: something is not set up", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    request: HttpRequest,
    payload: Payload,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let (sent, _share) = body::read(&state.memory, &request, payload, body::MOST_API_BYTES).await?;
    let keyed = keyed("digest_schedules", &caller, &request, &sent)?;
    let now = Utc::now().trunc_subsecs(6);
    let (schedule, _) = body::json::<NewSchedule>(&sent)?.read(None, (&state, caller.name()), now)?;
    let work = move |conn: &mut Connection| {
        schedules::create(conn, &caller.tenant, &schedule)?;
        Ok(Answer { status: CREATED, body: shown(&schedule) })
    };
    idempotent::answer(&state, "schedule_create", keyed, now, work).await
}

async fn there<R>(state: &State, caller: &Caller<R>, id: &str) -> Result<DigestSchedule, Problem> {
    let id = Uuid::try_parse(id).map_err(|_| Problem::not_found(WHAT))?;
    let tenant = caller.tenant.clone();
    let found = state.store.call("schedule_one", move |conn| schedules::one(conn, &tenant, id)).await?;
    found.ok_or_else(|| Problem::not_found(WHAT))
}

/// One schedule.
#[utoipa::path(get, path = "/v1/digests/schedules/{id}", tag = "digests", params(("id" = String, Path, description = "The schedule's id")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, description = "The schedule, with `next_at`", body = Object),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn one_schedule(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(shown(&there(&state, &caller, &id).await?)))
}

/// Changes what is given. When it comes at the same times, the slot that it waits for stays.
#[utoipa::path(patch, path = "/v1/digests/schedules/{id}", tag = "digests", request_body = NewSchedule,
    params(("id" = String, Path, description = "The schedule's id")), security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, description = "The schedule, with `next_at`", body = Object),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It cannot be delivered there: something is not set up", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    request: HttpRequest,
    payload: Payload,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let there = there(&state, &caller, &id).await?;
    let (sent, _share) = body::read(&state.memory, &request, payload, body::MOST_API_BYTES).await?;
    let now = Utc::now().trunc_subsecs(6);
    let said = body::json::<NewSchedule>(&sent)?;
    let (schedule, retimed) = said.read(Some(there), (&state, caller.name()), now)?;
    let write = move |conn: &mut Connection| schedules::change(conn, &caller.tenant, &schedule, retimed);
    let written = state.store.call("schedule_change", write).await?.ok_or_else(|| Problem::not_found(WHAT))?;
    Ok(HttpResponse::Ok().json(shown(&written)))
}

/// Deletes a schedule. The digests that it made stay.
#[utoipa::path(delete, path = "/v1/digests/schedules/{id}", tag = "digests", params(("id" = String, Path, description = "The schedule's id")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found(WHAT))?;
    let work = move |conn: &mut Connection| -> Result<bool, StoreError> {
        store::transaction(conn, |conn| schedules::delete(conn, &caller.tenant, id))
    };
    let was_there = state.store.call("schedule_delete", work).await?;
    if was_there { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found(WHAT)) }
}
