//! Who looks at a tenant's signals: one worker of the whole installation at a time, every so often.
//!
//! A look is leased, like a job. Its number is the fencing token: a worker that lost its lease to another changes nothing
//! any more. A worker that is gone loses it with time.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::min;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;

use crate::StoreError;
use crate::schema::signal_looks;

/// A look that is ours until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub tenant: TenantId,
    number: i64,
}

#[derive(QueryableByName)]
struct LookRow {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Takes the look that is due the longest; `None`: none is, or others are at it. A tenant that nobody has looked at yet is due
/// at once.
pub fn take(conn: &mut PgConnection, now: DateTime<Utc>, lease: TimeDelta) -> Result<Option<Look>, StoreError> {
    sql_query(
        "insert into signal_looks (tenant_id, number, next_at, ended_at)
         select t.tenant_id, 0, $1, $1 from tenants t
         where not exists (select from signal_looks l where l.tenant_id = t.tenant_id) on conflict do nothing",
    )
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    let row: Option<LookRow> = sql_query(
        "update signal_looks set number = number + 1, leased_until = $2
         where tenant_id = (
           select tenant_id from signal_looks
           where next_at <= $1 and (leased_until is null or leased_until < $1)
           order by next_at, tenant_id limit 1 for update skip locked)
         returning tenant_id, number",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .get_result(conn)
    .optional()?;
    let Some(LookRow { tenant_id, number }) = row else { return Ok(None) };
    let tenant = tenant_id.parse().map_err(|_| StoreError::Corrupt(format!("{tenant_id} is no tenant's name")))?;
    Ok(Some(Look { tenant, number }))
}

/// Whether the look is ours still. Then it stays so until the transaction ends.
pub(super) fn is_ours(conn: &mut PgConnection, look: &Look) -> Result<bool, StoreError> {
    let row = signal_looks::table.find(look.tenant.as_str()).filter(signal_looks::number.eq(look.number));
    let held: Option<String> = row.select(signal_looks::tenant_id).for_update().first(conn).optional()?;
    Ok(held.is_some())
}

/// The look is over; the next is due at `next_at`. `well`: all rules were looked at.
pub fn end(
    conn: &mut PgConnection,
    look: &Look,
    well: bool,
    now: DateTime<Utc>,
    next_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = signal_looks::table.find(look.tenant.as_str()).filter(signal_looks::number.eq(look.number));
    let over = (signal_looks::leased_until.eq(None::<DateTime<Utc>>), signal_looks::next_at.eq(next_at));
    if well {
        diesel::update(row).set((over, signal_looks::ended_at.eq(now))).execute(conn)?;
    } else {
        diesel::update(row).set(over).execute(conn)?;
    }
    Ok(())
}

/// Since when no look at the tenant that waits longest has ended well; `None`: there are no tenants.
pub fn last_ended(conn: &mut PgConnection) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(signal_looks::table.select(min(signal_looks::ended_at)).first(conn)?)
}
