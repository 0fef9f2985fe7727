//! Of a time: what was shipped, what broke, what waits, of everything or of one service.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::digests::{Material, Number};
use domain::ids::TenantId;
use domain::reports::units::{drafts, grouped, of_signal, waiting};
use domain::reports::{Facts, Incident};

use super::numbers::{count, delivery};
use super::window::{Span, facts, signals};
use super::{Wanted, named, proofs, span};
use crate::{StoreError, statement};

/// Signals that are told, those that fire the longest.
const MOST_SIGNALS: usize = 20;

pub(super) fn material(
    conn: &mut PgConnection,
    tenant: &TenantId,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Option<Material>, StoreError> {
    let service = wanted.subject.as_deref();
    let repos = match service {
        Some(name) => match named::service(conn, tenant, name)? {
            Some(repos) => repos,
            None => return Ok(None),
        },
        None => Vec::new(),
    };
    let (from, to) = span(wanted, None, now);
    let span = Span { tenant, service, repos, from, to, now };
    let known = facts(conn, &span)?;
    let firing = signals(conn, &span)?;
    let mut found = drafts(&known);
    let told: Vec<String> = found.iter().map(|draft| draft.item.subject.clone()).collect();
    let untold = firing.iter().filter(|(_, subject, _)| !told.contains(subject)).take(MOST_SIGNALS);
    found.extend(untold.map(|(rule, subject, since)| of_signal(rule, subject, *since, to)));
    proofs::put(conn, tenant, &mut found, to)?;
    let services = proofs::services(conn, tenant, &found)?;
    let mut numbers = delivery(conn, tenant, service, (from, to))?;
    numbers.extend(counts(conn, &span, &known, firing.len())?);
    let (kind, subject, groups) = (wanted.kind, wanted.subject.clone(), grouped(found, &services));
    Ok(Some(Material { kind, subject, from, to, groups, numbers }))
}

/// How much there is of each sort, whether it is told or not.
fn counts(conn: &mut PgConnection, span: &Span<'_>, known: &Facts, firing: usize) -> Result<Vec<Number>, StoreError> {
    let day = span.to.date_naive();
    let open = |one: &&Incident| one.resolved_at.is_none();
    let (stale, unreviewed) = waiting(known);
    let mut all = vec![
        count("deployments", known.deployments.len(), day),
        count("changes_merged", known.merged.len(), day),
        count("failures_open", known.failures.len(), day),
        count("incidents_open", known.incidents.iter().filter(open).count(), day),
        count("changes_open", known.in_progress().count(), day),
        count("changes_stale", stale, day),
        count("changes_unreviewed", unreviewed, day),
        count("approvals_waiting", known.approvals.len(), day),
        count("signals_firing", firing, day),
    ];
    if span.service.is_none() {
        let before = before(conn, span)?;
        for (number, previous) in all.iter_mut().zip(before) {
            number.previous = Some(previous as f64);
        }
    }
    Ok(all)
}

statement! {
    /// How much was deployed and merged in a time.
    struct Before<'a> {
        tenant: Text = &'a str,
        from: Timestamptz = DateTime<Utc>,
        to: Timestamptz = DateTime<Utc>,
        again: Text = &'a str,
        merged_from: Timestamptz = DateTime<Utc>,
        merged_to: Timestamptz = DateTime<Utc>,
    }
    returns (BigInt, BigInt);
    "select (select count(*) from dora_deployments where tenant_id = ? and tier = 'production' and at >= ? and at < ?),
       (select count(*) from changes where tenant_id = ? and merged_at >= ? and merged_at < ?)"
}

/// Deployments and changes of the time before, in the order of the counts.
fn before(conn: &mut PgConnection, span: &Span<'_>) -> Result<[i64; 2], StoreError> {
    let (from, to, tenant) = (span.from - (span.to - span.from), span.from, span.tenant.as_str());
    let asked = Before { tenant, from, to, again: tenant, merged_from: from, merged_to: to };
    let (deployments, changes): (i64, i64) = asked.get_result(conn)?;
    Ok([deployments, changes])
}
