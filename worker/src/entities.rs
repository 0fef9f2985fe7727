//! Keeps the entity tables: what the events of a batch say, summed up and merged into the rows; and notes which services'
//! facts have to be reckoned anew because of it. What waits for an answer is kept beside them.

use chrono::{DateTime, Utc};
use domain::dora::Entities;
use domain::event::Event;
use store::Connection;
use store::marks::Failure;

use crate::protections;

pub(crate) fn handle(conn: &mut Connection, events: &[&Event], now: DateTime<Utc>) -> Result<(), Failure> {
    let sum = Entities::of(events.iter().copied()).map_err(|error| Failure::Event(error.to_string()))?;
    store::entities::keep(conn, &sum, now)?;
    protections::keep(conn, events, now)
}
