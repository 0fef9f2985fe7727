//! How a tenant stands, in counts: what waits for people, what is open, what was heard last.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel::{PgConnection, Queryable, RunQueryDsl};
use domain::ids::TenantId;

use crate::{StoreError, statement};

/// Counts of this moment.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Standing {
    pub approvals_pending: i64,
    pub incidents_open: i64,
    /// Deployments that failed and that nothing has put right.
    pub failures_open: i64,
    /// Events that a consumer gave up on and nobody has replayed.
    pub dead_letters: i64,
    /// When the last event came that tools told; `None`: there is none.
    pub last_event_at: Option<DateTime<Utc>>,
}

statement! {
    struct Counts<'a> {
        approvals: Text = &'a str,
        now: Timestamptz = DateTime<Utc>,
        incidents: Text = &'a str,
        failures: Text = &'a str,
        letters: Text = &'a str,
        events: Text = &'a str,
    }
    returns (BigInt, BigInt, BigInt, BigInt, Nullable<Timestamptz>);
    "select
       (select count(*) from approvals where tenant_id = ? and status = 'pending' and expires_at > ?),
       (select count(*) from incidents where tenant_id = ? and resolved_at is null and deleted is not true),
       (select count(*) from dora_failures where tenant_id = ? and recovered_at is null),
       (select count(*) from dead_letters where tenant_id = ? and replayed_at is null),
       (select max(time) from events where tenant_id = ?)"
}

/// How this tenant stands.
pub fn standing(conn: &mut PgConnection, tenant: &TenantId, now: DateTime<Utc>) -> Result<Standing, StoreError> {
    let tenant = tenant.as_str();
    let counts =
        Counts { approvals: tenant, now, incidents: tenant, failures: tenant, letters: tenant, events: tenant };
    Ok(counts.get_result(conn)?)
}
