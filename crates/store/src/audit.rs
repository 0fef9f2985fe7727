//! The audit: what people and policies did, in a chain of hashes for each tenant.
//!
//! Each row's hash covers the one before it, so a row that is changed, taken out or put in is pointed at. Whoever appends
//! holds the tenant's end of the chain until its transaction is over: the rows of one tenant come in the order of their
//! commits, without gaps. Append last in a transaction, when its other rows are locked. Nobody can change or delete a
//! row; the database's owner could, and [`verify`] would tell.

mod verify;

use chrono::{DateTime, SubsecRound, Utc};
use diesel::sql_types::{BigInt, Binary, Text, Timestamptz};
use diesel::{Connection, ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::canonical::to_canonical;
use domain::event::rfc3339;
use domain::ids::TenantId;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::events::JsonText;
use crate::schema::audit_log;
use crate::{StoreError, statement};

pub use verify::{Tampered, verify};

/// What somebody did.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: DateTime<Utc>,
    /// A person's id, `policy:<name>@<version>`, or `system`.
    pub actor: String,
    /// `approval.vote`, `policy.apply`, …
    pub action: String,
    /// What it was done to: `approval/<id>`, `policy/<name>`.
    pub subject: String,
    pub detail: Value,
}

/// A row as people see it.
#[derive(Clone, Debug)]
pub struct Row {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: Box<RawValue>,
    /// Hex.
    pub hash: String,
}

statement! {
    /// The end of the tenant's chain, held until the transaction ends.
    struct Hold<'a> { tenant: Text = &'a str }
    returns (BigInt, Binary);
    "insert into audit_heads (tenant_id, seq, hash) values (?, 0, '')
     on conflict (tenant_id) do update set tenant_id = excluded.tenant_id returning seq, hash"
}

statement! {
    /// One row more, and the end moves to it.
    struct Append<'a> {
        tenant: Text = &'a str,
        seq: BigInt = i64,
        at: Timestamptz = DateTime<Utc>,
        actor: Text = &'a str,
        action: Text = &'a str,
        subject: Text = &'a str,
        detail: Text = &'a str,
        prev_hash: Binary = &'a [u8],
        hash: Binary = &'a [u8],
    }
    returns ();
    "with row as (
       insert into audit_log (tenant_id, seq, at, actor, action, subject, detail, prev_hash, hash)
       values (?, ?, ?, ?, ?, ?, ?::json, ?, ?) returning tenant_id, seq, hash)
     update audit_heads h set seq = row.seq, hash = row.hash from row where h.tenant_id = row.tenant_id"
}

/// Appends entries, in the caller's transaction or in one of its own. Returns the number of the last row.
pub fn append(conn: &mut PgConnection, tenant: &TenantId, entries: &[Entry]) -> Result<i64, StoreError> {
    conn.transaction(|conn| {
        let (mut seq, mut prev): (i64, Vec<u8>) = Hold { tenant: tenant.as_str() }.get_result(conn)?;
        for entry in entries {
            seq += 1;
            let detail = to_canonical(&entry.detail);
            let at = entry.at.trunc_subsecs(6);
            let Entry { actor, action, subject, .. } = entry;
            let link = Link { tenant: tenant.as_str(), seq, at, actor, action, subject, detail: &detail };
            let hash = link.hash(&prev);
            let row = Append {
                tenant: tenant.as_str(),
                seq,
                at,
                actor,
                action,
                subject,
                detail: &detail,
                prev_hash: &prev,
                hash: &hash,
            };
            row.execute(conn)?;
            prev = hash.to_vec();
        }
        Ok(seq)
    })
}

/// Everything that a row's hash covers.
struct Link<'a> {
    tenant: &'a str,
    seq: i64,
    at: DateTime<Utc>,
    actor: &'a str,
    action: &'a str,
    subject: &'a str,
    /// As it stands in the row, letter by letter.
    detail: &'a str,
}

impl Link<'_> {
    /// SHA-256 of the hash before and the canonical JSON of the row.
    fn hash(&self, prev: &[u8]) -> [u8; 32] {
        let Self { tenant, seq, at, actor, action, subject, detail } = self;
        let row = json!({"tenant": tenant, "seq": seq, "at": rfc3339(*at), "actor": actor, "action": action,
            "subject": subject, "detail": detail});
        Sha256::new().chain_update(prev).chain_update(to_canonical(&row)).finalize().into()
    }
}

/// What a list is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub subject: Option<String>,
    pub actor: Option<String>,
    pub action: Option<String>,
}

type Listed = (i64, DateTime<Utc>, String, String, String, JsonText, Vec<u8>);

/// Rows below number `before`, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    let below = audit_log::seq.lt(before.unwrap_or(i64::MAX));
    let mut query = audit_log::table.filter(audit_log::tenant_id.eq(tenant.as_str())).filter(below).into_boxed();
    if let Some(subject) = &filter.subject {
        query = query.filter(audit_log::subject.eq(subject));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_log::actor.eq(actor));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit_log::action.eq(action));
    }
    let columns = (
        audit_log::seq,
        audit_log::at,
        audit_log::actor,
        audit_log::action,
        audit_log::subject,
        audit_log::detail,
        audit_log::hash,
    );
    let rows: Vec<Listed> = query.order(audit_log::seq.desc()).limit(limit).select(columns).load(conn)?;
    let row = |(seq, at, actor, action, subject, detail, hash): Listed| Row {
        seq,
        at,
        actor,
        action,
        subject,
        detail: detail.0,
        hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    Ok(rows.into_iter().map(row).collect())
}
