//! Loads what was before each stretch: earlier successes that still decide, and what attempts since then would have shipped.
//!
//! Facts before a stretch are settled: nothing that is dirty is older than it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Integer, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::engine::{Earlier, Stretch};
use domain::dora::facts::{Kind, Outside};

use super::deployments::{parts, place};
use super::diff::Fact;
use super::rows::deployments::Row;
use super::stretch::{Scope, Streams};
use super::take::beginning;
use crate::StoreError;

crate::statement! {
    struct LastOfEnvironment<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
    }
    returns (Integer, Text, Text, Timestamptz, Text);
    "select k.place::integer, d.integration, d.deployment_id, d.at, coalesce(d.target, '')
     from unnest(?, ?, ?, ?) with ordinality as k (tenant_id, service, environment, since, place)
     cross join lateral (
       select * from dora_deployments d
       where d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
         and d.outcome = 'success' and d.at < k.since
       order by d.at desc, d.deployment_id desc, d.integration desc limit 1
     ) d"
}

crate::statement! {
    /// Of each repository the last with any component there, and the last with a commit there.
    struct LastOfRepository<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        repo: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "select k.place::integer, d.integration, d.deployment_id
     from unnest(?, ?, ?, ?, ?) with ordinality as k (tenant_id, service, environment, since, repo, place)
     cross join (values (false), (true)) as w (with_commit)
     cross join lateral (
       select * from dora_deployments d
       where d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
         and d.outcome = 'success' and d.at < k.since
         and (
           exists (select from deployment_components c where c.tenant_id = d.tenant_id and c.integration = d.integration
             and c.deployment_id = d.deployment_id and c.repo = k.repo and (c.sha <> '' or not w.with_commit))
           or exists (select from deployment_contents c where w.with_commit and c.tenant_id = d.tenant_id
             and c.integration = d.integration and c.deployment_id = d.deployment_id and c.repo = k.repo)
           or exists (select from deployment_images i join artifacts a on a.tenant_id = i.tenant_id and a.digest = i.image_digest
             where i.tenant_id = d.tenant_id and i.integration = d.integration and i.deployment_id = d.deployment_id
               and a.repo = k.repo and (a.sha is not null or not w.with_commit))
           or exists (select from deployment_components c
             join artifacts a on a.tenant_id = c.tenant_id and a.digest = c.image_digest and a.repo = c.repo
             where w.with_commit and c.sha = '' and c.tenant_id = d.tenant_id and c.integration = d.integration
               and c.deployment_id = d.deployment_id and c.repo = k.repo and a.sha is not null)
         )
       order by d.at desc, d.deployment_id desc, d.integration desc limit 1
     ) d"
}

crate::statement! {
    /// The last success with these heads, and the first after it that was no rollback and deployed one of their
    /// repositories.
    struct SameHeads<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        heads: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "with k as materialized (
       select * from unnest(?, ?, ?, ?, ?) with ordinality as k (tenant_id, service, environment, since, heads, place)
     ), same as materialized (
       select k.tenant_id, k.service, k.environment, k.since, k.heads, k.place, d.integration, d.deployment_id, d.at
       from k cross join lateral (
         select * from dora_deployments d
         where d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
           and md5(d.heads) = md5(k.heads) and d.heads = k.heads and d.outcome = 'success' and d.at < k.since
         order by d.at desc, d.deployment_id desc, d.integration desc limit 1
       ) d
     )
     select place::integer, integration, deployment_id from same
     union all
     select s.place::integer, n.integration, n.deployment_id
     from same s cross join lateral (
       select * from dora_deployments d
       where d.tenant_id = s.tenant_id and d.service = s.service and d.environment = s.environment and d.outcome = 'success'
         and d.at >= s.at and d.at < s.since and (d.at, d.deployment_id, d.integration) > (s.at, s.deployment_id, s.integration)
         and d.kind is distinct from 'rollback'
         and exists (
           select from unnest(string_to_array(s.heads, E'\\n')) as h (head)
           where position(E'\\n' || left(h.head, -position('@' in reverse(h.head))) || '@' in E'\\n' || d.heads) > 0)
       order by d.at, d.deployment_id, d.integration limit 1
     ) n"
}

crate::statement! {
    /// Successes that a deployment says it mends, by their names.
    struct Named<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        word: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "select k.place::integer, d.integration, d.deployment_id
     from unnest(?, ?, ?, ?) with ordinality as k (tenant_id, service, since, word, place)
     join dora_deployments d on d.tenant_id = k.tenant_id
       and d.deployment_id = any (array[k.word, substr(k.word, position(':' in k.word) + 1)])
     where d.service = k.service and d.outcome = 'success' and d.at < k.since
       and (d.deployment_id = k.word or d.integration || ':' || d.deployment_id = k.word)"
}

crate::statement! {
    /// What attempts after the last success say they would have shipped.
    struct Rolled<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        last_at: Array<Timestamptz> = Vec<DateTime<Utc>>,
        last_id: Array<Text> = Vec<&'a str>,
        last_integration: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "select k.place::integer, c.repo, c.sha
     from unnest(?, ?, ?, ?, ?, ?, ?) with ordinality
       as k (tenant_id, service, environment, since, last_at, last_id, last_integration, place)
     join dora_deployments d on d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
       and d.outcome <> 'success' and d.at >= k.last_at and d.at < k.since
       and (d.at, d.deployment_id, d.integration) > (k.last_at, k.last_id, k.last_integration)
     join deployment_contents c on c.tenant_id = d.tenant_id and c.integration = d.integration
       and c.deployment_id = d.deployment_id"
}

crate::statement! {
    struct Known<'a> { tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>, sha: Array<Text> = Vec<&'a str> }
    returns (Text, Text, Text);
    "select k.tenant_id, k.repo, k.sha from unnest(?, ?, ?) as k (tenant_id, repo, sha)
     where exists (select from commits c where c.tenant_id = k.tenant_id and c.repo = k.repo and c.sha = k.sha)
       or exists (select from commit_edges e where e.tenant_id = k.tenant_id and e.repo = k.repo and e.sha = k.sha)"
}

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
    let of = |(scope, outside): &'_ (usize, Outside)| {
        let tenant = scopes[*scope].of.tenant.as_str();
        [tenant.to_owned(), outside.integration.clone(), outside.id.clone()]
    };
    let keys: Vec<[String; 3]> = wanted.iter().map(of).collect();
    let keys: Vec<Vec<&str>> = keys.iter().map(|key| key.iter().map(String::as_str).collect()).collect();
    let rows = Row::of_keys(conn, &keys)?;
    let row_of: BTreeMap<(&str, &str, &str), &Row> = rows
        .iter()
        .map(|row| ((row.tenant_id.as_str(), row.integration.as_str(), row.deployment_id.as_str()), row))
        .collect();
    let ours: Vec<(usize, &Outside, &Row)> = wanted
        .iter()
        .filter_map(|(scope, outside)| {
            let of = &scopes[*scope];
            let row = row_of.get(&(of.of.tenant.as_str(), outside.integration.as_str(), outside.id.as_str()))?;
            let fits = row.service == of.of.service && row.outcome == "success" && row.at < of.since;
            fits.then_some((*scope, outside, *row))
        })
        .collect();
    let keys: Vec<(&str, &Outside)> = ours.iter().map(|(_, outside, row)| (row.tenant_id.as_str(), *outside)).collect();
    let parts = parts(conn, &keys)?;
    let mut found: Vec<(usize, Earlier)> = Vec::with_capacity(ours.len());
    for ((scope, outside, row), parts) in ours.iter().zip(parts) {
        let shas = parts.components.iter().filter_map(|one| Some((one.repo.clone(), one.sha.clone()?)));
        let earlier = Earlier {
            deployment: (*outside).clone(),
            environment: row.environment.clone(),
            at: row.at,
            heads: row.heads.clone(),
            repos: parts.components.iter().map(|one| one.repo.clone()).collect(),
            shas: shas.chain(parts.contains.iter().cloned()).collect(),
            known: BTreeSet::new(),
            kind: row.kind.as_deref().and_then(Kind::parse).unwrap_or(Kind::Forward),
            target: row
                .target
                .as_deref()
                .and_then(|text| text.split_once(':'))
                .map(|(integration, id)| Outside::new(integration, id)),
        };
        found.push((*scope, earlier));
    }
    know(conn, scopes, &mut found)?;
    Ok(found)
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
