//! Lead times of what was shipped, by change or by commit (metric M2).
//!
//! A negative lead time is told as a fault of the data, not counted; a rollback ships nothing.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;

use super::{Slice, narrowed, within};
use crate::StoreError;

/// What a lead time is measured of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Change,
    Commit,
}

/// Which lead times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Which {
    pub unit: Unit,
    pub exclude_bots: bool,
}

/// Durations of a bucket: how many, their mean, and the percentiles that were asked for.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Durations {
    /// From 1 on; 0 where nothing is cut.
    #[diesel(sql_type = Integer)]
    pub bucket: i32,
    #[diesel(sql_type = BigInt)]
    pub n: i64,
    #[diesel(sql_type = Nullable<Double>)]
    pub mean_s: Option<f64>,
    #[diesel(sql_type = Nullable<Array<Double>>)]
    pub percentiles: Option<Vec<f64>>,
}

/// All of the slice together, with these percentiles (0 to 1).
pub fn total(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    which: Which,
    shares: &[f64],
) -> Result<Durations, StoreError> {
    let text = totals_text(which.unit, "0", "", rollback_condition(conn, tenant)?);
    let query = narrowed(&text, tenant, slice);
    Ok(query.bind::<Bool, _>(which.exclude_bots).bind::<Array<Double>, _>(shares).get_result(conn)?)
}

/// By bucket: `begins` are in order, and the first is at or before the slice.
pub fn trend(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    which: Which,
    shares: &[f64],
    begins: &[DateTime<Utc>],
) -> Result<Vec<Durations>, StoreError> {
    let text =
        totals_text(which.unit, "width_bucket(c.at, $11)", "group by 1 order by 1", rollback_condition(conn, tenant)?);
    let query = narrowed(&text, tenant, slice);
    let query = query.bind::<Bool, _>(which.exclude_bots).bind::<Array<Double>, _>(shares);
    Ok(query.bind::<Array<Timestamptz>, _>(begins).load(conn)?)
}

pub(super) fn totals_text(unit: Unit, bucket: &str, group: &str, rollbacks: &str) -> String {
    format!(
        "select {bucket} as bucket, count(*) as n, avg(c.lead_s) as mean_s,
           percentile_cont($10) within group (order by c.lead_s) as percentiles
         from {} where {} and {rollbacks} {group}",
        table(unit),
        counted(unit),
    )
}

fn table(unit: Unit) -> &'static str {
    match unit {
        Unit::Change => "dora_changes c",
        Unit::Commit => "dora_commits c",
    }
}

/// What is counted, with the bind $9 for bots.
fn counted(unit: Unit) -> String {
    let of_unit = match unit {
        Unit::Change => "c.lead_s >= 0",
        Unit::Commit => "c.shipped and c.in_scope and not c.is_merge and c.lead_s >= 0",
    };
    format!("{} and {of_unit} and not ($9 and c.is_bot)", within("c", "at", "c.repo = any($7)"))
}

/// Rollbacks ship nothing. Hardly any says that it does: without one nobody pays for looking.
fn rollback_condition(conn: &mut PgConnection, tenant: &TenantId) -> Result<&'static str, StoreError> {
    let any = sql_query(
        "select 1 as bucket, 0::bigint as n, null::float8 as mean_s, null::float8[] as percentiles
         from dora_deployments where tenant_id = $1 and kind = 'rollback' and changes > 0 limit 1",
    );
    let found: Option<Durations> = any.bind::<Text, _>(tenant.as_str()).get_result(conn).optional()?;
    Ok(if found.is_some() { NOT_BY_ROLLBACK } else { "true" })
}

const NOT_BY_ROLLBACK: &str = "not exists (select from dora_deployments b where b.tenant_id = c.tenant_id
  and b.integration = c.integration and b.deployment_id = c.deployment_id and b.kind = 'rollback' and b.changes > 0)";

/// Where the time of changes went: of each phase the mean and a percentile, over the changes for which it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, QueryableByName)]
pub struct PhaseTimes {
    #[diesel(sql_type = Nullable<Double>)]
    pub coding: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub pickup: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub review: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub merge: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub deploy: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub coding_mean: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub pickup_mean: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub review_mean: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub merge_mean: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub deploy_mean: Option<f64>,
}

/// The phases of the slice's changes; `share` (0 to 1) is the percentile.
pub fn phases(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    exclude_bots: bool,
    share: f64,
) -> Result<PhaseTimes, StoreError> {
    let text = phases_text(rollback_condition(conn, tenant)?);
    let query = narrowed(&text, tenant, slice).bind::<Bool, _>(exclude_bots);
    Ok(query.bind::<Double, _>(share).get_result(conn)?)
}

pub(super) fn phases_text(rollbacks: &str) -> String {
    let columns = ["coding", "pickup", "review", "merge", "deploy"].map(|phase| {
        format!("percentile_cont($10) within group (order by c.{phase}_s) as {phase}, avg(c.{phase}_s) as {phase}_mean")
    });
    format!("select {} from dora_changes c where {} and {rollbacks}", columns.join(", "), counted(Unit::Change))
}

/// The times of one change or commit, as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, QueryableByName)]
pub struct Times {
    #[diesel(sql_type = Double)]
    pub lead_s: f64,
    #[diesel(sql_type = Nullable<Double>)]
    pub coding_s: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub pickup_s: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub review_s: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub merge_s: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub deploy_s: Option<f64>,
}

/// Everything that is counted, one by one: what the headline is recomputed from. Commits have no phases.
pub fn each(conn: &mut PgConnection, tenant: &TenantId, slice: &Slice, which: Which) -> Result<Vec<Times>, StoreError> {
    let condition = rollback_condition(conn, tenant)?;
    let phases = ["coding_s", "pickup_s", "review_s", "merge_s", "deploy_s"].map(|phase| match which.unit {
        Unit::Change => format!("c.{phase}"),
        Unit::Commit => format!("null::float8 as {phase}"),
    });
    let (table, counted) = (table(which.unit), counted(which.unit));
    let text = format!("select c.lead_s, {} from {table} where {counted} and {condition}", phases.join(", "));
    Ok(narrowed(&text, tenant, slice).bind::<Bool, _>(which.exclude_bots).load(conn)?)
}
