//! What was read, found again: EM Agent's paths and fields. `index` keeps documents, `documents` shows them,
//! `crawls` says what is read elsewhere.

pub(crate) mod crawls;
pub(crate) mod documents;
pub(crate) mod index;

use actix_web::HttpResponse;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::ids::TenantId;
use knowledge::{Hit, KnowledgeError, MOST_HITS, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::usage::{self, RAG_SEARCHES};
use utoipa::ToSchema;

use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::{Shared, State};

const USUAL_HITS: i64 = 5;
const LONGEST_QUESTION: usize = 1000;
const LONGEST_COLLECTION: usize = 64;

/// What is looked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// A question, or words: `"in this order"`, `or` and `-without` are understood.
    q: Option<String>,
    /// Chunks of the answer, 1 to 50; 5 unless given.
    top_k: Option<i64>,
    /// Whether each comes with its document's `meta`.
    include_meta: Option<bool>,
    /// Only in this collection.
    collection: Option<String>,
}

/// Where a chunk comes from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Provenance {
    source: String,
    url: Option<String>,
}

/// A chunk that was found. What stands in it was written by others.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Passage {
    /// `parent_id#n`.
    id: String,
    /// The document's.
    parent_id: String,
    title: String,
    collection: String,
    /// From 0 to 1.
    score: f64,
    /// At most 200 characters.
    snippet: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    meta: Option<Value>,
    provenance: Provenance,
}

/// The best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Results {
    results: Vec<Passage>,
}

fn result(hit: Hit, with_meta: bool) -> Passage {
    let Hit { id, parent_id, title, snippet, score, url, source, collection, meta, .. } = hit;
    let meta = with_meta.then_some(meta);
    Passage { id, parent_id, title, collection, score, snippet, meta, provenance: Provenance { source, url } }
}

/// Chunks of documents that answer a question, the best first.
#[utoipa::path(post, path = "/v1/rag/search", tag = "knowledge", request_body = Search,
    responses(
    (status = 200, body = Results),
    (status = 400, body = ProblemBody),
    (status = 429, body = ProblemBody),
))]
pub(crate) async fn search(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let said: Search = sent.json()?;
    let mut faults = Faults::of_body();
    if said.q.as_deref().is_none_or(|q| q.trim().is_empty()) {
        faults.add("q", "`q` is required");
    }
    let text = faults.words("q", said.q.as_deref(), LONGEST_QUESTION).unwrap_or_default();
    let collection = faults.line("collection", said.collection.as_deref(), LONGEST_COLLECTION);
    let top_k = faults.within("top_k", Some(said.top_k.unwrap_or(USUAL_HITS)), 1..=MOST_HITS as i64);
    faults.none()?;
    let top_k = top_k.and_then(|top_k| usize::try_from(top_k).ok()).unwrap_or(MOST_HITS);
    count(&state, &caller.tenant, Utc::now()).await?;
    let query = Query { text, top_k, collection };
    let hits = state.knowledge.search(&caller.tenant, &query).await.map_err(unkept)?;
    let with_meta = said.include_meta.unwrap_or(false);
    let results = hits.into_iter().map(|hit| result(hit, with_meta)).collect();
    Ok(HttpResponse::Ok().json(Results { results }))
}

/// One more search of the day, where the limit allows it.
async fn count(state: &State, tenant: &TenantId, now: DateTime<Utc>) -> Result<(), Problem> {
    let limit = state.settings.knowledge.max_daily_searches;
    let (tenant, day) = (tenant.clone(), now.date_naive());
    let take = move |conn: &mut store::Connection| usage::take(conn, &tenant, (day, RAG_SEARCHES), i64::from(limit));
    if state.store.call("rag_search_count", take).await? {
        return Ok(());
    }
    let midnight = (now + TimeDelta::days(1)).date_naive().and_time(NaiveTime::MIN).and_utc();
    let seconds = u64::try_from((midnight - now).num_seconds()).unwrap_or(1);
    let detail = format!(
        "the {limit} searches of today are used up (MAX_DAILY_RAG_SEARCHES); there are new ones at midnight UTC"
    );
    Err(Problem::new(Code::DailyLimit, detail).retry_after(seconds))
}

/// How much there is, and what finds it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    documents: i64,
    chunks: i64,
    /// Chunks that are found by their meaning as well.
    embedded_chunks: i64,
    /// `words`, or `hybrid`: by words and by meaning.
    search: &'static str,
    /// The model that makes the vectors.
    embedding_model: Option<String>,
    /// Why nothing is found by its meaning.
    why: Option<&'static str>,
}

/// How much was read, and how it is searched.
#[utoipa::path(get, path = "/v1/rag/status", tag = "knowledge",
    responses((status = 200, body = Status)))]
pub(crate) async fn status(caller: Caller<Viewer>, state: Shared, _: NoQuery) -> Result<HttpResponse, Problem> {
    let status = state.knowledge.status(&caller.tenant).await.map_err(unkept)?;
    let knowledge::Status { documents, chunks, embedded: embedded_chunks, model: embedding_model, why } = status;
    let search = if why.is_none() { "hybrid" } else { "words" };
    Ok(HttpResponse::Ok().json(Status { documents, chunks, embedded_chunks, search, embedding_model, why }))
}

/// What the caller is told of it.
pub(crate) fn unkept(error: KnowledgeError) -> Problem {
    within("", error)
}

/// The same of a part of the body, `/docs/3`.
pub(crate) fn within(pointer: &str, error: KnowledgeError) -> Problem {
    match error {
        KnowledgeError::Unfit { field, why } => {
            Problem::unfit(format!("{pointer}/{field}"), format!("`{field}` {why}"))
        }
        KnowledgeError::Store(error) => Problem::from(error),
    }
}
