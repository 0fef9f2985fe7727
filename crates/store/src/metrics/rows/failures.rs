//! Failed deployments that recovered, with what they came from.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, QueryableByName, RunQueryDsl};
use domain::ids::TenantId;
use uuid::Uuid;

use super::{page, paged, tie};
use crate::StoreError;
use crate::events::After;
use crate::metrics::recovery::Clock;
use crate::metrics::{Slice, narrowed};

/// A deployment that failed.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct FailureRow {
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub deployment_id: String,
    #[diesel(sql_type = Text)]
    pub service: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub team: Option<String>,
    #[diesel(sql_type = Text)]
    pub environment: String,
    #[diesel(sql_type = Timestamptz)]
    pub failed_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub impact_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub recovered_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Double>)]
    pub rt_s: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub rt_impact_s: Option<f64>,
    #[diesel(sql_type = Array<Text>)]
    pub methods: Vec<String>,
    /// Subjects of the deployment's events and of its incidents'.
    #[diesel(sql_type = Array<Text>)]
    pub subjects: Vec<String>,
    #[diesel(sql_type = SqlUuid)]
    pub tie: Uuid,
}

const KEY: [&str; 2] = ["f.integration", "f.deployment_id"];

/// Those that recovered in the window, newest first.
pub fn recovered(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<FailureRow>, StoreError> {
    let text = text();
    let query = narrowed(&text, tenant, slice);
    Ok(paged(query, after, limit).load(conn)?)
}

pub(in crate::metrics) fn text() -> String {
    format!(
        "select f.integration, f.deployment_id, f.service, f.team, f.environment, f.failed_at, f.impact_at, f.recovered_at,
           f.rt_s, f.rt_impact_s, f.methods, {tie} as tie,
           array(select o.subject from deployments o where o.tenant_id = f.tenant_id and o.integration = f.integration
                   and o.deployment_id = f.deployment_id and o.subject is not null
                 union select i.subject from dora_links l join incidents i on i.tenant_id = l.tenant_id
                   and i.integration = l.integration and i.incident_id = l.incident_id
                 where l.tenant_id = f.tenant_id and l.deployment_integration = f.integration
                   and l.deployment_id = f.deployment_id and i.subject is not null
                 order by 1) as subjects
         from dora_failures f where {} {}",
        Clock::Finish.ended(),
        page("f.recovered_at", &tie(&KEY), 9),
        tie = tie(&KEY),
    )
}
