//! Answers which of two deployed commits comes before the other, where both were live before the stretch.
//!
//! The walk goes back from the later one and stops at commits that were live in some environment of the service before
//! the possible ancestor was: all that a deployment contains went live with it at the latest, so the ancestor cannot lie
//! behind them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Integer, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::engine::{Stretch, contents};

use super::deployments::place;
use super::stretch::Scope;
use crate::StoreError;

crate::statement! {
    struct Ancestors<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        repo: Array<Text> = Vec<&'a str>,
        ancestor: Array<Text> = Vec<&'a str>,
        descendant: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Bool);
    "with recursive k as materialized (
       select tenant_id, service, since, repo, ancestor, descendant, place::integer as place
       from unnest(?, ?, ?, ?, ?, ?) with ordinality as k (tenant_id, service, since, repo, ancestor, descendant, place)
     ), walk (place, sha) as (
       select k.place, k.descendant from k
       union
       select w.place, e.parent_sha
       from walk w join k using (place) join commit_edges e on e.tenant_id = k.tenant_id and e.repo = k.repo and e.sha = w.sha
       where w.sha <> k.ancestor and not exists (
         select from dora_commits x
         join dora_commits a on a.tenant_id = x.tenant_id and a.service = x.service and a.environment = x.environment
           and a.repo = x.repo and a.sha = k.ancestor
         where x.tenant_id = k.tenant_id and x.service = k.service and x.repo = k.repo and x.sha = w.sha
           and x.deployed_at < a.deployed_at and a.deployed_at < k.since)
     )
     select k.place, exists (select from walk w where w.place = k.place and w.sha = k.ancestor) from k"
}

/// Fills in each stretch's `before.ancestors`.
pub(super) fn load(conn: &mut PgConnection, scopes: &[Scope], stretches: &mut [Stretch]) -> Result<(), StoreError> {
    let mut asked: Vec<(usize, (String, String, String))> = Vec::new();
    for (scope, stretch) in stretches.iter().enumerate() {
        let pairs: BTreeSet<(String, String, String)> = contents::pairs(stretch);
        asked.extend(pairs.into_iter().map(|pair| (scope, pair)));
    }
    if asked.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i32, bool)> = Ancestors {
        tenant: asked.iter().map(|(scope, _)| scopes[*scope].of.tenant.as_str()).collect(),
        service: asked.iter().map(|(scope, _)| scopes[*scope].of.service.as_str()).collect(),
        since: asked.iter().map(|(scope, _)| scopes[*scope].since).collect(),
        repo: asked.iter().map(|(_, (repo, ..))| repo.as_str()).collect(),
        ancestor: asked.iter().map(|(_, (_, ancestor, _))| ancestor.as_str()).collect(),
        descendant: asked.iter().map(|(_, (.., descendant))| descendant.as_str()).collect(),
    }
    .load(conn)?;
    for (row, is_ancestor) in rows {
        let Some((scope, pair)) = place(row).and_then(|place| asked.get(place)) else { continue };
        stretches[*scope].before.ancestors.insert(pair.clone(), is_ancestor);
    }
    Ok(())
}
