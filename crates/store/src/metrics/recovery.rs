//! How long failed deployments took to recover (metric M4), and incidents to be resolved.
//!
//! The window is on the end: a failure of last month that was mended in this one belongs to this one, whole. What had
//! not ended when the window did is open, whenever it began.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Double, Nullable, Timestamptz};
use diesel::{PgConnection, QueryableByName, RunQueryDsl};
use domain::ids::TenantId;

use super::lead::Durations;
use super::{Slice, deploys_repo, narrowed, of_slice, within};
use crate::StoreError;

/// Whose end is waited for, and where its clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Failed deployments, from their finish.
    Finish,
    /// Failed deployments, from the first incident; from their finish where there is none.
    Impact,
    /// Incidents that count, from their start.
    Incident,
}

impl Clock {
    fn table(self) -> &'static str {
        match self {
            Clock::Finish | Clock::Impact => "dora_failures f",
            Clock::Incident => "dora_incidents f",
        }
    }

    fn seconds(self) -> &'static str {
        match self {
            Clock::Finish => "f.rt_s",
            Clock::Impact => "coalesce(f.rt_impact_s, f.rt_s)",
            Clock::Incident => "f.restore_s",
        }
    }

    fn start(self) -> &'static str {
        match self {
            Clock::Finish => "f.failed_at",
            Clock::Impact => "coalesce(f.impact_at, f.failed_at)",
            Clock::Incident => "f.start_at",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Clock::Finish | Clock::Impact => "recovered_at",
            Clock::Incident => "resolved_at",
        }
    }

    fn of_repos(self) -> String {
        match self {
            Clock::Finish | Clock::Impact => format!(
                "exists (select from dora_deployments d where d.tenant_id = f.tenant_id
                  and d.integration = f.integration and d.deployment_id = f.deployment_id and {})",
                deploys_repo("d")
            ),
            Clock::Incident => "exists (select from incidents e where e.tenant_id = f.tenant_id
               and e.integration = f.integration and e.incident_id = f.incident_id and e.repo = any($7))"
                .to_owned(),
        }
    }

    fn qualifies(self) -> &'static str {
        if self == Clock::Incident { "f.qualifies" } else { "true" }
    }

    /// What ended in the window.
    pub(super) fn ended(self) -> String {
        let window = within("f", self.end(), &self.of_repos());
        format!("{window} and {} and {} is not null", self.qualifies(), self.seconds())
    }

    /// What had not ended when the window did.
    pub(super) fn open(self) -> String {
        let (start, end, slice) = (self.start(), self.end(), of_slice("f", &self.of_repos()));
        format!("{slice} and {} and {start} < $3 and (f.{end} is null or f.{end} >= $3)", self.qualifies())
    }
}

/// All that ended in the slice's window.
pub fn total(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    clock: Clock,
    shares: &[f64],
) -> Result<Durations, StoreError> {
    let text = totals_text(clock, "0", "");
    Ok(narrowed(&text, tenant, slice).bind::<Array<Double>, _>(shares).get_result(conn)?)
}

/// The same by bucket.
pub fn trend(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    clock: Clock,
    shares: &[f64],
    begins: &[DateTime<Utc>],
) -> Result<Vec<Durations>, StoreError> {
    let bucket = format!("width_bucket(f.{}, $10)", clock.end());
    let text = totals_text(clock, &bucket, "group by 1 order by 1");
    let query = narrowed(&text, tenant, slice).bind::<Array<Double>, _>(shares);
    Ok(query.bind::<Array<Timestamptz>, _>(begins).load(conn)?)
}

pub(super) fn totals_text(clock: Clock, bucket: &str, group: &str) -> String {
    let seconds = clock.seconds();
    format!(
        "select {bucket} as bucket, count(*) as n, avg({seconds}) as mean_s,
           percentile_cont($9) within group (order by {seconds}) as percentiles
         from {} where {} {group}",
        clock.table(),
        clock.ended()
    )
}

/// What is not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Open {
    #[diesel(sql_type = BigInt)]
    pub n: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub oldest: Option<DateTime<Utc>>,
}

/// What had begun and not ended at the slice's end.
pub fn open(conn: &mut PgConnection, tenant: &TenantId, slice: &Slice, clock: Clock) -> Result<Open, StoreError> {
    let text =
        format!("select count(*) as n, min({}) as oldest from {} where {}", clock.start(), clock.table(), clock.open());
    Ok(narrowed(&text, tenant, slice).get_result(conn)?)
}

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = Double)]
    value: f64,
}

/// Every duration that is counted.
pub fn values(conn: &mut PgConnection, tenant: &TenantId, slice: &Slice, clock: Clock) -> Result<Vec<f64>, StoreError> {
    let text = format!("select {} as value from {} where {}", clock.seconds(), clock.table(), clock.ended());
    let rows: Vec<Value> = narrowed(&text, tenant, slice).load(conn)?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}
