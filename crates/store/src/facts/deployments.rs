//! Loads a stretch's deployments: how they ended, and what they ship.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Integer, Nullable, SmallInt, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::data::Tier;
use domain::dora::engine::{Component, Ended};
use domain::dora::facts::Outside;

use super::stretch::Scope;
use crate::StoreError;

crate::statement! {
    struct OfServices<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
    }
    returns (
        Integer, Text, Text, Text, Text, Text, Nullable<Timestamptz>, Timestamptz, Nullable<Text>, Nullable<Text>,
        Nullable<Text>, Bool, Array<Text>, Nullable<Text>, Nullable<Timestamptz>,
    );
    "select k.place::integer, d.integration, d.deployment_id, coalesce(d.environment, ''), coalesce(d.counted_tier, d.tier),
       d.outcome, d.started_at, d.finished_at, d.repo, d.sha, d.explicit_kind, coalesce(d.unplanned, false),
       coalesce(d.fixes, '{}'), f.service, f.at
     from unnest(?, ?, ?) with ordinality as k (tenant_id, service, since, place)
     join deployments d on d.tenant_id = k.tenant_id and d.counted_service = k.service and d.finished_at >= k.since
     left join dora_deployments f
       on f.tenant_id = d.tenant_id and f.integration = d.integration and f.deployment_id = d.deployment_id
     where d.outcome is not null
     order by d.finished_at, d.deployment_id, d.integration"
}

type Row = (
    i32,
    String,
    String,
    String,
    String,
    String,
    Option<DateTime<Utc>>,
    DateTime<Utc>,
    Option<String>,
    Option<String>,
    Option<String>,
    bool,
    Vec<String>,
    Option<String>,
    Option<DateTime<Utc>>,
);

/// A deployment of a stretch, and where its facts are now: of which service, finished when.
#[derive(Debug)]
pub(super) struct Found {
    pub ended: Ended,
    pub known_as: Option<(String, DateTime<Utc>)>,
}

/// The deployments of each scope, in the order in which they finished, without what they ship.
pub(super) fn of(conn: &mut PgConnection, scopes: &[Scope]) -> Result<Vec<Vec<Found>>, StoreError> {
    let rows: Vec<Row> = OfServices {
        tenant: scopes.iter().map(|scope| scope.of.tenant.as_str()).collect(),
        service: scopes.iter().map(|scope| scope.of.service.as_str()).collect(),
        since: scopes.iter().map(|scope| scope.since).collect(),
    }
    .load(conn)?;
    let mut found: Vec<Vec<Found>> = scopes.iter().map(|_| Vec::new()).collect();
    for row in rows {
        if let Some(of_scope) = place(row.0).and_then(|place| found.get_mut(place)) {
            of_scope.push(read(row));
        }
    }
    Ok(found)
}

/// An ordinality as an index.
pub(super) fn place(ordinality: i32) -> Option<usize> {
    usize::try_from(ordinality - 1).ok()
}

fn read(row: Row) -> Found {
    let (_, integration, id, environment, tier, outcome, started_at, finished_at, repo, sha, kind, unplanned, ..) = row;
    let ended = Ended {
        deployment: Outside { integration, id },
        environment,
        tier: Tier::parse(&tier).unwrap_or(Tier::Other),
        outcome,
        started_at,
        finished_at,
        repo,
        sha,
        components: Vec::new(),
        contains: Default::default(),
        explicit_kind: kind,
        fixes: row.12,
        unplanned,
    };
    Found { ended, known_as: row.13.zip(row.14) }
}

crate::statement! {
    struct PartsOf<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        deployment_id: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, SmallInt, Text, Nullable<Text>, Nullable<Text>, Nullable<Timestamptz>);
    "with k as materialized (
       select * from unnest(?, ?, ?) with ordinality as k (tenant_id, integration, deployment_id, place)
     )
     select k.place::integer, case when c.sha = '' and a.sha is not null then 1 else 0 end::smallint, c.repo,
       coalesce(nullif(c.sha, ''), a.sha), c.ref, c.finished_at
     from k join deployment_components c using (tenant_id, integration, deployment_id)
     left join artifacts a on c.sha = '' and a.tenant_id = c.tenant_id and a.digest = c.image_digest and a.repo = c.repo
     union all
     select k.place::integer, 1::smallint, a.repo, a.sha, null, i.finished_at
     from k join deployment_images i using (tenant_id, integration, deployment_id)
     join artifacts a on a.tenant_id = i.tenant_id and a.digest = i.image_digest
     where a.repo is not null
     union all
     select k.place::integer, 2::smallint, c.repo, c.sha, null, null
     from k join deployment_contents c using (tenant_id, integration, deployment_id)"
}

type PartRow = (i32, i16, String, Option<String>, Option<String>, Option<DateTime<Utc>>);

/// What a deployment ships.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub components: Vec<Component>,
    /// What the source itself says.
    pub contains: Vec<(String, String)>,
}

/// What each of these deployments ships: components, images as the commits that they were made of, and contents. Of two
/// that name the same commit, the component counts, then the image that was there first.
pub(super) fn parts(conn: &mut PgConnection, of: &[(&str, &Outside)]) -> Result<Vec<Parts>, StoreError> {
    let mut parts = vec![Parts::default(); of.len()];
    if of.is_empty() {
        return Ok(parts);
    }
    let rows: Vec<PartRow> = PartsOf {
        tenant: of.iter().map(|(tenant, _)| *tenant).collect(),
        integration: of.iter().map(|(_, outside)| outside.integration.as_str()).collect(),
        deployment_id: of.iter().map(|(_, outside)| outside.id.as_str()).collect(),
    }
    .load(conn)?;
    let mut components: Vec<BTreeMap<(String, Option<String>), Component>> = vec![BTreeMap::new(); of.len()];
    for (ordinality, kind, repo, sha, branch, finished_at) in rows {
        let Some(place) = place(ordinality) else { continue };
        match (kind, sha) {
            (2, Some(sha)) => parts[place].contains.push((repo, sha)),
            (_, sha) => {
                let one = Component { repo: repo.clone(), sha: sha.clone(), branch, finished_at, by_image: kind == 1 };
                let rank = |of: &Component| (of.by_image, of.finished_at.is_none(), of.finished_at, of.branch.clone());
                let slot = components[place].entry((repo, sha)).or_insert_with(|| one.clone());
                if rank(&one) < rank(slot) {
                    *slot = one;
                }
            }
        }
    }
    for (parts, components) in parts.iter_mut().zip(components) {
        parts.components = components.into_values().collect();
        parts.contains.sort_unstable();
    }
    Ok(parts)
}
