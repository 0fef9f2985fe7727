//! The first stage: what deployments ship. Loads the stretches, has the engine reckon them, writes what differs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use domain::dora::engine::Stretch;
use domain::dora::engine::contents::{Reckoned, reckon};

use super::audit::Ledger;
use super::diff::{Diff, Fact};
use super::rows::{changes, commits, deployments, remediations};
use super::stretch::{self, Scope};
use super::take::Concerned;
use crate::StoreError;

/// What the first stage changed.
#[derive(Debug)]
pub(super) struct Shipped {
    pub deployments: Diff<deployments::Row>,
    pub commits: Diff<commits::Row>,
    pub changes: Diff<changes::Row>,
    pub remediations: Diff<remediations::Row>,
    /// All deployments of the stretches.
    pub reckoned: Vec<deployments::Row>,
    /// The stretches, as they were loaded.
    pub scopes: Vec<Scope>,
    /// From when on incidents have to be looked at, for each scope.
    pub incidents_from: Vec<Option<DateTime<Utc>>>,
    /// Services that have facts of deployments that are not theirs any more.
    pub left: BTreeSet<Concerned>,
}

impl Shipped {
    pub(super) fn len(&self) -> usize {
        self.deployments.len() + self.commits.len() + self.changes.len() + self.remediations.len()
    }

    /// As it stands after another stage one: nothing changes, and all of it is to be judged.
    pub(super) fn standing(conn: &mut PgConnection, scopes: Vec<Scope>) -> Result<Self, StoreError> {
        Ok(Self {
            deployments: Diff::default(),
            commits: Diff::default(),
            changes: Diff::default(),
            remediations: Diff::default(),
            reckoned: deployments::Row::of_services(conn, &since(&scopes))?,
            incidents_from: scopes.iter().map(|scope| Some(scope.since)).collect(),
            left: BTreeSet::new(),
            scopes,
        })
    }

    /// The stretches: (tenant, service, from when on).
    pub(super) fn since(&self) -> Vec<(&str, &str, DateTime<Utc>)> {
        since(&self.scopes)
    }

    /// Notes all of it.
    pub(super) fn note(&self, ledger: &mut Ledger) -> Result<(), StoreError> {
        ledger.note(&self.deployments)?;
        ledger.note(&self.changes)?;
        ledger.note(&self.remediations)?;
        self.deployments.touched().for_each(|row| ledger.slot(&row.tenant_id, &row.tier, row.at));
        self.changes.touched().for_each(|row| ledger.slot(&row.tenant_id, &row.tier, row.at));
        self.commits.touched().for_each(|row| ledger.slot(&row.tenant_id, &row.tier, row.at));
        Ok(())
    }
}

/// Reckons these stretches and writes what differs.
pub(super) fn settle(conn: &mut PgConnection, mut scopes: Vec<Scope>) -> Result<Shipped, StoreError> {
    let loaded = stretch::load(conn, &mut scopes)?;
    let since = since(&scopes);
    let mut old = deployments::Row::of_services(conn, &since)?;
    let keys: Vec<Vec<&str>> =
        scopes.iter().zip(&loaded.stretches).flat_map(|(scope, stretch)| keys(scope, stretch)).collect();
    old.extend(deployments::Row::of_keys(conn, &keys)?);

    let mut new = New::default();
    let failed: BTreeSet<Vec<&str>> = old.iter().filter(|row| row.failed).map(Fact::key).collect();
    for (scope, stretch) in scopes.iter().zip(&loaded.stretches) {
        new.take_in(scope, reckon(stretch), &failed);
    }
    let shipped = Shipped {
        incidents_from: incidents_from(&scopes, &loaded.stretches, &old),
        deployments: Diff::between(&old, &new.deployments),
        commits: Diff::between(&commits::Row::of_services(conn, &since)?, &new.commits),
        changes: Diff::between(&changes::Row::of_services(conn, &since)?, &new.changes),
        remediations: Diff::between(&remediations::Row::of_services(conn, &since)?, &new.remediations),
        left: loaded.left,
        reckoned: new.deployments,
        scopes: Vec::new(),
    };
    let shipped = Shipped { scopes, ..shipped };
    shipped.deployments.write(conn)?;
    shipped.commits.write(conn)?;
    shipped.changes.write(conn)?;
    shipped.remediations.write(conn)?;
    Ok(shipped)
}

fn since(scopes: &[Scope]) -> Vec<(&str, &str, DateTime<Utc>)> {
    scopes.iter().map(|scope| (scope.of.tenant.as_str(), scope.of.service.as_str(), scope.since)).collect()
}

fn keys<'a>(scope: &'a Scope, stretch: &'a Stretch) -> impl Iterator<Item = Vec<&'a str>> {
    let deployments = stretch.deployments.iter().map(|one| &one.deployment);
    deployments.map(|outside| vec![scope.of.tenant.as_str(), outside.integration.as_str(), outside.id.as_str()])
}

/// The facts that were reckoned.
#[derive(Default)]
struct New {
    deployments: Vec<deployments::Row>,
    commits: Vec<commits::Row>,
    changes: Vec<changes::Row>,
    remediations: Vec<remediations::Row>,
}

impl New {
    /// Which of them failed is told by the second stage: until then it is what it was.
    fn take_in(&mut self, scope: &Scope, facts: Reckoned, failed: &BTreeSet<Vec<&str>>) {
        let (tenant, service) = (scope.of.tenant.as_str(), scope.of.service.as_str());
        self.deployments.extend(facts.deployments.into_iter().map(|fact| {
            let key = vec![tenant, fact.deployment.integration.as_str(), fact.deployment.id.as_str()];
            let still = fact.outcome == "success" && failed.contains(&key);
            deployments::Row::new(tenant, fact, still)
        }));
        self.commits.extend(facts.commits.into_iter().map(|fact| commits::Row::new(tenant, service, fact)));
        self.changes.extend(facts.changes.into_iter().map(|fact| changes::Row::new(tenant, service, fact)));
        self.remediations
            .extend(facts.remediations.into_iter().map(|fact| remediations::Row::new(tenant, service, fact)));
    }
}

/// Incidents that began while a deployment of the stretch was rolled out, or later: as it was, or as it is now.
fn incidents_from(scopes: &[Scope], stretches: &[Stretch], old: &[deployments::Row]) -> Vec<Option<DateTime<Utc>>> {
    let mut were: BTreeMap<(&str, &str), DateTime<Utc>> = BTreeMap::new();
    for row in old {
        let begun = row.started_at.map_or(row.at, |at| at.min(row.at));
        let slot = were.entry((&row.tenant_id, &row.service)).or_insert(begun);
        *slot = (*slot).min(begun);
    }
    let of = |(scope, stretch): (&Scope, &Stretch)| {
        let are = stretch.deployments.iter().flat_map(|one| one.started_at.into_iter().chain([one.finished_at]));
        let were = were.get(&(scope.of.tenant.as_str(), scope.of.service.as_str())).copied();
        are.chain(were).chain([scope.since]).min()
    };
    scopes.iter().zip(stretches).map(of).collect()
}
