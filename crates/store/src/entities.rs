//! The entity tables: commits with their edges and branches, ref moves, changes, deployments with their statuses and what
//! they ship, artifacts, incidents with what people say of them, reports of quality.
//!
//! Each row is the sum of what its events say ([`domain::dora`]). A batch is summed in memory first; then, table by table:
//! rows that are new are inserted whole, rows that are there are locked, merged and written back where that changes
//! something. Both in key order, so that two workers never wait for each other in a circle.
//! Must be called in a transaction; [`rebuild`] opens its own. [`keep`] also writes for whom they count, and what has to
//! be reckoned anew because of them ([`dirty`]).

mod artifacts;
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
mod ref_moves;
mod statuses;
mod table;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use domain::dora::Entities;
use domain::dora::registers::Register;
use domain::event::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::dirty::Catalogs;
use crate::events::EventRow;
use crate::{StoreError, catalogs, dirty, tenants};

/// Events that a rebuild sums up at a time.
const CHUNK: i64 = 2000;

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

/// Empties the tables and sums up all events again, in one transaction: readers see the old rows until it ends,
/// consumers wait. Events that cannot be read are passed over, as consumers do. All facts are then to be reckoned anew.
/// Returns how many events there were.
pub fn rebuild(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<u64, StoreError> {
    conn.transaction(|conn| {
        let tenants = tenants::all(conn)?;
        let held = tenants.iter().map(|tenant| catalogs::current(conn, tenant)).collect::<Result<Vec<_>, _>>()?;
        let count = refill(conn)?;
        for (tenant, catalog) in tenants.iter().zip(&held) {
            dirty::reassign(conn, tenant, catalog, now)?;
        }
        Ok(count)
    })
}

fn refill(conn: &mut PgConnection) -> Result<u64, StoreError> {
    conn.batch_execute(
        "set local statement_timeout = 0;
             lock table commits, commit_edges, branch_commits, ref_moves, changes, deployments, deployment_statuses,
               deployment_components, deployment_images, deployment_contents, artifacts, incidents, incident_links,
               quality_reports in share row exclusive mode;
             delete from commits; delete from commit_edges; delete from branch_commits; delete from ref_moves;
             delete from changes; delete from deployments; delete from deployment_statuses;
             delete from deployment_components; delete from deployment_images; delete from deployment_contents;
             delete from artifacts; delete from incidents; delete from incident_links; delete from quality_reports;",
    )?;
    let mut after = Uuid::nil();
    let mut count = 0;
    loop {
        let rows: Vec<EventRow> = sql_query("select * from events where id > $1 order by id limit $2")
            .bind::<SqlUuid, _>(after)
            .bind::<BigInt, _>(CHUNK)
            .load(conn)?;
        let Some(last) = rows.last() else { return Ok(count) };
        after = last.id;
        count += rows.len() as u64;
        let mut sum = Entities::default();
        for row in rows {
            if let Err(error) = sum.add(&Event::try_from(row)?) {
                tracing::warn!(%error, "an event is passed over");
            }
        }
        add(conn, &sum)?;
    }
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
