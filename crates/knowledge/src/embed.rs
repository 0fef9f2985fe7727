//! Giving chunks their vectors, after they were kept: whatever has none of the model in force is given one, a batch at a time.
//!
//! Workers lease batches, so that a chunk is embedded once. A chunk that has changed meanwhile keeps waiting. What a model will not
//! take waits for a day; while it does not answer, nothing is asked for a while.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use models::Unanswered;
use store::knowledge::vectors::{self, Waiting};
use store::{Connection, StoreError};

use crate::Knowledge;

/// Chunks of one question to the model.
const BATCH: i64 = 64;
/// Longer than any batch takes.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// Until a chunk is tried again that the model would not take.
const REFUSED: TimeDelta = TimeDelta::days(1);

/// What a batch came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caught {
    /// Every chunk has its vector, or there is no model to ask.
    Up,
    /// So many were embedded; there may be more.
    Some(usize),
    /// The model did not answer, or may not be asked for lack of money: for people.
    Waits(String),
}

impl Knowledge {
    /// Embeds a batch of what waits. Only where [`vectors::prepare`] found a place for vectors.
    pub async fn catch_up(&self, now: DateTime<Utc>) -> Result<Caught, StoreError> {
        let Some(model) = self.model() else { return Ok(Caught::Up) };
        let of = model.clone();
        let lease = move |conn: &mut Connection| vectors::lease(conn, &of, BATCH, now, now + LEASE);
        let Some((tenant, chunks)) = self.store.call("knowledge_embed_lease", lease).await? else {
            return Ok(Caught::Up);
        };
        match self.ask(&tenant, &chunks).await {
            Ok(vectors) => self.put(tenant, model, chunks, vectors).await.map(Caught::Some),
            Err(Unanswered::TooLong | Unanswered::Refused) => self.one_by_one(tenant, model, chunks, now).await,
            Err(why) => {
                self.put_off(tenant, chunks, now).await?;
                Ok(Caught::Waits(why.to_string()))
            }
        }
    }

    async fn ask(&self, tenant: &TenantId, chunks: &[Waiting]) -> Result<Vec<Vec<f32>>, Unanswered> {
        let texts = chunks.iter().map(|chunk| chunk.text.clone()).collect();
        let vectors = self.models.embed(tenant, texts).await?;
        if vectors.len() == chunks.len() && vectors.iter().all(|vector| !vector.is_empty()) {
            return Ok(vectors);
        }
        Err(Unanswered::Failed { why: format!("it gave {} vectors for {} texts", vectors.len(), chunks.len()) })
    }

    /// One chunk that the model will not take does not keep the others from theirs.
    async fn one_by_one(
        &self,
        tenant: TenantId,
        model: String,
        chunks: Vec<Waiting>,
        now: DateTime<Utc>,
    ) -> Result<Caught, StoreError> {
        let mut embedded = 0;
        for chunk in chunks {
            let alone = vec![chunk];
            match self.ask(&tenant, &alone).await {
                Ok(vectors) => embedded += self.put(tenant.clone(), model.clone(), alone, vectors).await?,
                Err(Unanswered::TooLong | Unanswered::Refused) => {
                    tracing::warn!(document = %alone[0].document, chunk = alone[0].n, "the embedding model takes no such text; it is found by its words");
                    self.put_off(tenant.clone(), alone, now + REFUSED).await?;
                }
                Err(why) => return Ok(Caught::Waits(why.to_string())),
            }
        }
        Ok(Caught::Some(embedded))
    }

    async fn put(
        &self,
        tenant: TenantId,
        model: String,
        chunks: Vec<Waiting>,
        vectors: Vec<Vec<f32>>,
    ) -> Result<usize, StoreError> {
        let pairs: Vec<(Waiting, Vec<f32>)> = chunks.into_iter().zip(vectors).collect();
        self.store.call("knowledge_embed_put", move |conn| vectors::put(conn, &tenant, &model, &pairs)).await
    }

    async fn put_off(&self, tenant: TenantId, chunks: Vec<Waiting>, until: DateTime<Utc>) -> Result<(), StoreError> {
        self.store.call("knowledge_embed_put_off", move |conn| vectors::put_off(conn, &tenant, &chunks, until)).await
    }
}
