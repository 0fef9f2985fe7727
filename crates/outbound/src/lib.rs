//! The world outside: the only HTTP client of the program.
//!
//! Every request has a deadline, follows no redirect, takes no proxy from the environment and reads no more of an
//! answer than it was told to. Whom to call is the caller's decision; so is what an answer's status means. A client that
//! calls addresses from data is [`Outbound::guarded`].

pub mod guard;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use guard::{Barred, Guard, Resolver};

use reqwest::header::{HeaderName, HeaderValue};
pub use reqwest::{Method, StatusCode};

/// What to ask.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::GET, url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn post(url: impl Into<String>, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { method: Method::POST, url: url.into(), headers, body }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Names in lower case; those whose value is no text are left out.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of that name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] reqwest::Error),
    #[error("'{0}' is no HTTP header")]
    Header(String),
    #[error("{url} did not answer")]
    Unanswered {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("the answer of {url} is larger than {cap_bytes} bytes")]
    TooLarge { url: String, status: StatusCode, cap_bytes: usize },
    /// The address itself is not repeated: it comes from data and may carry a token.
    #[error("the address is not called: {why}")]
    Barred { why: Barred },
}

impl OutboundError {
    /// Whether the request may have reached whom it was for, so that what it asks for may have been done.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Setup(_) | Self::Header(_) | Self::Barred { .. } => false,
            Self::Unanswered { source, .. } => !source.is_connect() && !source.is_builder(),
            Self::TooLarge { .. } => true,
        }
    }

    /// What went wrong, without the address: for those whose addresses are secrets.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Setup(_) => "the HTTP client cannot be set up",
            Self::Header(_) => "a header is none",
            Self::Unanswered { source, .. } if source.is_connect() => "no connection",
            Self::Unanswered { source, .. } if source.is_timeout() => "no answer in time",
            Self::Unanswered { source, .. } if source.is_builder() => "the address is none",
            Self::Unanswered { .. } => "the answer broke off",
            Self::TooLarge { .. } => "the answer is too large",
            Self::Barred { .. } => "the address is not called",
        }
    }
}

/// The client. Cheap to clone; connections are shared.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: reqwest::Client,
    cap_bytes: usize,
    guard: Option<Guard>,
}

impl Outbound {
    /// `timeout` is for the whole exchange; of an answer at most `cap_bytes` are taken.
    pub fn new(timeout: Duration, cap_bytes: usize) -> Result<Self, OutboundError> {
        let client = builder(timeout).build().map_err(OutboundError::Setup)?;
        Ok(Self { client, cap_bytes, guard: None })
    }

    /// A client for addresses that come from data: it reaches only whom the guard lets it.
    pub fn guarded(timeout: Duration, cap_bytes: usize, guard: Guard) -> Result<Self, OutboundError> {
        let resolver = Arc::new(Resolver(guard.clone()));
        let client = builder(timeout).dns_resolver(resolver).build().map_err(OutboundError::Setup)?;
        Ok(Self { client, cap_bytes, guard: Some(guard) })
    }

    /// Whether addresses from data may be given to it.
    pub fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }

    /// Sends a request and reads the answer, whatever its status.
    pub async fn send(&self, request: Request) -> Result<Answer, OutboundError> {
        let Request { method, url, headers, body } = request;
        if let Some(Err(why)) = self.guard.as_ref().map(|guard| guard.check(&url)) {
            return Err(OutboundError::Barred { why });
        }
        let mut builder = self.client.request(method, &url).body(body);
        for (name, value) in headers {
            let parsed = HeaderName::try_from(&name).ok().zip(HeaderValue::try_from(value).ok());
            let (key, value) = parsed.ok_or(OutboundError::Header(name))?;
            builder = builder.header(key, value);
        }
        let unanswered = |source: reqwest::Error| match barred(&source) {
            Some(why) => OutboundError::Barred { why },
            None => OutboundError::Unanswered { url: url.clone(), source: source.without_url() },
        };
        let mut response = builder.send().await.map_err(unanswered)?;
        let status = response.status();
        let text =
            |(name, value): (&HeaderName, &HeaderValue)| Some((name.to_string(), value.to_str().ok()?.to_owned()));
        let headers = response.headers().iter().filter_map(text).collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
            if body.len() + chunk.len() > self.cap_bytes {
                return Err(OutboundError::TooLarge { url, status, cap_bytes: self.cap_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// The same client bare, for a library that brings its own requests: it keeps the deadline, follows no redirect and takes no
/// proxy from the environment. What is read of an answer is the library's.
pub fn bare(timeout: Duration) -> Result<reqwest::Client, OutboundError> {
    builder(timeout).build().map_err(OutboundError::Setup)
}

fn builder(timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("em-agent/", env!("CARGO_PKG_VERSION")))
}

/// Whether it was our own resolver that refused.
fn barred(error: &reqwest::Error) -> Option<Barred> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(why) = inner.downcast_ref::<Barred>() {
            return Some(*why);
        }
        cause = inner.source();
    }
    None
}
