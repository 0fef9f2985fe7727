//! The documents that are kept: a list, one with its text, and forgetting one. An id with slashes is written with `%2F`.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::knowledge::{DEFAULT_COLLECTION, chunk_id};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Connection;
use store::events::After;
use store::knowledge::{self as kept, Listed};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::unkept;
use crate::access::{Caller, Operator, Viewer};
use crate::faults::Faults;
use crate::page::{List, Page, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const WHAT: &str = "document";

const LIST: List<Listed, kept::Document> = List {
    name: "rag_documents",
    operation: "rag_document_list",
    read: kept::list,
    place: |row| After { time: row.updated_at, id: row.uid },
};

/// A document without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Document {
    id: String,
    collection: String,
    /// `api`, or what it was read from.
    source: String,
    url: Option<String>,
    title: String,
    /// The text search configuration that its words are read with.
    language: String,
    /// The source's own.
    revision: Option<String>,
    #[schema(value_type = Object)]
    meta: Value,
    bytes: i32,
    chunks: i32,
    /// What keeps it up to date.
    #[schema(value_type = Option<String>)]
    crawl_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    /// When its content changed last.
    updated_at: DateTime<Utc>,
}

impl From<kept::Document> for Document {
    fn from(row: kept::Document) -> Self {
        let kept::Document { collection, id, source, url, title, language, revision, meta, .. } = row;
        let kept::Document { bytes, chunk_count: chunks, crawl_id, created_at, updated_at, .. } = row;
        Self {
            id,
            collection,
            source,
            url,
            title,
            language,
            revision,
            meta,
            bytes,
            chunks,
            crawl_id,
            created_at,
            updated_at,
        }
    }
}

/// A part of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Chunk {
    /// `parent_id#n`.
    id: String,
    text: String,
}

/// A document with its text, in chunks that overlap.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WholeDocument)]
pub(crate) struct Whole {
    #[serde(flatten)]
    document: Document,
    parts: Vec<Chunk>,
}

/// What is shown of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DocumentQuery {
    collection: Option<String>,
    source: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Where a document is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlaceQuery {
    /// `default` unless given.
    collection: Option<String>,
}

/// Documents, those that changed last first.
#[utoipa::path(get, path = "/v1/rag/documents", tag = "knowledge", params(DocumentQuery),
    responses(
    (status = 200, body = Page<Document>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<DocumentQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    faults.none()?;
    let listed = Listed { collection: query.collection, source: query.source };
    LIST.answer(&state, caller.tenant, (listed, portion), Document::from).await
}

/// One document, with its text.
#[utoipa::path(get, path = "/v1/rag/documents/{id}", tag = "knowledge",
    params(("id" = String, Path, description = "The document's id"), PlaceQuery),
    responses(
    (status = 200, body = Whole),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<PlaceQuery>,
) -> Result<HttpResponse, Problem> {
    let id = named(id)?;
    let collection = query.collection.unwrap_or_else(|| DEFAULT_COLLECTION.to_owned());
    let read = move |conn: &mut Connection| kept::one(conn, &caller.tenant, &collection, &id);
    let found = state.store.call("rag_document_one", read).await?;
    let (document, texts) = found.ok_or_else(|| Problem::not_found(WHAT))?;
    let part = |(n, text)| Chunk { id: chunk_id(&document.id, n), text };
    let parts = (0..).zip(texts).map(part).collect();
    Ok(HttpResponse::Ok().json(Whole { document: Document::from(document), parts }))
}

/// Forgets a document; one that a crawl reads comes back when it has changed.
#[utoipa::path(delete, path = "/v1/rag/documents/{id}", tag = "knowledge",
    params(("id" = String, Path, description = "The document's id"), PlaceQuery),
    responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn forget(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<PlaceQuery>,
) -> Result<HttpResponse, Problem> {
    let id = named(id)?;
    let collection = query.collection.unwrap_or_else(|| DEFAULT_COLLECTION.to_owned());
    let was_there = state.knowledge.delete(&caller.tenant, &collection, &id).await.map_err(unkept)?;
    if was_there { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found(WHAT)) }
}

/// PostgreSQL's texts cannot hold a NUL, so that no document's id does.
fn named(id: web::Path<String>) -> Result<String, Problem> {
    Some(id.into_inner()).filter(|id| !id.contains('\0')).ok_or_else(|| Problem::not_found(WHAT))
}
