//! Who sent it: interprets a source's schemes over the raw bytes, before anything parses them.
//!
//! Deciding headers first (sent twice or not ASCII is a malformed request), then whether there is a secret at all,
//! then the schemes, strongest first: the first one whose proof is there decides, and a weaker one is not tried after
//! it. All comparisons take the same time for any input. Closed by default: whatever is missing is a refusal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::headers::{HeaderFault, Headers};
use crate::integration::{Incoming, Integration};
use crate::scheme::{Part, Place, Scheme, Signature, Timestamp, Token, Unit};
use crate::signed;

/// The secrets of one source in one tenant.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The active one first, then the next one during a rotation.
    pub live: Vec<Vec<u8>>,
    /// Takes deliveries without any proof, as long as there is no secret. For development.
    pub allow_unsigned: bool,
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
}

/// Why a delivery is not believed. All but `Header` and `Unconfigured` get the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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
    for name in integration.deciding_headers() {
        incoming.headers.one(name)?;
    }
    if secrets.live.is_empty() && secrets.allow_unsigned {
        return Ok(Verified { scheme: "none", secret: SecretSlot::None });
    }
    if secrets.live.iter().all(Vec::is_empty) {
        return Err(Refusal::Unconfigured);
    }
    for scheme in integration.schemes {
        let slot = match scheme {
            Scheme::Signature(signature) => check_signature(signature, incoming, secrets, now),
            Scheme::Token(token) => check_token(token, incoming.headers, secrets),
        };
        match slot {
            Err(Refusal::Missing) => {}
            Err(refusal) => return Err(refusal),
            Ok(secret) => return Ok(Verified { scheme: scheme.name(), secret }),
        }
    }
    let weaker = integration.weaker_headers.iter().any(|name| incoming.headers.has(name));
    Err(if weaker { Refusal::Weaker } else { Refusal::Missing })
}

fn check_signature(
    signature: &Signature,
    incoming: &Incoming<'_>,
    secrets: &Secrets,
    now: DateTime<Utc>,
) -> Result<SecretSlot, Refusal> {
    let headers = incoming.headers;
    let list = headers.one(signature.header)?.ok_or(Refusal::Missing)?;
    if signature.foreign.iter().any(|name| headers.has(name)) {
        return Err(Refusal::Wrong);
    }
    check_parts(signature, headers)?;
    if let Some(timestamp) = &signature.timestamp {
        check_time(timestamp, headers, now)?;
    }
    let macs = secrets.live.iter().map(|secret| {
        let key = signed::key(signature.key, secret)?;
        // Every signed header is there once: check_parts has seen to it.
        signed::mac(signature, &key, incoming.body, |name| headers.one(name).ok().flatten().unwrap_or_default())
    });
    let macs: Vec<Option<[u8; 32]>> = macs.collect();
    if macs.iter().all(Option::is_none) {
        return Err(Refusal::Unconfigured);
    }
    let candidates = candidates(signature, list);
    let matches = |mac: &[u8; 32]| candidates.iter().any(|candidate| bool::from(candidate.as_slice().ct_eq(mac)));
    let place = macs.iter().position(|mac| mac.as_ref().is_some_and(matches));
    place.map(slot).ok_or(Refusal::Wrong)
}

/// The decoded signatures of the scheme's own version.
fn candidates(signature: &Signature, list: &str) -> Vec<Vec<u8>> {
    let read = |text: &str| signed::decode(signature.encoding, text.strip_prefix(signature.tag)?);
    match signature.separator {
        Some(separator) => list.split(separator).take(Signature::MOST).filter_map(read).collect(),
        None => read(list).into_iter().collect(),
    }
}

/// Every signed header is there, and none can be mistaken for its neighbour.
fn check_parts(signature: &Signature, headers: &Headers<'_>) -> Result<(), Refusal> {
    for (place, part) in signature.signed.iter().enumerate() {
        let Part::Header(name) = part else { continue };
        let value = headers.one(name)?.ok_or(Refusal::Wrong)?;
        let border = match signature.signed.get(place + 1) {
            Some(Part::Text(text)) => Some(*text),
            _ => None,
        };
        if value.is_empty() || border.is_some_and(|text| value.contains(text)) {
            return Err(Refusal::Wrong);
        }
    }
    Ok(())
}

fn check_time(timestamp: &Timestamp, headers: &Headers<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let text = headers.one(timestamp.header)?.ok_or(Refusal::Wrong)?;
    let most = match timestamp.unit {
        Unit::Seconds => 12,
        Unit::Milliseconds => 15,
    };
    let plain = (1..=most).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
    let signed: i64 = if plain { text.parse().map_err(|_| Refusal::Wrong)? } else { return Err(Refusal::Wrong) };
    let (ours, window) = match timestamp.unit {
        Unit::Seconds => (now.timestamp(), timestamp.window_seconds),
        Unit::Milliseconds => (now.timestamp_millis(), timestamp.window_seconds * 1000),
    };
    match ours - signed {
        age if age > window => Err(Refusal::Stale),
        age if age < -window => Err(Refusal::Future),
        _ => Ok(()),
    }
}

fn check_token(token: &Token, headers: &Headers<'_>, secrets: &Secrets) -> Result<SecretSlot, Refusal> {
    let mut shown = None;
    for place in token.places {
        shown = shown.or(headers.one(place.header())?.and_then(|value| shown_at(place, value)));
    }
    let shown = Sha256::digest(shown.ok_or(Refusal::Missing)?);
    let matches = |secret: &Vec<u8>| !secret.is_empty() && bool::from(Sha256::digest(secret).ct_eq(&shown));
    secrets.live.iter().position(matches).map(slot).ok_or(Refusal::Wrong)
}

fn shown_at(place: &Place, value: &str) -> Option<Vec<u8>> {
    let after = |word: &str| {
        let (scheme, rest) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case(word).then(|| rest.trim_start())
    };
    match place {
        Place::Header(_) => Some(value.as_bytes().to_vec()),
        Place::Bearer => after("bearer").map(|token| token.as_bytes().to_vec()),
        Place::BasicPassword => {
            let pair = STANDARD.decode(after("basic")?).ok()?;
            let colon = pair.iter().position(|byte| *byte == b':')?;
            Some(pair[colon + 1..].to_vec())
        }
    }
}

fn slot(place: usize) -> SecretSlot {
    if place == 0 { SecretSlot::Active } else { SecretSlot::Next }
}
