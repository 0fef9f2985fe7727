//! Stored deliveries, to be normalized again, and what takes the place of their events.
//!
//! The same delivery gives the same event ids: events that changed are written over ([`renew`]), those that are not
//! produced any more go, and what the job owes is owed to the bus under its id, in one transaction with its progress.
//! Where retention has dropped what was sent, the stored events are all there is: [`next_orphans`] finds them, and a
//! replay owes them as they are ([`owe`]).

mod orphans;
mod renew;
mod walk;

use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, ReplayId};
use uuid::Uuid;

pub use orphans::{Orphans, next_orphans};
pub use renew::{Renewed, owe, renew};
pub use walk::{Chunk, Seen, Stored, next_deliveries};

use crate::jobs::Replay;

/// A replay's bounds, whichever way it was asked for.
struct Scope<'a> {
    delivery: Option<DeliveryId>,
    source: Option<&'a str>,
    kind: Option<&'a str>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl<'a> Scope<'a> {
    fn of(replay: &'a Replay) -> Self {
        match replay {
            Replay::One { delivery } => {
                let from = delivery.received_at();
                let to = from + chrono::TimeDelta::milliseconds(1);
                Self { delivery: Some(*delivery), source: None, kind: None, from, to }
            }
            Replay::Range { source, r#type, from, to } => {
                Self { delivery: None, source: source.as_deref(), kind: r#type.as_deref(), from: *from, to: *to }
            }
        }
    }
}

/// The lowest id of a time.
fn first_id(time: DateTime<Utc>) -> Uuid {
    ReplayId::new(time, [0; 16]).0
}
