//! What a reckoning changed: one row of the audit for each fact, and the quarters of an hour that roll-ups have to count
//! again.
//!
//! Commits are not audited: they are many, and the changes and deployments that they decide are.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use diesel::{PgConnection, RunQueryDsl};
use uuid::Uuid;

use super::diff::{Diff, Fact};
use crate::StoreError;

/// Of many events that came together, so many are named: the latest.
const CAUSES: usize = 16;

/// One fact's change.
#[derive(Debug)]
struct Entry {
    service: String,
    before: Option<String>,
    after: Option<String>,
}

/// What one transaction changes, fact by fact: before the first change, after the last.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: BTreeMap<(String, &'static str, String), Entry>,
    slots: BTreeSet<(String, String, DateTime<Utc>)>,
}

crate::statement! {
    struct Insert<'a> {
        now: Timestamptz = DateTime<Utc>,
        tenant: Array<Text> = Vec<&'a str>,
        fact: Array<Text> = Vec<&'a str>,
        key: Array<Text> = Vec<&'a str>,
        before: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        after: Array<Nullable<Text>> = Vec<Option<&'a str>>,
        causes: Array<Text> = Vec<&'a str>,
    }
    returns ();
    "insert into dora_audit (tenant_id, at, fact, key, before, after, causes)
     select n.tenant_id, t.now, n.fact, n.key, n.before::json, n.after::json, n.causes::uuid[]
     from (select ?::timestamptz as now) t, unnest(?, ?, ?, ?, ?, ?) as n (tenant_id, fact, key, before, after, causes)"
}

crate::statement! {
    struct Slots<'a> { tenant: Array<Text> = Vec<&'a str>, tier: Array<Text> = Vec<&'a str>, slot: Array<Timestamptz> = Vec<DateTime<Utc>> }
    returns ();
    "insert into dora_rollup_dirty (tenant_id, tier, slot) select * from unnest(?, ?, ?)"
}

impl Ledger {
    pub(super) fn note<F: Fact>(&mut self, diff: &Diff<F>) -> Result<(), StoreError> {
        self.note_of(diff, |row| row.owner().unwrap_or_default().to_owned())
    }

    /// Notes what changes, where the table does not say whose rows they are.
    pub(super) fn note_of<F: Fact>(&mut self, diff: &Diff<F>, owner: impl Fn(&F) -> String) -> Result<(), StoreError> {
        let Some(fact) = F::AUDITED else { return Ok(()) };
        let replaced: BTreeMap<Vec<&str>, &F> = diff.replaced.iter().map(|row| (row.key(), row)).collect();
        for row in &diff.put {
            let before = replaced.get(&row.key()).map(|row| told(*row)).transpose()?;
            self.enter(fact, row, &owner, before, Some(told(row)?));
        }
        for row in &diff.gone {
            self.enter(fact, row, &owner, Some(told(row)?), None);
        }
        Ok(())
    }

    fn enter<F: Fact>(
        &mut self,
        fact: &'static str,
        row: &F,
        owner: &impl Fn(&F) -> String,
        before: Option<String>,
        after: Option<String>,
    ) {
        match self.entries.entry((row.tenant().to_owned(), fact, row.told())) {
            std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().after = after,
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(Entry { service: owner(row), before, after });
            }
        }
    }

    /// The quarter of an hour whose counts change.
    pub(super) fn slot(&mut self, tenant: &str, tier: &str, at: DateTime<Utc>) {
        let slot = at.duration_trunc(TimeDelta::minutes(15)).unwrap_or(at);
        self.slots.insert((tenant.to_owned(), tier.to_owned(), slot));
    }

    /// Writes it all. `causes` are the events for each (tenant, service).
    pub(super) fn write(
        &self,
        conn: &mut PgConnection,
        causes: &BTreeMap<(&str, &str), &[Uuid]>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let causes: BTreeMap<(&str, &str), String> = causes.iter().map(|(of, causes)| (*of, list(causes))).collect();
        let changed: Vec<_> = self.entries.iter().filter(|(_, entry)| entry.before != entry.after).collect();
        if !changed.is_empty() {
            Insert {
                now,
                tenant: changed.iter().map(|((tenant, ..), _)| tenant.as_str()).collect(),
                fact: changed.iter().map(|((_, fact, _), _)| *fact).collect(),
                key: changed.iter().map(|((.., key), _)| key.as_str()).collect(),
                before: changed.iter().map(|(_, entry)| entry.before.as_deref()).collect(),
                after: changed.iter().map(|(_, entry)| entry.after.as_deref()).collect(),
                causes: changed
                    .iter()
                    .map(|((tenant, ..), entry)| {
                        causes.get(&(tenant.as_str(), entry.service.as_str())).map_or("{}", String::as_str)
                    })
                    .collect(),
            }
            .execute(conn)?;
        }
        if !self.slots.is_empty() {
            Slots {
                tenant: self.slots.iter().map(|(tenant, ..)| tenant.as_str()).collect(),
                tier: self.slots.iter().map(|(_, tier, _)| tier.as_str()).collect(),
                slot: self.slots.iter().map(|(.., slot)| *slot).collect(),
            }
            .execute(conn)?;
        }
        Ok(())
    }
}

fn told<F: Fact>(row: &F) -> Result<String, StoreError> {
    serde_json::to_string(row).map_err(|error| StoreError::Corrupt(format!("a fact cannot be written: {error}")))
}

/// The text of a list in the database, of the latest.
fn list(causes: &[Uuid]) -> String {
    let latest = causes.get(causes.len().saturating_sub(CAUSES)..).unwrap_or_default();
    let words: Vec<String> = latest.iter().map(Uuid::to_string).collect();
    format!("{{{}}}", words.join(","))
}
