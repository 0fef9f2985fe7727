//! The services that deployments are counted for, with what was seen of each.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;

use crate::StoreError;
use crate::statement;

/// What was seen of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Deployments that began or ended.
    pub deployments: i64,
    pub incidents: i64,
    /// Repositories that its deployments come from, sorted.
    pub repos: Vec<String>,
    /// Its environments with their tiers, sorted.
    pub environments: Vec<(String, String)>,
    pub last: Option<Last>,
}

/// A service's latest deployment that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Last {
    pub integration: String,
    pub id: String,
    pub environment: Option<String>,
    pub outcome: String,
    pub finished_at: DateTime<Utc>,
}

statement! {
    /// Names that deployments or incidents are counted for, or that are given, after one of them.
    struct Names<'a> {
        tenant: Text = &'a str,
        again: Text = &'a str,
        given: Array<Text> = &'a [String],
        after: Text = &'a str,
        limit: BigInt = i64,
    }
    returns (Text,);
    "select name from (
       select counted_service from deployments where tenant_id = ? and counted_service is not null
       union select counted_service from incidents where tenant_id = ? and counted_service is not null
       union select * from unnest(?::text[])
     ) all_names (name) where name collate \"C\" > ? order by name collate \"C\" limit ?"
}

/// Names of services after one of them, in order: those that were seen, and `given` ones.
pub fn names(
    conn: &mut PgConnection,
    tenant: &TenantId,
    given: &[String],
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let tenant = tenant.as_str();
    let rows: Vec<(String,)> = Names { tenant, again: tenant, given, after, limit }.load(conn)?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

statement! {
    /// How much there is of each service, by where it came from and where it went.
    struct Deployments<'a> { tenant: Text = &'a str, services: Array<Text> = &'a [String] }
    returns (Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, BigInt);
    "select counted_service, repo, environment, counted_tier, count(*) from deployments
     where tenant_id = ? and counted_service = any(?) group by 1, 2, 3, 4"
}

statement! {
    /// How many incidents each service had.
    struct Incidents<'a> { tenant: Text = &'a str, services: Array<Text> = &'a [String] }
    returns (Text, BigInt);
    "select counted_service, count(*) from incidents
     where tenant_id = ? and counted_service = any(?) and deleted is not true group by 1"
}

statement! {
    /// The latest deployment that ended, of each service.
    struct Latest<'a> { services: Array<Text> = &'a [String], tenant: Text = &'a str }
    returns (Text, Text, Text, Nullable<Text>, Text, Timestamptz);
    "select asked.name, d.integration, d.deployment_id, d.environment, d.outcome, d.finished_at
     from unnest(?::text[]) asked (name) cross join lateral (
       select * from deployments
       where tenant_id = ? and counted_service = asked.name and outcome is not null and finished_at is not null
       order by finished_at desc, deployment_id desc, integration desc limit 1) d"
}

type Place = (String, Option<String>, Option<String>, Option<String>, i64);
type LatestRow = (String, String, String, Option<String>, String, DateTime<Utc>);

/// What was seen of each of these services. Those of which nothing was seen are absent.
pub fn seen(
    conn: &mut PgConnection,
    tenant: &TenantId,
    services: &[String],
) -> Result<BTreeMap<String, Seen>, StoreError> {
    let tenant = tenant.as_str();
    let mut all: BTreeMap<String, Seen> = BTreeMap::new();
    for (service, repo, environment, tier, count) in (Deployments { tenant, services }).load::<Place>(conn)? {
        let seen = all.entry(service).or_default();
        seen.deployments += count;
        seen.repos.extend(repo);
        seen.environments.extend(environment.map(|name| (name, tier.unwrap_or_else(|| "other".to_owned()))));
    }
    for (service, count) in (Incidents { tenant, services }).load::<(String, i64)>(conn)? {
        all.entry(service).or_default().incidents = count;
    }
    for (service, integration, id, environment, outcome, finished_at) in
        (Latest { services, tenant }).load::<LatestRow>(conn)?
    {
        all.entry(service).or_default().last = Some(Last { integration, id, environment, outcome, finished_at });
    }
    for seen in all.values_mut() {
        seen.repos.sort();
        seen.repos.dedup();
        seen.environments.sort();
        seen.environments.dedup();
    }
    Ok(all)
}
