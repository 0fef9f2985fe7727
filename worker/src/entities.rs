//! Keeps the entity tables: what the events of a batch say, summed up and merged into the rows.

use domain::dora::Entities;
use domain::event::Event;
use store::Connection;
use store::marks::Failure;

pub(crate) fn handle(conn: &mut Connection, events: &[&Event]) -> Result<(), Failure> {
    let sum = Entities::of(events.iter().copied()).map_err(|error| Failure::Event(error.to_string()))?;
    Ok(store::entities::add(conn, &sum)?)
}
