//! Coverage and quality gates, as they were reported, by week.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz};
use diesel::{PgConnection, QueryableByName, RunQueryDsl};
use domain::ids::TenantId;

use super::{Slice, narrowed};
use crate::StoreError;

/// A project's week.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct ReportWeek {
    /// Which of the begins, from 1 on.
    #[diesel(sql_type = Integer)]
    pub week: i32,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Text)]
    pub project: String,
    #[diesel(sql_type = Nullable<Double>)]
    pub avg_coverage: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub max_coverage: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub min_coverage: Option<f64>,
    /// Of the last report that judged.
    #[diesel(sql_type = Nullable<Bool>)]
    pub passed: Option<bool>,
    #[diesel(sql_type = BigInt)]
    pub event_count: i64,
    /// The newest of its events, so many at most.
    #[diesel(sql_type = Array<diesel::sql_types::Uuid>)]
    pub events: Vec<uuid::Uuid>,
}

#[derive(QueryableByName)]
struct Extent {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    first: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last: Option<DateTime<Utc>>,
}

/// A project is what a source calls it: mostly a repository.
const MEANT: &str = "r.tenant_id = $1 and r.at >= $2 and r.at < $3
  and (cardinality($7) = 0 or r.project = any($7)) and (cardinality($5) = 0 or r.project = any($5))";

/// The times of the first and of the last.
pub type FirstAndLast = (DateTime<Utc>, DateTime<Utc>);

/// When the first and the last report of the window came.
pub fn extent(conn: &mut PgConnection, tenant: &TenantId, slice: &Slice) -> Result<Option<FirstAndLast>, StoreError> {
    let text = format!("select min(r.at) as first, max(r.at) as last from quality_reports r where {MEANT}");
    let found: Extent = narrowed(&text, tenant, slice).get_result(conn)?;
    Ok(found.first.zip(found.last))
}

/// Weeks that have reports, newest first.
pub fn weeks(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    begins: &[DateTime<Utc>],
) -> Result<Vec<ReportWeek>, StoreError> {
    let text = format!(
        "select width_bucket(r.at, $9) as week, r.integration as source, r.project, avg(r.coverage_pct) as avg_coverage,
           max(r.coverage_pct) as max_coverage, min(r.coverage_pct) as min_coverage,
           (array_agg(r.passed order by r.at desc, r.event_id) filter (where r.passed is not null))[1] as passed,
           count(*) as event_count, (array_agg(r.event_id order by r.at desc, r.event_id))[1:50] as events
         from quality_reports r where {MEANT} group by 1, 2, 3 order by 1 desc, 2, 3"
    );
    Ok(narrowed(&text, tenant, slice).bind::<Array<Timestamptz>, _>(begins).load(conn)?)
}
