//! What differs between the facts that are there and those that were reckoned, and the note of it for the audit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;

use crate::StoreError;

/// A row of a facts table.
pub(super) trait Fact: Clone + PartialEq + Serialize {
    /// What the audit calls it; none: commits are too many to be audited, their changes and deployments are.
    const AUDITED: Option<&'static str>;

    fn tenant(&self) -> &str;
    /// Everything that makes it one of its kind, the tenant first.
    fn key(&self) -> Vec<&str>;
    /// The service whose reckoning it is, where the table says it.
    fn owner(&self) -> Option<&str>;
    /// Its key as the audit tells it.
    fn told(&self) -> String;
    /// The rows of services (tenant, service) from a time on.
    fn of_services(conn: &mut PgConnection, since: &[(&str, &str, DateTime<Utc>)]) -> Result<Vec<Self>, StoreError>;
    fn of_keys(conn: &mut PgConnection, keys: &[Vec<&str>]) -> Result<Vec<Self>, StoreError>;
    /// Inserts rows, or replaces those with their keys.
    fn put(conn: &mut PgConnection, rows: &[Self]) -> Result<(), StoreError>;
    /// Deletes rows, unless they belong to somebody else by now.
    fn take_away(conn: &mut PgConnection, rows: &[Self]) -> Result<(), StoreError>;
}

/// The rows that have to be written, and what was there.
#[derive(Debug)]
pub(super) struct Diff<F> {
    pub put: Vec<F>,
    pub gone: Vec<F>,
    /// Of the rows to be put: what they replace.
    pub replaced: Vec<F>,
}

impl<F> Default for Diff<F> {
    fn default() -> Self {
        Self { put: Vec::new(), gone: Vec::new(), replaced: Vec::new() }
    }
}

impl<F: Fact> Diff<F> {
    /// `old` holds every row that is to go or to be replaced, and may hold the same row twice.
    pub(super) fn between(old: &[F], new: &[F]) -> Self {
        let before: BTreeMap<Vec<&str>, &F> = old.iter().map(|row| (row.key(), row)).collect();
        let after: BTreeSet<Vec<&str>> = new.iter().map(Fact::key).collect();
        let mut diff = Self::default();
        for row in new {
            match before.get(&row.key()) {
                Some(same) if *same == row => {}
                known => {
                    diff.replaced.extend(known.map(|row| (*row).clone()));
                    diff.put.push(row.clone());
                }
            }
        }
        diff.gone = before.iter().filter(|(key, _)| !after.contains(*key)).map(|(_, row)| (*row).clone()).collect();
        diff
    }

    /// Whatever changed: as it was and as it is.
    pub(super) fn touched(&self) -> impl Iterator<Item = &F> {
        self.put.iter().chain(&self.gone).chain(&self.replaced)
    }

    pub(super) fn len(&self) -> usize {
        self.put.len() + self.gone.len()
    }

    /// Writes it. What goes, goes first: a key that moved on is free by then.
    pub(super) fn write(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        F::take_away(conn, &self.gone)?;
        F::put(conn, &self.put)
    }
}
