//! What can go wrong, as callers see it: one table of codes, rendered as RFC 9457 `application/problem+json`.
//!
//! HTTP status numbers of failures exist only here. A handler returns a [`Problem`]; `observe` renders it, because
//! only there the request's id is known, and logs its cause. What a 5xx shows never holds SQL, paths or causes.
//! `docs/errors.md` says what each code means and what to do; a test holds it against this table.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

/// What every failure is answered as.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

macro_rules! problems {
    ($($(#[$doc:meta])* $code:ident $slug:literal $status:ident $title:literal;)+) => {
        /// Every kind of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $code,)+ }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &[Code] = &[$(Code::$code,)+];

            /// Its name in `type`, its status and its title.
            fn row(self) -> (&'static str, StatusCode, &'static str) {
                match self { $(Code::$code => ($slug, StatusCode::$status, $title),)+ }
            }
        }
    };
}

problems! {
    InvalidRequest "invalid-request" BAD_REQUEST "The request does not fit";
    InvalidCursor "invalid-cursor" BAD_REQUEST "The cursor does not belong to this list";
    AmbiguousHeader "ambiguous-header" BAD_REQUEST "A header that decides something cannot be read";
    NotAuthenticated "not-authenticated" UNAUTHORIZED "Who is calling?";
    NotVerified "not-verified" UNAUTHORIZED "The delivery could not be verified";
    Forbidden "forbidden" FORBIDDEN "The caller's role does not allow this";
    MayNotDecide "may-not-decide" FORBIDDEN "This person may not decide this";
    NotFound "not-found" NOT_FOUND "There is no such thing";
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED "This path does not take this method";
    NoCdeventsForm "no-cdevents-form" NOT_ACCEPTABLE "CDEvents has no form for this event";
    RequestTimeout "request-timeout" REQUEST_TIMEOUT "The request body took too long";
    Conflict "conflict" CONFLICT "It contradicts what is there";
    DecidedOtherwise "decided-otherwise" CONFLICT "What was decided or said before stands";
    AlreadyThere "already-there" CONFLICT "There is one already";
    NotCurrent "not-current" PRECONDITION_FAILED "It has changed meanwhile";
    TooLarge "too-large" PAYLOAD_TOO_LARGE "The request body is too large";
    UnsupportedEncoding "unsupported-encoding" UNSUPPORTED_MEDIA_TYPE "The request body is encoded in a way that is not taken";
    KeyReused "key-reused" UNPROCESSABLE_ENTITY "The Idempotency-Key belongs to another request";
    RateLimited "rate-limited" TOO_MANY_REQUESTS "Too many requests";
    DailyLimit "daily-limit" TOO_MANY_REQUESTS "The limit of the day is used up";
    Internal "internal" INTERNAL_SERVER_ERROR "Something failed on our side";
    Disabled "disabled" SERVICE_UNAVAILABLE "The integration is disabled";
    Unconfigured "unconfigured" SERVICE_UNAVAILABLE "The integration has no secret";
    NotKept "not-kept" SERVICE_UNAVAILABLE "The delivery cannot be kept right now";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "A part that this needs does not answer";
    TooManyStreams "too-many-streams" SERVICE_UNAVAILABLE "Too many event streams are open";
}

impl Code {
    /// The last part of the problem's `type`.
    pub(crate) fn slug(self) -> &'static str {
        self.row().0
    }

    pub(crate) fn status(self) -> StatusCode {
        self.row().1
    }

    pub(crate) fn title(self) -> &'static str {
        self.row().2
    }
}

/// One field that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// A JSON pointer into the body, or `/query/<name>`.
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

/// A failure that the caller is told about.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after_seconds: Option<u64>,
    allow: Option<String>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// The body of every answer that is not a success.
#[derive(Serialize, ToSchema)]
#[schema(title = "Problem")]
pub(crate) struct ProblemBody {
    /// `urn:em-agent:problem:<code>`; the codes are in docs/errors.md.
    pub(crate) r#type: String,
    pub(crate) title: &'static str,
    pub(crate) status: u16,
    /// What happened in this case.
    pub(crate) detail: String,
    /// As `X-Request-Id`.
    pub(crate) request_id: String,
    /// The parts that do not fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldError>,
}

impl Problem {
    /// `detail` says what happened in this case and what to do about it.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after_seconds = (code.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(5);
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after_seconds, allow: None, cause: None }
    }

    /// A request whose named parts do not fit.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::new(Code::InvalidRequest, detail) }
    }

    /// A request of which one part does not fit.
    pub(crate) fn unfit(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }

    /// A row that is not there, or belongs to another tenant: the same answer for both.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    /// `allow` lists the methods of this path, comma separated.
    pub(crate) fn method_not_allowed(allow: String) -> Self {
        Self { allow: Some(allow.clone()), ..Self::new(Code::MethodNotAllowed, format!("use {allow}")) }
    }

    /// When the caller should try again.
    #[must_use]
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds.max(1)), ..self }
    }

    /// The cause, for our log only.
    #[must_use]
    pub(crate) fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The causes from the outside in, for the log.
    pub(crate) fn causes(&self) -> String {
        let mut text = String::new();
        let mut next = self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static));
        while let Some(cause) = next {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }

    /// The answer, with the id that the caller can quote.
    pub(crate) fn render(&self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if let Some(allow) = &self.allow {
            response.insert_header((ALLOW, allow.as_str()));
        }
        if self.code == Code::NotAuthenticated {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"em-agent\""));
        }
        let body = ProblemBody {
            r#type: format!("urn:em-agent:problem:{}", self.code.slug()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.to_string(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        response.content_type(PROBLEM_JSON).body(text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.slug(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// Only what `observe` replaces with [`Problem::render`].
    fn error_response(&self) -> HttpResponse {
        self.render("")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (code, detail) = match &error {
            StoreError::NotFound => (Code::NotFound, "there is no such row"),
            transient if transient.is_transient() => (Code::Unavailable, "the database does not answer; try again"),
            _ => (Code::Internal, "quote the request id to whoever runs this installation"),
        };
        Self::new(code, detail).because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented_with_its_status_and_no_other_is() {
        let page = include_str!("../../docs/errors.md");
        let rows: Vec<(String, String)> = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .filter_map(|line| line.split_once("` | "))
            .map(|(slug, rest)| (slug.to_owned(), rest.split(' ').next().unwrap_or_default().to_owned()))
            .collect();
        let table: Vec<_> = Code::ALL.iter().map(|c| (c.slug().to_owned(), c.status().as_u16().to_string())).collect();
        assert_eq!(rows, table);
    }

    #[test]
    fn a_failing_store_shows_nothing_of_itself() {
        let refused = StoreError::Corrupt("select secret from /var/lib".to_owned());
        let problem = Problem::from(refused);
        assert_eq!(problem.code(), Code::Internal);
        assert!(!problem.detail().contains("select"));
        assert!(problem.causes().contains("select secret"));
        assert_eq!(Problem::from(StoreError::Busy).code(), Code::Unavailable);
    }

    #[test]
    fn what_may_pass_later_says_when() {
        let response = Problem::new(Code::NotKept, "the queue is full").render("r-1");
        assert_eq!(response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()), Some("5"));
        assert!(Problem::not_found("event").render("r-1").headers().get(RETRY_AFTER).is_none());
    }
}
