//! The door of `/v1`: proves the caller, counts the call, and tells on every answer how many are left.
//!
//! A caller that cannot be proved is counted by address, so that guessing keys is limited too. What the caller may
//! do is decided by the handler's signature (`access::Caller`), not here.

use std::net::SocketAddr;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use chrono::Utc;

use crate::access::Identity;
use crate::limits::{LimitKey, Standing};
use crate::problem::{Code, Problem};
use crate::state::{Shared, State};

/// The middleware.
pub(crate) async fn admit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let (standing, verdict) = match request.app_data::<Shared>() {
        Some(state) => judge(request.headers(), request.peer_addr(), state),
        None => (None, Err(Problem::new(Code::Internal, "the gateway has no state"))),
    };
    let mut response = match verdict {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.call(request).await?.map_into_left_body()
        }
        Err(problem) => request.error_response(problem).map_into_right_body(),
    };
    if let Some(standing) = standing {
        tell(response.headers_mut(), standing);
    }
    Ok(response)
}

/// Who calls, and where they stand after this call.
pub(crate) fn judge(
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
    state: &State,
) -> (Option<Standing>, Result<Identity, Problem>) {
    let proved = state.access.prove(headers);
    let standing = limit_key(peer, &proved).and_then(|key| state.limits.check_api(&key));
    let too_many = standing.and_then(|standing| standing.retry_after_seconds);
    let verdict = match too_many {
        Some(seconds) => Err(Problem::new(Code::RateLimited, "this caller has used its share").retry_after(seconds)),
        None => proved,
    };
    (standing, verdict)
}

fn limit_key(peer: Option<SocketAddr>, proved: &Result<Identity, Problem>) -> Option<LimitKey> {
    match proved {
        Ok(Identity { tenant, subject: Some(subject), .. }) => Some(LimitKey::Subject(tenant.clone(), subject.clone())),
        _ => peer.map(|peer| LimitKey::address(peer.ip())),
    }
}

/// The IETF fields, and those that EM Agent's clients read.
pub(crate) fn tell(headers: &mut HeaderMap, standing: Standing) {
    let Standing { limit, window_seconds, remaining, reset_seconds, .. } = standing;
    let reset_at = Utc::now().timestamp().saturating_add_unsigned(reset_seconds);
    for (name, value) in [
        ("ratelimit-policy", format!("\"api\";q={limit};w={window_seconds}")),
        ("ratelimit", format!("\"api\";r={remaining};t={reset_seconds}")),
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset", reset_at.to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
