//! Commits that sources say deployments ship. They are only ever added.

use std::collections::BTreeSet;

use diesel::sql_types::{Array, Text};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::deployments::Contained;

use crate::StoreError;

crate::statement! {
    struct Insert<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
        repo: Array<Text> = Vec<&'a str>,
        sha: Array<Text> = Vec<&'a str>,
    }
    returns ();
    "insert into deployment_contents (tenant_id, integration, deployment_id, repo, sha)
     select * from unnest(?, ?, ?, ?, ?) as n (tenant_id, integration, deployment_id, repo, sha)
     order by tenant_id, integration, deployment_id, repo, sha on conflict do nothing"
}

pub(super) fn add(conn: &mut PgConnection, contents: &BTreeSet<Contained>) -> Result<(), StoreError> {
    if contents.is_empty() {
        return Ok(());
    }
    Insert {
        tenant: contents.iter().map(|one| one.deployment.tenant.as_str()).collect(),
        integration: contents.iter().map(|one| one.deployment.integration.as_str()).collect(),
        deployment_id: contents.iter().map(|one| one.deployment.deployment_id.as_str()).collect(),
        repo: contents.iter().map(|one| one.repo.as_str()).collect(),
        sha: contents.iter().map(|one| one.sha.as_str()).collect(),
    }
    .execute(conn)?;
    Ok(())
}
