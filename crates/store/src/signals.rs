//! What the rules for signals look at, read from what is known of changes, deployments, incidents and pipelines. Nothing
//! here decides what is a signal: `domain::signals` does. [`known`] reads all that a set of rules needs; [`states`] keeps what
//! was found from one look to the next, and [`looks`] who looks.

mod known;
pub mod looks;
#[cfg(test)]
mod plans;
pub mod states;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;
use domain::signals::{FailedDeployment, IncidentSeen, OpenChange, PipelineRun};

use crate::statement::record;
use crate::{StoreError, statement};

pub use known::Known;

/// The teams of each repository, `owned (repo, teams)`: a walk from one to the next in the index, however many deployments each
/// has.
macro_rules! owned {
    () => {
        "with recursive walked as (
           (select team, tier, repo from dora_deployments
            where tenant_id = ? and team is not null and repo is not null order by team, tier, repo limit 1)
           union all
           select n.team, n.tier, n.repo from walked w cross join lateral (
             select d.team, d.tier, d.repo from dora_deployments d
             where d.tenant_id = ? and d.team is not null and d.repo is not null and (d.team, d.tier, d.repo) > (w.team, w.tier, w.repo)
             order by d.team, d.tier, d.repo limit 1) n
         ), owned as (select repo, array_agg(distinct team order by team) as teams from walked group by repo) "
    };
}

statement! {
    /// Changes that are open, the oldest first.
    struct Open<'a> { first: Text = &'a str, next: Text = &'a str, tenant: Text = &'a str, limit: BigInt = i64 }
    returns (Text, Text, Nullable<Text>, Nullable<Text>, Bool, Bool, Nullable<Text>, Array<Text>, Nullable<Text>, Timestamptz,
      Nullable<Timestamptz>, Nullable<Timestamptz>, Nullable<Timestamptz>, Array<Text>);
    concat!(owned!(), "select c.repo, c.number, c.title, c.author, coalesce(c.is_bot, false), coalesce(c.draft, false), c.head,
       coalesce(c.ticket_keys, '{}'), c.url, c.opened_at, c.ready_at, c.first_review_at, c.approved_at,
       coalesce(o.teams, '{}')
     from changes c left join owned o on o.repo = c.repo
     where c.tenant_id = ? and c.merged_at is null and c.closed_at is null and c.opened_at is not null
     order by c.opened_at, c.repo, c.number limit ?")
}

/// Changes that are neither merged nor closed, the oldest first, at most `limit`.
pub fn open_changes(conn: &mut PgConnection, tenant: &TenantId, limit: i64) -> Result<Vec<OpenChange>, StoreError> {
    let tenant = tenant.as_str();
    let rows: Vec<_> = Open { first: tenant, next: tenant, tenant, limit }.load(conn)?;
    let change = record!(OpenChange: repo, number, title, author, is_bot, draft, head, ticket_keys, url, opened_at, ready_at,
        first_review_at, approved_at, teams);
    Ok(rows.into_iter().map(change).collect())
}

statement! {
    /// Failures that nothing has put right, the oldest first. The list of tiers is all of them: the index begins with it.
    struct Failed<'a> { tenant: Text = &'a str, limit: BigInt = i64 }
    returns (Text, Text, Text, Nullable<Text>, Nullable<Text>, Text, Text, Nullable<Text>, Nullable<Text>, Timestamptz);
    "select f.integration, f.deployment_id, f.service, f.team, d.repo, f.environment, f.tier, d.title, d.url, f.failed_at
     from dora_failures f
     left join deployments d on d.tenant_id = f.tenant_id and d.integration = f.integration and d.deployment_id = f.deployment_id
     where f.tenant_id = ? and f.tier in ('production', 'staging', 'testing', 'development', 'other') and f.recovered_at is null
     order by f.failed_at, f.integration, f.deployment_id limit ?"
}

/// Deployments that failed and that nothing has put right, the oldest first, at most `limit`.
pub fn failed_deployments(
    conn: &mut PgConnection,
    tenant: &TenantId,
    limit: i64,
) -> Result<Vec<FailedDeployment>, StoreError> {
    let rows: Vec<_> = Failed { tenant: tenant.as_str(), limit }.load(conn)?;
    let failure = record!(FailedDeployment: integration, deployment_id, service, team, repo, environment, tier, title, url,
        failed_at; recovered_at: None);
    Ok(rows.into_iter().map(failure).collect())
}

statement! {
    /// Incidents that began since a time, newest first.
    struct Incidents<'a> { tenant: Text = &'a str, since: Timestamptz = DateTime<Utc>, limit: BigInt = i64 }
    returns (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Timestamptz,
      Nullable<Timestamptz>, Bool, Bool);
    "select f.integration, f.incident_id, i.title, f.service, f.team, f.severity, i.url, f.start_at, f.resolved_at, f.qualifies,
       f.attributed
     from dora_incidents f
     left join incidents i on i.tenant_id = f.tenant_id and i.integration = f.integration and i.incident_id = f.incident_id
     where f.tenant_id = ? and f.start_at >= ?
     order by f.start_at desc, f.integration, f.incident_id limit ?"
}

/// Incidents that began since a time, newest first, at most `limit`.
pub fn incidents(
    conn: &mut PgConnection,
    tenant: &TenantId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<IncidentSeen>, StoreError> {
    let rows: Vec<_> = Incidents { tenant: tenant.as_str(), since, limit }.load(conn)?;
    let incident = record!(IncidentSeen: integration, incident_id, title, service, team, severity, url, started_at,
        resolved_at, qualifies, attributed);
    Ok(rows.into_iter().map(incident).collect())
}

statement! {
    /// Runs of pipelines that are over, newest first. Jobs within a run are not runs.
    struct Runs<'a> {
        first: Text = &'a str,
        next: Text = &'a str,
        tenant: Text = &'a str,
        since: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns (Text, Text, Text, Text, Timestamptz, Nullable<Text>, Array<Text>);
    concat!(owned!(), "select e.repo, e.data ->> 'name', e.data ->> 'head_sha', e.data ->> 'outcome', e.time, e.data ->> 'url',
       coalesce(o.teams, '{}')
     from events e left join owned o on o.repo = e.repo
     where e.tenant_id = ? and e.time >= ? and e.type = 'build.finished' and e.repo is not null
       and e.data ->> 'name' is not null and e.data ->> 'head_sha' is not null and e.data ->> 'outcome' is not null
       and e.data ->> 'parent_run' is null
     order by e.time desc, e.id desc limit ?")
}

/// Runs of pipelines that ended since a time, newest first, at most `limit`.
pub fn pipeline_runs(
    conn: &mut PgConnection,
    tenant: &TenantId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<PipelineRun>, StoreError> {
    let tenant = tenant.as_str();
    let rows: Vec<_> = Runs { first: tenant, next: tenant, tenant, since, limit }.load(conn)?;
    let run = record!(PipelineRun: repo, pipeline, sha, outcome, finished_at, url, teams);
    Ok(rows.into_iter().map(run).collect())
}
