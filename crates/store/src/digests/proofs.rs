//! The events behind what is said, as far as a time goes, and whom things belong to.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;
use domain::reports::units::Draft;
use uuid::Uuid;

use crate::reports::subjects;
use crate::{StoreError, statement};

/// Events that one thing names at most, the latest.
pub(super) const MOST: usize = 20;

statement! {
    /// The latest events of each subject before a time.
    pub(super) struct Events<'a> {
        subjects: Array<Text> = &'a [String],
        tenant: Text = &'a str,
        to: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns (Text, Array<SqlUuid>);
    "select s.subject, array_agg(e.id order by e.time, e.id)
     from (select distinct unnest(?::text[]) as subject) s
     cross join lateral (select id, time from events where tenant_id = ? and subject = s.subject and time < ?
                         order by time desc, id desc limit ?) e
     group by s.subject"
}

/// The events of each subject before a time; subjects without any are not listed.
pub(super) fn events(
    conn: &mut PgConnection,
    tenant: &TenantId,
    all: &[String],
    to: DateTime<Utc>,
) -> Result<HashMap<String, Vec<Uuid>>, StoreError> {
    if all.is_empty() {
        return Ok(HashMap::new());
    }
    let limit = i64::try_from(MOST).unwrap_or(i64::MAX);
    let rows: Vec<(String, Vec<Uuid>)> = Events { subjects: all, tenant: tenant.as_str(), to, limit }.load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Puts to each draft the events that it rests on: those of what it is about.
pub(super) fn put(
    conn: &mut PgConnection,
    tenant: &TenantId,
    drafts: &mut [Draft],
    to: DateTime<Utc>,
) -> Result<(), StoreError> {
    let named = subjects(conn, tenant, drafts.iter().map(|draft| &draft.item))?;
    let of = |draft: &Draft| -> Vec<String> {
        let own = draft.item.of.iter().filter_map(|of| named.get(of));
        own.chain(&draft.proved_by).cloned().collect()
    };
    let all: Vec<String> = drafts.iter().flat_map(of).collect();
    let known = events(conn, tenant, &all, to)?;
    for draft in drafts.iter_mut().filter(|draft| draft.item.event_ids.is_empty()) {
        let mut ids: Vec<Uuid> = of(draft).iter().filter_map(|subject| known.get(subject)).flatten().copied().collect();
        // Ids carry their time.
        ids.sort_unstable();
        ids.dedup();
        draft.item.event_ids = ids.split_off(ids.len().saturating_sub(MOST));
    }
    Ok(())
}

statement! {
    /// The first and the last service, by the numbers of what they shipped, of each repository.
    pub(super) struct Services<'a> {
        repos: Array<Text> = Vec<&'a str>,
        tenant: Text = &'a str,
        again: Text = &'a str,
    }
    returns (Text, Text);
    "select r.repo, f.service from (select distinct unnest(?::text[]) as repo) r
     cross join lateral (select service from dora_changes where tenant_id = ? and repo = r.repo order by number limit 1) f
     cross join lateral (select service from dora_changes where tenant_id = ? and repo = r.repo order by number desc limit 1) l
     where f.service = l.service"
}

statement! {
    /// Which service has shipped a change.
    pub(super) struct Shipped<'a> {
        tenant: Text = &'a str,
        repos: Array<Text> = Vec<&'a str>,
        numbers: Array<Text> = Vec<&'a str>,
    }
    returns (Text, Text, Text);
    "select repo, number, min(service) from dora_changes
     where tenant_id = ? and (repo, number) in (select * from unnest(?, ?)) group by repo, number"
}

/// The services of repositories that have one, and of changes that were shipped (`acme/shop#12`).
pub(super) fn services(
    conn: &mut PgConnection,
    tenant: &TenantId,
    drafts: &[Draft],
) -> Result<HashMap<String, String>, StoreError> {
    let tenant = tenant.as_str();
    let repos: Vec<&str> = drafts.iter().filter_map(|draft| draft.repo.as_deref()).collect();
    let found: Vec<(String, String)> = Services { repos, tenant, again: tenant }.load(conn)?;
    let mut services: HashMap<String, String> = found.into_iter().collect();
    let changes = drafts.iter().filter_map(|draft| draft.item.subject.split_once('#'));
    let (repos, numbers): (Vec<&str>, Vec<&str>) = changes.unzip();
    let shipped: Vec<(String, String, String)> = Shipped { tenant, repos, numbers }.load(conn)?;
    services.extend(shipped.into_iter().map(|(repo, number, service)| (format!("{repo}#{number}"), service)));
    Ok(services)
}
