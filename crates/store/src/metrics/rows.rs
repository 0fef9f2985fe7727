//! Facts one by one: what stands behind the numbers, newest first, a page at a time.
//!
//! A row's place in a list is its time and a hash of its key, so that a page is the same whatever is added meanwhile.
//! [`evidence`] finds the events that rows came from.

pub mod changes;
pub mod deployments;
pub mod evidence;
pub mod failures;
pub mod incidents;

use diesel::sql_types::{BigInt, Nullable, Timestamptz, Uuid as SqlUuid};

use super::Narrowed;
use crate::events::After;

/// The hash that breaks ties of rows with the same time.
fn tie(columns: &[&str]) -> String {
    format!("md5(concat_ws(chr(31), {}))::uuid", columns.join(", "))
}

/// The rest of a statement: rows after a place, newest first. `first` is the number of its first bind.
fn page(time: &str, tie: &str, first: usize) -> String {
    let (at, id, limit) = (first, first + 1, first + 2);
    format!(
        " and (${at}::timestamptz is null or ({time}, {tie}) < (${at}, ${id}))
         order by {time} desc, {tie} desc limit ${limit}"
    )
}

/// Binds what [`page`] needs.
fn paged(query: Narrowed<'_>, after: Option<After>, limit: i64) -> Narrowed<'_> {
    query
        .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.time))
        .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.id))
        .bind::<BigInt, _>(limit)
}
