//! Reckons what is dirty from the beginning on several connections at a time: a rebuild has more to do than one of them
//! can.
//!
//! Nobody else writes facts meanwhile, and nobody looks for what has to be reckoned: this transaction has the tenants' facts
//! alone until it ends. What services ship is their own, so lanes reckon that beside each other, each service in a
//! transaction with a few others. Where incidents come from is told at the end, when all of that is there. Dirty rows go
//! last: whatever ends this before, everything is still to be reckoned.

use std::sync::Mutex;
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::audit::Ledger;
use super::contents::Shipped;
use super::take::{self, Taken};
use super::{Catalogs, Reckoning, SETTINGS, Step, Tried, causes, judge, scopes, ship, together_or_alone};
use crate::StoreError;

/// Services that one transaction of a lane ships.
const SHIPPED_TOGETHER: usize = 4;
/// Services whose incidents are looked at together.
const JUDGED_TOGETHER: usize = 64;
/// How often a lane tries what may pass: two lanes may wait for each other over a deployment that changed hands.
const TRIES: usize = 5;

/// Reckons until nothing is dirty, as [`super::settle`] does; what is dirty from the beginning on these lanes first.
pub fn settle_in_lanes(
    conn: &mut PgConnection,
    lanes: &mut [PgConnection],
    usual_window: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Reckoning, StoreError> {
    let step = Step { usual_window, limit: 0, except: Default::default(), now };
    let whole = conn.transaction(|conn| {
        conn.batch_execute(SETTINGS)?;
        // It waits for the lanes without a statement of its own.
        conn.batch_execute("set local idle_in_transaction_session_timeout = 0")?;
        let (taken, catalogs) = take::take_all(conn)?;
        let shipped = ship_in_lanes(lanes, &step, taken, &catalogs)?;
        judge_all(conn, &step, shipped, &catalogs)
    })?;
    let rest = super::settle(conn, usual_window, now)?;
    let mut failed = rest.failed;
    failed.extend(
        whole.failed.into_iter().filter(|(of, _)| !failed.iter().any(|(one, _)| one == of)).collect::<Vec<_>>(),
    );
    Ok(Reckoning {
        services: whole.services + rest.services,
        dirty_rows: whole.dirty_rows + rest.dirty_rows,
        facts_changed: whole.facts_changed + rest.facts_changed,
        failed,
        arrived: Vec::new(),
    })
}

/// The first stage of all of them.
fn ship_in_lanes(
    lanes: &mut [PgConnection],
    step: &Step,
    taken: Vec<Taken>,
    catalogs: &Catalogs,
) -> Result<Tried, StoreError> {
    let waiting = Mutex::new(taken);
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let rest = waiting.len().saturating_sub(SHIPPED_TOGETHER);
        waiting.split_off(rest)
    };
    let lane = |conn: &mut PgConnection| -> Result<Tried, StoreError> {
        let mut all = Tried::default();
        loop {
            let some = next();
            if some.is_empty() {
                return Ok(all);
            }
            all.add(ship_some(conn, step, some, catalogs)?);
        }
    };
    thread::scope(|scope| {
        let running: Vec<_> = lanes.iter_mut().map(|conn| scope.spawn(move || lane(conn))).collect();
        let mut all = Tried::default();
        for one in running {
            let gone = |_| StoreError::Corrupt("a lane of the rebuild panicked".to_owned());
            all.add(one.join().map_err(gone)??);
        }
        Ok(all)
    })
}

/// The first stage of some of them, in a transaction of the lane's own.
fn ship_some(conn: &mut PgConnection, step: &Step, some: Vec<Taken>, catalogs: &Catalogs) -> Result<Tried, StoreError> {
    let work = |conn: &mut PgConnection, some: &[Taken]| {
        let mut ledger = Ledger::default();
        let shipped = ship(conn, step, scopes(step, some, catalogs), &mut ledger)?;
        ledger.write(conn, &causes(some), step.now)?;
        Ok(shipped.len())
    };
    let mut tries = 1;
    loop {
        let tried = conn.transaction(|conn| {
            conn.batch_execute(SETTINGS)?;
            together_or_alone(conn, some.clone(), work)
        });
        match tried {
            Err(error) if error.is_transient() && tries < TRIES => tries += 1,
            tried => return tried,
        }
    }
}

/// The second stage of those that were shipped; then they are dirty no more.
fn judge_all(
    conn: &mut PgConnection,
    step: &Step,
    shipped: Tried,
    catalogs: &Catalogs,
) -> Result<Reckoning, StoreError> {
    let mut all = Tried { failed: shipped.failed, facts_changed: shipped.facts_changed, done: Vec::new() };
    for some in shipped.done.chunks(JUDGED_TOGETHER) {
        all.add(together_or_alone(conn, some.to_vec(), |conn, some| {
            let mut ledger = Ledger::default();
            let standing = Shipped::standing(conn, scopes(step, some, catalogs))?;
            let judged = judge(conn, step, some, catalogs, Some(&standing), &mut ledger)?;
            ledger.write(conn, &causes(some), step.now)?;
            Ok(judged)
        })?);
    }
    let dirty_rows = take::settle(conn, &all.done)?;
    let Tried { done, failed, facts_changed } = all;
    Ok(Reckoning { services: done.len(), dirty_rows, facts_changed, failed, arrived: Vec::new() })
}
