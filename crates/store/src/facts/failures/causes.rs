//! What people and sources say an incident came from: names, as the deployments that they stand for.
//!
//! A name stands for `<integration>:<id>` or for an id alone. Of several that it may stand for, the first by integration
//! counts, for incidents and deployments alike.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::facts::Outside;

use super::incidents::Known;
use crate::StoreError;
use crate::facts::deployments::place;

/// What is said of one incident.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub explicit: Vec<Outside>,
    /// Of at least one deployment: that it was not that one.
    pub unlinked: bool,
    pub caused_by: Option<Outside>,
}

crate::statement! {
    struct Links<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        integration: Array<Text> = Vec<&'a str>,
        incident_id: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Bool);
    "select k.place::integer, l.deployment, l.removed
     from unnest(?, ?, ?) with ordinality as k (tenant_id, integration, incident_id, place)
     cross join lateral (values (k.incident_id), (k.integration || ':' || k.incident_id)) as w (word)
     join incident_links l on l.tenant_id = k.tenant_id and l.incident = w.word
     where not exists (
       select from incidents o
       where o.tenant_id = l.tenant_id and o.incident_id = any (array[l.incident, substr(l.incident, strpos(l.incident, ':') + 1)])
         and (o.incident_id = l.incident or o.integration || ':' || o.incident_id = l.incident)
         and (o.integration, o.incident_id) < (k.integration, k.incident_id))"
}

crate::statement! {
    /// The deployments that ended, by their names.
    struct Named<'a> { tenant: Array<Text> = Vec<&'a str>, word: Array<Text> = Vec<&'a str> }
    returns (Text, Text, Text, Text);
    "select k.tenant_id, k.word, d.integration, d.deployment_id
     from unnest(?, ?) as k (tenant_id, word)
     cross join lateral (
       select d.integration, d.deployment_id from dora_deployments d
       where d.tenant_id = k.tenant_id and d.deployment_id = any (array[k.word, substr(k.word, strpos(k.word, ':') + 1)])
         and (d.deployment_id = k.word or d.integration || ':' || d.deployment_id = k.word)
       order by d.integration, d.deployment_id limit 1
     ) d"
}

crate::statement! {
    /// Which deployment shipped a commit: of the incident's own service and environment before others, of production before
    /// others, the first.
    struct Shipping<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        repo: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        environment: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        sha: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "select k.place::integer, c.integration, c.deployment_id
     from unnest(?, ?, ?, ?, ?) with ordinality as k (tenant_id, service, repo, environment, sha, place)
     cross join lateral (
       select c.integration, c.deployment_id from dora_commits c
       where c.tenant_id = k.tenant_id and c.sha = k.sha and c.shipped and (k.repo is null or c.repo = k.repo)
       order by coalesce(c.service = k.service, false) desc, coalesce(c.environment = k.environment, false) desc,
         c.tier = 'production' desc, c.deployed_at, c.deployment_id, c.integration, c.service, c.environment, c.repo limit 1
     ) c"
}

/// What is said of each of these incidents, in their order.
pub(super) fn said(conn: &mut PgConnection, incidents: &[Known]) -> Result<Vec<Said>, StoreError> {
    let mut said = vec![Said::default(); incidents.len()];
    if incidents.is_empty() {
        return Ok(said);
    }
    let links: Vec<(i32, String, bool)> = Links {
        tenant: incidents.iter().map(|one| one.key.0.as_str()).collect(),
        integration: incidents.iter().map(|one| one.key.1.as_str()).collect(),
        incident_id: incidents.iter().map(|one| one.key.2.as_str()).collect(),
    }
    .load(conn)?;
    let links: Vec<(usize, String, bool)> =
        links.into_iter().filter_map(|(row, word, removed)| Some((place(row)?, word, removed))).collect();
    let linked = links
        .iter()
        .filter(|(.., removed)| !removed)
        .map(|(at, word, _)| (incidents[*at].key.0.as_str(), word.as_str()));
    let caused = incidents.iter().filter_map(|one| Some((one.key.0.as_str(), one.caused_deployment.as_deref()?)));
    let named = named(conn, &linked.chain(caused).collect())?;
    let find = |tenant: &str, word: &str| named.get(&(tenant.to_owned(), word.to_owned())).cloned();
    for (at, word, removed) in &links {
        if *removed {
            said[*at].unlinked = true;
        } else {
            said[*at].explicit.extend(find(&incidents[*at].key.0, word));
        }
    }
    let shipped = shipping(conn, incidents)?;
    for ((said, incident), shipped) in said.iter_mut().zip(incidents).zip(shipped) {
        let deployment = incident.caused_deployment.as_ref().and_then(|word| find(&incident.key.0, word));
        said.caused_by = deployment.or(shipped);
        said.explicit.sort_unstable();
        said.explicit.dedup();
    }
    Ok(said)
}

fn named(
    conn: &mut PgConnection,
    words: &BTreeSet<(&str, &str)>,
) -> Result<BTreeMap<(String, String), Outside>, StoreError> {
    if words.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, String, String, String)> = Named {
        tenant: words.iter().map(|(tenant, _)| *tenant).collect(),
        word: words.iter().map(|(_, word)| *word).collect(),
    }
    .load(conn)?;
    Ok(rows.into_iter().map(|(tenant, word, integration, id)| ((tenant, word), Outside { integration, id })).collect())
}

/// What shipped the commit that each incident names.
fn shipping(conn: &mut PgConnection, incidents: &[Known]) -> Result<Vec<Option<Outside>>, StoreError> {
    let mut shipped = vec![None; incidents.len()];
    let asked: Vec<(usize, &Known, &str)> =
        incidents.iter().enumerate().filter_map(|(at, one)| Some((at, one, one.caused_sha.as_deref()?))).collect();
    if asked.is_empty() {
        return Ok(shipped);
    }
    let rows: Vec<(i32, String, String)> = Shipping {
        tenant: asked.iter().map(|(_, one, _)| one.key.0.as_str()).collect(),
        service: asked.iter().map(|(_, one, _)| one.service.as_deref()).collect(),
        repo: asked.iter().map(|(_, one, _)| one.repo.as_deref()).collect(),
        environment: asked.iter().map(|(_, one, _)| one.environment.as_deref()).collect(),
        sha: asked.iter().map(|(.., sha)| *sha).collect(),
    }
    .load(conn)?;
    for (row, integration, id) in rows {
        if let Some((at, ..)) = place(row).and_then(|place| asked.get(place)) {
            shipped[*at] = Some(Outside { integration, id });
        }
    }
    Ok(shipped)
}
