//! Loads what was before each stretch: earlier successes that still decide, and what attempts since then would have shipped.
//!
//! Facts before a stretch are settled: nothing that is dirty is older than it.

mod questions;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::engine::{Earlier, Stretch};
use domain::dora::facts::{Kind, Outside};

use super::deployments::{Parts, parts, place};
use super::diff::Fact;
use super::rows::deployments::Row;
use super::stretch::{Scope, Streams};
use super::take::beginning;
use crate::StoreError;
use questions::{Known, LastOfEnvironment, LastOfRepository, Named, Rolled, SameHeads};

/// Which scope wants to know of which earlier deployment.
type Wanted = BTreeSet<(usize, Outside)>;

/// Fills in each stretch's `before.deployments` and `before.rolled`.
pub(super) fn load(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    stretches: &mut [Stretch],
) -> Result<(), StoreError> {
    if streams.len() == 0 {
        return Ok(());
    }
    let mut wanted = Wanted::new();
    last_of_environments(conn, scopes, streams, stretches, &mut wanted)?;
    last_of_repositories(conn, scopes, streams, stretches, &mut wanted)?;
    same_heads(conn, scopes, stretches, &mut wanted)?;
    named(conn, scopes, stretches, &mut wanted)?;
    for (scope, earlier) in earlier(conn, scopes, &wanted)? {
        stretches[scope].before.deployments.push(earlier);
    }
    Ok(())
}

type Last = (i32, String, String, DateTime<Utc>, String);

fn last_of_environments(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    stretches: &mut [Stretch],
    wanted: &mut Wanted,
) -> Result<(), StoreError> {
    let scope_of = |stream: usize| &scopes[streams.all[stream].scope];
    let tenant = || (0..streams.len()).map(|stream| scope_of(stream).of.tenant.as_str()).collect::<Vec<_>>();
    let service = || (0..streams.len()).map(|stream| scope_of(stream).of.service.as_str()).collect::<Vec<_>>();
    let environment = || streams.all.iter().map(|stream| stream.environment.as_str()).collect::<Vec<_>>();
    let since = || (0..streams.len()).map(|stream| scope_of(stream).since).collect::<Vec<_>>();
    let lasts: Vec<Last> =
        LastOfEnvironment { tenant: tenant(), service: service(), environment: environment(), since: since() }
            .load(conn)?;
    let mut last_of: Vec<Option<&Last>> = vec![None; streams.len()];
    for last in &lasts {
        let Some(stream) = place(last.0) else { continue };
        last_of[stream] = Some(last);
        let scope = streams.all[stream].scope;
        wanted.insert((scope, Outside::new(&*last.1, &*last.2)));
        wanted.extend(last.4.split_once(':').map(|(integration, id)| (scope, Outside::new(integration, id))));
    }
    let rolled: Vec<(i32, String, String)> = Rolled {
        tenant: tenant(),
        service: service(),
        environment: environment(),
        since: since(),
        last_at: last_of.iter().map(|last| last.map_or_else(beginning, |last| last.3)).collect(),
        last_id: last_of.iter().map(|last| last.map_or("", |last| &last.2)).collect(),
        last_integration: last_of.iter().map(|last| last.map_or("", |last| &last.1)).collect(),
    }
    .load(conn)?;
    for (stream, repo, sha) in rolled {
        let Some(stream) = place(stream).and_then(|place| streams.all.get(place)) else { continue };
        stretches[stream.scope].before.rolled.insert((stream.environment.clone(), (repo, sha)));
    }
    Ok(())
}

fn last_of_repositories(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    stretches: &[Stretch],
    wanted: &mut Wanted,
) -> Result<(), StoreError> {
    let mut asked: BTreeSet<(usize, &str)> = BTreeSet::new();
    for (scope, stretch) in stretches.iter().enumerate() {
        for one in &stretch.deployments {
            let Some(stream) = streams.place(scope, &one.environment) else { continue };
            let repos = one.components.iter().map(|component| &component.repo);
            let repos = repos.chain(one.contains.iter().map(|(repo, _)| repo));
            asked.extend(repos.map(|repo| (stream, repo.as_str())));
        }
    }
    if asked.is_empty() {
        return Ok(());
    }
    let asked: Vec<(usize, &str)> = asked.into_iter().collect();
    let scope_of = |stream: usize| &scopes[streams.all[stream].scope];
    let rows: Vec<(i32, String, String)> = LastOfRepository {
        tenant: asked.iter().map(|(stream, _)| scope_of(*stream).of.tenant.as_str()).collect(),
        service: asked.iter().map(|(stream, _)| scope_of(*stream).of.service.as_str()).collect(),
        environment: asked.iter().map(|(stream, _)| streams.all[*stream].environment.as_str()).collect(),
        since: asked.iter().map(|(stream, _)| scope_of(*stream).since).collect(),
        repo: asked.iter().map(|(_, repo)| *repo).collect(),
    }
    .load(conn)?;
    let found = rows.into_iter().filter_map(|(row, integration, id)| {
        let (stream, _) = asked.get(place(row)?)?;
        Some((streams.all[*stream].scope, Outside { integration, id }))
    });
    wanted.extend(found);
    Ok(())
}

fn same_heads(
    conn: &mut PgConnection,
    scopes: &[Scope],
    stretches: &[Stretch],
    wanted: &mut Wanted,
) -> Result<(), StoreError> {
    let mut asked: BTreeSet<(usize, &str, String)> = BTreeSet::new();
    for (scope, stretch) in stretches.iter().enumerate() {
        let successes = stretch.deployments.iter().filter(|one| one.outcome == "success");
        asked.extend(
            successes.map(|one| (scope, one.environment.as_str(), one.heads())).filter(|(.., heads)| !heads.is_empty()),
        );
    }
    if asked.is_empty() {
        return Ok(());
    }
    let asked: Vec<_> = asked.into_iter().collect();
    let rows: Vec<(i32, String, String)> = SameHeads {
        tenant: asked.iter().map(|(scope, ..)| scopes[*scope].of.tenant.as_str()).collect(),
        service: asked.iter().map(|(scope, ..)| scopes[*scope].of.service.as_str()).collect(),
        environment: asked.iter().map(|(_, environment, _)| *environment).collect(),
        since: asked.iter().map(|(scope, ..)| scopes[*scope].since).collect(),
        heads: asked.iter().map(|(.., heads)| heads.as_str()).collect(),
    }
    .load(conn)?;
    let found = rows
        .into_iter()
        .filter_map(|(row, integration, id)| Some((asked.get(place(row)?)?.0, Outside { integration, id })));
    wanted.extend(found);
    Ok(())
}

fn named(
    conn: &mut PgConnection,
    scopes: &[Scope],
    stretches: &[Stretch],
    wanted: &mut Wanted,
) -> Result<(), StoreError> {
    let of = |(scope, stretch): (usize, &'_ Stretch)| -> Vec<(usize, String)> {
        stretch.deployments.iter().flat_map(|one| one.fixes.iter().map(move |word| (scope, word.clone()))).collect()
    };
    let asked: BTreeSet<(usize, String)> = stretches.iter().enumerate().flat_map(of).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let asked: Vec<_> = asked.into_iter().collect();
    let rows: Vec<(i32, String, String)> = Named {
        tenant: asked.iter().map(|(scope, _)| scopes[*scope].of.tenant.as_str()).collect(),
        service: asked.iter().map(|(scope, _)| scopes[*scope].of.service.as_str()).collect(),
        since: asked.iter().map(|(scope, _)| scopes[*scope].since).collect(),
        word: asked.iter().map(|(_, word)| word.as_str()).collect(),
    }
    .load(conn)?;
    let found = rows
        .into_iter()
        .filter_map(|(row, integration, id)| Some((asked.get(place(row)?)?.0, Outside { integration, id })));
    wanted.extend(found);
    Ok(())
}

/// The deployments that are wanted, as far as they are successes of their scope from before it.
fn earlier(conn: &mut PgConnection, scopes: &[Scope], wanted: &Wanted) -> Result<Vec<(usize, Earlier)>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let key = |(scope, outside): &(usize, Outside)| {
        (scopes[*scope].of.tenant.as_str().to_owned(), outside.integration.clone(), outside.id.clone())
    };
    let keys: Vec<(String, String, String)> = wanted.iter().map(key).collect();
    let asked: Vec<Vec<&str>> = keys.iter().map(|(tenant, integration, id)| vec![&**tenant, integration, id]).collect();
    let rows = Row::of_keys(conn, &asked)?;
    let key = |row: &Row| (row.tenant_id.clone(), row.integration.clone(), row.deployment_id.clone());
    let row_of: BTreeMap<(String, String, String), &Row> = rows.iter().map(|row| (key(row), row)).collect();
    let ours: Vec<(usize, &Outside, &Row)> = wanted
        .iter()
        .zip(&keys)
        .filter_map(|((scope, outside), key)| {
            let (of, row) = (&scopes[*scope], row_of.get(key)?);
            let fits = row.service == of.of.service && row.outcome == "success" && row.at < of.since;
            fits.then_some((*scope, outside, *row))
        })
        .collect();
    let keys: Vec<(&str, &Outside)> = ours.iter().map(|(_, outside, row)| (row.tenant_id.as_str(), *outside)).collect();
    let parts = parts(conn, &keys)?;
    let each = ours.iter().zip(parts).map(|((scope, outside, row), parts)| (*scope, told(outside, row, &parts)));
    let mut found: Vec<(usize, Earlier)> = each.collect();
    know(conn, scopes, &mut found)?;
    Ok(found)
}

/// What its row and its parts say; which repositories the graph knows comes later.
fn told(outside: &Outside, row: &Row, parts: &Parts) -> Earlier {
    let shas = parts.components.iter().filter_map(|one| Some((one.repo.clone(), one.sha.clone()?)));
    let target = row.target.as_deref().and_then(|text| text.split_once(':'));
    Earlier {
        deployment: outside.clone(),
        environment: row.environment.clone(),
        at: row.at,
        heads: row.heads.clone(),
        repos: parts.components.iter().map(|one| one.repo.clone()).collect(),
        shas: shas.chain(parts.contains.iter().cloned()).collect(),
        known: BTreeSet::new(),
        kind: row.kind.as_deref().and_then(Kind::parse).unwrap_or(Kind::Forward),
        target: target.map(|(integration, id)| Outside::new(integration, id)),
    }
}

/// Fills in of which repositories the graph knows a commit.
fn know(conn: &mut PgConnection, scopes: &[Scope], found: &mut [(usize, Earlier)]) -> Result<(), StoreError> {
    let asked: BTreeSet<(&str, &str, &str)> = found
        .iter()
        .flat_map(|(scope, one)| {
            one.shas.iter().map(|(repo, sha)| (scopes[*scope].of.tenant.as_str(), repo.as_str(), sha.as_str()))
        })
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let known: Vec<(String, String, String)> = Known {
        tenant: asked.iter().map(|(tenant, ..)| *tenant).collect(),
        repo: asked.iter().map(|(_, repo, _)| *repo).collect(),
        sha: asked.iter().map(|(.., sha)| *sha).collect(),
    }
    .load(conn)?;
    let known: BTreeSet<(String, String, String)> = known.into_iter().collect();
    for (scope, one) in found {
        let tenant = scopes[*scope].of.tenant.as_str();
        let is_known =
            |(repo, sha): &&(String, String)| known.contains(&(tenant.to_owned(), repo.clone(), sha.clone()));
        one.known = one.shas.iter().filter(is_known).map(|(repo, _)| repo.clone()).collect();
    }
    Ok(())
}
