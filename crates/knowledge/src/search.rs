//! Finding chunks: by their words always, by their meaning where there are vectors, and one order of both.

use std::collections::HashMap;
use std::time::Duration;

use domain::ids::TenantId;
use domain::knowledge::{Ranked, chunk_id, fuse, snippet};
use serde_json::Value;
use store::Connection;
use store::knowledge::search::{Found, Place, by_words, shown};
use store::knowledge::vectors;

use crate::{Knowledge, KnowledgeError};

/// Chunks of one answer.
pub const MOST_HITS: usize = 50;
/// Chunks that each way of searching brings: more than are shown, as the two differ.
const BROUGHT: i64 = 60;
/// Chunks of one document in an answer, so that a long one leaves room for others.
const OF_ONE_DOCUMENT: usize = 3;
/// Who asks does not wait longer for a model: words find as well.
const PATIENCE: Duration = Duration::from_secs(4);

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// A question, or words as `websearch_to_tsquery` reads them.
    pub text: String,
    pub top_k: usize,
    /// None: in all of the tenant's.
    pub collection: Option<String>,
}

/// A chunk that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// `parent#n`.
    pub id: String,
    /// The document's.
    pub parent_id: String,
    pub title: String,
    /// At most 200 characters.
    pub snippet: String,
    /// The whole chunk: for a prompt, fenced.
    pub text: String,
    /// From 0 to 1.
    pub score: f64,
    pub url: Option<String>,
    pub source: String,
    pub collection: String,
    pub meta: Value,
}

impl Knowledge {
    /// The chunks that answer best, the best first.
    pub async fn search(&self, tenant: &TenantId, query: &Query) -> Result<Vec<Hit>, KnowledgeError> {
        let near = self.near(tenant, query).await?;
        let how = if near.is_some() { "hybrid" } else { "words" };
        metrics::counter!("knowledge_searches_total", "how" => how).increment(1);
        let (tenant, asked) = (tenant.clone(), query.clone());
        let read = move |conn: &mut Connection| {
            let words = by_words(conn, &tenant, asked.collection.as_deref(), &asked.text, BROUGHT)?;
            let ranked = fuse(&[words, near.unwrap_or_default()]);
            let places: Vec<Place> = ranked.iter().map(|ranked| ranked.what).collect();
            Ok((shown(conn, &tenant, &places)?, ranked))
        };
        let (found, ranked) = self.store.look("knowledge_search", read).await?;
        Ok(hits(found, ranked, query))
    }

    /// What is near in meaning; `None`: there are no vectors to go by.
    async fn near(&self, tenant: &TenantId, query: &Query) -> Result<Option<Vec<Place>>, KnowledgeError> {
        let Some(model) = self.model() else { return Ok(None) };
        if !self.store.call("knowledge_vectors", vectors::is_ready).await? {
            return Ok(None);
        }
        let asked = self.models.embed(tenant, vec![query.text.clone()]);
        let vector = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(mut vectors)) => vectors.pop().filter(|vector| !vector.is_empty()),
            Ok(Err(why)) => {
                tracing::debug!(%why, "searched by words only");
                None
            }
            Err(_) => None,
        };
        let Some(vector) = vector else { return Ok(None) };
        let (tenant, collection) = (tenant.clone(), query.collection.clone());
        let read = move |conn: &mut Connection| {
            vectors::nearest(conn, &tenant, collection.as_deref(), (&model, &vector), BROUGHT)
        };
        Ok(Some(self.store.call("knowledge_nearest", read).await?))
    }
}

fn hits(found: Vec<Found>, ranked: Vec<Ranked<Place>>, query: &Query) -> Vec<Hit> {
    let mut texts: HashMap<Place, Found> =
        found.into_iter().map(|found| (Place { document: found.document, n: found.n }, found)).collect();
    let mut of_document: HashMap<uuid::Uuid, usize> = HashMap::new();
    let mut hits = Vec::new();
    for Ranked { what, score } in ranked {
        let shown = of_document.entry(what.document).or_default();
        if hits.len() == query.top_k.min(MOST_HITS) || *shown == OF_ONE_DOCUMENT {
            continue;
        }
        // It may have gone since.
        let Some(found) = texts.remove(&what) else { continue };
        *shown += 1;
        hits.push(hit(found, score, query));
    }
    hits
}

fn hit(found: Found, score: f64, query: &Query) -> Hit {
    Hit {
        id: chunk_id(&found.id, found.n),
        snippet: snippet(&found.text, &query.text),
        parent_id: found.id,
        title: found.title,
        text: found.text,
        score,
        url: found.url,
        source: found.source,
        collection: found.collection,
        meta: found.meta,
    }
}
