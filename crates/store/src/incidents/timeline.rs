//! What is known of an incident and of those merged into it, by time, oldest first: its events, among them what people
//! said, the deployments that it is put to, what people said of those, and the merges.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use super::merges;
use crate::StoreError;
use crate::events::After;

/// One moment.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Moment {
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// An event's type; `link.set`, `link.removed`, `deployment.linked` or `incident.merged`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// `integration:id` of the incident that it is about.
    #[diesel(sql_type = Text)]
    pub incident: String,
    /// The integration that told of it.
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub actor: Option<String>,
    /// `integration:id`, or as people named it.
    #[diesel(sql_type = Nullable<Text>)]
    pub deployment: Option<String>,
    /// The event's own data, or what else is known of the deployment.
    #[diesel(sql_type = Nullable<Json>)]
    pub data: Option<Value>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub event_id: Option<Uuid>,
    #[diesel(sql_type = SqlUuid)]
    pub tie: Uuid,
}

const TEXT: &str = "
with names as (
  select n.integration, n.incident_id, n.integration || ':' || n.incident_id as name, i.subject
  from unnest($2, $3) n (integration, incident_id)
  join incidents i on i.tenant_id = $1 and i.integration = n.integration and i.incident_id = n.incident_id
), moments as (
  select e.time as at, e.type as kind, n.name as incident, e.integration as source, e.actor, null as deployment, e.data,
    e.id as event_id, e.id as tie
  from names n join events e on e.tenant_id = $1 and e.subject = n.subject
    and e.integration in (n.integration, 'em-agent')
  union all
  select l.said_at, case when l.removed then 'link.removed' else 'link.set' end, n.name, 'em-agent', l.actor, l.deployment,
    null, null, md5(concat_ws(chr(31), 'said', n.name, l.deployment))::uuid
  from names n join incident_links l on l.tenant_id = $1 and l.incident in (n.name, n.incident_id)
  union all
  select d.at, 'deployment.linked', n.name, d.integration, null, d.integration || ':' || d.deployment_id,
    json_build_object('method', k.method, 'service', d.service, 'environment', d.environment, 'kind', d.kind), null,
    md5(concat_ws(chr(31), 'linked', n.name, d.integration, d.deployment_id))::uuid
  from names n
  join dora_links k on k.tenant_id = $1 and k.integration = n.integration and k.incident_id = n.incident_id
  join dora_deployments d on d.tenant_id = $1 and d.integration = k.deployment_integration
    and d.deployment_id = k.deployment_id
  union all
  select m.said_at, 'incident.merged', n.name, 'em-agent', m.said_by, null, null, null,
    md5(concat_ws(chr(31), 'merged', n.name))::uuid
  from names n join incident_merges m on m.tenant_id = $1 and m.integration = n.integration
    and m.incident_id = n.incident_id
)
select * from moments where $4 is null or (at, tie) > ($4, $5) order by at, tie limit $6";

/// The moments of an incident and of what is merged into it, at most `limit`.
pub fn moments(
    conn: &mut PgConnection,
    tenant: &TenantId,
    main: &Outside,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Moment>, StoreError> {
    let mut all = merges::of(conn, tenant, main)?;
    all.push(main.clone());
    Ok(page(tenant, all, after, limit).load(conn)?)
}

pub(super) fn page(
    tenant: &TenantId,
    all: Vec<Outside>,
    after: Option<After>,
    limit: i64,
) -> BoxedSqlQuery<'_, Pg, SqlQuery> {
    let (integrations, ids): (Vec<String>, Vec<String>) = all.into_iter().map(|one| (one.integration, one.id)).unzip();
    sql_query(TEXT)
        .into_boxed()
        .bind::<Text, _>(tenant.as_str())
        .bind::<Array<Text>, _>(integrations)
        .bind::<Array<Text>, _>(ids)
        .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.time))
        .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.id))
        .bind::<BigInt, _>(limit)
}
