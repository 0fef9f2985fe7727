//! Deployments that ended, with what the facts say about each.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use uuid::Uuid;

use super::{page, paged, tie};
use crate::StoreError;
use crate::events::After;
use crate::metrics::{Slice, deploys_repo, narrowed, within};

/// A deployment that ended.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct DeploymentRow {
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub deployment_id: String,
    #[diesel(sql_type = Text)]
    pub service: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub team: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub repo: Option<String>,
    #[diesel(sql_type = Text)]
    pub environment: String,
    #[diesel(sql_type = Text)]
    pub tier: String,
    #[diesel(sql_type = Text)]
    pub outcome: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub sha: Option<String>,
    #[diesel(sql_type = Text)]
    pub heads: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub target: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub predecessor: Option<String>,
    #[diesel(sql_type = Integer)]
    pub changes: i32,
    #[diesel(sql_type = Bool)]
    pub rework: bool,
    #[diesel(sql_type = Bool)]
    pub failed: bool,
    #[diesel(sql_type = Bool)]
    pub ancestry_gap: bool,
    #[diesel(sql_type = Timestamptz)]
    pub provisional_until: DateTime<Utc>,
    /// How it is known that it failed; none where it did not.
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub failed_by: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    /// Of its events.
    #[diesel(sql_type = Nullable<Text>)]
    pub subject: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    pub tie: Uuid,
}

/// `facts`: the rows of `dora_deployments` that are asked for, each with its `tie`; what is told beside is read for those only.
fn select(facts: &str) -> String {
    format!(
        "select d.integration, d.deployment_id, d.service, d.team, d.repo, d.environment, d.tier, d.outcome, d.started_at,
           d.at, d.sha, d.heads, d.kind, d.target, d.predecessor, d.changes, d.rework, d.failed, d.ancestry_gap,
           d.provisional_until, f.methods as failed_by, e.title, e.url, e.subject, d.tie
         from ({facts}) d
         left join deployments e on e.tenant_id = d.tenant_id and e.integration = d.integration
           and e.deployment_id = d.deployment_id
         left join dora_failures f on f.tenant_id = d.tenant_id and f.integration = d.integration
           and f.deployment_id = d.deployment_id"
    )
}

fn facts() -> String {
    format!("select d.*, {} as tie from dora_deployments d", tie(&KEY))
}

const KEY: [&str; 2] = ["d.integration", "d.deployment_id"];

/// Which of the slice's deployments are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Empty: whatever the outcome.
    pub outcomes: Vec<String>,
    /// Empty: whatever the kind.
    pub kinds: Vec<String>,
    pub failed: Option<bool>,
    pub rework: Option<bool>,
}

/// Those that ended in the window, newest first.
pub fn ended(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    listed: &Listed,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<DeploymentRow>, StoreError> {
    let query = narrowed(&ended_text(), tenant, slice)
        .bind::<Array<Text>, _>(&listed.outcomes)
        .bind::<Array<Text>, _>(&listed.kinds)
        .bind::<Nullable<Bool>, _>(listed.failed)
        .bind::<Nullable<Bool>, _>(listed.rework);
    Ok(paged(query, after, limit).load(conn)?)
}

pub(in crate::metrics) fn ended_text() -> String {
    let page_of = format!(
        "{} where {} and (cardinality($9) = 0 or d.outcome = any($9)) and (cardinality($10) = 0 or d.kind = any($10))
           and ($11 is null or d.failed = $11) and ($12 is null or d.rework = $12) {}",
        facts(),
        within("d", "at", &deploys_repo("d")),
        page("d.at", &tie(&KEY), 13)
    );
    select(&page_of) + " order by d.at desc, d.tie desc"
}

/// One of this tenant.
pub fn one(
    conn: &mut PgConnection,
    tenant: &TenantId,
    deployment: &Outside,
) -> Result<Option<DeploymentRow>, StoreError> {
    let text = format!("{} where d.tenant_id = $1 and d.integration = $2 and d.deployment_id = $3", facts());
    let text = select(&text);
    let query = sql_query(text).bind::<Text, _>(tenant.as_str()).bind::<Text, _>(&deployment.integration);
    Ok(query.bind::<Text, _>(&deployment.id).get_result(conn).optional()?)
}
