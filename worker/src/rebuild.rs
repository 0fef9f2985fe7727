//! Makes derived rows anew from the events: the result is what the consumers would have written.

use chrono::Utc;
use store::{Store, StoreError};

/// Rebuilds the entity tables in one transaction; returns how many events they are made of. Consumers wait meanwhile,
/// readers see the old rows.
pub async fn entities(store: &Store) -> Result<u64, StoreError> {
    let now = Utc::now();
    store.call("entities_rebuild", move |conn| store::entities::rebuild(conn, now)).await
}
