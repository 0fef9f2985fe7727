//! Which deployments failed: of those that were reckoned, and those that an incident or a remedy speaks of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::engine::failures::{Linked, Suspect, judge};
use domain::dora::facts::{Attribution, LinkFact, Remediation, Remedy};

use super::attribution::Attributed;
use super::{Key, outside, tier};
use crate::StoreError;
use crate::facts::audit::Ledger;
use crate::facts::contents::Shipped;
use crate::facts::diff::{Diff, Fact};
use crate::facts::rows::{deployments, failures};

crate::statement! {
    struct LinksTo<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
    }
    returns (Text, Text, Text, Text, Text, Text, Timestamptz, Nullable<Timestamptz>);
    "select l.tenant_id, l.deployment_integration, l.deployment_id, l.integration, l.incident_id, l.method, i.start_at, i.resolved_at
     from unnest(?, ?, ?) as k (tenant_id, integration, deployment_id)
     join dora_links l on l.tenant_id = k.tenant_id and l.deployment_integration = k.integration and l.deployment_id = k.deployment_id
     join dora_incidents i on i.tenant_id = l.tenant_id and i.integration = l.integration and i.incident_id = l.incident_id
     order by l.integration, l.incident_id"
}

crate::statement! {
    struct RemediesOf<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
    }
    returns (Text, Text, Text, Text, Text, Text, Timestamptz);
    "select r.tenant_id, r.culprit_integration, r.culprit_id, r.integration, r.deployment_id, r.method, r.at
     from unnest(?, ?, ?) as k (tenant_id, integration, deployment_id)
     join dora_remediations r on r.tenant_id = k.tenant_id and r.culprit_integration = k.integration and r.culprit_id = k.deployment_id
     order by r.integration, r.deployment_id, r.method"
}

/// Judges, writes what differs, and returns how many facts changed.
pub(super) fn settle(
    conn: &mut PgConnection,
    attributed: &Attributed,
    shipped: Option<&Shipped>,
    ledger: &mut Ledger,
) -> Result<usize, StoreError> {
    let keys = suspects(attributed, shipped);
    if keys.is_empty() {
        return Ok(0);
    }
    let parts: Vec<Vec<&str>> =
        keys.iter().map(|(tenant, integration, id)| vec![tenant.as_str(), integration.as_str(), id.as_str()]).collect();
    let rows = deployments::Row::of_keys(conn, &parts)?;
    let mut old = failures::Row::of_keys(conn, &parts)?;
    if let Some(shipped) = shipped {
        old.extend(failures::Row::of_services(conn, &shipped.since())?);
    }
    let new = judged(conn, &rows)?;
    let failed: BTreeSet<Vec<&str>> = new.iter().map(Fact::key).collect();
    let told: Vec<deployments::Row> =
        rows.iter().map(|row| deployments::Row { failed: failed.contains(&row.key()), ..row.clone() }).collect();
    let flags = Diff::between(&rows, &told);
    let failures = Diff::between(&old, &new);
    failures.write(conn)?;
    flags.write(conn)?;
    ledger.note(&failures)?;
    ledger.note(&flags)?;
    flags.put.iter().for_each(|row| ledger.slot(&row.tenant_id, &row.tier, row.at));
    Ok(failures.len() + flags.len())
}

/// Every deployment whose failure may be another than it was.
fn suspects(attributed: &Attributed, shipped: Option<&Shipped>) -> BTreeSet<Key> {
    let mut keys = attributed.deployments.clone();
    if let Some(shipped) = shipped {
        keys.extend(shipped.reckoned.iter().map(key_of));
        keys.extend(shipped.deployments.touched().map(key_of));
        let culprits = shipped.remediations.touched();
        keys.extend(
            culprits.map(|row| (row.tenant_id.clone(), row.culprit_integration.clone(), row.culprit_id.clone())),
        );
    }
    keys
}

type LinkRow = (String, String, String, String, String, String, DateTime<Utc>, Option<DateTime<Utc>>);
type RemedyRow = (String, String, String, String, String, String, DateTime<Utc>);

type Keyed<'a> = (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>);

/// Tenant, integration and id of each.
fn columns<'a>(rows: &[&'a deployments::Row]) -> Keyed<'a> {
    let column = |of: fn(&deployments::Row) -> &str| rows.iter().map(|row| of(row)).collect();
    (column(|row| &row.tenant_id), column(|row| &row.integration), column(|row| &row.deployment_id))
}

fn key_of(row: &deployments::Row) -> Key {
    (row.tenant_id.clone(), row.integration.clone(), row.deployment_id.clone())
}

/// The incidents that are put to each deployment.
fn links(conn: &mut PgConnection, rows: &[&deployments::Row]) -> Result<BTreeMap<Key, Vec<Linked>>, StoreError> {
    let (tenant, integration, deployment_id) = columns(rows);
    let mut links: BTreeMap<Key, Vec<Linked>> = BTreeMap::new();
    let statement = LinksTo { tenant, integration, deployment_id };
    for (tenant, of, id, by, incident, method, start_at, resolved_at) in statement.load::<LinkRow>(conn)? {
        let link = LinkFact {
            incident: outside(&by, &incident),
            deployment: outside(&of, &id),
            method: word(Attribution::parse(&method), &method)?,
        };
        links.entry((tenant, of, id)).or_default().push(Linked { link, start_at, resolved_at });
    }
    Ok(links)
}

/// The deployments that put each one right.
fn remedies(
    conn: &mut PgConnection,
    rows: &[&deployments::Row],
) -> Result<BTreeMap<Key, Vec<Remediation>>, StoreError> {
    let (tenant, integration, deployment_id) = columns(rows);
    let mut remedies: BTreeMap<Key, Vec<Remediation>> = BTreeMap::new();
    let statement = RemediesOf { tenant, integration, deployment_id };
    for (tenant, of, id, by, remedy, method, at) in statement.load::<RemedyRow>(conn)? {
        let remediation = Remediation {
            deployment: outside(&by, &remedy),
            culprit: outside(&of, &id),
            method: word(Remedy::parse(&method), &method)?,
            at,
        };
        remedies.entry((tenant, of, id)).or_default().push(remediation);
    }
    Ok(remedies)
}

fn judged(conn: &mut PgConnection, rows: &[deployments::Row]) -> Result<Vec<failures::Row>, StoreError> {
    let successes: Vec<&deployments::Row> = rows.iter().filter(|row| row.outcome == "success").collect();
    let (mut links, mut remedies) = (links(conn, &successes)?, remedies(conn, &successes)?);
    let failure = |row: &&deployments::Row| {
        let key = key_of(row);
        let suspect = Suspect {
            deployment: outside(&row.integration, &row.deployment_id),
            service: row.service.clone(),
            team: row.team.clone(),
            environment: row.environment.clone(),
            tier: tier(&row.tier),
            finished_at: row.at,
            is_rollback: row.kind.as_deref() == Some("rollback"),
            links: links.remove(&key).unwrap_or_default(),
            remediations: remedies.remove(&key).unwrap_or_default(),
        };
        Some(failures::Row::new(&row.tenant_id, judge(&suspect)?))
    };
    Ok(successes.iter().filter_map(failure).collect())
}

fn word<T>(known: Option<T>, word: &str) -> Result<T, StoreError> {
    known.ok_or_else(|| StoreError::Corrupt(format!("the method {word} is none; run `em-agent rebuild dora`")))
}
