//! Deployment frequency: how many deployments ended in success, per local day and source (metric M1).

use chrono::{DateTime, NaiveDate, Utc};
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;

use crate::StoreError;

/// Which deployments are counted. Empty lists narrow nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Inclusive: the time at which a deployment finished.
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
    /// An IANA time zone, `Europe/Berlin`: whose days they are. The caller has checked that it exists.
    pub time_zone: String,
    /// `production` by default (rule D3); empty counts every tier.
    pub tiers: Vec<String>,
    pub repos: Vec<String>,
    pub services: Vec<String>,
    pub environment: Option<String>,
}

/// One day of one source.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DayCount {
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = BigInt)]
    pub deployments: i64,
}

/// Successful deployments per local day and source, by day and source; days without any are not listed.
pub fn per_day(conn: &mut PgConnection, tenant: &TenantId, counted: &Counted) -> Result<Vec<DayCount>, StoreError> {
    let days = sql_query(
        "select (finished_at at time zone $4)::date as day, integration, count(*) as deployments
         from deployments
         where tenant_id = $1 and outcome = 'success' and finished_at >= $2 and finished_at < $3
           and (cardinality($5) = 0 or tier = any($5))
           and (cardinality($6) = 0 or repo = any($6))
           and (cardinality($7) = 0 or service = any($7))
           and ($8 is null or environment = $8)
         group by 1, 2 order by 1, 2",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<Timestamptz, _>(counted.from)
    .bind::<Timestamptz, _>(counted.to)
    .bind::<Text, _>(&counted.time_zone)
    .bind::<Array<Text>, _>(&counted.tiers)
    .bind::<Array<Text>, _>(&counted.repos)
    .bind::<Array<Text>, _>(&counted.services)
    .bind::<Nullable<Text>, _>(counted.environment.as_deref());
    Ok(days.load(conn)?)
}

/// When the first deployment that is known was finished or begun: days before it say nothing.
pub fn known_since(conn: &mut PgConnection, tenant: &TenantId) -> Result<Option<DateTime<Utc>>, StoreError> {
    use crate::schema::deployments as d;
    use diesel::{ExpressionMethods, QueryDsl};
    let first = d::table.filter(d::tenant_id.eq(tenant.as_str())).filter(d::outcome.eq("success"));
    Ok(first.select(diesel::dsl::min(d::finished_at)).first(conn)?)
}
