//! What happens to every request: it gets an id and a trace, is counted, logged once, and its problem is rendered.
//!
//! Wraps all other middleware. Intake goes through here too, so that nothing is formatted or allocated for a log
//! line that nobody reads. A query is never logged: it may carry a token.

use std::time::Instant;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::problem::{Code, Problem};
use crate::routes::RouteName;
use crate::state::Shared;
use crate::traceparent::{self, Traceparent};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_ID: usize = 128;
/// Of a path that belongs to no route, so much is logged.
const LONGEST_PATH: usize = 200;

/// The id under which a request is logged and answered. In the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    /// The sender's id where it is a sane token, else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        let sane = |text: &&str| (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(plain);
        let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(sane);
        Self(sent.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }
}

/// The middleware.
pub(crate) async fn observe<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let method = method_label(request.method());
    let traced = request.app_data::<Shared>().is_some_and(|state| state.traced);
    let span = open_span(&request, &id, method, traced);
    request.extensions_mut().insert(id.clone());

    let response = next.call(request).instrument(span.clone()).await?;
    let (response, problem) = finish(response, &id);

    let route = response.request().app_data::<RouteName>().map_or("unmatched", |name| name.0);
    let status = response.status();
    metrics::counter!("http_requests_total", "method" => method, "route" => route, "status" => status_label(status))
        .increment(1);
    metrics::histogram!("http_request_duration_seconds", "route" => route).record(started.elapsed());
    if traced {
        traceparent::name(&span, format!("{method} {route}"));
        span.record("http.response.status_code", status.as_u16());
    }
    let outcome = Outcome { id: &id, method, route, status, started, problem: problem.as_ref() };
    span.in_scope(|| outcome.log(response.request().path()));
    Ok(response)
}

/// Puts the id on the answer and replaces a failure by its problem. The headers that others set stay.
fn finish<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    id: &RequestId,
) -> (ServiceResponse<EitherBody<B>>, Option<Told>) {
    let problem = response.response().error().map(|error| match error.as_error::<Problem>() {
        Some(problem) => (problem.render(&id.0), Told::of(problem)),
        None => {
            let problem = from_framework(response.status());
            (problem.render(&id.0), Told::of(&problem))
        }
    });
    let Some((rendered, told)) = problem else {
        let mut response = response.map_into_left_body();
        mark(response.headers_mut(), id);
        return (response, None);
    };
    let (request, failed) = response.into_parts();
    let mut answer = ServiceResponse::new(request, rendered).map_into_right_body();
    for (name, value) in failed.headers() {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH && !answer.headers().contains_key(name) {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
    mark(answer.headers_mut(), id);
    (answer, Some(told))
}

fn mark(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// A failure that actix itself found before a handler of ours could.
fn from_framework(status: StatusCode) -> Problem {
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedEncoding,
        status if status.is_client_error() => Code::InvalidRequest,
        _ => Code::Internal,
    };
    Problem::new(code, code.title())
}

/// What the log says of a problem.
struct Told {
    code: &'static str,
    detail: String,
    causes: String,
}

impl Told {
    fn of(problem: &Problem) -> Self {
        Self { code: problem.code().slug(), detail: problem.detail().to_owned(), causes: problem.causes() }
    }
}

struct Outcome<'a> {
    id: &'a RequestId,
    method: &'static str,
    route: &'static str,
    status: StatusCode,
    started: Instant,
    problem: Option<&'a Told>,
}

impl Outcome<'_> {
    /// One line: ours is an error, a sender's mistake is info, a delivery that was taken is only for debugging.
    fn log(&self, path: &str) {
        let path = path.get(..LONGEST_PATH).unwrap_or(path);
        match self.problem {
            Some(told) if self.status.is_server_error() => self.log_failure(path, told),
            Some(told) => self.log_refusal(path, told),
            None if is_intake(path) => self.log_delivery(path),
            None => self.log_success(path),
        }
    }

    fn log_failure(&self, path: &str, Told { code, detail, causes }: &Told) {
        let Self { id, method, route, status, started, .. } = *self;
        let (status, milliseconds) = (status.as_u16(), milliseconds(started));
        tracing::error!(
            request_id = id.0,
            method,
            route,
            path,
            status,
            milliseconds,
            code,
            detail,
            causes,
            "request failed"
        );
    }

    fn log_refusal(&self, path: &str, Told { code, detail, causes }: &Told) {
        let Self { id, method, route, status, started, .. } = *self;
        let (status, milliseconds) = (status.as_u16(), milliseconds(started));
        let request_id = &id.0;
        tracing::info!(request_id, method, route, path, status, milliseconds, code, detail, causes, "request refused");
    }

    fn log_delivery(&self, path: &str) {
        let Self { id, method, route, status, started, .. } = *self;
        let (status, milliseconds) = (status.as_u16(), milliseconds(started));
        tracing::debug!(request_id = id.0, method, route, path, status, milliseconds, "delivery answered");
    }

    fn log_success(&self, path: &str) {
        let Self { id, method, route, status, started, .. } = *self;
        let (status, milliseconds) = (status.as_u16(), milliseconds(started));
        tracing::info!(request_id = id.0, method, route, path, status, milliseconds, "request served");
    }
}

fn milliseconds(started: Instant) -> f64 {
    started.elapsed().as_micros() as f64 / 1000.0
}

fn is_intake(path: &str) -> bool {
    path.starts_with("/webhooks/") || path.starts_with("/t/")
}

/// The span of a request, and its trace in the request's extensions. Without telemetry, intake makes none.
fn open_span(request: &ServiceRequest, id: &RequestId, method: &'static str, traced: bool) -> Span {
    let parent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    let context = parent.and_then(traceparent::parse);
    if !traced {
        if context.is_some() {
            request.extensions_mut().insert(Traceparent(parent.map(str::to_owned)));
        }
        let quiet = is_intake(request.path());
        return if quiet { Span::none() } else { tracing::info_span!("request", request_id = id.0) };
    }
    let span = tracing::info_span!(
        "request",
        request_id = id.0,
        otel.kind = "server",
        http.request.method = method,
        http.response.status_code = tracing::field::Empty,
    );
    if let Some(context) = context {
        traceparent::adopt(&span, context);
    }
    request.extensions_mut().insert(Traceparent(traceparent::of(&span)));
    span
}

/// Label values come from closed sets, never from a request.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn status_label(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200 => "200",
        201 => "201",
        202 => "202",
        204 => "204",
        304 => "304",
        307 => "307",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        406 => "406",
        408 => "408",
        409 => "409",
        412 => "412",
        413 => "413",
        415 => "415",
        422 => "422",
        429 => "429",
        500 => "500",
        503 => "503",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(sent: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_str(sent).expect("a header value"));
        RequestId::of(&headers).0
    }

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced() {
        assert_eq!(id_for("req-1.2_x"), "req-1.2_x");
        for strange in ["", "a b", "a\tb", "a/b", &"x".repeat(129)] {
            assert!(Uuid::try_parse(&id_for(strange)).is_ok(), "{strange}");
        }
    }

    #[test]
    fn every_status_of_a_problem_has_its_label() {
        for code in Code::ALL {
            assert_eq!(status_label(code.status()), code.status().as_str());
        }
    }
}
