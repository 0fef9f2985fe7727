//! What was shipped: changes with their times, and commits.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use uuid::Uuid;

use super::{page, paged, tie};
use crate::StoreError;
use crate::events::After;
use crate::metrics::{Slice, narrowed, within};

/// A change that a deployment shipped.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct ChangeRow {
    #[diesel(sql_type = Text)]
    pub service: String,
    #[diesel(sql_type = Text)]
    pub environment: String,
    #[diesel(sql_type = Text)]
    pub tier: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub team: Option<String>,
    #[diesel(sql_type = Text)]
    pub repo: String,
    #[diesel(sql_type = Text)]
    pub number: String,
    /// `change`, or `direct`: then its number is the commit's SHA.
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub author: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub landed_sha: Option<String>,
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub deployment_id: String,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub start_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub first_commit_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub opened_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub first_review_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub approved_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub merged_at: Option<DateTime<Utc>>,
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
    #[diesel(sql_type = Bool)]
    pub is_bot: bool,
    #[diesel(sql_type = Bool)]
    pub is_revert: bool,
    #[diesel(sql_type = Bool)]
    pub is_hotfix: bool,
    #[diesel(sql_type = Text)]
    pub link_method: String,
    #[diesel(sql_type = Bool)]
    pub files_known: bool,
    /// Shipped by a rollback: not counted.
    #[diesel(sql_type = Bool)]
    pub by_rollback: bool,
    /// Of its events.
    #[diesel(sql_type = Nullable<Text>)]
    pub subject: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub deployment_subject: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    pub tie: Uuid,
}

const KEY: [&str; 4] = ["c.service", "c.environment", "c.repo", "c.number"];

/// `facts`: the rows of `dora_changes` that are asked for, each with its `tie` and whether a rollback says it ships it; what is told
/// beside is read for those only.
fn select(facts: &str) -> String {
    format!(
        "select c.service, c.environment, c.tier, c.team, c.repo, c.number, c.kind, e.title, e.author, e.url, e.landed_sha,
           c.integration, c.deployment_id, c.at, c.start_at, c.first_commit_at, c.opened_at, c.first_review_at,
           c.approved_at, c.merged_at, c.lead_s, c.coding_s, c.pickup_s, c.review_s, c.merge_s, c.deploy_s, c.is_bot,
           c.is_revert, c.is_hotfix, c.link_method, c.files_known,
           c.by_rollback, e.subject, o.subject as deployment_subject, c.tie
         from ({facts}) c
         left join changes e on e.tenant_id = c.tenant_id and e.repo = c.repo and e.number = c.number
         left join deployments o on o.tenant_id = c.tenant_id and o.integration = c.integration
           and o.deployment_id = c.deployment_id"
    )
}

fn facts() -> String {
    format!(
        "select c.*, b.by_rollback, {} as tie from dora_changes c cross join lateral (
           select exists (select from dora_deployments d where d.tenant_id = c.tenant_id and d.integration = c.integration
             and d.deployment_id = c.deployment_id and d.kind = 'rollback' and d.changes > 0) as by_rollback) b",
        tie(&KEY)
    )
}

/// Which of what was shipped is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub exclude_bots: bool,
    /// Leaves out what the lead time does not count: negative times, and what a rollback says it ships.
    pub only_counted: bool,
}

/// What was shipped in the window, newest first.
pub fn shipped(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    shown: Shown,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<ChangeRow>, StoreError> {
    let query = narrowed(&shipped_text(), tenant, slice);
    let query = query.bind::<Bool, _>(shown.exclude_bots).bind::<Bool, _>(shown.only_counted);
    Ok(paged(query, after, limit).load(conn)?)
}

pub(in crate::metrics) fn shipped_text() -> String {
    let page_of = format!(
        "{} where {} and not ($9 and c.is_bot) and (not $10 or (c.lead_s >= 0 and not b.by_rollback)) {}",
        facts(),
        within("c", "at", "c.repo = any($7)"),
        page("c.at", &tie(&KEY), 11)
    );
    select(&page_of) + " order by c.at desc, c.tie desc"
}

/// What one deployment shipped.
pub fn of_deployment(
    conn: &mut PgConnection,
    tenant: &TenantId,
    deployment: &Outside,
) -> Result<Vec<ChangeRow>, StoreError> {
    let text = format!("{} where c.tenant_id = $1 and c.integration = $2 and c.deployment_id = $3", facts());
    let text = select(&text) + " order by c.at, c.repo, c.number";
    let query = sql_query(text).bind::<Text, _>(tenant.as_str()).bind::<Text, _>(&deployment.integration);
    Ok(query.bind::<Text, _>(&deployment.id).load(conn)?)
}

/// A commit that a deployment shipped.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct CommitRow {
    #[diesel(sql_type = Text)]
    pub service: String,
    #[diesel(sql_type = Text)]
    pub environment: String,
    #[diesel(sql_type = Text)]
    pub repo: String,
    #[diesel(sql_type = Text)]
    pub sha: String,
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub deployment_id: String,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub committed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Double>)]
    pub lead_s: Option<f64>,
    #[diesel(sql_type = Bool)]
    pub is_merge: bool,
    #[diesel(sql_type = Bool)]
    pub is_bot: bool,
    /// False: live before, as far as is known.
    #[diesel(sql_type = Bool)]
    pub shipped: bool,
    /// False: its files are not the service's.
    #[diesel(sql_type = Bool)]
    pub in_scope: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub deployment_subject: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    pub tie: Uuid,
}

const COMMIT_KEY: [&str; 4] = ["c.service", "c.environment", "c.repo", "c.sha"];

/// Commits that deployments of the window were the first to contain, newest first; also what is not counted.
pub fn commits(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    exclude_bots: bool,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<CommitRow>, StoreError> {
    let text = format!(
        "select c.service, c.environment, c.repo, c.sha, c.integration, c.deployment_id, c.at,
           coalesce(e.authored_at, e.committed_at) as committed_at, c.lead_s, c.is_merge, c.is_bot, c.shipped, c.in_scope,
           o.subject as deployment_subject, {tie} as tie
         from dora_commits c
         left join commits e on e.tenant_id = c.tenant_id and e.repo = c.repo and e.sha = c.sha
         left join deployments o on o.tenant_id = c.tenant_id and o.integration = c.integration
           and o.deployment_id = c.deployment_id
         where {} and c.shipped and not ($9 and c.is_bot) {}",
        within("c", "at", "c.repo = any($7)"),
        page("c.at", &tie(&COMMIT_KEY), 10),
        tie = tie(&COMMIT_KEY),
    );
    let query = narrowed(&text, tenant, slice).bind::<Bool, _>(exclude_bots);
    Ok(paged(query, after, limit).load(conn)?)
}
