//! Incidents that were resolved, with the deployments that they are put to.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use uuid::Uuid;

use super::{page, paged, tie};
use crate::StoreError;
use crate::events::After;
use crate::metrics::recovery::Clock;
use crate::metrics::{Slice, narrowed};

/// An incident.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct IncidentRow {
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub incident_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub service: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub team: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub environment: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub severity: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub start_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub resolved_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Double>)]
    pub restore_s: Option<f64>,
    #[diesel(sql_type = Bool)]
    pub attributed: bool,
    /// `integration:id method` of the deployments that it is put to.
    #[diesel(sql_type = Array<Text>)]
    pub deployments: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    pub methods: Vec<String>,
    /// Of its events.
    #[diesel(sql_type = Nullable<Text>)]
    pub subject: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    pub tie: Uuid,
}

const KEY: [&str; 2] = ["f.integration", "f.incident_id"];

/// `facts`: the rows of `dora_incidents` that are asked for, each with its `tie`; what is told beside is read for those only.
fn select(facts: &str) -> String {
    let links = |column: &str| {
        format!(
            "array(select {column} from dora_links l where l.tenant_id = f.tenant_id and l.integration = f.integration
               and l.incident_id = f.incident_id order by l.deployment_integration, l.deployment_id)"
        )
    };
    format!(
        "select f.integration, f.incident_id, e.title, e.url, f.service, f.team, f.environment, f.severity, f.start_at,
           f.resolved_at, f.restore_s, f.attributed, {} as deployments, {} as methods, e.subject, f.tie
         from ({facts}) f left join incidents e using (tenant_id, integration, incident_id)",
        links("l.deployment_integration || ':' || l.deployment_id"),
        links("l.method")
    )
}

fn facts() -> String {
    format!("select f.*, {} as tie from dora_incidents f", tie(&KEY))
}

/// Those that count and were resolved in the window, newest first.
pub fn resolved(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<IncidentRow>, StoreError> {
    let text = text();
    let query = narrowed(&text, tenant, slice);
    Ok(paged(query, after, limit).load(conn)?)
}

pub(in crate::metrics) fn text() -> String {
    let page_of = format!("{} where {} {}", facts(), Clock::Incident.ended(), page("f.resolved_at", &tie(&KEY), 9));
    select(&page_of) + " order by f.resolved_at desc, f.tie desc"
}

/// Those that are put to one deployment.
pub fn of_deployment(
    conn: &mut PgConnection,
    tenant: &TenantId,
    deployment: &Outside,
) -> Result<Vec<IncidentRow>, StoreError> {
    let text = format!(
        "{} where f.tenant_id = $1 and (f.integration, f.incident_id) in (
           select k.integration, k.incident_id from dora_links k
           where k.tenant_id = $1 and k.deployment_integration = $2 and k.deployment_id = $3)",
        facts()
    );
    let text = select(&text) + " order by f.start_at, f.integration, f.incident_id";
    let query = sql_query(text).bind::<Text, _>(tenant.as_str()).bind::<Text, _>(&deployment.integration);
    Ok(query.bind::<Text, _>(&deployment.id).load(conn)?)
}
