//! Deployments counted by quarters of an hour: every real time zone's days are made of those. (Metrics M1, M3, M5.)

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text, Timestamptz};
use diesel::{PgConnection, QueryableByName, RunQueryDsl};
use domain::ids::TenantId;

use super::{Slice, deploys_repo, narrowed, within};
use crate::StoreError;

/// What ended in a quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Slot {
    #[diesel(sql_type = Timestamptz)]
    pub slot: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub deployments: i64,
    #[diesel(sql_type = BigInt)]
    pub redeploys: i64,
    #[diesel(sql_type = BigInt)]
    pub rollbacks: i64,
    #[diesel(sql_type = BigInt)]
    pub hotfixes: i64,
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    #[diesel(sql_type = BigInt)]
    pub rework: i64,
    /// Ended in failure or error.
    #[diesel(sql_type = BigInt)]
    pub failed_attempts: i64,
    /// Until then an incident may still be attributed to one of them.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub provisional_until: Option<DateTime<Utc>>,
}

/// Deployments added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Successes, as far as redeploys count.
    pub counted: i64,
    pub deployments: i64,
    pub redeploys: i64,
    pub rollbacks: i64,
    pub hotfixes: i64,
    pub failed: i64,
    pub rework: i64,
    pub failed_attempts: i64,
    pub provisional_until: Option<DateTime<Utc>>,
}

impl Counts {
    pub fn add(&mut self, slot: &Slot, count_redeploys: bool) {
        self.counted += slot.counted(count_redeploys);
        self.deployments += slot.deployments;
        self.redeploys += slot.redeploys;
        self.rollbacks += slot.rollbacks;
        self.hotfixes += slot.hotfixes;
        self.failed += slot.failed;
        self.rework += slot.rework;
        self.failed_attempts += slot.failed_attempts;
        self.provisional_until = self.provisional_until.max(slot.provisional_until);
    }

    /// Rule M3: (failed, of how many).
    pub fn failures(&self, count_failed_pipeline: bool) -> (i64, i64) {
        let attempts = if count_failed_pipeline { self.failed_attempts } else { 0 };
        (self.failed + attempts, self.deployments - self.rollbacks + attempts)
    }
}

impl Slot {
    /// Successes, as far as redeploys count.
    pub fn counted(&self, count_redeploys: bool) -> i64 {
        if count_redeploys { self.deployments } else { self.deployments - self.redeploys }
    }
}

/// The slice's deployments by quarter of an hour, oldest first; quarters without any are not listed.
///
/// For a whole tenant over years the table `dora_slots` holds the same counts; whoever reads it must count the quarters
/// that the range cuts through, and those in `dora_rollup_dirty`, from the facts.
pub fn slots(conn: &mut PgConnection, tenant: &TenantId, slice: &Slice) -> Result<Vec<Slot>, StoreError> {
    Ok(narrowed(&slots_text(), tenant, slice).load(conn)?)
}

pub(super) fn slots_text() -> String {
    format!(
        "select date_bin('15 minutes', d.at, timestamptz 'epoch') as slot,
           count(*) filter (where d.outcome = 'success') as deployments,
           count(*) filter (where d.kind = 'redeploy') as redeploys,
           count(*) filter (where d.kind = 'rollback') as rollbacks,
           count(*) filter (where d.kind = 'hotfix') as hotfixes,
           count(*) filter (where d.failed and d.outcome = 'success' and d.kind is distinct from 'rollback') as failed,
           count(*) filter (where d.rework and d.outcome = 'success') as rework,
           count(*) filter (where d.outcome in ('failure', 'error')) as failed_attempts,
           max(d.provisional_until) filter (where d.outcome = 'success' and d.kind is distinct from 'rollback')
             as provisional_until
         from dora_deployments d where {} group by 1 order by 1",
        within("d", "at", &deploys_repo("d"))
    )
}

/// Successes of one source in a quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct SourceSlot {
    #[diesel(sql_type = Timestamptz)]
    pub slot: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = BigInt)]
    pub deployments: i64,
}

/// Successes by quarter of an hour and source.
pub fn source_slots(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    count_redeploys: bool,
) -> Result<Vec<SourceSlot>, StoreError> {
    let text = format!(
        "select date_bin('15 minutes', d.at, timestamptz 'epoch') as slot, d.integration, count(*) as deployments
         from dora_deployments d
         where {} and d.outcome = 'success' and ($9 or d.kind is distinct from 'redeploy')
         group by 1, 2 order by 1, 2",
        within("d", "at", &deploys_repo("d"))
    );
    Ok(narrowed(&text, tenant, slice).bind::<Bool, _>(count_redeploys).load(conn)?)
}

#[derive(QueryableByName)]
struct Seconds {
    #[diesel(sql_type = Nullable<Double>)]
    seconds: Option<f64>,
}

/// The median time from one success to the next, in seconds; none with fewer than two.
pub fn between_p50_s(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    count_redeploys: bool,
) -> Result<Option<f64>, StoreError> {
    let found: Seconds = narrowed(&between_text(), tenant, slice).bind::<Bool, _>(count_redeploys).get_result(conn)?;
    Ok(found.seconds)
}

pub(super) fn between_text() -> String {
    format!(
        "select percentile_cont(0.5) within group (order by gap) as seconds from (
           select extract(epoch from d.at - lag(d.at) over (order by d.at))::float8 as gap
           from dora_deployments d
           where {} and d.outcome = 'success' and ($9 or d.kind is distinct from 'redeploy')) g",
        within("d", "at", &deploys_repo("d"))
    )
}

/// Every deployment that ended in the window, as a slot of its own at its own time, in order: what the counts are
/// recomputed from.
pub fn each(conn: &mut PgConnection, tenant: &TenantId, slice: &Slice) -> Result<Vec<Slot>, StoreError> {
    let text = format!(
        "select d.at as slot, (d.outcome = 'success')::int::bigint as deployments,
           (d.kind is not distinct from 'redeploy')::int::bigint as redeploys,
           (d.kind is not distinct from 'rollback')::int::bigint as rollbacks,
           (d.kind is not distinct from 'hotfix')::int::bigint as hotfixes,
           (d.failed and d.outcome = 'success' and d.kind is distinct from 'rollback')::int::bigint as failed,
           (d.rework and d.outcome = 'success')::int::bigint as rework,
           (d.outcome in ('failure', 'error'))::int::bigint as failed_attempts,
           case when d.outcome = 'success' and d.kind is distinct from 'rollback' then d.provisional_until end
             as provisional_until
         from dora_deployments d where {} order by d.at",
        within("d", "at", &deploys_repo("d"))
    );
    Ok(narrowed(&text, tenant, slice).load(conn)?)
}
