//! What was shipped in a time `[from, to)`: deployments to production and changes that were merged, of everything or of one
//! service. Reports and digests count the same.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;
use domain::reports::{Deployed, Merged};

use super::MOST;
use crate::statement::record;
use crate::{StoreError, statement};

/// Whose, and of when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time<'a> {
    pub(crate) tenant: &'a TenantId,
    /// Inclusive.
    pub(crate) from: DateTime<Utc>,
    /// Exclusive.
    pub(crate) to: DateTime<Utc>,
    /// `None`: of everything.
    pub(crate) service: Option<&'a str>,
    /// Of the service.
    pub(crate) repos: &'a [String],
}

statement! {
    /// Deployments to production that ended in a time, newest first.
    pub(crate) struct Ended<'a> {
        tenant: Text = &'a str,
        from: Timestamptz = DateTime<Utc>,
        to: Timestamptz = DateTime<Utc>,
        of_all: Bool = bool,
        service: Nullable<Text> = Option<&'a str>,
        limit: BigInt = i64,
    }
    returns (Text, Text, Text, Text, Text, Nullable<Text>, Integer, Bool, Timestamptz, Nullable<Text>);
    "select d.integration, d.deployment_id, d.service, d.environment, d.outcome, d.kind, d.changes, d.failed, d.at, e.url
     from (select * from dora_deployments where tenant_id = ? and tier = 'production' and at >= ? and at < ? and (? or service = ?)
           order by at desc, integration, deployment_id limit ?) d
     left join deployments e on e.tenant_id = d.tenant_id and e.integration = d.integration and e.deployment_id = d.deployment_id
     order by d.at desc, d.integration, d.deployment_id"
}

pub(crate) fn deployments(conn: &mut PgConnection, time: &Time<'_>) -> Result<Vec<Deployed>, StoreError> {
    let Time { tenant, from, to, service, .. } = *time;
    let ended = Ended { tenant: tenant.as_str(), from, to, of_all: service.is_none(), service, limit: MOST };
    let rows: Vec<_> = ended.load(conn)?;
    let deployed =
        record!(Deployed: integration, deployment_id, service, environment, outcome, kind, changes, failed, at, url);
    Ok(rows.into_iter().map(deployed).collect())
}

statement! {
    /// Changes that were merged in a time, newest first.
    pub(crate) struct MergedChanges<'a> {
        tenant: Text = &'a str,
        from: Timestamptz = DateTime<Utc>,
        to: Timestamptz = DateTime<Utc>,
        of_all: Bool = bool,
        repos: Array<Text> = &'a [String],
        limit: BigInt = i64,
    }
    returns (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Timestamptz);
    "select repo, number, title, author, url, merged_at from changes
     where tenant_id = ? and merged_at >= ? and merged_at < ? and (? or repo = any(?))
     order by merged_at desc, repo, number limit ?"
}

pub(crate) fn merged(conn: &mut PgConnection, time: &Time<'_>) -> Result<Vec<Merged>, StoreError> {
    let Time { tenant, from, to, service, repos } = *time;
    let asked = MergedChanges { tenant: tenant.as_str(), from, to, of_all: service.is_none(), repos, limit: MOST };
    let rows: Vec<_> = asked.load(conn)?;
    Ok(rows.into_iter().map(record!(Merged: repo, number, title, author, url, merged_at)).collect())
}
