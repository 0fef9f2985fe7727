//! Requests that carry an `Idempotency-Key`: the same one again does nothing twice and is told what was answered first.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::idempotency::{Answer, Keyed, Once, once};
use store::{Connection, StoreError};
use tokio::sync::oneshot;

use crate::access::Caller;
use crate::problem::{Code, Problem};
use crate::state::State;

const LONGEST_KEY: usize = 255;

/// The request by its Idempotency-Key, when it has one. `route` names what keys belong to.
pub(crate) fn keyed<R>(
    route: &str,
    caller: &Caller<R>,
    request: &HttpRequest,
    sent: &[u8],
) -> Result<Option<Keyed>, Problem> {
    let mut sent_keys = request.headers().get_all("idempotency-key");
    let Some(header) = sent_keys.next() else { return Ok(None) };
    if sent_keys.next().is_some() {
        return Err(Problem::new(Code::AmbiguousHeader, "idempotency-key must be sent once"));
    }
    let key = header.to_str().map(|text| text.trim().trim_matches('"')).unwrap_or_default();
    if !(1..=LONGEST_KEY).contains(&key.len()) {
        let detail = format!("an Idempotency-Key has 1 to {LONGEST_KEY} plain characters");
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    let mut hash = Sha256::new();
    hash.update(request.path());
    hash.update([0]);
    hash.update(sent);
    Ok(Some(Keyed {
        tenant: caller.tenant.clone(),
        caller: caller.name().to_owned(),
        route: route.to_owned(),
        key: key.to_owned(),
        fingerprint: hash.finalize().into(),
    }))
}

/// Why work was not done. Nothing of it is kept and nothing is remembered: the same request may be done when it comes again.
pub(crate) enum Undone {
    /// What the caller is told.
    Refused(Problem),
    Failed(StoreError),
}

impl From<Problem> for Undone {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Does `work` in a transaction and answers with what it says; a request that was answered before is answered so again.
pub(crate) async fn answer(
    state: &State,
    operation: &'static str,
    keyed: Option<Keyed>,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut Connection) -> Result<Answer, Undone> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let work = move |conn: &mut Connection| Ok((work(conn)?, ()));
    followed(state, operation, keyed, now, work).await.map(|(response, _)| response)
}

/// The same of work that something follows from, once it is committed; `None`: it was answered before.
pub(crate) async fn followed<T: Send + 'static>(
    state: &State,
    operation: &'static str,
    keyed: Option<Keyed>,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut Connection) -> Result<(Answer, T), Undone> + Send + 'static,
) -> Result<(HttpResponse, Option<T>), Problem> {
    let (tell, outcome) = oneshot::channel();
    // Nobody listens any more when the caller has gone.
    let work = move |conn: &mut Connection| match work(conn) {
        Ok((answer, follows)) => {
            drop(tell.send(Ok(follows)));
            Ok(answer)
        }
        Err(Undone::Refused(problem)) => {
            drop(tell.send(Err(problem)));
            Err(StoreError::NotFound)
        }
        Err(Undone::Failed(error)) => Err(error),
    };
    let done = state.store.call(operation, move |conn| match keyed {
        Some(keyed) => once(conn, &keyed, now, work),
        None => store::transaction(conn, work).map(Once::First),
    });
    let done = done.await;
    match outcome.await {
        Ok(Err(problem)) => Err(problem),
        Ok(Ok(follows)) => Ok((told(done?)?, Some(follows))),
        Err(_) => Ok((told(done?)?, None)),
    }
}

/// 200, as EM Agent answered also where something was made.
pub(crate) fn done(body: impl Serialize) -> Answer {
    Answer { status: 200, body: json!(body) }
}

/// 201: it was made.
pub(crate) fn created(body: impl Serialize) -> Answer {
    Answer { status: 201, body: json!(body) }
}

/// 202: it will be done.
pub(crate) fn accepted(body: impl Serialize) -> Answer {
    Answer { status: 202, body: json!(body) }
}

/// What a request was answered before, for those who prepare at length. `None`: it is new.
pub(crate) async fn before(
    state: &State,
    keyed: Option<&Keyed>,
    now: DateTime<Utc>,
) -> Result<Option<HttpResponse>, Problem> {
    let Some(keyed) = keyed.cloned() else { return Ok(None) };
    let known = state.store.call("idempotency_before", move |conn| store::idempotency::before(conn, &keyed, now));
    known.await?.map(told).transpose()
}

fn told(once: Once) -> Result<HttpResponse, Problem> {
    match once {
        Once::First(answer) => Ok(answered(answer, false)),
        Once::Again(answer) => Ok(answered(answer, true)),
        Once::Reused => Err(Problem::new(Code::KeyReused, "this key was sent with another request; take a new key")),
    }
}

fn answered(answer: Answer, again: bool) -> HttpResponse {
    let status = u16::try_from(answer.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = HttpResponse::build(status.unwrap_or(StatusCode::OK));
    if again {
        response.insert_header(("idempotency-replayed", "true"));
    }
    response.json(answer.body)
}
