//! What digests are made of, and those that were made.
//!
//! [`material`] selects: facts of a time, or of one deployment, incident or change, each with the events that prove it and
//! what was reckoned beside. Nothing is worded here but one plain sentence for each thing. Everything is read on the
//! caller's connection: in a transaction that only looks, it is of one moment. [`kept`] is what was made of it.

mod change;
pub mod delivery;
mod incident;
pub mod kept;
mod named;
mod numbers;
mod overview;
#[cfg(test)]
mod plans;
mod proofs;
mod release;
mod window;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use domain::digests::{Kind, Material};
use domain::ids::TenantId;

use crate::StoreError;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub kind: Kind,
    /// Of a time: a service, or none for everything. Of one thing: its name, as people write it.
    pub subject: Option<String>,
    /// Inclusive. `None`: as long before `to` as is usual for the kind; of one thing: since it began.
    pub from: Option<DateTime<Utc>>,
    /// Exclusive. `None`: now.
    pub to: Option<DateTime<Utc>>,
}

/// Whether a kind is of one thing that has to be named.
pub fn is_of_one(kind: Kind) -> bool {
    matches!(kind, Kind::Release | Kind::Incident | Kind::Postmortem | Kind::PullRequest)
}

/// How far a digest of a time looks back.
pub fn usual(kind: Kind) -> TimeDelta {
    match kind {
        Kind::Weekly => TimeDelta::days(7),
        Kind::SprintHealth => TimeDelta::days(14),
        Kind::Standup | Kind::Release | Kind::Incident | Kind::Postmortem | Kind::PullRequest => TimeDelta::hours(24),
    }
}

/// The time that is asked for: `[from, to)`. `began`: when the one thing did.
fn span(wanted: &Wanted, began: Option<DateTime<Utc>>, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let to = wanted.to.unwrap_or(now);
    let from = wanted.from.or(began.filter(|began| *began < to)).unwrap_or_else(|| to - usual(wanted.kind));
    (from, to)
}

/// Everything that a digest may be made of. `None`: this tenant has no such subject.
pub fn material(
    conn: &mut PgConnection,
    tenant: &TenantId,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Option<Material>, StoreError> {
    match (wanted.kind, wanted.subject.as_deref()) {
        (Kind::Standup | Kind::SprintHealth | Kind::Weekly, _) => overview::material(conn, tenant, wanted, now),
        (_, None) => Ok(None),
        // PostgreSQL's texts cannot hold it.
        (_, Some(word)) if word.contains('\0') => Ok(None),
        (Kind::Release, Some(word)) => release::material(conn, tenant, word, wanted, now),
        (Kind::Incident | Kind::Postmortem, Some(word)) => incident::material(conn, tenant, word, wanted, now),
        (Kind::PullRequest, Some(word)) => change::material(conn, tenant, word, wanted, now),
    }
}
