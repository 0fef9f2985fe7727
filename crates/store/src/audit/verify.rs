//! Walks a tenant's chain from its first row to its end and points at the first one that does not fit.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Binary, Text, Timestamptz};
use diesel::{OptionalExtension, PgConnection, RunQueryDsl};
use domain::ids::TenantId;

use super::Link;
use crate::{StoreError, statement};

/// Rows that are read at once.
const PAGE: i64 = 1000;

/// The chain does not hold at this row: it was changed, taken out, or put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit does not hold at row {seq}; compare it with a backup")]
pub struct Tampered {
    pub seq: i64,
}

statement! {
    /// The rows after one, in order.
    struct Page<'a> { tenant: Text = &'a str, after: BigInt = i64, limit: BigInt = i64 }
    returns (BigInt, Timestamptz, Text, Text, Text, Text, Binary, Binary);
    "select seq, at, actor, action, subject, detail::text, prev_hash, hash
     from audit_log where tenant_id = ? and seq > ? order by seq limit ?"
}

statement! {
    /// The end of the chain.
    struct Head<'a> { tenant: Text = &'a str }
    returns (BigInt, Binary);
    "select seq, hash from audit_heads where tenant_id = ?"
}

type Stored = (i64, DateTime<Utc>, String, String, String, String, Vec<u8>, Vec<u8>);

/// Checks the whole chain as of one moment; returns how many rows it has. Opens a transaction of its own.
pub fn verify(conn: &mut PgConnection, tenant: &TenantId) -> Result<Result<u64, Tampered>, StoreError> {
    conn.build_transaction().repeatable_read().read_only().run(|conn| walk(conn, tenant.as_str()))
}

fn walk(conn: &mut PgConnection, tenant: &str) -> Result<Result<u64, Tampered>, StoreError> {
    let head: Option<(i64, Vec<u8>)> = Head { tenant }.get_result(conn).optional()?;
    let (mut seq, mut hash) = (0, Vec::new());
    loop {
        let page: Vec<Stored> = Page { tenant, after: seq, limit: PAGE }.load(conn)?;
        if page.is_empty() {
            break;
        }
        for row in page {
            seq += 1;
            if !fits(tenant, &row, seq, &hash) {
                return Ok(Err(Tampered { seq }));
            }
            hash = row.7;
        }
    }
    // Rows that were cut off at the end, or added without the end knowing.
    match head.unwrap_or_default() {
        (end, _) if end > seq => Ok(Err(Tampered { seq: seq + 1 })),
        (end, _) if end < seq => Ok(Err(Tampered { seq: end + 1 })),
        (_, end_hash) if end_hash != hash => Ok(Err(Tampered { seq })),
        _ => Ok(Ok(seq.unsigned_abs())),
    }
}

fn fits(tenant: &str, row: &Stored, expected: i64, before: &[u8]) -> bool {
    let (seq, at, actor, action, subject, detail, prev_hash, hash) = row;
    let link = Link { tenant, seq: *seq, at: *at, actor, action, subject, detail };
    *seq == expected && prev_hash == before && *hash == link.hash(before)
}
