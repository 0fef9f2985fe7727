//! What the installation has read: documents in chunks, fetched from where they are kept, found again by words and by meaning.
//!
//! - [`Knowledge::index`] keeps a document that somebody brings, [`Knowledge::search`] finds it again.
//! - [`embed`] gives chunks their vectors, behind the back of whoever brought them.
//!
//! Everything works without vectors; with them more is found. Nothing here decides who may read: callers say for which tenant.
//! What was read is data from elsewhere: whoever puts it into a prompt fences it.

mod documents;
pub mod embed;
mod search;

use models::Models;
use store::{Store, StoreError};

pub use documents::{Document, Indexed, MOST_BYTES};
pub use search::{Hit, MOST_HITS, Query};
pub use store::knowledge::Kept;

/// Documents of all tenants, and the searches in them. Cheap to clone.
#[derive(Clone)]
pub struct Knowledge {
    store: Store,
    models: Models,
}

/// Why a document is not kept, or nothing is found.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// `field` is a member of the document.
    #[error("`{field}` {why}")]
    Unfit { field: &'static str, why: String },
    #[error("what was read cannot be reached")]
    Store(#[from] StoreError),
}

impl Knowledge {
    /// `store` works as [`store::Role::App`].
    pub fn of(store: Store, models: Models) -> Self {
        Self { store, models }
    }

    /// The model whose vectors count; `None`: nothing is embedded.
    pub fn model(&self) -> Option<String> {
        self.models.embedding_model()
    }

    /// How much a tenant has, and what finds it.
    pub async fn status(&self, tenant: &domain::ids::TenantId) -> Result<Status, KnowledgeError> {
        let (tenant, model) = (tenant.clone(), self.model());
        let read = move |conn: &mut store::Connection| {
            let counts = store::knowledge::counts(conn, Some(&tenant))?;
            let ready = store::knowledge::vectors::is_ready(conn)?;
            let embedded = match model.as_deref().filter(|_| ready) {
                Some(model) => store::knowledge::vectors::count(conn, Some(&tenant), model)?,
                None => 0,
            };
            Ok((counts, ready, embedded, model))
        };
        let (counts, ready, embedded, model) = self.store.call("knowledge_status", read).await?;
        let why = match (&model, ready) {
            (None, _) => Some("no embedding model is set up: documents are found by their words"),
            (_, false) => Some("the database has no extension `vector`: documents are found by their words"),
            (Some(_), true) => None,
        };
        Ok(Status { documents: counts.documents, chunks: counts.chunks, embedded, model, why })
    }
}

/// How much there is, and what finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub documents: i64,
    pub chunks: i64,
    /// Chunks with a vector of the model.
    pub embedded: i64,
    pub model: Option<String>,
    /// Why there are no vectors; `None`: there are.
    pub why: Option<&'static str>,
}
