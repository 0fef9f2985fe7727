//! What a call of the API sent, as a handler takes it: the whole body, with its share of the memory until it is dropped.

use actix_web::dev::Payload;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest};
use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use store::idempotency::Keyed;

use crate::access::Caller;
use crate::body::{self, MOST_API_BYTES, Share};
use crate::idempotent;
use crate::problem::{Code, Problem};
use crate::state::Shared;

/// A call with its body, which may have so many bytes. Asked for after the caller, so that nothing is read of who may not
/// call.
pub(crate) struct Sent<const MOST_BYTES: usize = MOST_API_BYTES> {
    request: HttpRequest,
    body: Bytes,
    _share: Share,
}

impl<const MOST_BYTES: usize> FromRequest for Sent<MOST_BYTES> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let lost = |_| Problem::new(Code::InvalidRequest, "the body ended early");
            let payload = payload.await.map_err(lost)?;
            let state = request.app_data::<Shared>().cloned();
            let state = state.ok_or_else(|| Problem::new(Code::Internal, "the gateway has no state"))?;
            let (body, share) = body::read(&state.memory, &request, payload, MOST_BYTES).await?;
            Ok(Self { request, body, _share: share })
        })
    }
}

impl<const MOST_BYTES: usize> Sent<MOST_BYTES> {
    /// The body as JSON; an empty one is `{}`.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        body::json(&self.body)
    }

    /// The body as it came.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The call by its Idempotency-Key, when it has one. `route` names what keys belong to.
    pub(crate) fn keyed<R>(&self, route: &str, caller: &Caller<R>) -> Result<Option<Keyed>, Problem> {
        idempotent::keyed(route, caller, &self.request, &self.body)
    }
}
