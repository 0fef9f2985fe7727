//! Loads the stretches of several services at once: a few statements with arrays, however many services there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use domain::catalog::Catalog;
use domain::dora::engine::{Ended, ServiceRules, Stretch};

use super::deployments::{self, Found};
use super::take::{Concerned, ServiceOf};
use super::{ancestors, before, changes, graph};
use crate::StoreError;

/// Of which service, from when on.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub of: ServiceOf,
    pub since: DateTime<Utc>,
    pub rules: ServiceRules,
    pub catalog: Arc<Catalog>,
}

/// A service in one environment: what is live is a question of both.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// Which scope.
    pub scope: usize,
    pub environment: String,
}

/// The stretches of some services.
pub(super) struct Loaded {
    /// In the order of the scopes.
    pub stretches: Vec<Stretch>,
    /// Services that have facts of deployments that are not theirs any more.
    pub left: BTreeSet<Concerned>,
}

/// Loads stretches. Where a deployment of a stretch has facts of an earlier time, its scope begins there.
pub(super) fn load(conn: &mut PgConnection, scopes: &mut [Scope]) -> Result<Loaded, StoreError> {
    let found = loop {
        let found = deployments::of(conn, scopes)?;
        if !begin_earlier(scopes, &found) {
            break found;
        }
    };
    let left = left(scopes, &found);
    let deployments = with_parts(conn, scopes, found)?;
    let streams = Streams::of(&deployments);
    let mut stretches: Vec<Stretch> = scopes
        .iter()
        .zip(deployments)
        .map(|(scope, deployments)| Stretch {
            service: scope.of.service.clone(),
            rules: scope.rules.clone(),
            deployments,
            before: Default::default(),
            graph: Default::default(),
            changes: Vec::new(),
        })
        .collect();
    before::load(conn, scopes, &streams, &mut stretches)?;
    let visited = graph::load(conn, scopes, &streams, &mut stretches)?;
    changes::load(conn, scopes, &streams, &visited, &mut stretches)?;
    ancestors::load(conn, scopes, &mut stretches)?;
    Ok(Loaded { stretches, left })
}

fn begin_earlier(scopes: &mut [Scope], found: &[Vec<Found>]) -> bool {
    let mut moved = false;
    for (scope, found) in scopes.iter_mut().zip(found) {
        let ours =
            found.iter().filter_map(|one| one.known_as.as_ref()).filter(|(service, _)| *service == scope.of.service);
        if let Some(at) = ours.map(|(_, at)| *at).min().filter(|at| *at < scope.since) {
            scope.since = at;
            moved = true;
        }
    }
    moved
}

fn left(scopes: &[Scope], found: &[Vec<Found>]) -> BTreeSet<Concerned> {
    let mut left: BTreeMap<ServiceOf, DateTime<Utc>> = BTreeMap::new();
    for (scope, found) in scopes.iter().zip(found) {
        for (service, at) in found.iter().filter_map(|one| one.known_as.as_ref()) {
            if *service != scope.of.service {
                let of = ServiceOf { tenant: scope.of.tenant.clone(), service: service.clone() };
                let from = left.entry(of).or_insert(*at);
                *from = (*from).min(*at);
            }
        }
    }
    let concerned = |(of, at)| Concerned { of, contents_from: Some(at), incidents_from: None, cause: None };
    left.into_iter().map(concerned).collect()
}

fn with_parts(
    conn: &mut PgConnection,
    scopes: &[Scope],
    found: Vec<Vec<Found>>,
) -> Result<Vec<Vec<Ended>>, StoreError> {
    let keys = scopes
        .iter()
        .zip(&found)
        .flat_map(|(scope, found)| found.iter().map(|one| (scope.of.tenant.as_str(), &one.ended.deployment)));
    let mut parts = deployments::parts(conn, &keys.collect::<Vec<_>>())?.into_iter();
    let filled = found.into_iter().map(|found| {
        let with_parts = |(found, parts): (Found, deployments::Parts)| Ended {
            components: parts.components,
            contains: parts.contains.into_iter().collect(),
            ..found.ended
        };
        found.into_iter().zip(parts.by_ref()).map(with_parts).collect()
    });
    Ok(filled.collect())
}

/// Every service in every environment that it has a deployment in.
pub(super) struct Streams {
    pub all: Vec<Stream>,
    places: BTreeMap<(usize, String), usize>,
}

impl Streams {
    fn of(deployments: &[Vec<Ended>]) -> Self {
        let mut places = BTreeMap::new();
        let mut all = Vec::new();
        for (scope, deployments) in deployments.iter().enumerate() {
            for one in deployments {
                places.entry((scope, one.environment.clone())).or_insert_with(|| {
                    all.push(Stream { scope, environment: one.environment.clone() });
                    all.len() - 1
                });
            }
        }
        Self { all, places }
    }

    pub(super) fn place(&self, scope: usize, environment: &str) -> Option<usize> {
        self.places.get(&(scope, environment.to_owned())).copied()
    }

    /// The streams of one service.
    pub(super) fn of_scope(&self, scope: usize) -> impl Iterator<Item = usize> {
        self.places.range((scope, String::new())..(scope + 1, String::new())).map(|(_, place)| *place)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
