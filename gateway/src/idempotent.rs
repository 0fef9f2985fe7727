//! Requests that carry an `Idempotency-Key`: the same one again does nothing twice and is told what was answered first.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use store::idempotency::{Answer, Keyed, Once, once};
use store::{Connection, StoreError};

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

/// Does `work` in a transaction and answers with what it says; a request that was answered before is answered so again.
pub(crate) async fn answer(
    state: &State,
    operation: &'static str,
    keyed: Option<Keyed>,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut Connection) -> Result<Answer, StoreError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let done = state.store.call(operation, move |conn| match keyed {
        Some(keyed) => once(conn, &keyed, now, work),
        None => store::transaction(conn, work).map(Once::First),
    });
    told(done.await?)
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
