//! Reckons until nothing is dirty: facts from the beginning are those that came step by step.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{Connection, PgConnection};
use domain::ids::TenantId;

use super::{Reckoning, Step, step};
use crate::{StoreError, catalogs, dirty};

/// Services of one transaction.
const SERVICES: i64 = 64;

/// Has every service of a tenant reckoned from the beginning by the next steps. What is right stays as it is.
pub fn everything_is_dirty(conn: &mut PgConnection, tenant: &TenantId, now: DateTime<Utc>) -> Result<(), StoreError> {
    conn.transaction(|conn| {
        let catalog = catalogs::current(conn, tenant)?;
        dirty::reassign(conn, tenant, &catalog, now)
    })
}

/// Reckons until nothing is dirty, or what is dirty cannot be reckoned or is with others. Returns the sum of all steps.
pub fn settle(conn: &mut PgConnection, usual_window: TimeDelta, now: DateTime<Utc>) -> Result<Reckoning, StoreError> {
    let mut sum = Reckoning::default();
    let mut next = Step { usual_window, limit: SERVICES, except: Default::default(), now };
    loop {
        let done = step(conn, &next)?;
        if done.services == 0 && done.failed.is_empty() {
            return Ok(sum);
        }
        sum.services += done.services;
        sum.dirty_rows += done.dirty_rows;
        sum.facts_changed += done.facts_changed;
        next.except.extend(done.failed.iter().map(|(of, _)| of.clone()));
        sum.failed.extend(done.failed);
    }
}

/// Makes a tenant's facts anew. Audited is only what was not right.
pub fn rebuild(
    conn: &mut PgConnection,
    tenant: &TenantId,
    usual_window: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Reckoning, StoreError> {
    everything_is_dirty(conn, tenant, now)?;
    settle(conn, usual_window, now)
}
