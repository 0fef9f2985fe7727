//! What reports are made of: facts of a time and of its end, and the events behind what is said.
//!
//! What is said of them is `domain::reports`'s to choose. Everything is read on the caller's connection: in a
//! transaction that only looks, it is of one moment.

mod evidence;
#[cfg(test)]
pub(crate) mod plans;
pub(crate) mod shipped;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use domain::approvals::Status;
use domain::ids::TenantId;
use domain::reports::sprint::{Moved, Progress, progress};
use domain::reports::{Facts, Incident, Waiting};

use crate::approvals::{ApprovalFilter, list};
use crate::metrics::{Slice, work};
use crate::statement::record;
use crate::{StoreError, signals, statement};

use shipped::Time;

pub use evidence::put_events;
pub(crate) use evidence::subjects;

/// Facts of one sort that are read at most: nobody counts further.
pub(crate) const MOST: i64 = 2_000;
/// Approvals that are read at most.
const MOST_APPROVALS: i64 = 200;

/// What was known at `now` of the time since `from`.
pub fn facts(
    conn: &mut PgConnection,
    tenant: &TenantId,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Facts, StoreError> {
    // What happened at `now` itself counts: times are kept in microseconds.
    let to = now + TimeDelta::microseconds(1);
    let time = Time { tenant, from, to, service: None, repos: &[] };
    Ok(Facts {
        from,
        now,
        deployments: shipped::deployments(conn, &time)?,
        merged: shipped::merged(conn, &time)?,
        open: signals::open_changes(conn, tenant, MOST)?,
        failures: signals::failed_deployments(conn, tenant, MOST)?,
        incidents: incidents(conn, tenant, from)?,
        approvals: approvals(conn, tenant, now)?,
    })
}

statement! {
    /// Incidents that are open, or were resolved since a time. Those that are shown with another one are left out.
    struct Incidents<'a> {
        open_of: Text = &'a str,
        tenant: Text = &'a str,
        since: Timestamptz = DateTime<Utc>,
        limit: BigInt = i64,
    }
    returns (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Timestamptz, Nullable<Timestamptz>, Nullable<Text>);
    "select i.integration, i.incident_id, i.title, coalesce(i.counted_service, i.service), i.severity,
       coalesce(i.started_at, i.opened_at, i.acked_at, i.resolved_at, timestamptz 'epoch') as began_at, i.resolved_at, i.url
     from (select * from incidents where tenant_id = ? and resolved_at is null
           union all select * from incidents where tenant_id = ? and resolved_at >= ?) i
     where i.deleted is not true and not exists (
       select from incident_merges m where m.tenant_id = i.tenant_id and m.integration = i.integration
         and m.incident_id = i.incident_id)
     order by began_at desc, i.integration, i.incident_id limit ?"
}

fn incidents(conn: &mut PgConnection, tenant: &TenantId, since: DateTime<Utc>) -> Result<Vec<Incident>, StoreError> {
    let tenant = tenant.as_str();
    let rows: Vec<_> = Incidents { open_of: tenant, tenant, since, limit: MOST }.load(conn)?;
    let incident = record!(Incident: integration, incident_id, title, service, severity, began_at, resolved_at, url);
    Ok(rows.into_iter().map(incident).collect())
}

fn approvals(conn: &mut PgConnection, tenant: &TenantId, now: DateTime<Utc>) -> Result<Vec<Waiting>, StoreError> {
    let pending = ApprovalFilter { status: Some(Status::Pending), ..ApprovalFilter::default() };
    let mut waiting = list(conn, tenant, &pending, None, MOST_APPROVALS)?;
    waiting.retain(|approval| approval.expires_at > now);
    waiting.sort_by_key(|approval| approval.expires_at);
    let shown = waiting.into_iter().map(|approval| Waiting {
        id: approval.id.to_string(),
        subject: approval.subject,
        action: approval.action,
        asked_at: approval.created_at,
        expires_at: approval.expires_at,
    });
    Ok(shown.collect())
}

statement! {
    struct AnyChange<'a> { tenant: Text = &'a str }
    returns (Bool,);
    "select exists (select from changes where tenant_id = ? and opened_at is not null)"
}

/// How many changes were open over a time. None: no change is known at all.
pub fn work_in_progress(
    conn: &mut PgConnection,
    tenant: &TenantId,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<Progress>, StoreError> {
    let (any,): (bool,) = AnyChange { tenant: tenant.as_str() }.get_result(conn)?;
    if !any {
        return Ok(None);
    }
    let all = Slice {
        from,
        to: now,
        tiers: Vec::new(),
        services: Vec::new(),
        teams: Vec::new(),
        repos: Vec::new(),
        environment: None,
    };
    let (open, flow) = work::flow(conn, tenant, &all, true)?;
    let moves: Vec<Moved> =
        flow.iter().map(|slot| Moved { at: slot.slot, opened: slot.opened, ended: slot.ended }).collect();
    Ok(progress(open, &moves, from, now))
}
