//! Keeps deliveries before they are answered: ledger, raw bytes, events and outbox of a whole batch in one statement.
//!
//! 1. Equal deliveries of one batch are folded in memory: the first stands for all.
//! 2. One statement ([`batch`]) inserts what the ledger does not know yet, in key order, so that two writers never
//!    wait for each other in a circle. It commits by itself.
//! 3. What the ledger knew is looked up after the commit, because a concurrent writer's rows are seen only then.
//! 4. A statement that the server refuses is tried again once, then split in halves until the row that spoils it is
//!    alone. That row is kept as unmapped; if even that is refused, its caller alone hears so.
//!
//! Nothing here waits for anything but the database.

mod batch;
mod pack;

use std::collections::HashMap;

use diesel::PgConnection;
use domain::event::{Draft, Event};
use domain::ids::{DeliveryId, TenantId};
use uuid::Uuid;

pub use batch::known;
pub use pack::{Packed, hash16, key_hash, pack, unpack};

use crate::StoreError;
use crate::outbox::Committed;

/// A verified, normalized delivery on its way into the database.
#[derive(Clone, Debug)]
pub struct Keep {
    pub tenant: TenantId,
    pub id: DeliveryId,
    pub source: String,
    pub kind: String,
    /// The source's own delivery id, or what stands for it.
    pub key: String,
    /// `[[name, value], …]` as JSON text.
    pub headers: String,
    pub body: Packed,
    /// How it proved itself, and with which secret (`active`, `next`, `none`).
    pub scheme: &'static str,
    pub secret: &'static str,
    pub mapping_version: i32,
    pub events: Vec<Event>,
}

impl Keep {
    fn identity(&self) -> Identity<'_> {
        (self.tenant.as_str(), key_hash(&self.source, &self.key), self.body.hash)
    }

    fn result(&self) -> &'static str {
        let unmapped = self.events.iter().any(|event| event.kind.is_unmapped());
        if unmapped { "unmapped" } else { "accepted" }
    }
}

/// What makes two deliveries the same one.
type Identity<'a> = (&'a str, [u8; 16], [u8; 16]);

/// What became of one delivery of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Committed now.
    New,
    /// Taken before, as this delivery.
    Duplicate(DeliveryId),
    /// The database refuses this delivery, whatever it is with; the text is for the log.
    Refused(String),
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Accepted {
    /// In the order of the batch.
    pub outcomes: Vec<Outcome>,
    /// What is committed and owed to the bus.
    pub committed: Vec<Committed>,
}

/// Keeps a batch. On `Err` nothing is known to be kept (the connection is lost or the server lacks something): the
/// callers are to be told to come again.
pub fn accept(conn: &mut PgConnection, batch: &[Keep]) -> Result<Accepted, StoreError> {
    let mut first_of: HashMap<Identity<'_>, usize> = HashMap::with_capacity(batch.len());
    let stands_for: Vec<usize> =
        batch.iter().enumerate().map(|(place, keep)| *first_of.entry(keep.identity()).or_insert(place)).collect();
    let distinct: Vec<&Keep> =
        batch.iter().enumerate().filter(|(place, _)| stands_for[*place] == *place).map(|(_, keep)| keep).collect();

    let mut kept = Kept::default();
    keep_or_split(conn, &distinct, &mut kept)?;

    let outcomes =
        batch.iter().enumerate().map(|(place, keep)| kept.outcome(keep, &batch[stands_for[place]])).collect();
    Ok(Accepted { outcomes, committed: kept.committed })
}

#[derive(Default)]
struct Kept {
    outcomes: HashMap<Uuid, Outcome>,
    committed: Vec<Committed>,
}

impl Kept {
    fn outcome(&self, keep: &Keep, stand_in: &Keep) -> Outcome {
        let of_first = self.outcomes.get(&stand_in.id.0).cloned().unwrap_or(Outcome::Refused("not tried".into()));
        match of_first {
            Outcome::New if keep.id != stand_in.id => Outcome::Duplicate(stand_in.id),
            outcome => outcome,
        }
    }

    fn add(&mut self, keeps: &[&Keep], first_ids: &HashMap<Uuid, DeliveryId>) {
        for keep in keeps {
            let outcome = match first_ids.get(&keep.id.0) {
                // Our own id: an earlier try of this batch was committed and its answer lost.
                Some(first) if *first != keep.id => Outcome::Duplicate(*first),
                _ => Outcome::New,
            };
            self.outcomes.insert(keep.id.0, outcome);
        }
        let is_new = |keep: &Keep| self.outcomes.get(&keep.id.0) == Some(&Outcome::New);
        self.committed.extend(Committed::by_tenant(keeps, is_new));
    }
}

fn keep_or_split(conn: &mut PgConnection, keeps: &[&Keep], kept: &mut Kept) -> Result<(), StoreError> {
    if keeps.is_empty() {
        return Ok(());
    }
    match keep_once_more_if_refused(conn, keeps) {
        Ok(first_ids) => kept.add(keeps, &first_ids),
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => match keeps {
            [alone] => keep_as_unmapped(conn, alone, &error, kept)?,
            _ => {
                let (left, right) = keeps.split_at(keeps.len() / 2);
                keep_or_split(conn, left, kept)?;
                keep_or_split(conn, right, kept)?;
            }
        },
    }
    Ok(())
}

/// A deadlock or a serialization failure is nobody's fault and passes at the second try.
fn keep_once_more_if_refused(
    conn: &mut PgConnection,
    keeps: &[&Keep],
) -> Result<HashMap<Uuid, DeliveryId>, StoreError> {
    match batch::keep(conn, keeps) {
        Err(StoreError::Refused(_)) => batch::keep(conn, keeps),
        result => result,
    }
}

/// The raw bytes matter most: a delivery whose events the database refuses is kept as unmapped, to be replayed.
fn keep_as_unmapped(conn: &mut PgConnection, keep: &Keep, why: &StoreError, kept: &mut Kept) -> Result<(), StoreError> {
    tracing::error!(
        delivery = %keep.id,
        error = why as &dyn std::error::Error,
        "the database refuses a delivery's events: it is kept as unmapped, replay it when the cause is mended"
    );
    let draft = Draft::unmapped(&keep.source, &keep.kind, None, "the database refused its events");
    let events = Event::seal(vec![draft], &keep.source, &keep.tenant, keep.id, None);
    let bare = Keep { events, headers: "[]".to_owned(), ..keep.clone() };
    match batch::keep(conn, &[&bare]) {
        Ok(first_ids) => kept.add(&[&bare], &first_ids),
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => {
            let reason = format!("{why:?}; as unmapped: {error:?}");
            kept.outcomes.insert(keep.id.0, Outcome::Refused(reason));
        }
    }
    Ok(())
}
