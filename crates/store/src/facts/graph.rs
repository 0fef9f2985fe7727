//! The commits that can be reached from what deployments ship, up to those that were live before: walked in the database,
//! for every service and environment at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::engine::{Commit, Stretch};

use super::deployments::place;
use super::stretch::{Scope, Streams};
use crate::StoreError;

crate::statement! {
    struct Walk<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        stream: Array<Integer> = Vec<i32>,
        repo: Array<Text> = Vec<&'a str>,
        sha: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text, Bool);
    "with recursive s as materialized (
       select tenant_id, service, environment, since, place::integer as stream
       from unnest(?, ?, ?, ?) with ordinality as s (tenant_id, service, environment, since, place)
     ), walk (stream, repo, sha, live) as (
       select h.stream, h.repo, h.sha, exists (
         select from dora_commits c where c.tenant_id = s.tenant_id and c.service = s.service
           and c.environment = s.environment and c.repo = h.repo and c.sha = h.sha and c.deployed_at < s.since)
       from unnest(?, ?, ?) as h (stream, repo, sha) join s using (stream)
       union
       select w.stream, w.repo, e.parent_sha, exists (
         select from dora_commits c where c.tenant_id = s.tenant_id and c.service = s.service
           and c.environment = s.environment and c.repo = w.repo and c.sha = e.parent_sha and c.deployed_at < s.since)
       from walk w join s using (stream)
       join commit_edges e on e.tenant_id = s.tenant_id and e.repo = w.repo and e.sha = w.sha
       where not w.live
     )
     select stream, repo, sha, live from walk"
}

crate::statement! {
    struct Edges<'a> { tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>, sha: Array<Text> = Vec<&'a str> }
    returns (Integer, Text);
    "select k.place::integer, e.parent_sha from unnest(?, ?, ?) with ordinality as k (tenant_id, repo, sha, place)
     join commit_edges e using (tenant_id, repo, sha)"
}

crate::statement! {
    struct Commits<'a> { tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>, sha: Array<Text> = Vec<&'a str> }
    returns (
        Integer, Nullable<Timestamptz>, Nullable<Timestamptz>, Bool, Bool, Nullable<Text>, Nullable<Array<Text>>,
        Nullable<Text>, Nullable<Text>, Nullable<Text>,
    );
    "select k.place::integer, c.authored_at, c.committed_at, coalesce(c.is_merge, false), coalesce(c.is_bot, false), c.author, c.files,
       c.picked_from, c.reverts, c.message_head
     from unnest(?, ?, ?) with ordinality as k (tenant_id, repo, sha, place) join commits c using (tenant_id, repo, sha)"
}

crate::statement! {
    struct Branches<'a> { tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>, sha: Array<Text> = Vec<&'a str> }
    returns (Integer, Text, Timestamptz, Text, Bool);
    "select k.place::integer, b.branch, b.seen_at, b.push_after, b.is_default
     from unnest(?, ?, ?) with ordinality as k (tenant_id, repo, sha, place) join branch_commits b using (tenant_id, repo, sha)
     order by b.seen_at desc, b.branch desc"
}

/// Commits to begin at, each in its stream.
#[derive(Default)]
struct Seeds<'a> {
    all: BTreeSet<(usize, &'a str, &'a str)>,
}

impl<'a> Seeds<'a> {
    /// What successes deploy, and whatever is said to be shipped by any attempt.
    fn of(streams: &Streams, stretches: &'a [Stretch]) -> Self {
        let mut seeds = Self::default();
        for (scope, stretch) in stretches.iter().enumerate() {
            for one in &stretch.deployments {
                let Some(stream) = streams.place(scope, &one.environment) else { continue };
                let heads = one.components.iter().filter(|_| one.outcome == "success");
                let heads = heads.filter_map(|component| Some((component.repo.as_str(), component.sha.as_deref()?)));
                let contains = one.contains.iter().map(|(repo, sha)| (repo.as_str(), sha.as_str()));
                seeds.all.extend(heads.chain(contains).map(|(repo, sha)| (stream, repo, sha)));
            }
            for (environment, (repo, sha)) in &stretch.before.rolled {
                seeds.all.extend(streams.place(scope, environment).map(|stream| (stream, repo.as_str(), sha.as_str())));
            }
        }
        seeds
    }
}

/// The commits that each scope's walk came to.
pub(super) type Visited = Vec<BTreeSet<(String, String)>>;

/// Fills in each stretch's graph and what of it was live before.
pub(super) fn load(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    stretches: &mut [Stretch],
) -> Result<Visited, StoreError> {
    let mut visited: Visited = vec![BTreeSet::new(); scopes.len()];
    for (stream, repo, sha, live) in walk(conn, scopes, streams, &Seeds::of(streams, stretches))? {
        let Some(stream) = place(stream).and_then(|place| streams.all.get(place)) else { continue };
        if live {
            let commit = (repo.clone(), sha.clone());
            stretches[stream.scope].before.live.insert((stream.environment.clone(), commit));
        }
        visited[stream.scope].insert((repo, sha));
    }
    know_parents(conn, scopes, &visited, stretches)?;
    know_commits(conn, scopes, &visited, stretches)?;
    Ok(visited)
}

type Step = (i32, String, String, bool);

fn walk(
    conn: &mut PgConnection,
    scopes: &[Scope],
    streams: &Streams,
    seeds: &Seeds<'_>,
) -> Result<Vec<Step>, StoreError> {
    if seeds.all.is_empty() {
        return Ok(Vec::new());
    }
    let scope_of = |stream: usize| &scopes[streams.all[stream].scope];
    let walk = Walk {
        tenant: (0..streams.len()).map(|stream| scope_of(stream).of.tenant.as_str()).collect(),
        service: (0..streams.len()).map(|stream| scope_of(stream).of.service.as_str()).collect(),
        environment: streams.all.iter().map(|stream| stream.environment.as_str()).collect(),
        since: (0..streams.len()).map(|stream| scope_of(stream).since).collect(),
        stream: seeds.all.iter().map(|(stream, ..)| i32::try_from(*stream + 1).unwrap_or(i32::MAX)).collect(),
        repo: seeds.all.iter().map(|(_, repo, _)| *repo).collect(),
        sha: seeds.all.iter().map(|(.., sha)| *sha).collect(),
    };
    Ok(walk.load(conn)?)
}

/// Commits with the scopes that want them: services of one repository share its commits, and each is read once.
struct Shared<'a> {
    tenant: Vec<&'a str>,
    repo: Vec<&'a str>,
    sha: Vec<&'a str>,
    owners: Vec<Vec<usize>>,
}

impl<'a> Shared<'a> {
    fn of(scopes: &'a [Scope], wanted: &'a Visited) -> Self {
        let mut owners: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
        for (scope, shas) in wanted.iter().enumerate() {
            for (repo, sha) in shas {
                owners.entry((scopes[scope].of.tenant.as_str(), repo, sha)).or_default().push(scope);
            }
        }
        Self {
            tenant: owners.keys().map(|(tenant, ..)| *tenant).collect(),
            repo: owners.keys().map(|(_, repo, _)| *repo).collect(),
            sha: owners.keys().map(|(.., sha)| *sha).collect(),
            owners: owners.into_values().collect(),
        }
    }

    fn key(&self, place: usize) -> (String, String) {
        (self.repo[place].to_owned(), self.sha[place].to_owned())
    }
}

/// Fills in the parents of these commits of each scope.
fn know_parents(
    conn: &mut PgConnection,
    scopes: &[Scope],
    wanted: &Visited,
    stretches: &mut [Stretch],
) -> Result<(), StoreError> {
    let shared = Shared::of(scopes, wanted);
    if shared.owners.is_empty() {
        return Ok(());
    }
    let edges = Edges { tenant: shared.tenant.clone(), repo: shared.repo.clone(), sha: shared.sha.clone() };
    for (row, parent) in edges.load::<(i32, String)>(conn)? {
        let Some(place) = place(row) else { continue };
        for scope in &shared.owners[place] {
            stretches[*scope].graph.parents.entry(shared.key(place)).or_default().insert(parent.clone());
        }
    }
    Ok(())
}

/// Fills in what is known of these commits of each scope.
pub(super) fn know_commits(
    conn: &mut PgConnection,
    scopes: &[Scope],
    wanted: &Visited,
    stretches: &mut [Stretch],
) -> Result<(), StoreError> {
    let shared = Shared::of(scopes, wanted);
    if shared.owners.is_empty() {
        return Ok(());
    }
    let statement = Commits { tenant: shared.tenant.clone(), repo: shared.repo.clone(), sha: shared.sha.clone() };
    let mut commits: BTreeMap<usize, (Option<String>, Commit)> = BTreeMap::new();
    for row in statement.load::<CommitRow>(conn)? {
        commits.extend(place(row.0).map(|place| (place, read(row))));
    }
    let statement = Branches { tenant: shared.tenant.clone(), repo: shared.repo.clone(), sha: shared.sha.clone() };
    for (row, branch, seen_at, after, is_default) in statement.load::<BranchRow>(conn)? {
        let Some((_, commit)) = place(row).and_then(|place| commits.get_mut(&place)) else { continue };
        if is_default {
            // The earliest comes last.
            commit.pushed_to_default = Some((seen_at, after));
        } else {
            commit.branches.insert(branch);
        }
    }
    for (place, (author, commit)) in commits {
        for scope in &shared.owners[place] {
            let by_bot = author.as_deref().is_some_and(|author| scopes[*scope].catalog.is_bot(author));
            let commit = Commit { is_bot: commit.is_bot || by_bot, ..commit.clone() };
            stretches[*scope].graph.commits.insert(shared.key(place), commit);
        }
    }
    Ok(())
}

type BranchRow = (i32, String, DateTime<Utc>, String, bool);
type CommitRow = (
    i32,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    bool,
    bool,
    Option<String>,
    Option<Vec<String>>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// A commit with its author's login.
fn read(row: CommitRow) -> (Option<String>, Commit) {
    let (_, authored_at, committed_at, is_merge, is_bot, author, files, picked_from, reverts, message_head) = row;
    let commit = Commit {
        authored_at,
        committed_at,
        is_merge,
        is_bot,
        files,
        picked_from,
        reverts,
        message_head,
        pushed_to_default: None,
        branches: BTreeSet::new(),
    };
    (author, commit)
}
