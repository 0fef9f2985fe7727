//! Which incidents are concerned, and what is known of them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};

use super::{From, Key};
use crate::StoreError;
use crate::facts::contents::Shipped;
use crate::facts::deployments::place;
use crate::facts::diff::Fact;
use crate::facts::rows::incidents::Row as Counted;

crate::statement! {
    /// Two questions: no index answers the one for both.
    struct Since<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
    }
    returns (Text, Text, Text);
    "with k as materialized (select * from unnest(?, ?, ?) as k (tenant_id, service, since))
     select i.tenant_id, i.integration, i.incident_id from k join incidents i on i.tenant_id = k.tenant_id
       and i.counted_service = k.service and coalesce(i.started_at, i.opened_at) >= k.since
     union all
     select i.tenant_id, i.integration, i.incident_id from k join incidents i on i.tenant_id = k.tenant_id
       and i.counted_service is null and coalesce(i.started_at, i.opened_at) >= k.since
     where k.service = ''"
}

crate::statement! {
    /// Those that name one of these deployments, are linked to one by people, or have been counted for one.
    struct NamingDeployments<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
    }
    returns (Text, Text, Text);
    "with k as materialized (select * from unnest(?, ?, ?) as k (tenant_id, integration, deployment_id)),
     words as materialized (
       select k.tenant_id, w.word from k
       cross join lateral (values (k.deployment_id), (k.integration || ':' || k.deployment_id)) as w (word)
     )
     select l.tenant_id, l.integration, l.incident_id
     from k join dora_links l on l.tenant_id = k.tenant_id and l.deployment_integration = k.integration
       and l.deployment_id = k.deployment_id
     union
     select i.tenant_id, i.integration, i.incident_id
     from words w join incidents i on i.tenant_id = w.tenant_id and i.caused_deployment = w.word
     union
     select i.tenant_id, i.integration, i.incident_id
     from words w join incident_links l on l.tenant_id = w.tenant_id and l.deployment = w.word
     join incidents i on i.tenant_id = l.tenant_id
       and i.incident_id = any (array[l.incident, substr(l.incident, strpos(l.incident, ':') + 1)])"
}

crate::statement! {
    /// Those that name one of these commits.
    struct NamingCommits<'a> { tenant: Array<Text> = Vec<&'a str>, sha: Array<Text> = Vec<&'a str> }
    returns (Text, Text, Text);
    "select i.tenant_id, i.integration, i.incident_id
     from unnest(?, ?) as k (tenant_id, sha) join incidents i on i.tenant_id = k.tenant_id and i.caused_sha = k.sha"
}

/// The incidents that have to be looked at.
#[derive(Debug, Default)]
pub(super) struct Concerned {
    pub keys: BTreeSet<Key>,
    /// As they are counted now.
    pub counted: Vec<Counted>,
}

pub(super) fn concerned(
    conn: &mut PgConnection,
    from: &From,
    shipped: Option<&Shipped>,
) -> Result<Concerned, StoreError> {
    let since: Vec<(&str, &str, DateTime<Utc>)> =
        from.iter().map(|(of, from)| (of.tenant.as_str(), of.service.as_str(), *from)).collect();
    let mut counted = Counted::of_services(conn, &since)?;
    let statement = Since {
        tenant: since.iter().map(|(tenant, ..)| *tenant).collect(),
        service: since.iter().map(|(_, service, _)| *service).collect(),
        since: since.iter().map(|(.., since)| *since).collect(),
    };
    let mut keys: BTreeSet<Key> = statement.load::<Key>(conn)?.into_iter().collect();
    if let Some(shipped) = shipped {
        keys.extend(naming(conn, shipped)?);
    }
    let known: BTreeSet<Vec<&str>> = counted.iter().map(Fact::key).collect();
    let all = keys.iter().map(|(tenant, integration, id)| vec![tenant.as_str(), integration.as_str(), id.as_str()]);
    let more: Vec<Vec<&str>> = all.filter(|key| !known.contains(key)).collect();
    let more = Counted::of_keys(conn, &more)?;
    counted.extend(more);
    keys.extend(counted.iter().map(|row| (row.tenant_id.clone(), row.integration.clone(), row.incident_id.clone())));
    Ok(Concerned { keys, counted })
}

/// Those that speak of what the first stage changed.
fn naming(conn: &mut PgConnection, shipped: &Shipped) -> Result<Vec<Key>, StoreError> {
    let mut found = Vec::new();
    let deployments: BTreeSet<(&str, &str, &str)> = shipped
        .deployments
        .touched()
        .map(|row| (row.tenant_id.as_str(), row.integration.as_str(), row.deployment_id.as_str()))
        .collect();
    if !deployments.is_empty() {
        let statement = NamingDeployments {
            tenant: deployments.iter().map(|(tenant, ..)| *tenant).collect(),
            integration: deployments.iter().map(|(_, integration, _)| *integration).collect(),
            deployment_id: deployments.iter().map(|(.., id)| *id).collect(),
        };
        found.extend(statement.load::<Key>(conn)?);
    }
    let commits: BTreeSet<(&str, &str)> =
        shipped.commits.touched().map(|row| (row.tenant_id.as_str(), row.sha.as_str())).collect();
    if !commits.is_empty() {
        let statement = NamingCommits {
            tenant: commits.iter().map(|(tenant, _)| *tenant).collect(),
            sha: commits.iter().map(|(_, sha)| *sha).collect(),
        };
        found.extend(statement.load::<Key>(conn)?);
    }
    Ok(found)
}

crate::statement! {
    struct Load<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        incident_id: Array<Text> = Vec<&'a str>,
    }
    returns (
        Integer, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Timestamptz,
        Nullable<Timestamptz>, Nullable<Bool>, Nullable<Text>, Nullable<Text>,
    );
    "select k.place::integer, i.counted_service, i.repo, i.environment, i.tier, i.severity,
       coalesce(i.started_at, i.opened_at), i.resolved_at, i.change_related, i.caused_deployment, i.caused_sha
     from unnest(?, ?, ?) with ordinality as k (tenant_id, integration, incident_id, place)
     join incidents i using (tenant_id, integration, incident_id)
     where coalesce(i.started_at, i.opened_at) is not null and not coalesce(i.deleted, false)
     order by k.place"
}

/// An incident that counts.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub key: Key,
    pub service: Option<String>,
    pub repo: Option<String>,
    pub environment: Option<String>,
    pub tier: Option<String>,
    pub severity: Option<String>,
    pub start_at: DateTime<Utc>,
    /// None too where it is said to have ended before it began.
    pub resolved_at: Option<DateTime<Utc>>,
    pub change_related: Option<bool>,
    pub caused_deployment: Option<String>,
    pub caused_sha: Option<String>,
}

type Row = (
    i32,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<bool>,
    Option<String>,
    Option<String>,
);

/// What is known of these incidents. Those that were deleted, or began at no time that is known, do not count.
pub(super) fn load(conn: &mut PgConnection, keys: &BTreeSet<Key>) -> Result<Vec<Known>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = Load {
        tenant: keys.iter().map(|(tenant, ..)| tenant.as_str()).collect(),
        integration: keys.iter().map(|(_, integration, _)| integration.as_str()).collect(),
        incident_id: keys.iter().map(|(.., id)| id.as_str()).collect(),
    }
    .load(conn)?;
    let keys: Vec<&Key> = keys.iter().collect();
    let known = |row: Row| {
        let key = (*keys.get(place(row.0)?)?).clone();
        let (_, service, repo, environment, tier, severity, start_at, resolved_at, change_related, deployment, sha) =
            row;
        Some(Known {
            key,
            service,
            repo,
            environment,
            tier,
            severity,
            start_at,
            resolved_at: resolved_at.filter(|end| *end >= start_at),
            change_related,
            caused_deployment: deployment,
            caused_sha: sha,
        })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}
