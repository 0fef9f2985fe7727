//! Incidents as they are counted, and where each comes from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Text};
use diesel::{PgConnection, RunQueryDsl};
use domain::catalog::severity_counts;
use domain::data::Tier;
use domain::dora::engine::failures::{Candidate, Incident, attribute};
use domain::dora::facts::{IncidentFact, LinkFact, Outside};

use super::causes::{self, Said};
use super::incidents::{self, Concerned, Known};
use super::{Key, Rules, outside, tier};
use crate::StoreError;
use crate::facts::audit::Ledger;
use crate::facts::diff::{Diff, Fact};
use crate::facts::rows::{deployments, incidents as counted, links};

/// What attribution did.
#[derive(Debug, Default)]
pub(super) struct Attributed {
    /// The deployments that the incidents come from, or came from until now.
    pub deployments: BTreeSet<Key>,
    /// How many facts changed.
    pub changed: usize,
}

crate::statement! {
    struct LinksOf<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        incident_id: Array<Text> = Vec<&'a str>,
    }
    returns (Text, Text, Text, Text, Text, Text);
    "select l.tenant_id, l.integration, l.incident_id, l.deployment_integration, l.deployment_id, l.method
     from unnest(?, ?, ?) as k (tenant_id, integration, incident_id)
     join dora_links l using (tenant_id, integration, incident_id)"
}

pub(super) fn settle(
    conn: &mut PgConnection,
    rules: &mut Rules<'_>,
    concerned: &Concerned,
    ledger: &mut Ledger,
) -> Result<Attributed, StoreError> {
    if concerned.keys.is_empty() {
        return Ok(Attributed::default());
    }
    let known = incidents::load(conn, &concerned.keys)?;
    let said = causes::said(conn, &known)?;
    let candidates = candidates(conn, rules, &known)?;
    let mut new_incidents = Vec::new();
    let mut new_links = Vec::new();
    for (one, said) in known.iter().zip(said) {
        let service = one.service.clone().unwrap_or_default();
        let nobody = Vec::new();
        let candidates = candidates.get(&(one.key.0.clone(), service)).unwrap_or(&nobody);
        let (fact, links) = reckon(rules, one, said, candidates);
        new_incidents.push(counted::Row::new(&one.key.0, fact));
        new_links.extend(links.into_iter().map(|link| links::Row::new(&one.key.0, link)));
    }
    let old_links: Vec<links::Row> = LinksOf {
        tenant: concerned.keys.iter().map(|(tenant, ..)| tenant.as_str()).collect(),
        integration: concerned.keys.iter().map(|(_, integration, _)| integration.as_str()).collect(),
        incident_id: concerned.keys.iter().map(|(.., id)| id.as_str()).collect(),
    }
    .load(conn)?;
    let of = |row: &links::Row| (row.tenant_id.clone(), row.deployment_integration.clone(), row.deployment_id.clone());
    let deployments = old_links.iter().chain(&new_links).map(of).collect();
    let incidents = Diff::between(&concerned.counted, &new_incidents);
    let links = Diff::between(&old_links, &new_links);
    incidents.write(conn)?;
    links.write(conn)?;
    ledger.note(&incidents)?;
    let services: BTreeMap<[&str; 3], &str> = new_incidents
        .iter()
        .chain(&concerned.counted)
        .map(|row| ([&*row.tenant_id, &*row.integration, &*row.incident_id], row.owner().unwrap_or_default()))
        .collect();
    ledger.note_of(&links, |row| {
        services.get(&[&*row.tenant_id, &*row.integration, &*row.incident_id]).copied().unwrap_or_default().to_owned()
    })?;
    Ok(Attributed { deployments, changed: incidents.len() + links.len() })
}

type Candidates = BTreeMap<(String, String), Vec<Candidate>>;

/// The successes of each service that its incidents may come from.
fn candidates(conn: &mut PgConnection, rules: &mut Rules<'_>, known: &[Known]) -> Result<Candidates, StoreError> {
    let mut since: BTreeMap<(&str, &str), DateTime<Utc>> = BTreeMap::new();
    for one in known {
        if let Some(service) = one.service.as_deref() {
            let from = one.start_at - rules.of(&one.key.0, service).incident_window;
            let slot = since.entry((&one.key.0, service)).or_insert(from);
            *slot = (*slot).min(from);
        }
    }
    let since: Vec<(&str, &str, DateTime<Utc>)> =
        since.into_iter().map(|((tenant, service), from)| (tenant, service, from)).collect();
    let mut candidates = Candidates::new();
    for row in deployments::Row::of_services(conn, &since)?.into_iter().filter(|row| row.outcome == "success") {
        let candidate = Candidate {
            deployment: outside(&row.integration, &row.deployment_id),
            environment: row.environment,
            tier: tier(&row.tier),
            started_at: row.started_at,
            finished_at: row.at,
        };
        candidates.entry((row.tenant_id, row.service)).or_default().push(candidate);
    }
    Ok(candidates)
}

fn reckon(rules: &mut Rules<'_>, one: &Known, said: Said, candidates: &[Candidate]) -> (IncidentFact, Vec<LinkFact>) {
    let (tenant, integration, id) = &one.key;
    let service = one.service.as_deref().unwrap_or_default();
    let catalog = rules.catalog(tenant);
    let known_tier = catalog.tier(service, one.environment.as_deref());
    let known_tier = known_tier.or_else(|| one.tier.as_deref().and_then(Tier::parse));
    let team = one.service.as_deref().and_then(|service| catalog.team_at(service, one.start_at)).map(str::to_owned);
    let rules = rules.of(tenant, service);
    let qualifies = severity_counts(&rules.severities, one.severity.as_deref());
    let incident = Incident {
        incident: Outside::new(integration, id),
        service: one.service.clone(),
        environment: one.environment.clone(),
        tier: known_tier,
        start_at: one.start_at,
        change_related: one.change_related,
        qualifies,
        explicit: said.explicit,
        unlinked: said.unlinked,
        caused_by: said.caused_by,
    };
    let links = attribute(&incident, rules.incident_window, candidates);
    let seconds = |end: DateTime<Utc>| (end - one.start_at).as_seconds_f64();
    let fact = IncidentFact {
        incident: incident.incident,
        service: one.service.clone(),
        team,
        environment: one.environment.clone(),
        tier: known_tier.unwrap_or(Tier::Production),
        severity: one.severity.clone(),
        start_at: one.start_at,
        resolved_at: one.resolved_at,
        restore_s: one.resolved_at.map(seconds),
        qualifies,
        attributed: !links.is_empty(),
    };
    (fact, links)
}
