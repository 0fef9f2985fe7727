//! Keeping documents: cleaned, put down to a language, cut into chunks, written at once.

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use domain::knowledge::{self as pure, Cut};
use serde_json::Value;
use store::Connection;
use store::knowledge::{self as kept, Brought, Kept};
use uuid::Uuid;

use crate::{Knowledge, KnowledgeError};

/// Bytes of a document's text.
pub const MOST_BYTES: usize = 1 << 20;
/// Bytes of what is kept beside it.
const MOST_META_BYTES: usize = 16 * 1024;
/// Chunks of a document: more come only of very small ones.
const MOST_CHUNKS: usize = 5000;
const LONGEST_ID: usize = 512;
const LONGEST_NAME: usize = 64;
const LONGEST_TITLE: usize = 300;
const LONGEST_URL: usize = 2000;

/// A document as somebody brings it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub collection: String,
    /// Whoever brings it says: the same id is the same document.
    pub id: String,
    /// `api`, `github`, …
    pub source: String,
    pub url: Option<String>,
    /// None: its first heading or line.
    pub title: Option<String>,
    pub text: String,
    /// None: it is guessed.
    pub language: Option<&'static str>,
    /// The source's own, where it has one.
    pub revision: Option<String>,
    pub meta: Value,
    pub cut: Cut,
    /// The crawl that keeps it up to date.
    pub crawl: Option<Uuid>,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    pub id: String,
    pub kept: Kept,
    pub chunks: usize,
}

impl Knowledge {
    /// Keeps a document in place of the one with the same id; one that is there already is left as it is.
    pub async fn index(
        &self,
        tenant: &TenantId,
        document: Document,
        now: DateTime<Utc>,
    ) -> Result<Indexed, KnowledgeError> {
        let tenant = tenant.clone();
        let brought = brought(document)?;
        let work = move |conn: &mut Connection| {
            let chunks = brought.chunks.len();
            kept::keep(conn, &tenant, &brought, now).map(|kept| Indexed { id: brought.id, kept, chunks })
        };
        Ok(self.store.call("knowledge_index", work).await?)
    }

    /// Keeps several, one after the other; all are looked at before the first is kept.
    pub async fn index_bulk(
        &self,
        tenant: &TenantId,
        documents: Vec<Document>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Indexed>, KnowledgeError> {
        documents.iter().try_for_each(Document::fits)?;
        let mut indexed = Vec::with_capacity(documents.len());
        for document in documents {
            indexed.push(self.index(tenant, document, now).await?);
        }
        Ok(indexed)
    }

    /// Forgets a document. `false`: there was none.
    pub async fn delete(&self, tenant: &TenantId, collection: &str, id: &str) -> Result<bool, KnowledgeError> {
        let (tenant, collection, id) = (tenant.clone(), collection.to_owned(), id.to_owned());
        let work = move |conn: &mut Connection| kept::remove(conn, &tenant, &collection, &id);
        Ok(self.store.call("knowledge_delete", work).await?)
    }
}

impl Document {
    /// Whether it can be kept; the first thing that does not fit.
    pub fn fits(&self) -> Result<(), KnowledgeError> {
        fits(self)
    }
}

fn fits(document: &Document) -> Result<(), KnowledgeError> {
    let unfit = |field, why: String| Err(KnowledgeError::Unfit { field, why });
    let is_line =
        |text: &str, most: usize| (1..=most).contains(&text.chars().count()) && text == pure::plain_line(text, most);
    if !is_line(&document.id, LONGEST_ID) {
        return unfit("id", format!("is one line with 1 to {LONGEST_ID} characters"));
    }
    if !is_line(&document.collection, LONGEST_NAME) {
        return unfit("collection", format!("is one line with 1 to {LONGEST_NAME} characters"));
    }
    if !is_line(&document.source, LONGEST_NAME) {
        return unfit("source", format!("is one line with 1 to {LONGEST_NAME} characters"));
    }
    if document.text.len() > MOST_BYTES {
        return unfit("content", format!("has at most {MOST_BYTES} bytes"));
    }
    if pure::plain(&document.text).is_empty() {
        return unfit("content", "has something to read in it".to_owned());
    }
    if document.meta.to_string().len() > MOST_META_BYTES || document.meta.to_string().contains("\\u0000") {
        return unfit("meta", format!("has at most {MOST_META_BYTES} bytes, and no NUL among them"));
    }
    if !Cut::SIZES.contains(&document.cut.size) {
        return unfit("chunk_size", format!("is a number from {} to {}", Cut::SIZES.start(), Cut::SIZES.end()));
    }
    if document.cut.overlap * 2 > document.cut.size {
        return unfit("overlap", "is at most half of the chunk size".to_owned());
    }
    Ok(())
}

fn brought(document: Document) -> Result<Brought, KnowledgeError> {
    document.fits()?;
    let text = pure::plain(&document.text);
    let title = document.title.map(|title| pure::plain_line(&title, LONGEST_TITLE)).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| pure::title_of(&text));
    let language = document.language.unwrap_or_else(|| pure::guess(&text));
    let chunks: Vec<String> = pure::cut(&text, document.cut).into_iter().map(str::to_owned).collect();
    if chunks.len() > MOST_CHUNKS {
        let why = format!("makes more than {MOST_CHUNKS} chunks: take larger ones");
        return Err(KnowledgeError::Unfit { field: "chunk_size", why });
    }
    Ok(Brought {
        content_hash: pure::content_hash(&title, &text, language, document.cut),
        bytes: i32::try_from(text.len()).unwrap_or(i32::MAX),
        collection: document.collection,
        id: document.id,
        source: document.source,
        url: document.url.filter(|url| is_link(url)),
        title,
        language,
        revision: document.revision,
        meta: document.meta,
        crawl_id: document.crawl,
        chunks,
    })
}

/// Only what a browser may follow from a page of ours.
fn is_link(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web && url.len() <= LONGEST_URL && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(text: &str) -> Document {
        Document {
            collection: pure::DEFAULT_COLLECTION.to_owned(),
            id: "runbook".to_owned(),
            source: "api".to_owned(),
            url: Some("javascript:alert(1)".to_owned()),
            title: None,
            text: text.to_owned(),
            language: None,
            revision: None,
            meta: json!({}),
            cut: Cut::USUAL,
            crawl: None,
        }
    }

    #[test]
    fn a_document_is_cleaned_named_and_put_down_to_a_language() {
        let brought = brought(document("# The queue\n\nRestart it when it is\u{200b} full.")).expect("it fits");
        assert_eq!((brought.title.as_str(), brought.language, brought.url), ("The queue", "english", None));
        assert_eq!(brought.chunks, ["# The queue\n\nRestart it when it is full."]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let field = |document: Document| match brought(document) {
            Err(KnowledgeError::Unfit { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(document("\u{200b}\n")), "content");
        assert_eq!(field(document(&"x".repeat(MOST_BYTES + 1))), "content");
        assert_eq!(field(Document { id: "a\nb".to_owned(), ..document("x") }), "id");
        assert_eq!(field(Document { collection: String::new(), ..document("x") }), "collection");
        assert_eq!(field(Document { meta: json!({"a": "\0"}), ..document("x") }), "meta");
        assert_eq!(field(Document { cut: Cut { size: 10, overlap: 0 }, ..document("x") }), "chunk_size");
        assert_eq!(field(Document { cut: Cut { size: 100, overlap: 60 }, ..document("x") }), "overlap");
        let small = Cut { size: 100, overlap: 50 };
        assert_eq!(field(Document { cut: small, ..document(&"word ".repeat(100_000)) }), "chunk_size");
    }
}
