//! A delivery as the vendor sends it, for `em-agent send`, the tests and the benchmarks: its headers, and a body whose
//! signed time is now.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::integration::{Field, Integration};
use crate::scheme::{Algorithm, Clock, Part, Place, Scheme, Signature, Token, Unit};
use crate::signed;
use crate::verify::{Options, Secrets};

/// What is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Shipment<'a> {
    pub kind: &'a str,
    /// The source's id of it, where it stands in a header.
    pub key: &'a str,
    pub body: &'a [u8],
    pub secret: &'a [u8],
    pub options: &'a Options,
    pub now: DateTime<Utc>,
}

static NO_OPTIONS: Options = Options {
    token_in_url: false,
    timestamp_header: None,
    topics: Vec::new(),
    allow_sha1: false,
    authorities: Vec::new(),
};

impl<'a> Shipment<'a> {
    /// With nothing set beside the secret.
    pub fn of(kind: &'a str, key: &'a str, body: &'a [u8], secret: &'a [u8], now: DateTime<Utc>) -> Self {
        Self { kind, key, body, secret, options: &NO_OPTIONS, now }
    }
}

/// The headers for a body: the vendor's constant ones, kind and key, and the proof of the strongest scheme that the
/// secret fits. A secret that fits none gives no proof.
pub fn sign(integration: &Integration, shipment: &Shipment<'_>) -> Vec<(&'static str, String)> {
    let mut headers: Vec<(&'static str, String)> =
        integration.sends.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    for (field, value) in [(&integration.kind, shipment.kind), (&integration.key, shipment.key)] {
        if let Some(name) = sent_in(field) {
            headers.push((name, value.to_owned()));
        }
    }
    let secrets =
        Secrets { live: vec![shipment.secret.to_vec()], options: shipment.options.clone(), allow_unsigned: false };
    let usable = |scheme: &&Scheme| !matches!(scheme, Scheme::Sns(_)) && secrets.can_use(scheme);
    let proof = match integration.schemes.iter().find(usable) {
        Some(Scheme::Signature(signature)) => signature_headers(signature, shipment).unwrap_or_default(),
        Some(Scheme::Token(token)) => token_header(token, shipment.secret).into_iter().collect(),
        Some(Scheme::Sns(_)) | None => Vec::new(),
    };
    for (name, value) in proof {
        if !headers.iter().any(|(known, _)| *known == name) {
            headers.push((name, value));
        }
    }
    headers
}

/// The body as it would be sent now: a signed time in it is ours.
pub fn freshen(integration: &Integration, body: &[u8], now: DateTime<Utc>) -> Vec<u8> {
    let clock = integration.schemes.iter().find_map(|scheme| match scheme {
        Scheme::Signature(Signature { timestamp: Some(timestamp), .. }) => match timestamp.clock {
            Clock::Body(pointer) => Some((pointer, timestamp.unit)),
            Clock::Header(_) | Clock::Named => None,
        },
        _ => None,
    });
    let Some((pointer, unit)) = clock else { return body.to_vec() };
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    if let Some(time) = value.pointer_mut(pointer) {
        *time = Value::from(written(now, unit));
    }
    value.to_string().into_bytes()
}

/// The header that a field is sent in, if it is one.
fn sent_in(field: &Field) -> Option<&'static str> {
    match field {
        Field::Headers(names) => names.first().copied(),
        Field::First(fields) => fields.iter().find_map(sent_in),
        Field::Constant(_) | Field::Body(_) | Field::Read(_) => None,
    }
}

fn written(now: DateTime<Utc>, unit: Unit) -> i64 {
    match unit {
        Unit::Seconds => now.timestamp(),
        Unit::Milliseconds => now.timestamp_millis(),
    }
}

fn signature_headers(signature: &Signature, shipment: &Shipment<'_>) -> Option<Vec<(&'static str, String)>> {
    let named = shipment.options.timestamp_header;
    let time = signature.timestamp.as_ref().and_then(|timestamp| {
        let header = match timestamp.clock {
            Clock::Header(name) => Some(name),
            Clock::Named => named,
            Clock::Body(_) => None,
        };
        Some((header?, written(shipment.now, timestamp.unit).to_string()))
    });
    let value = |name: &str| match &time {
        Some((header, text)) if *header == name => text.as_str(),
        _ => shipment.key,
    };
    let mut headers: Vec<(&'static str, String)> = Vec::new();
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in signature.signed {
        let header = match part {
            Part::Body => {
                parts.push(shipment.body);
                continue;
            }
            Part::Text(text) => {
                parts.push(text.as_bytes());
                continue;
            }
            Part::Header(name) => *name,
            Part::NamedTime => named?,
        };
        parts.push(value(header).as_bytes());
        headers.push((header, value(header).to_owned()));
    }
    let proof = match signature.algorithm {
        Algorithm::HmacSha256 => signed::mac(&signed::key(signature.key, shipment.secret)?, &parts)?.to_vec(),
        Algorithm::Ed25519 => signed::sign_ed25519(shipment.secret, &parts)?,
    };
    headers.push((signature.header, format!("{}{}", signature.tag, signed::encode(signature.encoding, &proof))));
    Some(headers)
}

fn token_header(token: &Token, secret: &[u8]) -> Option<(&'static str, String)> {
    let secret = std::str::from_utf8(secret).ok()?;
    token.places.iter().find_map(|place| {
        let value = match place {
            Place::Bearer => format!("Bearer {secret}"),
            Place::BasicPassword => format!("Basic {}", STANDARD.encode(format!("em-agent:{secret}"))),
            Place::Header(_) => secret.to_owned(),
            Place::Query => return None,
        };
        Some((place.header()?, value))
    })
}
