//! How much there is: exact row counts and bytes, for benchmarks and diagnoses. Not for hot paths.

use diesel::sql_types::BigInt;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::StoreError;

/// Counts and sizes at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Statistics {
    #[diesel(sql_type = BigInt)]
    pub deliveries: i64,
    #[diesel(sql_type = BigInt)]
    pub events: i64,
    #[diesel(sql_type = BigInt)]
    pub outbox_rows: i64,
    /// Bytes of write-ahead log since the cluster was made.
    #[diesel(sql_type = BigInt)]
    pub wal_bytes: i64,
    /// Bytes of this database on disk.
    #[diesel(sql_type = BigInt)]
    pub database_bytes: i64,
}

/// Counts every row: takes as long as that takes.
pub fn read(conn: &mut PgConnection) -> Result<Statistics, StoreError> {
    Ok(sql_query(
        "select (select count(*) from deliveries) as deliveries, (select count(*) from events) as events,
                (select count(*) from outbox) as outbox_rows,
                pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint as wal_bytes,
                pg_database_size(current_database()) as database_bytes",
    )
    .get_result(conn)?)
}
