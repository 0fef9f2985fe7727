//! What happened lately, as things that a policy decides about: deployments, and changes that were merged. What is not
//! known of one is absent from its facts.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Json, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;
use domain::policy::Input;
use serde_json::Value;

use crate::{StoreError, statement};

statement! {
    /// Deployments since a time, newest first. The list of tiers is all of them: the index begins with it.
    pub(crate) struct Deployed<'a> { tenant: Text = &'a str, since: Timestamptz = DateTime<Utc>, limit: BigInt = i64 }
    returns (Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Timestamptz, Json);
    "select f.integration || ':' || f.deployment_id, f.team, f.service, nullif(f.environment, ''), f.at,
       json_strip_nulls(json_build_object('tier', f.tier, 'repo', f.repo, 'sha', f.sha, 'outcome', f.outcome, 'kind', f.kind,
         'changes', f.changes, 'title', d.title, 'unplanned', d.unplanned, 'integration', f.integration))
     from dora_deployments f
     left join lateral (select title, unplanned from deployments d where d.tenant_id = f.tenant_id and d.integration = f.integration
       and d.deployment_id = f.deployment_id limit 1) d on true
     where f.tenant_id = ? and f.tier in ('production', 'staging', 'testing', 'development', 'other') and f.at >= ?
     order by f.at desc, f.integration, f.deployment_id limit ?"
}

statement! {
    /// Changes that were merged since a time, newest first.
    pub(crate) struct Merged<'a> { tenant: Text = &'a str, since: Timestamptz = DateTime<Utc>, limit: BigInt = i64 }
    returns (Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Timestamptz, Json);
    "select c.repo || '#' || c.number, null, null, null, c.merged_at,
       json_strip_nulls(json_build_object('repo', c.repo, 'number', c.number, 'title', c.title, 'author', c.author,
         'bot', c.is_bot, 'base', c.base, 'head', c.head, 'labels', c.labels, 'additions', c.additions,
         'deletions', c.deletions, 'lines', c.additions + c.deletions, 'files', c.files_changed, 'tickets', c.ticket_keys,
         'reviewed', c.first_review_at is not null, 'approved', c.approved_at is not null))
     from changes c
     where c.tenant_id = ? and c.merged_at >= ?
     order by c.merged_at desc, c.repo, c.number limit ?"
}

type Row = (String, Option<String>, Option<String>, Option<String>, DateTime<Utc>, Value);

/// Deployments and merged changes since a time, at most `limit` of each, newest first.
pub fn since(
    conn: &mut PgConnection,
    tenant: &TenantId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Input>, StoreError> {
    let tenant = tenant.as_str();
    let deployed: Vec<Row> = Deployed { tenant, since, limit }.load(conn)?;
    let merged: Vec<Row> = Merged { tenant, since, limit }.load(conn)?;
    let deployed = deployed.into_iter().map(|row| input("deploy", row));
    let mut all: Vec<Input> = deployed.chain(merged.into_iter().map(|row| input("merge", row))).collect();
    all.sort_by(|one, other| (other.now, &one.subject).cmp(&(one.now, &other.subject)));
    Ok(all)
}

fn input(kind: &str, (subject, team, service, environment, at, facts): Row) -> Input {
    Input {
        kind: kind.to_owned(),
        subject: Some(subject),
        action: Some(kind.to_owned()),
        team,
        service,
        environment,
        now: Some(at),
        facts: if let Value::Object(facts) = facts { facts } else { serde_json::Map::new() },
    }
}
