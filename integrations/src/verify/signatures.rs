//! Signatures in a header, over parts of the delivery.

use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq;

use super::{Options, Refusal, SecretSlot, Secrets, Verified, required};
use crate::headers::Headers;
use crate::integration::Incoming;
use crate::pointer;
use crate::scheme::{Algorithm, Clock, Part, Signature, Timestamp, Unit};
use crate::signed;

pub(super) fn check(
    signature: &Signature,
    incoming: &Incoming<'_>,
    secrets: &Secrets,
    now: DateTime<Utc>,
) -> Result<Verified, Refusal> {
    let headers = incoming.headers;
    let list = headers.one(signature.header)?.ok_or(Refusal::Missing)?;
    if signature.foreign.iter().any(|name| headers.has(name)) {
        return Err(Refusal::Wrong);
    }
    let parts = parts(signature, incoming, &secrets.options)?;
    // A header's time is looked at before the arithmetic, a body's only once the body is proved.
    let clock = signature.timestamp.as_ref();
    if let Some(timestamp) = clock.filter(|timestamp| !matches!(timestamp.clock, Clock::Body(_))) {
        check_time(timestamp, incoming, &secrets.options, now)?;
    }
    let candidates = candidates(signature, list);
    let proves = |secret: &Vec<u8>| {
        let Some(key) = signed::key(signature.key, secret) else { return false };
        match signature.algorithm {
            Algorithm::HmacSha256 => signed::mac(&key, &parts)
                .is_some_and(|mac| candidates.iter().any(|candidate| bool::from(candidate.as_slice().ct_eq(&mac)))),
            Algorithm::Ed25519 => candidates.iter().any(|candidate| signed::proves_ed25519(&key, &parts, candidate)),
        }
    };
    let place = secrets.live.iter().position(proves).ok_or(Refusal::Wrong)?;
    if let Some(timestamp) = clock.filter(|timestamp| matches!(timestamp.clock, Clock::Body(_))) {
        check_time(timestamp, incoming, &secrets.options, now)?;
    }
    Ok(Verified { scheme: signature.name, secret: SecretSlot::of(place) })
}

/// The decoded signatures of the scheme's own version.
fn candidates(signature: &Signature, list: &str) -> Vec<Vec<u8>> {
    let read = |text: &str| signed::decode(signature.encoding, text.strip_prefix(signature.tag)?);
    match signature.separator {
        Some(separator) => list.split(separator).take(Signature::MOST).filter_map(|one| read(one.trim())).collect(),
        None => read(list).into_iter().collect(),
    }
}

/// The signed bytes in order. Every signed header is there, and none can be mistaken for its neighbour.
fn parts<'a>(signature: &Signature, incoming: &Incoming<'a>, options: &Options) -> Result<Vec<&'a [u8]>, Refusal> {
    let mut parts: Vec<&[u8]> = Vec::with_capacity(signature.signed.len());
    for (place, part) in signature.signed.iter().enumerate() {
        let value = match part {
            Part::Body => incoming.body,
            Part::Text(text) => text.as_bytes(),
            Part::Header(name) => bordered(incoming.headers, name, signature.signed.get(place + 1))?,
            Part::NamedTime => {
                let name = options.timestamp_header.ok_or(Refusal::Unconfigured)?;
                bordered(incoming.headers, name, signature.signed.get(place + 1))?
            }
        };
        parts.push(value);
    }
    Ok(parts)
}

/// A header's bytes, which must not hold the text that follows them.
fn bordered<'h>(headers: &Headers<'h>, name: &str, next: Option<&Part>) -> Result<&'h [u8], Refusal> {
    let value = required(headers, name)?;
    match next {
        Some(Part::Text(text)) if value.contains(text) => Err(Refusal::Wrong),
        _ => Ok(value.as_bytes()),
    }
}

fn check_time(
    timestamp: &Timestamp,
    incoming: &Incoming<'_>,
    options: &Options,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let text = match timestamp.clock {
        Clock::Header(name) => required(incoming.headers, name)?.to_owned(),
        Clock::Named => required(incoming.headers, options.timestamp_header.ok_or(Refusal::Unconfigured)?)?.to_owned(),
        Clock::Body(pointer) => {
            pointer::read_number(incoming.body, pointer).map_err(|_| Refusal::Wrong)?.ok_or(Refusal::Wrong)?
        }
    };
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
    within(ours - signed, window)
}

/// Whether a time is near ours, on both sides.
pub(super) fn within(age: i64, window: i64) -> Result<(), Refusal> {
    match age {
        age if age > window => Err(Refusal::Stale),
        age if age < -window => Err(Refusal::Future),
        _ => Ok(()),
    }
}
