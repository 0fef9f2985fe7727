//! Who sent it: interprets a source's schemes over the raw bytes, before anything parses them.
//!
//! Deciding headers first (sent twice or not ASCII is a malformed request), then which schemes can be used with the
//! secrets there are, then those, strongest first: the first one whose proof is there decides, and a weaker one is not
//! tried after it. All comparisons take the same time for any input. Closed by default: whatever is missing is a
//! refusal.

mod signatures;
mod sns;
mod tokens;

use chrono::{DateTime, Utc};

use crate::headers::{HeaderFault, Headers};
use crate::integration::{Incoming, Integration};
use crate::scheme::{Place, Scheme, Sns};
use crate::signed;

pub use sns::Fetched;
pub(crate) use sns::{Message, host, region_of};

/// The secrets of one source in one tenant.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The active one first, then the next one during a rotation.
    pub live: Vec<Vec<u8>>,
    /// Takes deliveries without any proof, as long as no scheme can be used. For development.
    pub allow_unsigned: bool,
    pub options: Options,
}

/// What an operator sets beside secrets.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The token may stand in the URL.
    pub token_in_url: bool,
    /// The header that the sender was told to put the signed time into.
    pub timestamp_header: Option<&'static str>,
    /// The SNS topics whose messages are taken.
    pub topics: Vec<String>,
    /// Takes SNS messages of signature version 1, which is SHA-1.
    pub allow_sha1: bool,
    /// Certificate authorities (DER) that SNS certificates must come from; empty: Amazon's own.
    pub authorities: Vec<Vec<u8>>,
}

/// Proved: by which scheme, with which secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    pub scheme: &'static str,
    pub secret: SecretSlot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretSlot {
    Active,
    Next,
    None,
}

impl SecretSlot {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Next => "next",
            Self::None => "none",
        }
    }

    fn of(place: usize) -> Self {
        if place == 0 { Self::Active } else { Self::Next }
    }
}

/// Why a delivery is not believed. All but `Header`, `Unconfigured` and `Need` get the same answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a header that decides something is malformed")]
    Header(#[source] HeaderFault),
    #[error("the proof is missing: configure the source with the secret")]
    Missing,
    #[error("the proof is wrong: check that both sides have the same secret")]
    Wrong,
    #[error("the signed time is too old: check the clocks, or the delivery was replayed")]
    Stale,
    #[error("the signed time is in the future: check the clocks")]
    Future,
    #[error("only a weaker proof than the configured one was sent")]
    Weaker,
    #[error("no usable secret is configured for this source: set one, or allow unsigned deliveries in development")]
    Unconfigured,
    /// Ask again with what this URL gives: a certificate. The URL is one of Amazon's, whatever the delivery says.
    #[error("the certificate that signed it is not at hand")]
    Need(String),
}

impl Refusal {
    /// The word it is counted under.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Header(_) => "header",
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Weaker => "weaker",
            Self::Unconfigured => "unconfigured",
            Self::Need(_) => "certificate",
        }
    }
}

impl From<HeaderFault> for Refusal {
    fn from(fault: HeaderFault) -> Self {
        Self::Header(fault)
    }
}

/// Decides whether a delivery is the source's own.
pub fn verify(
    integration: &Integration,
    incoming: &Incoming<'_>,
    secrets: &Secrets,
    now: DateTime<Utc>,
) -> Result<Verified, Refusal> {
    for name in integration.deciding_headers().chain(secrets.options.timestamp_header) {
        incoming.headers.one(name)?;
    }
    let usable: Vec<&Scheme> = integration.schemes.iter().filter(|scheme| secrets.can_use(scheme)).collect();
    if usable.is_empty() {
        let open = secrets.live.is_empty() && secrets.allow_unsigned;
        return if open {
            Ok(Verified { scheme: "none", secret: SecretSlot::None })
        } else {
            Err(Refusal::Unconfigured)
        };
    }
    // Who names the header of the signed time has chosen the scheme that signs it: no other is taken.
    let chosen = usable[0].signs_named_time();
    let mut weaker = integration.weaker_headers.iter().any(|name| incoming.headers.has(name));
    for (place, scheme) in usable.into_iter().enumerate() {
        if place > 0 && (chosen || scheme.yields()) {
            weaker = weaker || is_shown(scheme, incoming);
            continue;
        }
        let outcome = match scheme {
            Scheme::Signature(signature) => signatures::check(signature, incoming, secrets, now),
            Scheme::Token(token) => tokens::check(token, incoming, secrets),
            Scheme::Sns(sns) => sns::check(sns, incoming, &secrets.options, now),
        };
        match outcome {
            Err(Refusal::Missing) => {}
            outcome => return outcome,
        }
    }
    Err(if weaker { Refusal::Weaker } else { Refusal::Missing })
}

/// Whether a delivery carries what a scheme looks at, right or wrong.
fn is_shown(scheme: &Scheme, incoming: &Incoming<'_>) -> bool {
    match scheme {
        Scheme::Signature(signature) => incoming.headers.has(signature.header),
        Scheme::Sns(_) => incoming.headers.has(Sns::TYPE),
        Scheme::Token(token) => token.places.iter().filter_map(Place::header).any(|name| incoming.headers.has(name)),
    }
}

impl Secrets {
    /// Secrets without anything set beside them.
    pub fn of(live: Vec<Vec<u8>>) -> Self {
        Self { live, ..Self::default() }
    }

    /// Whether a scheme can tell right from wrong with these secrets and options.
    pub fn can_use(&self, scheme: &Scheme) -> bool {
        match scheme {
            Scheme::Sns(_) => !self.options.topics.is_empty(),
            Scheme::Token(_) => self.live.iter().any(|secret| !secret.is_empty()),
            Scheme::Signature(signature) => {
                let has_key = self.live.iter().any(|secret| signed::key(signature.key, secret).is_some());
                has_key && (!scheme.signs_named_time() || self.options.timestamp_header.is_some())
            }
        }
    }
}

/// The value of a header that must be there, for a signed part.
fn required<'h>(headers: &Headers<'h>, name: &str) -> Result<&'h str, Refusal> {
    headers.one(name)?.filter(|value| !value.is_empty()).ok_or(Refusal::Wrong)
}
