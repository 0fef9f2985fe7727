//! Whether the database takes writes: one that answers may still be a standby, or be set to read only.

use diesel::sql_types::Bool;
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use crate::{Connection, StoreError};

/// Fails where nothing could be written now. Writes nothing itself: a disk that is full shows only when something is.
pub fn takes_writes(conn: &mut Connection) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Bool)]
        read_only: bool,
    }
    let asked = sql_query("select current_setting('transaction_read_only') = 'on' as read_only");
    if asked.get_result::<Answer>(conn)?.read_only { Err(StoreError::ReadOnly) } else { Ok(()) }
}
