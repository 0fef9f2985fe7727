//! Making a digest: select, word, and then keep and deliver. The API and `/em digest` make theirs here.

use chrono::{DateTime, Utc};
use domain::digests::Material;
use domain::ids::{self, TenantId};
use serde_json::Value;
use store::digests::delivery::{self, Deliver, Delivered, Letter};
use store::digests::kept::Kept;
use store::digests::{Wanted, material};
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::state::State;

/// What it may be made of. `None`: there is no such subject.
pub(crate) async fn select(
    state: &State,
    tenant: &TenantId,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Option<Material>, StoreError> {
    let (tenant, wanted) = (tenant.clone(), wanted.clone());
    state.store.look("digest_material", move |conn: &mut Connection| material(conn, &tenant, &wanted, now)).await
}

/// Selects and words it. Nothing is kept yet. `None`: there is no such subject.
pub(crate) async fn make(
    state: &State,
    tenant: &TenantId,
    wanted: &Wanted,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Option<Kept>, StoreError> {
    let Some(material) = select(state, tenant, wanted, now).await? else { return Ok(None) };
    let id = ids::row(now, Uuid::new_v4().into_bytes());
    let session = id.to_string();
    let composing = summaries::compose(&state.models, tenant, &material, Some(&session), &mut rand::rng());
    let made = composing.await;
    Ok(Some(made.kept(id, &material, (by, None), now)))
}

/// Asks for its delivery. Must be called in a transaction, together with keeping it.
pub(crate) fn deliver(
    conn: &mut Connection,
    tenant: &TenantId,
    to: &Deliver,
    kept: &Kept,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Delivered, StoreError> {
    let messages = show::digests::series(kept);
    let json = |message| serde_json::to_value(message).map_err(|error| StoreError::Corrupt(error.to_string()));
    let messages: Vec<Value> = messages.iter().map(json).collect::<Result<_, _>>()?;
    let data = show::digests::data(kept);
    let letter = Letter { digest: kept.id, messages: &messages, data: &data, by };
    delivery::deliver(conn, tenant, to, letter, Uuid::new_v4().into_bytes(), now)
}
