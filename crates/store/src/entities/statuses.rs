//! The states that deployments went through, and how they ended (rule D2). The deployments' rows are locked by then
//! (`deployments::add` has just inserted or locked them), so that what is read here is all there is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Binary, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::deployments::{DeploymentKey, Ended, Status, ended};

use crate::StoreError;

type StatusesOf = BTreeMap<DeploymentKey, BTreeSet<Status>>;

crate::statement! {
    struct Insert<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
        at: Array<Timestamptz> = Vec<DateTime<Utc>>,
        state: Array<Text> = Vec<&'a str>,
        outcome: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        tie: Array<Binary> = Vec<&'a [u8]>,
    }
    returns ();
    "insert into deployment_statuses (tenant_id, integration, deployment_id, at, state, outcome, tie)
     select * from unnest(?, ?, ?, ?, ?, ?, ?) as n (tenant_id, integration, deployment_id, at, state, outcome, tie)
     order by tenant_id, integration, deployment_id, at, state, tie on conflict do nothing"
}

crate::statement! {
    struct OfDeployments<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
    }
    returns (Text, Text, Text, Timestamptz, Text, Nullable<Text>, Binary);
    "select tenant_id, integration, deployment_id, at, state, outcome, tie
     from deployment_statuses join unnest(?, ?, ?) as k (tenant_id, integration, deployment_id)
       using (tenant_id, integration, deployment_id)
     where outcome is not null"
}

crate::statement! {
    struct End<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
        outcome: Array<Text> = Vec<&'a str>,
        finished_at: Array<Timestamptz> = Vec<DateTime<Utc>>,
    }
    returns ();
    "update deployments d set outcome = n.outcome, finished_at = n.finished_at
     from unnest(?, ?, ?, ?, ?) as n (tenant_id, integration, deployment_id, outcome, finished_at)
     where d.tenant_id = n.tenant_id and d.integration = n.integration and d.deployment_id = n.deployment_id
       and (d.outcome, d.finished_at) is distinct from (n.outcome, n.finished_at)"
}

/// Adds statuses and writes how their deployments ended.
pub(super) fn add(conn: &mut PgConnection, statuses: &StatusesOf) -> Result<(), StoreError> {
    if statuses.is_empty() {
        return Ok(());
    }
    let rows: Vec<(&DeploymentKey, &Status)> =
        statuses.iter().flat_map(|(key, all)| all.iter().map(move |status| (key, status))).collect();
    Insert {
        tenant: rows.iter().map(|(key, _)| key.tenant.as_str()).collect(),
        integration: rows.iter().map(|(key, _)| key.integration.as_str()).collect(),
        deployment_id: rows.iter().map(|(key, _)| key.deployment_id.as_str()).collect(),
        at: rows.iter().map(|(_, status)| status.at).collect(),
        state: rows.iter().map(|(_, status)| status.state.as_str()).collect(),
        outcome: rows.iter().map(|(_, status)| status.outcome.as_deref()).collect(),
        tie: rows.iter().map(|(_, status)| status.tie.as_slice()).collect(),
    }
    .execute(conn)?;
    let all = terminal(conn, statuses)?;
    let ends: Vec<(&DeploymentKey, Ended)> = all.iter().filter_map(|(key, all)| Some((key, ended(all)?))).collect();
    if ends.is_empty() {
        return Ok(());
    }
    End {
        tenant: ends.iter().map(|(key, _)| key.tenant.as_str()).collect(),
        integration: ends.iter().map(|(key, _)| key.integration.as_str()).collect(),
        deployment_id: ends.iter().map(|(key, _)| key.deployment_id.as_str()).collect(),
        outcome: ends.iter().map(|(_, end)| end.outcome.as_str()).collect(),
        finished_at: ends.iter().map(|(_, end)| end.finished_at).collect(),
    }
    .execute(conn)?;
    Ok(())
}

type Row = (String, String, String, DateTime<Utc>, String, Option<String>, Vec<u8>);

/// All terminal statuses of these deployments, those of earlier batches too.
fn terminal(conn: &mut PgConnection, of: &StatusesOf) -> Result<StatusesOf, StoreError> {
    let rows: Vec<Row> = OfDeployments {
        tenant: of.keys().map(|key| key.tenant.as_str()).collect(),
        integration: of.keys().map(|key| key.integration.as_str()).collect(),
        deployment_id: of.keys().map(|key| key.deployment_id.as_str()).collect(),
    }
    .load(conn)?;
    let mut all = StatusesOf::new();
    for (tenant, integration, deployment_id, at, state, outcome, tie) in rows {
        let tie = tie
            .try_into()
            .map_err(|_| StoreError::Corrupt(format!("a status of deployment {deployment_id} has an odd tie")))?;
        let key = DeploymentKey { tenant, integration, deployment_id };
        all.entry(key).or_default().insert(Status::new(at, state, outcome, tie));
    }
    Ok(all)
}
