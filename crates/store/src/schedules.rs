//! When digests are made by themselves, and what became of each slot.
//!
//! People keep schedules here; `domain::schedules` says when one is due. [`runs`] gives each slot to one worker of the whole
//! installation.

pub mod runs;

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::digests::delivery::Deliver;
use crate::events::After;
use crate::schema::{digest_runs as r, digest_schedules as s};
use crate::{StoreError, json};

/// A schedule as people keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestSchedule {
    pub id: Uuid,
    /// As `domain::digests::Kind` is named.
    pub kind: String,
    pub subject: Option<String>,
    /// Five fields.
    pub cron: String,
    /// IANA.
    pub timezone: String,
    pub deliver: Deliver,
    pub enabled: bool,
    /// The next slot; none while it is not enabled.
    pub next_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = s)]
struct Row {
    id: Uuid,
    kind: String,
    subject: Option<String>,
    cron: String,
    timezone: String,
    deliver: Value,
    enabled: bool,
    next_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    created_by: String,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn schedule(self) -> Result<DigestSchedule, StoreError> {
        let Self { id, kind, subject, cron, timezone, enabled, next_at, created_at, created_by, updated_at, .. } = self;
        let deliver = serde_json::from_value(self.deliver)
            .map_err(|_| StoreError::Corrupt(format!("schedule {id} does not say where to")))?;
        Ok(DigestSchedule {
            id,
            kind,
            subject,
            cron,
            timezone,
            deliver,
            enabled,
            next_at,
            created_at,
            created_by,
            updated_at,
        })
    }
}

/// Keeps a new schedule.
pub fn create(conn: &mut PgConnection, tenant: &TenantId, schedule: &DigestSchedule) -> Result<(), StoreError> {
    diesel::insert_into(s::table)
        .values((
            (s::tenant_id.eq(tenant.as_str()), s::id.eq(schedule.id), s::kind.eq(&schedule.kind)),
            (s::subject.eq(&schedule.subject), s::cron.eq(&schedule.cron), s::timezone.eq(&schedule.timezone)),
            (s::deliver.eq(json(&schedule.deliver)?), s::enabled.eq(schedule.enabled), s::next_at.eq(schedule.next_at)),
            (s::created_at.eq(schedule.created_at), s::created_by.eq(&schedule.created_by)),
            s::updated_at.eq(schedule.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes a schedule anew. `retimed`: when it comes has changed; else the slot that it waits for stays. `None`: it is gone.
pub fn change(
    conn: &mut PgConnection,
    tenant: &TenantId,
    schedule: &DigestSchedule,
    retimed: bool,
) -> Result<Option<DigestSchedule>, StoreError> {
    let row = s::table.find((tenant.as_str(), schedule.id));
    let said = (
        (s::kind.eq(&schedule.kind), s::subject.eq(&schedule.subject), s::cron.eq(&schedule.cron)),
        (s::timezone.eq(&schedule.timezone), s::deliver.eq(json(&schedule.deliver)?)),
        s::updated_at.eq(schedule.updated_at),
    );
    let written: Option<Row> = if retimed {
        let timed = (s::enabled.eq(schedule.enabled), s::next_at.eq(schedule.next_at));
        diesel::update(row).set((said, timed)).returning(Row::as_returning()).get_result(conn).optional()?
    } else {
        diesel::update(row).set(said).returning(Row::as_returning()).get_result(conn).optional()?
    };
    written.map(Row::schedule).transpose()
}

/// Deletes a schedule and what became of its slots; the digests stay. What is being made for it now is not delivered. Must
/// be called in a transaction. Whether it was there.
pub fn delete(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
    let was_there = diesel::delete(s::table.find((tenant.as_str(), id))).execute(conn)? > 0;
    let runs = r::table.filter(r::tenant_id.eq(tenant.as_str())).filter(r::schedule_id.eq(id));
    diesel::delete(runs).execute(conn)?;
    Ok(was_there)
}

/// One schedule of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<DigestSchedule>, StoreError> {
    let row: Option<Row> = s::table.find((tenant.as_str(), id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Row::schedule).transpose()
}

/// Schedules, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<DigestSchedule>, StoreError> {
    let mut query = s::table.filter(s::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some(after) = after {
        query = query.filter(after.follows::<s::table>("(created_at, id) < ("));
    }
    let rows: Vec<Row> =
        query.order((s::created_at.desc(), s::id.desc())).limit(limit).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Row::schedule).collect()
}
