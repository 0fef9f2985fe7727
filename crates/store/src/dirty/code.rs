//! Commits, pushes and changes: whose contents have to be reckoned anew, by the commits that facts know as deployed.

use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::Entities;
use domain::dora::touched::Touched;
use uuid::Uuid;

use super::Dirt;
use crate::StoreError;

crate::statement! {
    /// Commits that were deployed. A parent that was not known before hangs on a child that is one of them: the commit
    /// that a deployment names is a fact also when nothing else is known of it.
    pub(super) struct Commits<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        repo: Array<Text> = Vec<&'a str>,
        sha: Array<Text> = Vec<&'a str>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Timestamptz, SqlUuid);
    "select tenant_id, f.service, min(f.deployed_at), k.cause
     from unnest(?, ?, ?, ?) as k (tenant_id, repo, sha, cause) join dora_commits f using (tenant_id, repo, sha)
     group by 1, 2, 4"
}

crate::statement! {
    /// Changes that were merged from a branch after this push to it: it may tell when the work on them began.
    pub(super) struct Pushes<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        repo: Array<Text> = Vec<&'a str>,
        branch: Array<Text> = Vec<&'a str>,
        at: Array<Timestamptz> = Vec<chrono::DateTime<chrono::Utc>>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Timestamptz, SqlUuid);
    "select k.tenant_id, f.service, min(f.deployed_at), k.cause
     from unnest(?, ?, ?, ?, ?) as k (tenant_id, repo, branch, at, cause)
     join changes c on c.tenant_id = k.tenant_id and c.repo = k.repo and c.head = k.branch and c.merged_at >= k.at
     join dora_commits f on f.tenant_id = c.tenant_id and f.repo = c.repo and f.sha = c.landed_sha
     group by 1, 2, 4"
}

crate::statement! {
    /// Where a change is a fact now, and where its commit was deployed: what landed, what was picked from it, and what
    /// came in the same push (which is part of it then). A later change from the same branch began after it.
    pub(super) struct Changes<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        repo: Array<Text> = Vec<&'a str>,
        number: Array<Text> = Vec<&'a str>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Timestamptz, SqlUuid);
    "with k as (select * from unnest(?, ?, ?, ?) as k (tenant_id, repo, number, cause)),
     c as (select * from k join changes using (tenant_id, repo, number)),
     shas as (
       select tenant_id, repo, landed_sha as sha, cause from c where landed_sha is not null
       union all
       select c.tenant_id, c.repo, p.sha, c.cause
       from c join commits p on p.tenant_id = c.tenant_id and p.repo = c.repo and p.picked_from = c.landed_sha
       union all
       select c.tenant_id, c.repo, b.sha, c.cause
       from c join branch_commits b on b.tenant_id = c.tenant_id and b.repo = c.repo and b.push_after = c.landed_sha and b.is_default
       union all
       select c.tenant_id, c.repo, later.landed_sha, c.cause
       from c join changes later on later.tenant_id = c.tenant_id and later.repo = c.repo and later.head = c.head
         and later.number <> c.number and later.merged_at >= coalesce(c.opened_at, '-infinity')
     )
     select tenant_id, service, min(at), cause from (
       select f.tenant_id, f.service, f.deployed_at as at, s.cause
       from shas s join dora_commits f on f.tenant_id = s.tenant_id and f.repo = s.repo and f.sha = s.sha
       union all
       select f.tenant_id, f.service, f.deployed_at, k.cause
       from k join dora_changes f on f.tenant_id = k.tenant_id and f.repo = k.repo and f.number = k.number
     ) as at_all group by 1, 2, 4"
}

crate::statement! {
    /// Deployments from a branch whose commit the graph does not know ship what was merged in the thirty days before
    /// (rule L6). Each repository's branch deployments are walked once for all changes of a batch; `offset 0` keeps the
    /// planner, which cannot know how few they are, from reading whole tables instead.
    pub(super) struct Unknown<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        repo: Array<Text> = Vec<&'a str>,
        number: Array<Text> = Vec<&'a str>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Timestamptz, SqlUuid);
    "with c as materialized (
       select tenant_id, repo, landed_sha, merged_at, cause
       from unnest(?, ?, ?, ?) as k (tenant_id, repo, number, cause) join changes using (tenant_id, repo, number)
       where merged_at is not null
     ), span as materialized (
       select tenant_id, repo, min(merged_at) as earliest, max(merged_at) + interval '30 days' as latest from c group by 1, 2
     ), shipped as materialized (
       select span.tenant_id, span.repo, d.counted_service, d.finished_at
       from span cross join lateral (
         select x.integration, x.deployment_id, x.sha from deployment_components x
         where x.tenant_id = span.tenant_id and x.repo = span.repo and x.ref is not null
         offset 0
       ) as x cross join lateral (
         select d.counted_service, d.finished_at from deployments d
         where d.tenant_id = span.tenant_id and d.integration = x.integration and d.deployment_id = x.deployment_id
           and d.outcome = 'success' and d.finished_at between span.earliest and span.latest and d.counted_service is not null
         offset 0
       ) as d
       where not exists (
         select from commits m where m.tenant_id = span.tenant_id and m.repo = span.repo and m.sha = x.sha offset 0
       )
     )
     select s.tenant_id, s.counted_service, min(s.finished_at), c.cause
     from c join shipped s on s.tenant_id = c.tenant_id and s.repo = c.repo
       and s.finished_at between c.merged_at and c.merged_at + interval '30 days'
     where not exists (
       select from dora_commits f where f.tenant_id = c.tenant_id and f.repo = c.repo and f.sha = c.landed_sha
         and f.service = s.counted_service
     )
     group by 1, 2, 4"
}

pub(super) fn look(conn: &mut PgConnection, entities: &Entities, dirt: &mut Dirt) -> Result<(), StoreError> {
    let touched = &entities.touched;
    let (commits, pushes) = (&touched.commits, &touched.pushes);
    if !commits.is_empty() {
        let query = Commits {
            tenant: commits.iter().map(|(key, _)| key.tenant.as_str()).collect(),
            repo: commits.iter().map(|(key, _)| key.repo.as_str()).collect(),
            sha: commits.iter().map(|(key, _)| key.sha.as_str()).collect(),
            cause: commits.iter().map(|(_, event)| event.0).collect(),
        };
        dirt.contents(query.load(conn)?);
    }
    if !pushes.is_empty() {
        let query = Pushes {
            tenant: pushes.iter().map(|(push, _)| push.tenant.as_str()).collect(),
            repo: pushes.iter().map(|(push, _)| push.repo.as_str()).collect(),
            branch: pushes.iter().map(|(push, _)| push.branch.as_str()).collect(),
            at: pushes.iter().map(|(push, _)| push.at).collect(),
            cause: pushes.iter().map(|(_, event)| event.0).collect(),
        };
        dirt.contents(query.load(conn)?);
    }
    if !touched.changes.is_empty() {
        let Keys { tenant, repo, number, cause } = keys(touched);
        dirt.contents(Changes { tenant, repo, number, cause }.load(conn)?);
    }
    if entities.changes.values().any(|facts| facts.merged_at.is_some()) {
        let Keys { tenant, repo, number, cause } = keys(touched);
        dirt.contents(Unknown { tenant, repo, number, cause }.load(conn)?);
    }
    Ok(())
}

struct Keys<'a> {
    tenant: Vec<&'a str>,
    repo: Vec<&'a str>,
    number: Vec<&'a str>,
    cause: Vec<Uuid>,
}

fn keys(touched: &Touched) -> Keys<'_> {
    let changes = &touched.changes;
    Keys {
        tenant: changes.iter().map(|(key, _)| key.tenant.as_str()).collect(),
        repo: changes.iter().map(|(key, _)| key.repo.as_str()).collect(),
        number: changes.iter().map(|(key, _)| key.number.as_str()).collect(),
        cause: changes.iter().map(|(_, event)| event.0).collect(),
    }
}
