//! Tries again where two transactions got in each other's way: nobody's fault, and passes at the next try.

use diesel::{Connection, PgConnection};

use crate::StoreError;
use crate::error::is_conflict;

/// Tries of one call.
const TRIES: usize = 5;

/// Runs `work` in a transaction, again when it met a deadlock or a serialization failure.
pub(super) fn retried<T>(
    conn: &mut PgConnection,
    mut work: impl FnMut(&mut PgConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    for _ in 1..TRIES {
        match conn.transaction(&mut work) {
            Err(StoreError::Refused(error)) if is_conflict(&error) => {}
            done => return done,
        }
    }
    conn.transaction(work)
}
