//! Keeping documents: one, or several with chunks of a size of their own. The same id is the same document.

use actix_web::HttpResponse;
use chrono::Utc;
use domain::knowledge::{Cut, DEFAULT_COLLECTION, LANGUAGES, known};
use knowledge::{Document, Indexed, Kept, MOST_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{unkept, within};
use crate::access::{Caller, Operator};
use crate::faults::Faults;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;

/// A document's text may be all escapes.
const MOST_ONE_BYTES: usize = 2 * MOST_BYTES + 64 * 1024;
const MOST_BULK_BYTES: usize = 16 * MOST_BYTES;
const MOST_DOCUMENTS: usize = 500;

/// A document.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDocument {
    /// 1 to 512 characters: the same id is the same document.
    id: Option<String>,
    /// Text or Markdown, at most 1 MiB.
    content: Option<String>,
    /// Anything else; `source`, `url`, `title` and `language` in it are read.
    #[schema(value_type = Option<Object>)]
    meta: Option<Value>,
    title: Option<String>,
    /// Where people find it.
    url: Option<String>,
    /// `default` unless given.
    collection: Option<String>,
    /// `english`, `german`, …; guessed unless given.
    language: Option<String>,
}

/// Several documents.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk {
    /// 1 to 500.
    docs: Option<Vec<NewDocument>>,
    /// Characters of a chunk, 100 to 8000; 800 unless given.
    chunk_size: Option<usize>,
    /// Characters that two neighbours share, at most half of the size; 100 unless given.
    overlap: Option<usize>,
}

/// What became of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Outcome {
    id: String,
    /// `new`, `changed` or `same`.
    result: &'static str,
    chunks: usize,
}

/// How many were kept, and what became of each.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Outcomes {
    ok: bool,
    /// Documents.
    indexed: usize,
    /// Of all of them.
    chunks: usize,
    results: Vec<Outcome>,
}

fn outcomes(indexed: Vec<Indexed>) -> HttpResponse {
    let outcome = |Indexed { id, kept, chunks }: Indexed| {
        let result = match kept {
            Kept::New => "new",
            Kept::Changed => "changed",
            Kept::Same => "same",
        };
        Outcome { id, result, chunks }
    };
    let results: Vec<Outcome> = indexed.into_iter().map(outcome).collect();
    let chunks = results.iter().map(|one| one.chunks).sum();
    HttpResponse::Ok().json(Outcomes { ok: true, indexed: results.len(), chunks, results })
}

/// A document as it was said, `at` in the body; what is missing or not known is named.
fn read(said: NewDocument, cut: Cut, at: &str) -> Result<Document, Problem> {
    let mut faults = Faults::under(at.to_owned());
    for (name, value) in [("id", &said.id), ("content", &said.content)] {
        if value.as_deref().is_none_or(|text| text.trim().is_empty()) {
            faults.add(name, format!("`{name}` is required"));
        }
    }
    let meta = said.meta.unwrap_or_else(|| json!({}));
    if !meta.is_object() {
        faults.add("meta", "`meta` is an object");
    }
    let of_meta = |name: &str| meta[name].as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let language = said.language.or_else(|| of_meta("language").filter(|name| known(name).is_some()));
    if language.as_deref().is_some_and(|name| known(name).is_none()) {
        faults.add("language", format!("`language` is one of {}", LANGUAGES.join(", ")));
    }
    faults.none()?;
    Ok(Document {
        collection: said.collection.unwrap_or_else(|| DEFAULT_COLLECTION.to_owned()),
        id: said.id.unwrap_or_default().trim().to_owned(),
        source: of_meta("source").filter(|source| source.len() <= 64).unwrap_or_else(|| "api".to_owned()),
        url: said.url.or_else(|| of_meta("url")),
        title: said.title.or_else(|| of_meta("title")),
        text: said.content.unwrap_or_default(),
        language: language.as_deref().and_then(known),
        revision: None,
        meta,
        cut,
        crawl: None,
    })
}

/// Keeps a document, in place of the one with the same id.
#[utoipa::path(post, path = "/v1/rag/index", tag = "knowledge", request_body = NewDocument,
    responses(
    (status = 200, body = Outcomes),
    (status = 400, body = ProblemBody),
    (status = 413, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent<MOST_ONE_BYTES>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let document = read(sent.json()?, Cut::USUAL, "")?;
    let indexed = state.knowledge.index(&caller.tenant, document, Utc::now()).await.map_err(unkept)?;
    Ok(outcomes(vec![indexed]))
}

/// Keeps several documents; when one does not fit none is kept.
#[utoipa::path(post, path = "/v1/rag/index/bulk", tag = "knowledge", request_body = Bulk,
    responses(
    (status = 200, body = Outcomes),
    (status = 400, body = ProblemBody),
    (status = 413, body = ProblemBody),
))]
pub(crate) async fn bulk(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent<MOST_BULK_BYTES>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let Bulk { docs, chunk_size, overlap } = sent.json()?;
    let docs = docs.unwrap_or_default();
    if !(1..=MOST_DOCUMENTS).contains(&docs.len()) {
        return Err(Problem::unfit("/docs", format!("`docs` is required: 1 to {MOST_DOCUMENTS} documents")));
    }
    let size = chunk_size.unwrap_or(Cut::USUAL.size);
    let cut = Cut { size, overlap: overlap.unwrap_or(Cut::USUAL.overlap.min(size / 2)) };
    let mut documents = Vec::with_capacity(docs.len());
    for (at, said) in docs.into_iter().enumerate() {
        let pointer = format!("/docs/{at}");
        let document = read(said, cut, &pointer)?;
        document.fits().map_err(|error| within(&pointer, error))?;
        documents.push(document);
    }
    let indexed = state.knowledge.index_bulk(&caller.tenant, documents, Utc::now()).await.map_err(unkept)?;
    Ok(outcomes(indexed))
}
