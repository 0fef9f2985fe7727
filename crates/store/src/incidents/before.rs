//! What was shipped before an incident began: the changes of some deployments.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Text, Timestamptz};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::facts::Outside;
use domain::ids::TenantId;

use crate::StoreError;

/// A change that a deployment shipped.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct ChangeRow {
    /// Of the deployment.
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub deployment_id: String,
    #[diesel(sql_type = Text)]
    pub repo: String,
    /// Of a direct push: the commit's SHA.
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub author: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub merged_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Double)]
    pub lead_s: f64,
    #[diesel(sql_type = Bool)]
    pub is_bot: bool,
    #[diesel(sql_type = Bool)]
    pub is_revert: bool,
}

/// The changes of these deployments, at most `limit`.
pub fn changes(
    conn: &mut PgConnection,
    tenant: &TenantId,
    deployments: &[Outside],
    limit: i64,
) -> Result<Vec<ChangeRow>, StoreError> {
    let (integrations, ids): (Vec<&str>, Vec<&str>) =
        deployments.iter().map(|one| (one.integration.as_str(), one.id.as_str())).unzip();
    let query = sql_query(
        "select c.integration, c.deployment_id, c.repo, c.number, e.title, e.author, e.url, c.merged_at, c.lead_s,
           c.is_bot, c.is_revert
         from unnest($2, $3) d (integration, deployment_id)
         join dora_changes c on c.tenant_id = $1 and c.integration = d.integration and c.deployment_id = d.deployment_id
         left join changes e on e.tenant_id = c.tenant_id and e.repo = c.repo and e.number = c.number
         order by c.at desc, c.repo, c.number limit $4",
    );
    let query = query.bind::<Text, _>(tenant.as_str()).bind::<Array<Text>, _>(integrations);
    Ok(query.bind::<Array<Text>, _>(ids).bind::<BigInt, _>(limit).load(conn)?)
}
