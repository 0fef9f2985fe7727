//! Facts of a time `[from, to)`, and of its end: what was open at `to` is open, whatever became of it later.
//!
//! As `reports` reads them, but that those end now: what was shipped is counted in one place. Each sort is read up to [`MOST`].

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::ids::TenantId;
use domain::reports::units::repo_of;
use domain::reports::{Facts, Incident, Waiting};
use domain::signals::{FailedDeployment, OpenChange};
use uuid::Uuid;

use crate::reports::MOST;
use crate::reports::shipped::{self, Time};
use crate::statement::record;
use crate::{StoreError, statement};

/// Approvals and signals that are read at most.
const MOST_WAITING: i64 = 200;

/// Whose facts, and of when.
#[derive(Clone, Debug)]
pub(super) struct Span<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) service: Option<&'a str>,
    /// Of the service.
    pub(super) repos: Vec<String>,
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
}

impl Span<'_> {
    /// Whether a thing that is named by its repository belongs here.
    fn has(&self, repo: &str) -> bool {
        self.service.is_none() || self.repos.iter().any(|one| one == repo)
    }
}

pub(super) fn facts(conn: &mut PgConnection, span: &Span<'_>) -> Result<Facts, StoreError> {
    let Span { tenant, service, from, to, .. } = *span;
    let time = Time { tenant, from, to, service, repos: &span.repos };
    Ok(Facts {
        from,
        now: to,
        deployments: shipped::deployments(conn, &time)?,
        merged: shipped::merged(conn, &time)?,
        open: open(conn, span)?,
        failures: failures(conn, span)?,
        incidents: incidents(conn, span)?,
        approvals: approvals(conn, span)?,
    })
}

statement! {
    /// Changes that were open at a time, the oldest first: those that still are, those merged since, and, of a time that is
    /// over, those closed since.
    pub(super) struct Open<'a> {
        tenant: Text = &'a str,
        merged_of: Text = &'a str,
        merged_since: Timestamptz = DateTime<Utc>,
        is_past: Bool = bool,
        closed_of: Text = &'a str,
        closed_since: Timestamptz = DateTime<Utc>,
        to: Timestamptz = DateTime<Utc>,
        of_all: Bool = bool,
        repos: Array<Text> = &'a [String],
        limit: BigInt = i64,
    }
    returns (Text, Text, Nullable<Text>, Nullable<Text>, Bool, Bool, Nullable<Text>, Timestamptz, Nullable<Timestamptz>,
      Nullable<Timestamptz>, Nullable<Timestamptz>);
    "select repo, number, title, author, coalesce(is_bot, false), coalesce(draft, false), url, opened_at, ready_at,
       first_review_at, approved_at
     from (select * from changes where tenant_id = ? and merged_at is null and closed_at is null
           union all select * from changes where tenant_id = ? and merged_at >= ?
           union all select * from changes where ? and tenant_id = ? and merged_at is null and closed_at >= ?) c
     where opened_at < ? and (? or repo = any(?)) order by opened_at, repo, number limit ?"
}

type Maybe = Option<DateTime<Utc>>;
type OpenRow =
    (String, String, Option<String>, Option<String>, bool, bool, Option<String>, DateTime<Utc>, Maybe, Maybe, Maybe);

fn open(conn: &mut PgConnection, span: &Span<'_>) -> Result<Vec<OpenChange>, StoreError> {
    let (tenant, to, of_all) = (span.tenant.as_str(), span.to, span.service.is_none());
    let asked = Open {
        tenant,
        merged_of: tenant,
        merged_since: to,
        is_past: to < span.now,
        closed_of: tenant,
        closed_since: to,
        to,
        of_all,
        repos: &span.repos,
        limit: MOST,
    };
    let rows: Vec<OpenRow> = asked.load(conn)?;
    let before = |at: Maybe| at.filter(|at| *at < to);
    let change = |(repo, number, title, author, is_bot, draft, url, opened_at, ready_at, review, approved): OpenRow| {
        OpenChange {
            repo,
            number,
            title,
            author,
            is_bot,
            draft,
            head: None,
            ticket_keys: Vec::new(),
            url,
            opened_at,
            ready_at: before(ready_at),
            first_review_at: before(review),
            approved_at: before(approved),
            teams: Vec::new(),
        }
    };
    Ok(rows.into_iter().map(change).collect())
}

statement! {
    /// Failures that nothing had put right at a time, the oldest first.
    pub(super) struct Failed<'a> {
        tenant: Text = &'a str,
        again: Text = &'a str,
        recovered_since: Timestamptz = DateTime<Utc>,
        to: Timestamptz = DateTime<Utc>,
        of_all: Bool = bool,
        service: Nullable<Text> = Option<&'a str>,
        limit: BigInt = i64,
    }
    returns (Text, Text, Text, Nullable<Text>, Text, Text, Nullable<Text>, Nullable<Text>, Timestamptz);
    "select f.integration, f.deployment_id, f.service, d.repo, f.environment, f.tier, d.title, d.url, f.failed_at
     from (select * from dora_failures where tenant_id = ? and recovered_at is null
           union all select * from dora_failures where tenant_id = ?
             and tier in ('production', 'staging', 'testing', 'development', 'other') and recovered_at >= ?) f
     left join deployments d on d.tenant_id = f.tenant_id and d.integration = f.integration and d.deployment_id = f.deployment_id
     where f.failed_at < ? and (? or f.service = ?) order by f.failed_at, f.integration, f.deployment_id limit ?"
}

fn failures(conn: &mut PgConnection, span: &Span<'_>) -> Result<Vec<FailedDeployment>, StoreError> {
    let (tenant, to, service) = (span.tenant.as_str(), span.to, span.service);
    let of_all = service.is_none();
    let asked = Failed { tenant, again: tenant, recovered_since: to, to, of_all, service, limit: MOST };
    let rows: Vec<_> = asked.load(conn)?;
    let failure = record!(FailedDeployment: integration, deployment_id, service, repo, environment, tier, title, url,
        failed_at; team: None, recovered_at: None);
    Ok(rows.into_iter().map(failure).collect())
}

statement! {
    /// Incidents that were open at a time, or were resolved within the time before it. Those that are shown with another
    /// one are left out.
    pub(super) struct Incidents<'a> {
        open_of: Text = &'a str,
        tenant: Text = &'a str,
        since: Timestamptz = DateTime<Utc>,
        to: Timestamptz = DateTime<Utc>,
        of_all: Bool = bool,
        service: Nullable<Text> = Option<&'a str>,
        limit: BigInt = i64,
    }
    returns (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Timestamptz, Nullable<Timestamptz>, Nullable<Text>);
    "select * from (
       select i.integration, i.incident_id, i.title, coalesce(i.counted_service, i.service) as service, i.severity,
         coalesce(i.started_at, i.opened_at, i.acked_at, i.resolved_at, timestamptz 'epoch') as began_at, i.resolved_at, i.url
       from (select * from incidents where tenant_id = ? and resolved_at is null
             union all select * from incidents where tenant_id = ? and resolved_at >= ?) i
       where i.deleted is not true and not exists (
         select from incident_merges m where m.tenant_id = i.tenant_id and m.integration = i.integration
           and m.incident_id = i.incident_id)) i
     where began_at < ? and (? or service = ?) order by began_at desc, integration, incident_id limit ?"
}

fn incidents(conn: &mut PgConnection, span: &Span<'_>) -> Result<Vec<Incident>, StoreError> {
    let (tenant, to, service) = (span.tenant.as_str(), span.to, span.service);
    let of_all = service.is_none();
    let asked = Incidents { open_of: tenant, tenant, since: span.from, to, of_all, service, limit: MOST };
    let mut rows: Vec<Incident> = asked
        .load(conn)?
        .into_iter()
        .map(record!(Incident: integration, incident_id, title, service, severity, began_at, resolved_at, url))
        .collect();
    rows.iter_mut().for_each(|one| one.resolved_at = one.resolved_at.filter(|at| *at < to));
    Ok(rows)
}

statement! {
    /// Approvals that waited at a time, the first to expire first.
    struct Approvals<'a> {
        tenant: Text = &'a str,
        created: Timestamptz = DateTime<Utc>,
        expires: Timestamptz = DateTime<Utc>,
        decided: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns (SqlUuid, Text, Text, Timestamptz, Timestamptz);
    "select id, subject, action, created_at, expires_at from approvals
     where tenant_id = ? and created_at < ? and expires_at > ? and (status = 'pending' or decided_at >= ?)
     order by expires_at, id limit ?"
}

type WaitingRow = (Uuid, String, String, DateTime<Utc>, DateTime<Utc>);

fn approvals(conn: &mut PgConnection, span: &Span<'_>) -> Result<Vec<Waiting>, StoreError> {
    let (tenant, to) = (span.tenant.as_str(), span.to);
    let asked = Approvals { tenant, created: to, expires: to, decided: to, limit: MOST_WAITING };
    let rows: Vec<WaitingRow> = asked.load(conn)?;
    let waiting = |(id, subject, action, asked_at, expires_at): WaitingRow| Waiting {
        id: id.to_string(),
        subject,
        action,
        asked_at,
        expires_at,
    };
    let here = |one: &Waiting| span.service.is_none() || repo_of(&one.subject).is_some_and(|repo| span.has(repo));
    Ok(rows.into_iter().map(waiting).filter(here).collect())
}

statement! {
    /// Signals that fired at a time, those that do the longest first.
    struct Signals<'a> {
        tenant: Text = &'a str,
        opened: Timestamptz = DateTime<Utc>,
        closed: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns (Text, Text, Timestamptz);
    "select rule, subject, since from signal_states
     where tenant_id = ? and opened_at < ? and (closed_at is null or closed_at >= ?) order by since, rule, subject limit ?"
}

/// Rule, subject, and since when.
pub(super) fn signals(
    conn: &mut PgConnection,
    span: &Span<'_>,
) -> Result<Vec<(String, String, DateTime<Utc>)>, StoreError> {
    let (tenant, to) = (span.tenant.as_str(), span.to);
    let asked = Signals { tenant, opened: to, closed: to, limit: MOST_WAITING };
    let rows: Vec<(String, String, DateTime<Utc>)> = asked.load(conn)?;
    let here = |subject: &str| span.service.is_none() || repo_of(subject).is_some_and(|repo| span.has(repo));
    Ok(rows.into_iter().filter(|(_, subject, _)| here(subject)).collect())
}
