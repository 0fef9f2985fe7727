//! What subscribed channels are to be told, of all tenants: deployments that ended, incidents that were opened or resolved.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;

use crate::{StoreError, statement};

/// Something that a channel is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened<T> {
    pub tenant: TenantId,
    pub service: String,
    /// `#name` or id.
    pub channel: String,
    /// The same thing has the same key.
    pub key: String,
    pub what: T,
}

/// A deployment that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub environment: String,
    pub outcome: String,
    /// `forward`, `redeploy`, `rollback` or `hotfix`, of a success.
    pub kind: Option<String>,
    /// How many changes it ships.
    pub changes: i32,
    /// It is known to have broken something.
    pub failed: bool,
    pub at: DateTime<Utc>,
    pub url: Option<String>,
}

/// An incident that was opened, or resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// `integration:id`.
    pub name: String,
    pub title: Option<String>,
    pub severity: Option<String>,
    pub began_at: DateTime<Utc>,
    /// None: this tells that it was opened.
    pub resolved_at: Option<DateTime<Utc>>,
    pub url: Option<String>,
}

statement! {
    /// Facts are there once all that decides about them was reckoned. What was asked for before is left out.
    pub(super) struct Deployments<'a> {
        since: Timestamptz = DateTime<Utc>,
        until: Timestamptz = DateTime<Utc>,
        key: Text = &'a str,
        limit: BigInt = i64,
    }
    returns (Text, Text, Text, Text, Text, Text, Nullable<Text>, Integer, Bool, Timestamptz, Nullable<Text>);
    "select s.tenant_id, s.service, s.channel, k.key, d.environment, d.outcome, d.kind, d.changes, d.failed, d.at, e.url
     from channel_subscriptions s
     join dora_deployments d on d.tenant_id = s.tenant_id and d.service = s.service
       and d.at >= s.created_at and d.at >= ? and d.at <= ?
     cross join lateral (select concat_ws(' ', ?::text, d.integration || ':' || d.deployment_id, d.outcome) as key) k
     left join deployments e on e.tenant_id = d.tenant_id and e.integration = d.integration and e.deployment_id = d.deployment_id
     where not exists (select from slack_messages m where m.tenant_id = s.tenant_id and m.key = k.key and m.place = s.channel
       and m.approval_id is null)
     order by d.at, d.integration, d.deployment_id, s.channel limit ?"
}

type EndedRow =
    (String, String, String, String, String, String, Option<String>, i32, bool, DateTime<Utc>, Option<String>);

/// Deployments of subscribed services that ended since a time and were not told, the oldest first, at most `limit`.
pub fn deployments(
    conn: &mut PgConnection,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Happened<Ended>>, StoreError> {
    let rows: Vec<EndedRow> = Deployments { since, until, key: "deployment", limit }.load(conn)?;
    let happened = |row: EndedRow| {
        let (tenant, service, channel, key, environment, outcome, kind, changes, failed, at, url) = row;
        let what = Ended { environment, outcome, kind, changes, failed, at, url };
        Ok(Happened { tenant: tenant_of(&tenant)?, service, channel, key, what })
    };
    rows.into_iter().map(happened).collect()
}

statement! {
    /// Both ends of an incident are news of their own. Those that are shown with another one are left out.
    pub(super) struct Incidents<'a> {
        opened_since: Timestamptz = DateTime<Utc>,
        opened_until: Timestamptz = DateTime<Utc>,
        resolved_since: Timestamptz = DateTime<Utc>,
        resolved_until: Timestamptz = DateTime<Utc>,
        key: Text = &'a str,
        limit: BigInt = i64,
    }
    returns (Text, Text, Text, Text, Text, Nullable<Text>, Nullable<Text>, Timestamptz, Nullable<Timestamptz>, Nullable<Text>);
    "select n.tenant_id, n.service, n.channel, k.key, n.name, n.title, n.severity, n.began_at, n.resolved_at, n.url
     from (
       select s.tenant_id, s.service, s.channel, i.integration || ':' || i.incident_id as name, i.title, i.severity, i.url,
         coalesce(i.started_at, i.opened_at) as began_at, null::timestamptz as resolved_at, 'opened' as what,
         coalesce(i.started_at, i.opened_at) as at, i.integration, i.incident_id
       from channel_subscriptions s
       join incidents i on i.tenant_id = s.tenant_id and i.counted_service = s.service and i.deleted is not true
         and coalesce(i.started_at, i.opened_at) >= s.created_at
         and coalesce(i.started_at, i.opened_at) >= ? and coalesce(i.started_at, i.opened_at) <= ?
       union all
       select s.tenant_id, s.service, s.channel, i.integration || ':' || i.incident_id, i.title, i.severity, i.url,
         coalesce(i.started_at, i.opened_at, i.resolved_at), i.resolved_at, 'resolved', i.resolved_at, i.integration, i.incident_id
       from channel_subscriptions s
       join incidents i on i.tenant_id = s.tenant_id and i.counted_service = s.service and i.deleted is not true
         and i.resolved_at >= s.created_at and i.resolved_at >= ? and i.resolved_at <= ?
     ) n
     cross join lateral (select concat_ws(' ', ?::text, n.name, n.what) as key) k
     where not exists (select from slack_messages m where m.tenant_id = n.tenant_id and m.key = k.key and m.place = n.channel
       and m.approval_id is null)
     and not exists (select from incident_merges g where g.tenant_id = n.tenant_id and g.integration = n.integration
       and g.incident_id = n.incident_id)
     order by n.at, n.name, n.channel limit ?"
}

type IncidentRow = (
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<String>,
);

/// Incidents of subscribed services that were opened or resolved since a time and were not told, at most `limit`.
pub fn incidents(
    conn: &mut PgConnection,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Happened<Incident>>, StoreError> {
    let asked = Incidents {
        opened_since: since,
        opened_until: until,
        resolved_since: since,
        resolved_until: until,
        key: "incident",
        limit,
    };
    let happened = |row: IncidentRow| {
        let (tenant, service, channel, key, name, title, severity, began_at, resolved_at, url) = row;
        let what = Incident { name, title, severity, began_at, resolved_at, url };
        Ok(Happened { tenant: tenant_of(&tenant)?, service, channel, key, what })
    };
    asked.load(conn)?.into_iter().map(happened).collect()
}

fn tenant_of(name: &str) -> Result<TenantId, StoreError> {
    name.parse().map_err(|_| StoreError::Corrupt("a subscription has no tenant".to_owned()))
}
