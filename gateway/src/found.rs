//! One row by the id that a path gives, and its end. What is no id is no row either.

use actix_web::HttpResponse;
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::problem::Problem;
use crate::state::State;

/// Reads the row. `what` is what callers call it, `operation` what the store's figures do.
pub(crate) async fn found<T: Send + 'static>(
    state: &State,
    (what, operation): (&'static str, &'static str),
    id: &str,
    read: impl FnOnce(&mut Connection, Uuid) -> Result<Option<T>, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let lost = || Problem::not_found(what);
    let id = Uuid::try_parse(id).map_err(|_| lost())?;
    state.store.look(operation, move |conn| read(conn, id)).await?.ok_or_else(lost)
}

/// Deletes the row. `delete` says whether it was there.
pub(crate) async fn gone(
    state: &State,
    (what, operation): (&'static str, &'static str),
    id: &str,
    delete: impl FnOnce(&mut Connection, Uuid) -> Result<bool, StoreError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let lost = || Problem::not_found(what);
    let id = Uuid::try_parse(id).map_err(|_| lost())?;
    let was_there = state.store.call(operation, move |conn| delete(conn, id)).await?;
    if was_there { Ok(HttpResponse::NoContent().finish()) } else { Err(lost()) }
}
