//! Whether the database takes deliveries: one that answers may still be a standby, be set to read only, or have no tables.

use diesel::sql_types::Bool;
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use crate::{Connection, StoreError};

/// Fails where nothing could be written now. Writes nothing itself: a disk that is full shows only when something is.
pub fn takes_writes(conn: &mut Connection) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Bool)]
        read_only: bool,
        #[diesel(sql_type = Bool)]
        has_tables: bool,
    }
    let asked = sql_query(
        "select current_setting('transaction_read_only') = 'on' as read_only, to_regclass('outbox') is not null as has_tables",
    );
    match asked.get_result(conn)? {
        Answer { has_tables: false, .. } => Err(StoreError::Unprepared),
        Answer { read_only: true, .. } => Err(StoreError::ReadOnly),
        Answer { .. } => Ok(()),
    }
}
