//! Which changes were live before a stretch, and which deployment shipped them.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Integer, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::engine::{Change, Stretch};
use domain::dora::facts::Outside;

use super::asked::maybe_shipped;
use crate::StoreError;
use crate::facts::deployments::place;
use crate::facts::stretch::{Scope, Streams};

crate::statement! {
    struct Contained<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        repo: Array<Text> = Vec<&'a str>,
        sha: Array<Text> = Vec<&'a str>,
    }
    returns (Integer,);
    "select k.place::integer from unnest(?, ?, ?, ?, ?, ?) with ordinality as k (tenant_id, service, environment, since, repo, sha, place)
     where exists (select from dora_commits d where d.tenant_id = k.tenant_id and d.service = k.service
         and d.environment = k.environment and d.repo = k.repo and d.sha = k.sha and d.deployed_at < k.since)
       or exists (select from commits p join dora_commits d on d.tenant_id = p.tenant_id and d.service = k.service
           and d.environment = k.environment and d.repo = p.repo and d.sha = p.sha and d.deployed_at < k.since
         where p.tenant_id = k.tenant_id and p.repo = k.repo and p.picked_from = k.sha)"
}

crate::statement! {
    /// By the number of the change, or by a commit.
    struct Shipped<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        repo: Array<Text> = Vec<&'a str>,
        word: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "with k as materialized (
       select * from unnest(?, ?, ?, ?, ?, ?) with ordinality as k (tenant_id, service, environment, since, repo, word, place)
     )
     select k.place::integer, d.integration, d.deployment_id
     from k join dora_changes d on d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
       and d.repo = k.repo and d.number = k.word and d.deployed_at < k.since
     union all
     select k.place::integer, d.integration, d.deployment_id
     from k join dora_commits d on d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
       and d.repo = k.repo and d.sha = k.word and d.deployed_at < k.since and d.shipped"
}

/// In which environments which changes (or commits) are asked for: (stream, repository, number or SHA, SHA).
fn in_streams<'a>(
    streams: &Streams,
    of: impl Iterator<Item = (usize, &'a str, &'a str)>,
) -> Vec<(usize, &'a str, &'a str)> {
    of.flat_map(|(scope, repo, word)| streams.of_scope(scope).map(move |stream| (stream, repo, word))).collect()
}

pub(super) fn contained(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    stretches: &mut [Stretch],
) -> Result<(), StoreError> {
    let mut contained = Vec::new();
    {
        let landed: Vec<(usize, &Change, &str)> = stretches
            .iter()
            .enumerate()
            .flat_map(|(scope, stretch)| stretch.changes.iter().map(move |change| (scope, change)))
            .filter_map(|(scope, change)| Some((scope, change, change.landed_sha.as_deref()?)))
            .collect();
        let asked: Vec<(usize, &Change, &str)> = landed
            .iter()
            .flat_map(|(scope, change, sha)| streams.of_scope(*scope).map(|stream| (stream, *change, *sha)))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let scope_of = |stream: &usize| &scopes[streams.all[*stream].scope];
        let rows: Vec<(i32,)> = Contained {
            tenant: asked.iter().map(|(stream, ..)| scope_of(stream).of.tenant.as_str()).collect(),
            service: asked.iter().map(|(stream, ..)| scope_of(stream).of.service.as_str()).collect(),
            environment: asked.iter().map(|(stream, ..)| streams.all[*stream].environment.as_str()).collect(),
            since: asked.iter().map(|(stream, ..)| scope_of(stream).since).collect(),
            repo: asked.iter().map(|(_, change, _)| change.repo.as_str()).collect(),
            sha: asked.iter().map(|(.., sha)| *sha).collect(),
        }
        .load(conn)?;
        for (stream, change, _) in rows.into_iter().filter_map(|(row,)| asked.get(place(row)?)) {
            let stream = &streams.all[*stream];
            contained.push((stream.scope, (stream.environment.clone(), change.repo.clone(), change.number.clone())));
        }
    }
    contained.into_iter().for_each(|(scope, one)| {
        stretches[scope].before.contained.insert(one);
    });
    Ok(())
}

pub(super) fn shipped(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    stretches: &mut [Stretch],
) -> Result<(), StoreError> {
    let words = maybe_shipped(stretches);
    let asked = in_streams(streams, words.iter().map(|(scope, repo, word)| (*scope, repo.as_str(), word.as_str())));
    if asked.is_empty() {
        return Ok(());
    }
    let scope_of = |stream: &usize| &scopes[streams.all[*stream].scope];
    let rows: Vec<(i32, String, String)> = Shipped {
        tenant: asked.iter().map(|(stream, ..)| scope_of(stream).of.tenant.as_str()).collect(),
        service: asked.iter().map(|(stream, ..)| scope_of(stream).of.service.as_str()).collect(),
        environment: asked.iter().map(|(stream, ..)| streams.all[*stream].environment.as_str()).collect(),
        since: asked.iter().map(|(stream, ..)| scope_of(stream).since).collect(),
        repo: asked.iter().map(|(_, repo, _)| *repo).collect(),
        word: asked.iter().map(|(.., word)| *word).collect(),
    }
    .load(conn)?;
    for (row, integration, id) in rows {
        let Some((stream, repo, word)) = place(row).and_then(|place| asked.get(place)) else { continue };
        let stream = &streams.all[*stream];
        let key = (stream.environment.clone(), (*repo).to_owned(), (*word).to_owned());
        stretches[stream.scope].before.shipped.insert(key, Outside { integration, id });
    }
    Ok(())
}
