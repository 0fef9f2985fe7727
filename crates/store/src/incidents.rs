//! Incidents as people read them: those of all tools and those that people opened, one row per id outside.
//!
//! The rows are the entities that events add up to; nothing is written here. [`merges`] keeps which of them are one,
//! [`timeline`] puts together what is known of one, [`before`] what was shipped before it began.

pub mod before;
pub mod merges;
#[cfg(test)]
mod plans;
pub mod timeline;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use uuid::Uuid;

use crate::events::After;
use crate::{StoreError, statement};

/// An incident.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct IncidentRow {
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub incident_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    /// Whom it counts for by the catalog, else the service that it names.
    #[diesel(sql_type = Nullable<Text>)]
    pub service: Option<String>,
    /// The service's owner when it began.
    #[diesel(sql_type = Nullable<Text>)]
    pub team: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub repo: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub environment: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub tier: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub severity: Option<String>,
    /// The first of its times that is known: began, opened, acknowledged, resolved; else 1970.
    #[diesel(sql_type = Timestamptz)]
    pub began_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub acked_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub resolved_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Bool>)]
    pub change_related: Option<bool>,
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    /// Of its events.
    #[diesel(sql_type = Nullable<Text>)]
    pub subject: Option<String>,
    /// `integration:id` of the incident whose timeline shows this one.
    #[diesel(sql_type = Nullable<Text>)]
    pub merged_into: Option<String>,
    /// `integration:id` of the deployments that it is put to.
    #[diesel(sql_type = Array<Text>)]
    pub deployments: Vec<String>,
    #[diesel(sql_type = SqlUuid)]
    pub tie: Uuid,
}

impl IncidentRow {
    pub fn name(&self) -> Outside {
        Outside::new(self.integration.clone(), self.incident_id.clone())
    }

    /// What its events are about; of one whose source never said so, its name.
    pub fn subject(&self) -> String {
        self.subject.clone().unwrap_or_else(|| self.name().to_string())
    }
}

/// What a list is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub open: Option<bool>,
    /// The integration's name.
    pub source: Option<String>,
    pub service: Option<String>,
    /// Without regard to case.
    pub severity: Option<String>,
    /// When it began: inclusive.
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub to: Option<DateTime<Utc>>,
}

/// As the index of lists has it.
const BEGAN: &str = "coalesce(i.started_at, i.opened_at, i.acked_at, i.resolved_at, timestamptz 'epoch')";
const TIE: &str = "md5(concat_ws(chr(31), i.integration, i.incident_id))::uuid";

/// `incidents`: the rows that are asked for; what is told beside is read for those only.
fn select(incidents: &str) -> String {
    format!(
        "select i.integration, i.incident_id, i.title, coalesce(i.counted_service, i.service) as service, f.team, i.repo,
           i.environment, coalesce(f.tier, i.tier) as tier, i.severity, i.began_at, i.acked_at, i.resolved_at,
           i.change_related, i.url, i.subject, m.into_integration || ':' || m.into_id as merged_into,
           array(select l.deployment_integration || ':' || l.deployment_id from dora_links l
             where l.tenant_id = i.tenant_id and l.integration = i.integration and l.incident_id = i.incident_id
             order by 1) as deployments, i.tie
         from ({incidents}) i
         left join dora_incidents f using (tenant_id, integration, incident_id)
         left join incident_merges m using (tenant_id, integration, incident_id)"
    )
}

fn rows() -> String {
    format!(
        "select i.*, {BEGAN} as began_at, {TIE} as tie from incidents i
         where i.tenant_id = $1 and i.deleted is not true"
    )
}

/// Incidents, the latest begun first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    listed: &Listed,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<IncidentRow>, StoreError> {
    Ok(page(tenant, listed, after, limit).load(conn)?)
}

fn page<'a>(
    tenant: &'a TenantId,
    listed: &'a Listed,
    after: Option<After>,
    limit: i64,
) -> BoxedSqlQuery<'a, Pg, SqlQuery> {
    let page = format!(
        "{} and ($2 is null or (i.resolved_at is null) = $2) and ($3 is null or i.integration = $3)
           and ($4 is null or coalesce(i.counted_service, i.service) = $4)
           and ($5 is null or lower(i.severity) = lower($5))
           and ($6 is null or {BEGAN} >= $6) and ($7 is null or {BEGAN} < $7)
           and ($8 is null or ({BEGAN}, {TIE}) < ($8, $9)) order by {BEGAN} desc, {TIE} desc limit $10",
        rows()
    );
    sql_query(select(&page) + " order by i.began_at desc, i.tie desc")
        .into_boxed()
        .bind::<Text, _>(tenant.as_str())
        .bind::<Nullable<Bool>, _>(listed.open)
        .bind::<Nullable<Text>, _>(&listed.source)
        .bind::<Nullable<Text>, _>(&listed.service)
        .bind::<Nullable<Text>, _>(&listed.severity)
        .bind::<Nullable<Timestamptz>, _>(listed.from)
        .bind::<Nullable<Timestamptz>, _>(listed.to)
        .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.time))
        .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.id))
        .bind::<BigInt, _>(limit)
}

/// One incident of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, name: &Outside) -> Result<Option<IncidentRow>, StoreError> {
    let text = select(&format!("{} and i.integration = $2 and i.incident_id = $3", rows()));
    let query = sql_query(text).bind::<Text, _>(tenant.as_str()).bind::<Text, _>(&name.integration);
    Ok(query.bind::<Text, _>(&name.id).get_result(conn).optional()?)
}

statement! {
    struct Hold<'a> { tenant: Text = &'a str, name: Text = &'a str }
    returns ();
    "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'incident', ?, ?), 0))"
}

/// Whoever speaks of this incident waits until the transaction ends: two who close it at the same time close it once.
pub fn hold(conn: &mut PgConnection, tenant: &TenantId, name: &Outside) -> Result<(), StoreError> {
    Hold { tenant: tenant.as_str(), name: &name.to_string() }.execute(conn)?;
    Ok(())
}
