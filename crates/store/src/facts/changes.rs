//! Loads the changes that may ship with a stretch, those that they take back, and what of them was live before.

mod asked;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use diesel::RunQueryDsl;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Timestamptz};
use domain::dora::engine::{Change, Stretch};
use domain::dora::facts::Outside;

use super::deployments::place;
use super::graph::{self, Visited};
use super::stretch::{Scope, Streams};
use crate::StoreError;
use asked::Asked;

/// So far back a change is looked for where only the branch is known (rule L6).
const FALLBACK: TimeDelta = TimeDelta::days(30);

/// A change, whose place is told by `k`; its first commit is the earliest of its own word and of the commits that were
/// pushed to its branch since an earlier change of that branch was over (rule L5).
macro_rules! select_changes {
    ($from:literal) => {
        concat!(
            "select k.place::integer, c.repo, c.number, c.title, c.base, c.head, coalesce(c.labels, '{}'), coalesce(c.is_bot, false),
               c.author, c.landed_sha, c.reverts, least(c.first_commit_at, p.first_at), c.opened_at, c.first_review_at,
               c.approved_at, c.merged_at ",
            $from,
            " left join lateral (
               select min(m.authored_at) as first_at
               from branch_commits b join commits m on m.tenant_id = b.tenant_id and m.repo = b.repo and m.sha = b.sha
               where b.tenant_id = c.tenant_id and b.repo = c.repo and b.branch = c.head
                 and b.seen_at <= coalesce(c.merged_at, 'infinity')
                 and b.seen_at > coalesce((
                   select max(coalesce(e.merged_at, e.closed_at)) from changes e
                   where e.tenant_id = c.tenant_id and e.repo = c.repo and e.head = c.head and e.number <> c.number
                     and coalesce(e.merged_at, e.closed_at) < coalesce(c.merged_at, 'infinity')), '-infinity')
             ) p on c.head is not null"
        )
    };
}

/// Defines a statement that finds changes.
macro_rules! find_changes {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $sql:ty = $rust:ty),+ } $from:literal) => {
        crate::statement! {
            $(#[$doc])*
            struct $name<'a> { $($field: $sql = $rust,)+ }
            returns (
                Integer, Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Array<Text>, Bool, Nullable<Text>,
                Nullable<Text>, Nullable<Text>, Nullable<Timestamptz>, Nullable<Timestamptz>, Nullable<Timestamptz>,
                Nullable<Timestamptz>, Nullable<Timestamptz>,
            );
            select_changes!($from)
        }
    };
}

find_changes! {
    Landed { tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>, sha: Array<Text> = Vec<&'a str> }
    "from unnest(?, ?, ?) with ordinality as k (tenant_id, repo, landed_sha, place) join changes c using (tenant_id, repo, landed_sha)"
}
find_changes! {
    MergedWithin {
        tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>,
        from: Array<Timestamptz> = Vec<DateTime<Utc>>, to: Array<Timestamptz> = Vec<DateTime<Utc>>
    }
    "from unnest(?, ?, ?, ?) with ordinality as k (tenant_id, repo, since, till, place)
     join changes c on c.tenant_id = k.tenant_id and c.repo = k.repo and c.merged_at >= k.since and c.merged_at <= k.till"
}
find_changes! {
    Numbered { tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>, number: Array<Text> = Vec<&'a str> }
    "from unnest(?, ?, ?) with ordinality as k (tenant_id, repo, number, place) join changes c using (tenant_id, repo, number)"
}
find_changes! {
    Titled { tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>, title: Array<Text> = Vec<&'a str> }
    "from unnest(?, ?, ?) with ordinality as k (tenant_id, repo, title, place)
     join changes c on c.tenant_id = k.tenant_id and c.repo = k.repo and md5(c.title) = md5(k.title) and c.title = k.title
       and c.merged_at is not null"
}

type Row = (
    i32,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    Vec<String>,
    bool,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

/// The changes that were found for each scope, by repository and number.
type Found = Vec<BTreeMap<(String, String), Change>>;

/// Fills in each stretch's changes, their landed commits, and which of them were live or shipped before.
pub(super) fn load(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    visited: &Visited,
    stretches: &mut [Stretch],
) -> Result<(), StoreError> {
    let mut found: Found = vec![BTreeMap::new(); scopes.len()];
    let landed = asked::landed(scopes, stretches, visited);
    find(conn, scopes, &landed, &mut found, |(tenant, repo, sha)| Landed { tenant, repo, sha })?;
    merged_within(conn, scopes, stretches, &mut found)?;
    let [numbers, shas, titles] = asked::reverted(scopes, stretches, &found);
    find(conn, scopes, &numbers, &mut found, |(tenant, repo, number)| Numbered { tenant, repo, number })?;
    find(conn, scopes, &shas, &mut found, |(tenant, repo, sha)| Landed { tenant, repo, sha })?;
    find(conn, scopes, &titles, &mut found, |(tenant, repo, title)| Titled { tenant, repo, title })?;
    know_landed(conn, scopes, stretches, &found)?;
    for (stretch, found) in stretches.iter_mut().zip(found) {
        stretch.changes = found.into_values().collect();
    }
    contained(conn, scopes, streams, stretches)?;
    shipped(conn, scopes, streams, stretches)
}

type Keys<'a> = (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>);

/// Finds changes by a key, for every scope that asked for it.
fn find<'a, S>(
    conn: &mut PgConnection,
    scopes: &[Scope],
    asked: &'a Asked,
    found: &mut Found,
    statement: impl FnOnce(Keys<'a>) -> S,
) -> Result<(), StoreError>
where
    S: diesel::query_dsl::LoadQuery<'a, PgConnection, Row>,
{
    if asked.is_empty() {
        return Ok(());
    }
    let keys = (
        asked.keys().map(|(tenant, ..)| tenant.as_str()).collect(),
        asked.keys().map(|(_, repo, _)| repo.as_str()).collect(),
        asked.keys().map(|(.., word)| word.as_str()).collect(),
    );
    let owners: Vec<&BTreeSet<usize>> = asked.values().collect();
    let rows: Vec<Row> = diesel::RunQueryDsl::load(statement(keys), conn)?;
    for row in rows {
        for scope in place(row.0).and_then(|place| owners.get(place).copied()).into_iter().flatten() {
            keep(found, scopes, *scope, &row);
        }
    }
    Ok(())
}

fn keep(found: &mut Found, scopes: &[Scope], scope: usize, row: &Row) {
    let change = read(row, &scopes[scope]);
    found[scope].insert((change.repo.clone(), change.number.clone()), change);
}

fn read(row: &Row, scope: &Scope) -> Change {
    let (_, repo, number, title, base, head, labels, is_bot, author, landed_sha, reverts, ..) = row.clone();
    let by_bot = author.is_some_and(|author| scope.catalog.is_bot(&author));
    Change {
        repo,
        number,
        title,
        base,
        head,
        labels,
        is_bot: is_bot || by_bot,
        landed_sha,
        reverts,
        first_commit_at: row.11,
        opened_at: row.12,
        first_review_at: row.13,
        approved_at: row.14,
        merged_at: row.15,
    }
}

/// From and to.
type Range = (DateTime<Utc>, DateTime<Utc>);

/// Where a deployment names a branch and no commit that the graph knows: whatever was merged in the time before.
fn merged_within(
    conn: &mut PgConnection,
    scopes: &[Scope],
    stretches: &[Stretch],
    found: &mut Found,
) -> Result<(), StoreError> {
    let mut asked: BTreeMap<(usize, &str), Range> = BTreeMap::new();
    for (scope, stretch) in stretches.iter().enumerate() {
        for one in stretch.deployments.iter().filter(|one| one.outcome == "success") {
            for component in one.components.iter().filter(|component| component.branch.is_some()) {
                let key = component.sha.clone().map(|sha| (component.repo.clone(), sha));
                let known = |key| stretch.graph.commits.contains_key(&key) || stretch.graph.parents.contains_key(&key);
                if key.is_none_or(|key| !known(key)) {
                    let (from, to) = (one.finished_at - FALLBACK, one.finished_at);
                    let slot = asked.entry((scope, component.repo.as_str())).or_insert((from, to));
                    *slot = (slot.0.min(from), slot.1.max(to));
                }
            }
        }
    }
    if asked.is_empty() {
        return Ok(());
    }
    let keys: Vec<(usize, &str)> = asked.keys().copied().collect();
    let rows: Vec<Row> = MergedWithin {
        tenant: keys.iter().map(|(scope, _)| scopes[*scope].of.tenant.as_str()).collect(),
        repo: keys.iter().map(|(_, repo)| *repo).collect(),
        from: asked.values().map(|(from, _)| *from).collect(),
        to: asked.values().map(|(_, to)| *to).collect(),
    }
    .load(conn)?;
    for row in rows {
        if let Some((scope, _)) = place(row.0).and_then(|place| keys.get(place)) {
            keep(found, scopes, *scope, &row);
        }
    }
    Ok(())
}

/// What is known of the commits that changes landed as, also where the walk did not come by: their files tell the scope.
fn know_landed(
    conn: &mut PgConnection,
    scopes: &[Scope],
    stretches: &mut [Stretch],
    found: &Found,
) -> Result<(), StoreError> {
    let wanted: Visited = found
        .iter()
        .zip(stretches.iter())
        .map(|(found, stretch)| {
            let landed = found.values().filter_map(|change| Some((change.repo.clone(), change.landed_sha.clone()?)));
            landed.filter(|key| !stretch.graph.commits.contains_key(key)).collect()
        })
        .collect();
    graph::know_commits(conn, scopes, &wanted, stretches)
}

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

fn contained(
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

fn shipped(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    stretches: &mut [Stretch],
) -> Result<(), StoreError> {
    let words = asked::maybe_shipped(stretches);
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
