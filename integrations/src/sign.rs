//! The headers of a delivery as the vendor sends them: for `em-agent send`, the tests and the benchmarks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use crate::integration::{Field, Integration};
use crate::scheme::{Part, Place, Scheme, Signature, Token, Unit};
use crate::signed;

/// The headers for a body: the vendor's constant ones, kind and key, and the proof of the strongest scheme. A secret
/// that the scheme cannot use gives no proof.
pub fn sign(
    integration: &Integration,
    kind: &str,
    delivery_key: &str,
    body: &[u8],
    secret: &[u8],
    now: DateTime<Utc>,
) -> Vec<(&'static str, String)> {
    let mut headers: Vec<(&'static str, String)> =
        integration.sends.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    for (field, value) in [(&integration.kind, kind), (&integration.key, delivery_key)] {
        if let Field::Headers([name, ..]) = field {
            headers.push((name, value.to_owned()));
        }
    }
    let proof = match integration.schemes.first() {
        Some(Scheme::Signature(signature)) => signature_headers(signature, delivery_key, body, secret, now),
        Some(Scheme::Token(token)) => token_header(token, secret).into_iter().collect(),
        None => Vec::new(),
    };
    for (name, value) in proof {
        if !headers.iter().any(|(known, _)| *known == name) {
            headers.push((name, value));
        }
    }
    headers
}

fn signature_headers(
    signature: &Signature,
    delivery_key: &str,
    body: &[u8],
    secret: &[u8],
    now: DateTime<Utc>,
) -> Vec<(&'static str, String)> {
    let time = signature.timestamp.as_ref().map(|timestamp| {
        let number = match timestamp.unit {
            Unit::Seconds => now.timestamp(),
            Unit::Milliseconds => now.timestamp_millis(),
        };
        (timestamp.header, number.to_string())
    });
    let value = |name: &'static str| match &time {
        Some((header, text)) if *header == name => text.as_str(),
        _ => delivery_key,
    };
    let mac = signed::key(signature.key, secret).and_then(|key| signed::mac(signature, &key, body, value));
    let Some(mac) = mac else { return Vec::new() };
    let parts = signature.signed.iter().filter_map(|part| match part {
        Part::Header(name) => Some((*name, value(name).to_owned())),
        Part::Text(_) | Part::Body => None,
    });
    let proof = format!("{}{}", signature.tag, signed::encode(signature.encoding, &mac));
    parts.chain([(signature.header, proof)]).collect()
}

fn token_header(token: &Token, secret: &[u8]) -> Option<(&'static str, String)> {
    let place = token.places.first()?;
    let secret = std::str::from_utf8(secret).ok()?;
    let value = match place {
        Place::Bearer => format!("Bearer {secret}"),
        Place::BasicPassword => format!("Basic {}", STANDARD.encode(format!("em-agent:{secret}"))),
        Place::Header(_) => secret.to_owned(),
    };
    Some((place.header(), value))
}
