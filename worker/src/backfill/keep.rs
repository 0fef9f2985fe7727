//! Keeps fetched deliveries as intake keeps those that were sent: through the same normalizers, ledger and outbox.
//!
//! A key that the ledger has is left out, whatever its bytes were: the API words the same fact a little otherwise
//! every day (counts, times of other things), and nothing of that is news.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::history::{Recalled, SCHEME};
use store::intake::{Keep, Outcome, accept, known, pack};
use store::{Store, StoreError};
use uuid::Uuid;

use super::progress::Resource;

/// Deliveries of one commit.
const BATCH: usize = 200;

/// Where deliveries go, and how they are read.
pub(super) struct Keeper {
    /// Works as [`store::Role::Ingest`].
    pub(super) store: Store,
    pub(super) tenant: TenantId,
    pub(super) rules: Rules,
}

impl Keeper {
    /// Whether the ledger has this key.
    pub(super) async fn has(&self, source: &'static str, key: String) -> Result<bool, StoreError> {
        let tenant = self.tenant.clone();
        let found = self.store.call("backfill_known", move |conn| known(conn, &tenant, source, &[key])).await?;
        Ok(found == [true])
    }

    /// Keeps them in order, and counts what became of them.
    pub(super) async fn keep(
        &self,
        told: Vec<Recalled>,
        now: DateTime<Utc>,
        counts: &mut Resource,
    ) -> Result<(), StoreError> {
        let keeps = self.new_ones(told, now, counts).await?;
        for batch in keeps.chunks(BATCH).map(<[Keep]>::to_vec) {
            let accepted = self.store.call("backfill_keep", move |conn| accept(conn, &batch)).await?;
            for outcome in accepted.outcomes {
                match outcome {
                    Outcome::New => counts.kept += 1,
                    Outcome::Duplicate(_) => counts.known += 1,
                    Outcome::Refused(why) => {
                        counts.refused += 1;
                        tracing::error!(why, "the database refuses a fetched delivery: it is left out");
                    }
                }
            }
        }
        Ok(())
    }

    async fn new_ones(
        &self,
        told: Vec<Recalled>,
        now: DateTime<Utc>,
        counts: &mut Resource,
    ) -> Result<Vec<Keep>, StoreError> {
        let Some(source) = told.first().map(|one| one.integration.name) else { return Ok(Vec::new()) };
        let keys: Vec<String> = told.iter().map(|one| one.identity().key).collect();
        let (tenant, asked) = (self.tenant.clone(), keys.clone());
        let there = self.store.call("backfill_known", move |conn| known(conn, &tenant, source, &asked)).await?;
        let mut seen = BTreeSet::new();
        let mut keeps = Vec::with_capacity(told.len());
        for ((one, key), there) in told.iter().zip(keys).zip(there) {
            if there || !seen.insert(key) {
                counts.known += 1;
            } else {
                keeps.push(self.read(one, now));
            }
        }
        Ok(keeps)
    }

    fn read(&self, told: &Recalled, now: DateTime<Utc>) -> Keep {
        let (integration, headers) = (told.integration, told.headers());
        let identity = told.identity();
        let id = DeliveryId::new(now, Uuid::new_v4().into_bytes());
        let stored_headers = integrations::kept_headers(integration, &headers);
        let drafts = integrations::normalize(integration, &identity.kind, &headers, &told.body, &self.rules);
        Keep {
            tenant: self.tenant.clone(),
            id,
            source: integration.name.to_owned(),
            events: Event::seal(drafts, integration.name, &self.tenant, id, None),
            kind: identity.kind,
            key: identity.key,
            headers: serde_json::to_string(&stored_headers).unwrap_or_else(|_| "[]".into()),
            body: pack(&told.body),
            scheme: SCHEME,
            secret: "none",
            mapping_version: integration.mapping_version,
        }
    }
}
