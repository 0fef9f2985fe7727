//! When digests are made by themselves: schedules that people keep, and what became of their slots. The worker makes them.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids;
use domain::schedules::{NoSchedule, Schedule};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Connection;
use store::digests::delivery::Deliver;
use store::digests::kept::name_of;
use store::events::After;
use store::schedules::{self, DigestSchedule};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asked::{DeliverAsked, of, placed};
use crate::access::{Caller, Operator, Role, Viewer};
use crate::clock;
use crate::faults::Faults;
use crate::found::{found, gone};
use crate::idempotent;
use crate::page::{List, PageQuery};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::sent::Sent;
use crate::state::{Shared, State};

pub(crate) mod runs;

const WHAT: &str = "schedule";
const LONGEST_CRON: usize = 100;
const LONGEST_ZONE: usize = 64;

const LIST: List<(), DigestSchedule> = List {
    name: "digest schedules",
    operation: "schedule_list",
    read: |conn, tenant, (), after, most| schedules::list(conn, tenant, after, most),
    place: |row| After { time: row.created_at, id: row.id },
};

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
        let mut faults = Faults::of_body();
        let old = there.as_ref();
        let kind = self.kind.as_deref().or(old.map(|one| one.kind.as_str()));
        let subject = self.subject.as_deref().or(old.and_then(|one| one.subject.as_deref()));
        let (kind, subject) = of(&mut faults, kind, subject);
        let cron = self.cron.as_deref().or(old.map(|one| one.cron.as_str()));
        let cron = faults.required("cron", cron, LONGEST_CRON);
        let zone = self.timezone.as_deref().or(old.map(|one| one.timezone.as_str()));
        let timezone = faults.line("timezone", zone, LONGEST_ZONE).unwrap_or_else(|| "UTC".to_owned());
        let deliver = self.deliver.as_ref().map(|deliver| deliver.read(&mut faults));
        let next_at = next(&mut faults, &cron, &timezone, now);
        faults.none()?;
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
fn next(faults: &mut Faults, cron: &str, timezone: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match Schedule::new(cron, timezone, now) {
        Ok(schedule) => schedule.next(now),
        Err(error) => {
            let name = if error == NoSchedule::NoZone { "timezone" } else { "cron" };
            if !cron.is_empty() || name == "timezone" {
                faults.add(name, format!("`{name}`: {error}"));
            }
            None
        }
    }
}

/// Schedules, newest first.
#[utoipa::path(get, path = "/v1/digests/schedules", tag = "digests", params(PageQuery),
    responses(
    (status = 200, description = "`data`: schedules with `next_at`; `next_cursor`", body = Object),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list_schedules(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    LIST.answer(&state, caller.tenant, ((), query.portion()?), |row| shown(&row)).await
}

/// Keeps a schedule: from its next slot on, a digest is made and delivered.
#[utoipa::path(post, path = "/v1/digests/schedules", tag = "digests", request_body = NewSchedule,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 201, description = "The schedule, with `next_at`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 409, description = "It cannot be delivered there: something is not set up", body = ProblemBody),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("digest_schedules", &caller)?;
    let now = clock::now();
    let (schedule, _) = sent.json::<NewSchedule>()?.read(None, (&state, caller.name()), now)?;
    let work = move |conn: &mut Connection| {
        schedules::create(conn, &caller.tenant, &schedule)?;
        Ok(idempotent::created(shown(&schedule)))
    };
    idempotent::answer(&state, "schedule_create", keyed, now, work).await
}

/// The schedule that a path means.
async fn meant<R>(state: &State, caller: &Caller<R>, id: &str) -> Result<DigestSchedule, Problem> {
    let tenant = caller.tenant.clone();
    found(state, (WHAT, "schedule_one"), id, move |conn, id| schedules::one(conn, &tenant, id)).await
}

/// One schedule.
#[utoipa::path(get, path = "/v1/digests/schedules/{id}", tag = "digests", params(("id" = String, Path, description = "The schedule's id")),
    responses(
    (status = 200, description = "The schedule, with `next_at`", body = Object),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one_schedule(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(shown(&meant(&state, &caller, &id).await?)))
}

/// Changes what is given. When it comes at the same times, the slot that it waits for stays.
#[utoipa::path(patch, path = "/v1/digests/schedules/{id}", tag = "digests", request_body = NewSchedule,
    params(("id" = String, Path, description = "The schedule's id")), responses(
    (status = 200, description = "The schedule, with `next_at`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, description = "It cannot be delivered there: something is not set up", body = ProblemBody),
))]
pub(crate) async fn change(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let there = meant(&state, &caller, &id).await?;
    let now = clock::now();
    let (schedule, retimed) = sent.json::<NewSchedule>()?.read(Some(there), (&state, caller.name()), now)?;
    let write = move |conn: &mut Connection| schedules::change(conn, &caller.tenant, &schedule, retimed);
    let written = state.store.call("schedule_change", write).await?.ok_or_else(|| Problem::not_found(WHAT))?;
    Ok(HttpResponse::Ok().json(shown(&written)))
}

/// Deletes a schedule. The digests that it made stay.
#[utoipa::path(delete, path = "/v1/digests/schedules/{id}", tag = "digests", params(("id" = String, Path, description = "The schedule's id")),
    responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn delete(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let delete = move |conn: &mut Connection, id| schedules::delete(conn, &caller.tenant, id);
    gone(&state, (WHAT, "schedule_delete"), &id, move |conn, id| store::transaction(conn, |conn| delete(conn, id)))
        .await
}
