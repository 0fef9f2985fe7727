//! Slots of schedules, each made once: a run is one row for its slot, leased to one worker, with a number that fences off
//! those who lost it.
//!
//! Whoever finishes a run writes the digest, its delivery and the end of the run in one transaction, and only when the run is
//! theirs still: so a slot has one digest and one delivery, whatever dies. A slot that was missed is made late, up to six
//! hours; of several that are due at once only the last is made. What is not made is noted.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::Find;
use diesel::{
    Connection, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use domain::ids::TenantId;
use domain::schedules::Schedule;
use uuid::Uuid;

use super::{DigestSchedule, Row, one};
use crate::StoreError;
use crate::digests::delivery::{Delivered, Letter, deliver};
use crate::digests::kept::{Kept, keep};
use crate::events::After;
use crate::schema::{digest_runs as r, digest_schedules as s};

/// Older slots are not made any more.
const LATE: TimeDelta = TimeDelta::hours(6);
/// Tries of one slot.
const TRIES: i32 = 3;
/// Schedules that one look goes through, to find one with something to do.
const LOOKS: usize = 20;

/// A slot that is ours to make, until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub tenant: TenantId,
    pub schedule: DigestSchedule,
    /// The slot.
    pub due_at: DateTime<Utc>,
    /// The slot before it.
    pub since: Option<DateTime<Utc>>,
    /// Of this try: the fencing token.
    number: i32,
}

/// What became of a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub run: Option<Run>,
    /// Slots that were noted as missed.
    pub missed: usize,
    /// Slots that are given up.
    pub failed: usize,
}

/// Takes the slot that is due the longest, or one that another worker left behind. `random` is for the ids of new rows.
pub fn take(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    mut random: impl FnMut() -> [u8; 16],
) -> Result<Taken, StoreError> {
    let mut taken = Taken::default();
    for _ in 0..LOOKS {
        let more = conn.transaction(|conn| {
            if left_behind(conn, now, lease, &mut taken)? {
                return Ok::<bool, StoreError>(true);
            }
            due(conn, now, lease, &mut random, &mut taken)
        })?;
        if taken.run.is_some() || !more {
            break;
        }
    }
    Ok(taken)
}

/// Takes over a run whose worker is gone. Whether there was one.
fn left_behind(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    taken: &mut Taken,
) -> Result<bool, StoreError> {
    let left = r::table.filter(r::state.eq("running")).filter(r::leased_until.lt(now));
    let found: Option<(String, Uuid, DateTime<Utc>, i32)> = left
        .order((r::leased_until, r::due_at))
        .select((r::tenant_id, r::schedule_id, r::due_at, r::number))
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    let Some((tenant, schedule, due_at, number)) = found else { return Ok(false) };
    let row = r::table.find((&tenant, schedule, due_at));
    let tenant = named(&tenant)?;
    let schedule = one(conn, &tenant, schedule)?.filter(|_| number < TRIES);
    let Some(schedule) = schedule else {
        let why = "given up after three tries: they broke off, or the schedule is gone";
        let over = (r::state.eq("failed"), r::error.eq(why), r::ended_at.eq(now));
        diesel::update(row).set((over, r::leased_until.eq(None::<DateTime<Utc>>))).execute(conn)?;
        taken.failed += 1;
        return Ok(true);
    };
    diesel::update(row).set((r::number.eq(number + 1), r::leased_until.eq(now + lease))).execute(conn)?;
    let since = read(&schedule).and_then(|cron| cron.previous(due_at));
    taken.run = Some(Run { tenant, schedule, due_at, since, number: number + 1 });
    Ok(true)
}

fn named(tenant: &str) -> Result<TenantId, StoreError> {
    tenant.parse().map_err(|_| StoreError::Corrupt(format!("{tenant} is no tenant's name")))
}

fn read(schedule: &DigestSchedule) -> Option<Schedule> {
    Schedule::read(&schedule.cron, &schedule.timezone).ok()
}

/// Takes the slot that is due the longest, and moves its schedule on. Whether any schedule was due.
fn due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    random: &mut impl FnMut() -> [u8; 16],
    taken: &mut Taken,
) -> Result<bool, StoreError> {
    let next = s::table.filter(s::next_at.le(now)).order((s::next_at, s::id));
    let found: Option<String> = next.select(s::tenant_id).for_update().skip_locked().first(conn).optional()?;
    let Some(tenant) = found else { return Ok(false) };
    // The row is ours now: the same order finds it again.
    let of_tenant = next.filter(s::tenant_id.eq(&tenant)).select(Row::as_select()).for_update().skip_locked();
    let Some(row) = of_tenant.first::<Row>(conn).optional()? else { return Ok(false) };
    let (tenant, schedule) = (named(&tenant)?, row.schedule()?);
    let slots = slots(&schedule, now);
    let (enabled, next_at) = (slots.next.is_some(), slots.next);
    let row = s::table.find((tenant.as_str(), schedule.id));
    diesel::update(row).set((s::enabled.eq(enabled), s::next_at.eq(next_at))).execute(conn)?;
    for (slot, why) in slots.missed {
        let state = (r::state.eq("missed"), r::number.eq(0), r::error.eq(why), r::ended_at.eq(now));
        let slot = (r::schedule_id.eq(schedule.id), r::due_at.eq(slot), r::began_at.eq(now));
        let id = r::id.eq(domain::ids::row(now, random()));
        let missed = diesel::insert_into(r::table).values((r::tenant_id.eq(tenant.as_str()), id, slot, state));
        taken.missed += missed.on_conflict_do_nothing().execute(conn)?;
    }
    let Some(due_at) = slots.due else { return Ok(true) };
    let state = (r::state.eq("running"), r::number.eq(1), r::leased_until.eq(now + lease));
    let slot = (r::schedule_id.eq(schedule.id), r::due_at.eq(due_at), r::began_at.eq(now));
    let id = r::id.eq(domain::ids::row(now, random()));
    let begun = diesel::insert_into(r::table).values((r::tenant_id.eq(tenant.as_str()), id, slot, state));
    if begun.on_conflict_do_nothing().execute(conn)? == 1 {
        let since = read(&schedule).and_then(|cron| cron.previous(due_at));
        taken.run = Some(Run { tenant, schedule, due_at, since, number: 1 });
    }
    Ok(true)
}

/// What is to be made of the slots that are due.
#[derive(Debug, Default, PartialEq, Eq)]
struct Slots {
    due: Option<DateTime<Utc>>,
    missed: Vec<(DateTime<Utc>, String)>,
    /// None: it never comes again.
    next: Option<DateTime<Utc>>,
}

fn slots(schedule: &DigestSchedule, now: DateTime<Utc>) -> Slots {
    let (Some(first), Some(cron)) = (schedule.next_at, read(schedule)) else { return Slots::default() };
    let mut slots = Slots::default();
    let mut slot = Some(first);
    if first < now - LATE {
        let why = "nobody was there to make it, nor what came after it, for more than six hours";
        slots.missed.push((first, why.to_owned()));
        slot = cron.next(now - LATE);
    }
    while let Some(at) = slot.filter(|at| *at <= now) {
        if let Some(before) = slots.due.replace(at) {
            slots.missed.push((before, "nobody was there to make it before the next was due".to_owned()));
        }
        slot = cron.next(at);
    }
    slots.next = slot;
    slots
}

/// The row of a run.
fn row_of(run: &Run) -> Find<r::table, (&str, Uuid, DateTime<Utc>)> {
    r::table.find((run.tenant.as_str(), run.schedule.id, run.due_at))
}

/// Whether the slot is ours still. Then it stays so until the transaction ends.
fn is_ours(conn: &mut PgConnection, run: &Run) -> Result<bool, StoreError> {
    let held = row_of(run).filter(r::number.eq(run.number)).filter(r::state.eq("running"));
    let held: Option<Uuid> = held.select(r::id).for_update().first(conn).optional()?;
    Ok(held.is_some())
}

/// The slot is made: keeps the digest and asks for its delivery. `None`: it was ours no more, and nothing is written.
pub fn finish(
    conn: &mut PgConnection,
    run: &Run,
    kept: &Kept,
    letter: Letter<'_>,
    random: [u8; 16],
    now: DateTime<Utc>,
) -> Result<Option<Delivered>, StoreError> {
    conn.transaction(|conn| {
        if !is_ours(conn, run)? {
            return Ok(None);
        }
        let over = (r::state.eq("done"), r::digest_id.eq(kept.id), r::ended_at.eq(now));
        diesel::update(row_of(run)).set((over, r::leased_until.eq(None::<DateTime<Utc>>))).execute(conn)?;
        keep(conn, &run.tenant, kept)?;
        deliver(conn, &run.tenant, &run.schedule.deliver, letter, random, now).map(Some)
    })
}

/// The slot cannot be made, and why. `false`: it was ours no more.
pub fn fail(conn: &mut PgConnection, run: &Run, why: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    conn.transaction(|conn| {
        if !is_ours(conn, run)? {
            return Ok(false);
        }
        let over = (r::state.eq("failed"), r::error.eq(why), r::ended_at.eq(now));
        diesel::update(row_of(run)).set((over, r::leased_until.eq(None::<DateTime<Utc>>))).execute(conn)?;
        Ok(true)
    })
}

/// Leases the slot until then: for longer while it is made, for less when it is given back because something did not
/// answer. `false`: it was ours no more.
pub fn lease(conn: &mut PgConnection, run: &Run, until: DateTime<Utc>) -> Result<bool, StoreError> {
    conn.transaction(|conn| {
        if !is_ours(conn, run)? {
            return Ok(false);
        }
        diesel::update(row_of(run)).set(r::leased_until.eq(until)).execute(conn)?;
        Ok(true)
    })
}

/// What became of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = r)]
pub struct RunRow {
    pub id: Uuid,
    pub due_at: DateTime<Utc>,
    /// `running`, `done`, `failed` or `missed`.
    pub state: String,
    pub number: i32,
    pub digest_id: Option<Uuid>,
    pub error: Option<String>,
    pub began_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// The slots of a schedule, the latest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    schedule: Uuid,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<RunRow>, StoreError> {
    let mut query = r::table.filter(r::tenant_id.eq(tenant.as_str())).filter(r::schedule_id.eq(schedule)).into_boxed();
    if let Some(after) = after {
        query = query.filter(after.follows::<r::table>("(due_at, id) < ("));
    }
    Ok(query.order((r::due_at.desc(), r::id.desc())).limit(limit).select(RunRow::as_select()).load(conn)?)
}
