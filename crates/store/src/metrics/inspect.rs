//! One deployment from all sides: what it consists of, what mends it or is mended by it, and how its facts came about.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;

/// A thing that was deployed.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct ComponentRow {
    #[diesel(sql_type = Text)]
    pub repo: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub sha: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub branch: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub finished_at: Option<DateTime<Utc>>,
}

/// What mends what.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct RemedyRow {
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub deployment_id: String,
    #[diesel(sql_type = Text)]
    pub culprit_integration: String,
    #[diesel(sql_type = Text)]
    pub culprit_id: String,
    #[diesel(sql_type = Text)]
    pub method: String,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
}

/// How a fact changed.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct AuditRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub fact: String,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Nullable<Json>)]
    pub before: Option<Value>,
    #[diesel(sql_type = Nullable<Json>)]
    pub after: Option<Value>,
    #[diesel(sql_type = Array<SqlUuid>)]
    pub causes: Vec<Uuid>,
}

/// Its failure, if it failed.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct FailureOf {
    #[diesel(sql_type = Timestamptz)]
    pub failed_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub impact_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub recovered_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<diesel::sql_types::Double>)]
    pub rt_s: Option<f64>,
    #[diesel(sql_type = Array<Text>)]
    pub methods: Vec<String>,
}

/// A commit that it was the first to contain.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct CommitOf {
    #[diesel(sql_type = Text)]
    pub repo: String,
    #[diesel(sql_type = Text)]
    pub sha: String,
    #[diesel(sql_type = Bool)]
    pub shipped: bool,
    #[diesel(sql_type = Bool)]
    pub in_scope: bool,
    #[diesel(sql_type = Bool)]
    pub is_merge: bool,
}

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    pub components: Vec<ComponentRow>,
    pub commits: Vec<CommitOf>,
    pub remedies: Vec<RemedyRow>,
    pub failure: Option<FailureOf>,
    pub audit: Vec<AuditRow>,
}

/// So many commits and audit rows at most: a first deployment may contain a whole history.
const MOST: &str = "limit 500";

/// The parts of a deployment. `service` and `at` are its fact's: they find its commits.
pub fn parts(
    conn: &mut PgConnection,
    tenant: &TenantId,
    deployment: &Outside,
    service: &str,
    at: DateTime<Utc>,
) -> Result<Parts, StoreError> {
    let of = |text: String| {
        let query = sql_query(text).bind::<Text, _>(tenant.as_str().to_owned());
        query.bind::<Text, _>(deployment.integration.clone()).bind::<Text, _>(deployment.id.clone())
    };
    let components = of("select repo, sha, ref as branch, finished_at from deployment_components
                         where tenant_id = $1 and integration = $2 and deployment_id = $3 order by 1, 2"
        .to_owned());
    let commits = of(format!(
        "select repo, sha, shipped, in_scope, is_merge from dora_commits
         where tenant_id = $1 and service = $4 and deployed_at = $5 and integration = $2 and deployment_id = $3
         order by repo, sha {MOST}"
    ));
    let remedies =
        of("select integration, deployment_id, culprit_integration, culprit_id, method, at from dora_remediations
                       where tenant_id = $1 and ((integration = $2 and deployment_id = $3)
                         or (culprit_integration = $2 and culprit_id = $3)) order by at, 1, 2, 3, 4, 5"
            .to_owned());
    let failure = of("select failed_at, impact_at, recovered_at, rt_s, methods from dora_failures
                      where tenant_id = $1 and integration = $2 and deployment_id = $3"
        .to_owned());
    Ok(Parts {
        components: components.load(conn)?,
        commits: commits.bind::<Text, _>(service).bind::<Timestamptz, _>(at).load(conn)?,
        remedies: remedies.load(conn)?,
        failure: failure.load(conn)?.pop(),
        audit: audit(conn, tenant, deployment)?,
    })
}

/// How the deployment's own facts changed, newest first.
fn audit(conn: &mut PgConnection, tenant: &TenantId, deployment: &Outside) -> Result<Vec<AuditRow>, StoreError> {
    let text = format!(
        "select id, at, fact, key, before, after, causes from dora_audit
         where tenant_id = $1 and fact in ('deployment', 'failure') and key = $2 order by id desc {MOST}"
    );
    let query = sql_query(text).bind::<Text, _>(tenant.as_str());
    Ok(query.bind::<Text, _>(deployment.to_string()).load(conn)?)
}
