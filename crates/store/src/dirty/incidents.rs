//! Incidents, and what people and sources say they came from: whose failures have to be reckoned anew.
//!
//! A name stands for `<integration>:<id>` or for an id alone ([`domain::dora::facts::Outside::is_named`]).

use std::collections::BTreeSet;

use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::touched::Touched;
use uuid::Uuid;

use super::Dirt;
use crate::StoreError;

/// An incident with the event that touched it, or what it came from: (tenant, integration, id, event).
type Key = (String, String, String, Uuid);

crate::statement! {
    /// The incidents that links name.
    pub(super) struct OfLinks<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        incident: Array<Text> = Vec<&'a str>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Text, SqlUuid);
    "select i.tenant_id, i.integration, i.incident_id, k.cause
     from unnest(?, ?, ?) as k (tenant_id, word, cause)
     cross join lateral (
       select k.word as id, null as integration
       union all select substr(k.word, strpos(k.word, ':') + 1), split_part(k.word, ':', 1) where strpos(k.word, ':') > 0
     ) as w
     join incidents i on i.tenant_id = k.tenant_id and i.incident_id = w.id
       and (w.integration is null or i.integration = w.integration)"
}

crate::statement! {
    /// The incidents that are linked by hand to deployments that ended, or say that they were caused by them.
    pub(super) struct OfDeployments<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Text, SqlUuid);
    "with words as (
       select k.tenant_id, w.word, k.cause
       from unnest(?, ?, ?, ?) as k (tenant_id, integration, deployment_id, cause)
       join deployments d using (tenant_id, integration, deployment_id)
       cross join lateral (values (k.deployment_id), (k.integration || ':' || k.deployment_id)) as w (word)
       where d.outcome is not null
     )
     select i.tenant_id, i.integration, i.incident_id, n.cause
     from words n join incident_links l on l.tenant_id = n.tenant_id and l.deployment = n.word
     cross join lateral (
       select l.incident as id, null as integration
       union all select substr(l.incident, strpos(l.incident, ':') + 1), split_part(l.incident, ':', 1)
       where strpos(l.incident, ':') > 0
     ) as w
     join incidents i on i.tenant_id = l.tenant_id and i.incident_id = w.id
       and (w.integration is null or i.integration = w.integration)
     union all
     select i.tenant_id, i.integration, i.incident_id, n.cause
     from words n join incidents i on i.tenant_id = n.tenant_id and i.caused_deployment = n.word"
}

crate::statement! {
    /// The services of incidents, from when they began: for whom they count now, for whom they counted ('': for nobody),
    /// whose deployments they are linked to now, and whose deployments they, or people, name.
    pub(super) struct Incidents<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        incident_id: Array<Text> = Vec<&'a str>,
        cause: Array<SqlUuid> = Vec<Uuid>,
    }
    returns (Text, Text, Timestamptz, SqlUuid);
    "with i as materialized (
       select k.tenant_id, k.integration, k.incident_id, k.cause, coalesce(i.counted_service, '') as counted_service,
         case when f.incident_id is not null then coalesce(f.service, '') end as was, i.repo,
         i.caused_deployment, i.caused_sha, least(coalesce(i.started_at, i.opened_at), f.start_at) as at
       from unnest(?, ?, ?, ?) as k (tenant_id, integration, incident_id, cause)
       join incidents i using (tenant_id, integration, incident_id)
       left join dora_incidents f using (tenant_id, integration, incident_id)
       where coalesce(i.started_at, i.opened_at, f.start_at) is not null
     ), words as (
       select tenant_id, caused_deployment as word, at, cause from i where caused_deployment is not null
       union all
       select i.tenant_id, l.deployment, i.at, i.cause
       from i cross join lateral (values (i.incident_id), (i.integration || ':' || i.incident_id)) as w (word)
       join incident_links l on l.tenant_id = i.tenant_id and l.incident = w.word
     )
     select tenant_id, service, min(at), cause from (
       select tenant_id, counted_service as service, at, cause from i
       union all
       select tenant_id, was, at, cause from i where was is not null
       union all
       select i.tenant_id, d.service, i.at, i.cause
       from i join dora_links l on l.tenant_id = i.tenant_id and l.integration = i.integration and l.incident_id = i.incident_id
       join dora_deployments d on d.tenant_id = l.tenant_id and d.integration = l.deployment_integration
         and d.deployment_id = l.deployment_id
       union all
       select i.tenant_id, c.service, i.at, i.cause
       from i join dora_commits c on c.tenant_id = i.tenant_id and c.sha = i.caused_sha and c.repo = coalesce(i.repo, c.repo)
       union all
       select n.tenant_id, d.service, n.at, n.cause
       from words n
       cross join lateral (
         select n.word as id, null as integration
         union all select substr(n.word, strpos(n.word, ':') + 1), split_part(n.word, ':', 1) where strpos(n.word, ':') > 0
       ) as w
       join dora_deployments d on d.tenant_id = n.tenant_id and d.deployment_id = w.id
         and (w.integration is null or d.integration = w.integration)
     ) as at_all group by 1, 2, 4"
}

pub(super) fn look(conn: &mut PgConnection, touched: &Touched, dirt: &mut Dirt) -> Result<(), StoreError> {
    let incidents = touched
        .incidents
        .iter()
        .map(|(key, event)| (key.tenant.clone(), key.integration.clone(), key.incident_id.clone(), event.0));
    let mut keys: BTreeSet<Key> = incidents.collect();
    let links = &touched.links;
    if !links.is_empty() {
        let query = OfLinks {
            tenant: links.iter().map(|(key, _)| key.tenant.as_str()).collect(),
            incident: links.iter().map(|(key, _)| key.incident.as_str()).collect(),
            cause: links.iter().map(|(_, event)| event.0).collect(),
        };
        keys.extend(query.load::<Key>(conn)?);
    }
    let deployments = &touched.deployments;
    if !deployments.is_empty() {
        let query = OfDeployments {
            tenant: deployments.iter().map(|(key, _)| key.tenant.as_str()).collect(),
            integration: deployments.iter().map(|(key, _)| key.integration.as_str()).collect(),
            deployment_id: deployments.iter().map(|(key, _)| key.deployment_id.as_str()).collect(),
            cause: deployments.iter().map(|(_, event)| event.0).collect(),
        };
        keys.extend(query.load::<Key>(conn)?);
    }
    if keys.is_empty() {
        return Ok(());
    }
    let query = Incidents {
        tenant: keys.iter().map(|(tenant, ..)| tenant.as_str()).collect(),
        integration: keys.iter().map(|(_, integration, ..)| integration.as_str()).collect(),
        incident_id: keys.iter().map(|(_, _, id, _)| id.as_str()).collect(),
        cause: keys.iter().map(|(.., cause)| *cause).collect(),
    };
    dirt.incidents(query.load(conn)?);
    Ok(())
}
