//! For whom deployments and incidents count, by the catalog: `counted_service` and `counted_tier`.

use std::collections::BTreeSet;

use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::{PgConnection, RunQueryDsl};
use domain::catalog::Catalog;
use domain::dora::deployments::DeploymentKey;
use domain::dora::incidents::IncidentKey;
use domain::ids::{EventId, TenantId};

use super::Catalogs;
use crate::StoreError;
use crate::catalogs::{Deployment, Incident};

/// Rows that are looked at together where all are.
const CHUNK: i64 = 5_000;

/// A deployment, with its tenant before and for whom it counts behind it.
type CountedDeployment = (String, Deployment, Option<String>, Option<String>);
/// An incident, with its tenant before and for whom it counts behind it.
type CountedIncident = (String, Incident, Option<String>);

crate::statement! {
    struct SomeDeployments<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        id: Array<Text> = Vec<&'a str>,
    }
    returns (
        Text, (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Text, Nullable<Text>), Nullable<Text>, Nullable<Text>,
    );
    "select tenant_id, integration, deployment_id, service, repo, environment, tier, title, counted_service, counted_tier
     from deployments join unnest(?, ?, ?) as k (tenant_id, integration, deployment_id)
       using (tenant_id, integration, deployment_id)"
}

crate::statement! {
    struct DeploymentsAfter<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str, limit: BigInt = i64 }
    returns (
        Text, (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Text, Nullable<Text>), Nullable<Text>, Nullable<Text>,
    );
    "select tenant_id, integration, deployment_id, service, repo, environment, tier, title, counted_service, counted_tier
     from deployments where tenant_id = ? and (integration, deployment_id) > (?, ?) order by integration, deployment_id limit ?"
}

crate::statement! {
    struct UpdateDeployments<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        id: Array<Text> = Vec<&'a str>,
        service: Array<Nullable<Text>> = Vec<Option<String>>,
        tier: Array<Nullable<Text>> = Vec<Option<&'a str>>,
    }
    returns ();
    "update deployments d set counted_service = n.service, counted_tier = n.tier
     from unnest(?, ?, ?, ?, ?) as n (tenant_id, integration, id, service, tier)
     where d.tenant_id = n.tenant_id and d.integration = n.integration and d.deployment_id = n.id"
}

crate::statement! {
    struct SomeIncidents<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        id: Array<Text> = Vec<&'a str>,
    }
    returns (
        Text, (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Array<Text>),
        Nullable<Text>,
    );
    "select tenant_id, integration, incident_id, service, repo, title, severity, environment, coalesce(labels, '{}'), counted_service
     from incidents join unnest(?, ?, ?) as k (tenant_id, integration, incident_id) using (tenant_id, integration, incident_id)"
}

crate::statement! {
    struct IncidentsAfter<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str, limit: BigInt = i64 }
    returns (
        Text, (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>, Array<Text>),
        Nullable<Text>,
    );
    "select tenant_id, integration, incident_id, service, repo, title, severity, environment, coalesce(labels, '{}'), counted_service
     from incidents where tenant_id = ? and (integration, incident_id) > (?, ?) order by integration, incident_id limit ?"
}

crate::statement! {
    struct UpdateIncidents<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        id: Array<Text> = Vec<&'a str>,
        service: Array<Nullable<Text>> = Vec<Option<String>>,
    }
    returns ();
    "update incidents i set counted_service = n.service from unnest(?, ?, ?, ?) as n (tenant_id, integration, id, service)
     where i.tenant_id = n.tenant_id and i.integration = n.integration and i.incident_id = n.id"
}

pub(super) fn deployments(
    conn: &mut PgConnection,
    touched: &BTreeSet<(DeploymentKey, EventId)>,
    catalogs: &Catalogs,
) -> Result<(), StoreError> {
    let keys: BTreeSet<&DeploymentKey> = touched.iter().map(|(key, _)| key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let some = SomeDeployments {
        tenant: keys.iter().map(|key| key.tenant.as_str()).collect(),
        integration: keys.iter().map(|key| key.integration.as_str()).collect(),
        id: keys.iter().map(|key| key.deployment_id.as_str()).collect(),
    };
    let rows: Vec<CountedDeployment> = some.load(conn)?;
    write_deployments(conn, &rows, |tenant| catalogs.of(tenant))
}

pub(super) fn all_deployments(conn: &mut PgConnection, tenant: &TenantId, catalog: &Catalog) -> Result<(), StoreError> {
    let mut after = (String::new(), String::new());
    loop {
        let (integration, id) = (after.0.as_str(), after.1.as_str());
        let some = DeploymentsAfter { tenant: tenant.as_str(), integration, id, limit: CHUNK };
        let rows: Vec<CountedDeployment> = some.load(conn)?;
        write_deployments(conn, &rows, |_| Some(catalog))?;
        let Some((_, last, ..)) = rows.into_iter().last() else { return Ok(()) };
        after = (last.integration, last.id);
    }
}

/// Writes those that count for others than before.
fn write_deployments<'a>(
    conn: &mut PgConnection,
    rows: &[CountedDeployment],
    catalog: impl Fn(&str) -> Option<&'a Catalog>,
) -> Result<(), StoreError> {
    let mut update = UpdateDeployments {
        tenant: Vec::new(),
        integration: Vec::new(),
        id: Vec::new(),
        service: Vec::new(),
        tier: Vec::new(),
    };
    for (tenant, deployment, was_service, was_tier) in rows {
        let counted = catalog(tenant).and_then(|catalog| catalog.deployment(&deployment.named()));
        let tier = counted.as_ref().map(|counted| counted.tier.as_str());
        let service = counted.map(|counted| counted.service);
        if (&service, tier) != (was_service, was_tier.as_deref()) {
            update.tenant.push(tenant);
            update.integration.push(&deployment.integration);
            update.id.push(&deployment.id);
            update.service.push(service);
            update.tier.push(tier);
        }
    }
    if !update.id.is_empty() {
        update.execute(conn)?;
    }
    Ok(())
}

pub(super) fn incidents(
    conn: &mut PgConnection,
    touched: &BTreeSet<(IncidentKey, EventId)>,
    catalogs: &Catalogs,
) -> Result<(), StoreError> {
    let keys: BTreeSet<&IncidentKey> = touched.iter().map(|(key, _)| key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let some = SomeIncidents {
        tenant: keys.iter().map(|key| key.tenant.as_str()).collect(),
        integration: keys.iter().map(|key| key.integration.as_str()).collect(),
        id: keys.iter().map(|key| key.incident_id.as_str()).collect(),
    };
    let rows: Vec<CountedIncident> = some.load(conn)?;
    write_incidents(conn, &rows, |tenant| catalogs.of(tenant))
}

pub(super) fn all_incidents(conn: &mut PgConnection, tenant: &TenantId, catalog: &Catalog) -> Result<(), StoreError> {
    let mut after = (String::new(), String::new());
    loop {
        let (integration, id) = (after.0.as_str(), after.1.as_str());
        let some = IncidentsAfter { tenant: tenant.as_str(), integration, id, limit: CHUNK };
        let rows: Vec<CountedIncident> = some.load(conn)?;
        write_incidents(conn, &rows, |_| Some(catalog))?;
        let Some((_, last, _)) = rows.into_iter().last() else { return Ok(()) };
        after = (last.integration, last.id);
    }
}

fn write_incidents<'a>(
    conn: &mut PgConnection,
    rows: &[CountedIncident],
    catalog: impl Fn(&str) -> Option<&'a Catalog>,
) -> Result<(), StoreError> {
    let mut update =
        UpdateIncidents { tenant: Vec::new(), integration: Vec::new(), id: Vec::new(), service: Vec::new() };
    for (tenant, incident, was) in rows {
        let service = catalog(tenant).and_then(|catalog| catalog.incident(&incident.named()));
        if service != *was {
            update.tenant.push(tenant);
            update.integration.push(&incident.integration);
            update.id.push(&incident.id);
            update.service.push(service);
        }
    }
    if !update.id.is_empty() {
        update.execute(conn)?;
    }
    Ok(())
}
