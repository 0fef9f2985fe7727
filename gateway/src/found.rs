//! One thing by the id that a path gives, and its end. What is no id is no thing either, and what is not there is told by
//! the name that callers know.

use std::str::FromStr;

use actix_web::HttpResponse;
use store::{Connection, StoreError};

use crate::problem::{Code, Problem};
use crate::state::State;

/// The id that a word of the path is. `what` is what callers call the thing.
pub(crate) fn id<I: FromStr>(what: &'static str, word: &str) -> Result<I, Problem> {
    word.parse().map_err(|_| Problem::not_found(what))
}

/// Says of a failure that the thing is not there, where that is the failure.
pub(crate) fn named<E: Into<Problem>>(what: &'static str) -> impl Fn(E) -> Problem {
    move |error| {
        let problem = error.into();
        if problem.code() == Code::NotFound { Problem::not_found(what) } else { problem }
    }
}

/// Reads the row. `operation` is what the store's figures call it.
pub(crate) async fn found<I: FromStr + Send + 'static, T: Send + 'static>(
    state: &State,
    (what, operation): (&'static str, &'static str),
    word: &str,
    read: impl FnOnce(&mut Connection, I) -> Result<Option<T>, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let id = id(what, word)?;
    let row = state.store.look(operation, move |conn| read(conn, id)).await?;
    row.ok_or_else(|| Problem::not_found(what))
}

/// Does something to the row that `work` says was there; `false`: there is none.
pub(crate) async fn touched<I: FromStr + Send + 'static>(
    state: &State,
    (what, operation): (&'static str, &'static str),
    word: &str,
    work: impl FnOnce(&mut Connection, I) -> Result<bool, StoreError> + Send + 'static,
) -> Result<(), Problem> {
    let id = id(what, word)?;
    let was_there = state.store.call(operation, move |conn| work(conn, id)).await?;
    if was_there { Ok(()) } else { Err(Problem::not_found(what)) }
}

/// Deletes the row. `delete` says whether it was there.
pub(crate) async fn gone<I: FromStr + Send + 'static>(
    state: &State,
    names: (&'static str, &'static str),
    word: &str,
    delete: impl FnOnce(&mut Connection, I) -> Result<bool, StoreError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    touched(state, names, word, delete).await?;
    Ok(HttpResponse::NoContent().finish())
}
