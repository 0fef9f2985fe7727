//! The entity tables: commits with their edges and branches, ref moves, changes, deployments with their statuses and what
//! they ship, artifacts, incidents with what people say of them, reports of quality.
//!
//! Each row is the sum of what its events say ([`domain::dora`]). A batch is summed in memory first; then, table by table:
//! rows that are new are inserted whole, rows that are there are locked, merged and written back where that changes
//! something. Both in key order, so that two workers never wait for each other in a circle.
//! Must be called in a transaction; [`rebuild`] opens its own. [`keep`] also writes for whom they count, and what has to
//! be reckoned anew because of them ([`dirty`]).

mod artifacts;
mod beside;
mod branch_commits;
mod changes;
mod commits;
mod components;
mod contents;
mod deployments;
mod images;
mod incident_links;
mod incidents;
mod quality_reports;
mod rebuild;
mod ref_moves;
mod statuses;
mod table;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use domain::dora::Entities;
use domain::dora::registers::Register;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dirty::Catalogs;
use crate::{StoreError, dirty};

pub use rebuild::rebuild;

/// Adds what some events say to the tables.
pub fn add(conn: &mut PgConnection, entities: &Entities) -> Result<(), StoreError> {
    commits::add(conn, &entities.commits)?;
    commits::add_edges(conn, &entities.edges)?;
    branch_commits::add(conn, &entities.branch_commits)?;
    ref_moves::add(conn, &entities.moves)?;
    changes::add(conn, &entities.changes)?;
    deployments::add(conn, &entities.deployments)?;
    statuses::add(conn, &entities.statuses)?;
    components::add(conn, &entities.components)?;
    images::add(conn, &entities.images)?;
    contents::add(conn, &entities.contents)?;
    artifacts::add(conn, &entities.artifacts)?;
    incidents::add(conn, &entities.incidents)?;
    incident_links::add(conn, &entities.links)?;
    quality_reports::add(conn, &entities.quality)
}

/// Adds what some events say, gives it to whom it belongs and notes what has to be reckoned anew because of it.
pub fn keep(conn: &mut PgConnection, entities: &Entities, now: DateTime<Utc>) -> Result<(), StoreError> {
    let catalogs = Catalogs::hold(conn, &entities.touched.tenants())?;
    add(conn, entities)?;
    dirty::enqueue(conn, entities, &catalogs, now)
}

/// Registers as they stand in the row.
fn to_text(facts: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(facts).map_err(|error| StoreError::Corrupt(format!("registers cannot be written: {error}")))
}

fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("registers cannot be read: {error}")))
}

fn text(register: &Option<Register<String>>) -> Option<&str> {
    register.as_ref().map(|register| register.value.as_str())
}

/// A list as the literal of a `text[]`.
fn list(register: &Option<Register<Vec<String>>>) -> Option<String> {
    let quoted = |one: &String| format!("\"{}\"", one.replace('\\', "\\\\").replace('"', "\\\""));
    let list = &register.as_ref()?.value;
    Some(format!("{{{}}}", list.iter().map(quoted).collect::<Vec<_>>().join(",")))
}

fn copied<T: Copy>(register: &Option<Register<T>>) -> Option<T> {
    register.as_ref().map(|register| register.value)
}
