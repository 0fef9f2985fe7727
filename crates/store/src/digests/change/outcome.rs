//! Where a change went and what came of it: the deployments that shipped it, and the incidents that are put to them.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::digests::About;
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use domain::reports::units::Draft;
use domain::reports::{Of, Severity, lasted};

use super::super::release::linked_incident;
use crate::{StoreError, statement};

/// Deployments and incidents that are told.
const MOST_DEPLOYMENTS: i64 = 20;
const MOST_INCIDENTS: i64 = 10;

statement! {
    /// Which deployments shipped it.
    struct Deployments<'a> {
        tenant: Text = &'a str,
        repo: Text = &'a str,
        number: Text = &'a str,
        to: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns (Text, Text, Text, Text, Timestamptz, Double, Nullable<Bool>, Nullable<Text>);
    "select c.integration, c.deployment_id, c.service, c.environment, c.deployed_at, c.lead_s, d.failed, e.url
     from dora_changes c
     left join dora_deployments d on d.tenant_id = c.tenant_id and d.integration = c.integration and d.deployment_id = c.deployment_id
     left join deployments e on e.tenant_id = c.tenant_id and e.integration = c.integration and e.deployment_id = c.deployment_id
     where c.tenant_id = ? and c.repo = ? and c.number = ? and c.deployed_at < ?
     order by c.deployed_at, c.service, c.environment limit ?"
}

pub(super) type Deployment = (String, String, String, String, DateTime<Utc>, f64, Option<bool>, Option<String>);

pub(super) fn deployments(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (repo, number): (&str, &str),
    to: DateTime<Utc>,
) -> Result<Vec<Deployment>, StoreError> {
    Ok(Deployments { tenant: tenant.as_str(), repo, number, to, limit: MOST_DEPLOYMENTS }.load(conn)?)
}

pub(super) fn shipped((integration, id, service, environment, at, lead_s, failed, url): &Deployment) -> Draft {
    let broke = *failed == Some(true);
    let after = lasted(*at - TimeDelta::milliseconds((lead_s.max(0.0) * 1000.0) as i64), *at);
    let text = format!(
        "Deployed to {environment} of {service} with {integration}:{id}, {after} after its first commit{}",
        if broke { "; the deployment broke something" } else { "" }
    );
    let severity = if broke { Severity::Warning } else { Severity::Info };
    let of = Of::Deployment { integration: integration.clone(), id: id.clone() };
    let draft = Draft::new(About::Shipped, vec![of], &text, severity, *at).at_url(url.clone());
    draft.placed(service, environment).naming("deployment", &format!("{integration}:{id}"))
}

statement! {
    /// Incidents that are put to one of these deployments, or that are said to come from this commit.
    struct Incidents<'a> {
        integrations: Array<Text> = Vec<&'a str>,
        ids: Array<Text> = Vec<&'a str>,
        tenant: Text = &'a str,
        again: Text = &'a str,
        sha: Nullable<Text> = Option<&'a str>,
        limit: BigInt = i64,
    }
    returns (Text, Text);
    "select l.integration, l.incident_id from unnest(?, ?) d (integration, id)
     join dora_links l on l.tenant_id = ? and l.deployment_integration = d.integration and l.deployment_id = d.id
     union select integration, incident_id from incidents where tenant_id = ? and caused_sha = ?
     order by 1, 2 limit ?"
}

/// Incidents that it is said to have caused, itself (by its commit) or with one of its deployments.
pub(super) fn incidents(
    conn: &mut PgConnection,
    tenant: &TenantId,
    sha: Option<&str>,
    (deployed, to): (&[Deployment], DateTime<Utc>),
) -> Result<Vec<Draft>, StoreError> {
    let (integrations, ids) = deployed.iter().map(|one| (one.0.as_str(), one.1.as_str())).unzip();
    let asked =
        Incidents { integrations, ids, tenant: tenant.as_str(), again: tenant.as_str(), sha, limit: MOST_INCIDENTS };
    let names: Vec<(String, String)> = asked.load(conn)?;
    let mut drafts = Vec::new();
    for (integration, id) in names {
        let found = crate::incidents::one(conn, tenant, &Outside { integration, id })?;
        drafts.extend(found.filter(|one| one.began_at < to).map(|one| linked_incident(one, "", to)));
    }
    Ok(drafts)
}
