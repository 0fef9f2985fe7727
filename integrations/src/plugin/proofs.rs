//! How a plugin's source proves itself: the file's words as schemes. A proof that proves nothing is a mistake in the
//! file: a signature that leaves out the body, a time that is not signed, two fields without a border.

use super::file::{Encoding, Key, Proof, ProofType, TokenPlace, Unit};
use super::keep;
use crate::scheme::{self, Clock, KeyFormat, Part, Place, Scheme, Signature, Timestamp, Token};
use crate::schemes::{STANDARD_WEBHOOKS, SVIX, WINDOW_SECONDS};

/// A window beyond this lets old deliveries be sent again.
const WIDEST_WINDOW: i64 = 3600;

/// The scheme, or what is wrong with it.
pub(super) fn scheme(proof: &Proof) -> Result<Scheme, String> {
    match proof.proof_type {
        ProofType::Signature => signature(proof).map(Scheme::Signature),
        ProofType::Token => token(proof).map(Scheme::Token),
        ProofType::StandardWebhooks => whole(proof, STANDARD_WEBHOOKS),
        ProofType::Svix => whole(proof, SVIX),
    }
}

/// A header's name, as it is looked up.
pub(super) fn header(name: &str) -> Result<&'static str, String> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    match !name.is_empty() && name.len() <= 100 && name.bytes().all(plain) {
        true => Ok(keep::text(&name.to_ascii_lowercase())),
        false => Err("a header's name has letters, digits, - and _ only".to_owned()),
    }
}

fn whole(proof: &Proof, scheme: Signature) -> Result<Scheme, String> {
    let more = [proof.name.is_some(), proof.header.is_some(), proof.prefix.is_some(), proof.separator.is_some()];
    let more = more.into_iter().chain([proof.encoding.is_some(), proof.key.is_some(), proof.signed.is_some()]);
    if more.chain([proof.timestamp.is_some(), proof.place.is_some()]).any(|given| given) {
        return Err("this type says everything by itself: leave the other fields out".to_owned());
    }
    Ok(Scheme::Signature(scheme))
}

fn signature(proof: &Proof) -> Result<Signature, String> {
    if proof.place.is_some() {
        return Err("place is for tokens: a signature has a header".to_owned());
    }
    let signed = parts(proof.signed.as_deref().unwrap_or("{body}"))?;
    let timestamp = match &proof.timestamp {
        None => None,
        Some(given) => {
            let name = header(&given.header)?;
            if !signed.iter().any(|part| matches!(part, Part::Header(known) if *known == name)) {
                return Err(format!("timestamp.header: {name} is not signed, so it proves nothing"));
            }
            let window_seconds = given.window_seconds.unwrap_or(WINDOW_SECONDS);
            if !(1..=WIDEST_WINDOW).contains(&window_seconds) {
                return Err(format!("timestamp.window_seconds takes a number from 1 to {WIDEST_WINDOW}"));
            }
            let unit = match given.unit.unwrap_or(Unit::Seconds) {
                Unit::Seconds => scheme::Unit::Seconds,
                Unit::Milliseconds => scheme::Unit::Milliseconds,
            };
            Some(Timestamp { clock: Clock::Header(name), unit, window_seconds })
        }
    };
    Ok(Signature {
        name: keep::text(proof.name.as_deref().unwrap_or("signature")),
        header: header(proof.header.as_deref().ok_or("header is missing: which one holds the signature?")?)?,
        separator: proof.separator,
        tag: keep::text(proof.prefix.as_deref().unwrap_or_default()),
        encoding: match proof.encoding.unwrap_or(Encoding::Hex) {
            Encoding::Hex => scheme::Encoding::Hex,
            Encoding::Base64 => scheme::Encoding::Base64,
        },
        key: match proof.key.unwrap_or(Key::Text) {
            Key::Text => KeyFormat::Utf8,
            Key::Whsec => KeyFormat::Whsec,
        },
        signed: keep::list(signed),
        timestamp,
        ..Signature::BODY_HEX
    })
}

/// The pieces of `{x-timestamp}.{body}`.
fn parts(template: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        if !text.is_empty() {
            parts.push(Part::Text(keep::text(text)));
        }
        let (name, after) = after.split_once('}').ok_or("signed: a { has no }")?;
        parts.push(if name == "body" { Part::Body } else { Part::Header(header(name)?) });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(keep::text(rest)));
    }
    if parts.iter().filter(|part| matches!(part, Part::Body)).count() != 1 {
        return Err("signed: the signature must cover the body, once: {body}".to_owned());
    }
    let borderless = |pair: &[Part]| matches!(pair, [Part::Header(_) | Part::Body, Part::Header(_) | Part::Body]);
    if parts.windows(2).any(borderless) {
        return Err("signed: a text must stand between two fields, or their border could be moved".to_owned());
    }
    Ok(parts)
}

fn token(proof: &Proof) -> Result<Token, String> {
    let others = [proof.prefix.is_some(), proof.separator.is_some(), proof.encoding.is_some(), proof.key.is_some()];
    if others.into_iter().chain([proof.signed.is_some(), proof.timestamp.is_some()]).any(|given| given) {
        return Err("a token has a header or a place, and nothing else".to_owned());
    }
    let place = match (&proof.header, proof.place) {
        (Some(name), None) => Place::Header(header(name)?),
        (None, Some(TokenPlace::Bearer)) => Place::Bearer,
        (None, Some(TokenPlace::Basic)) => Place::BasicPassword,
        (None, Some(TokenPlace::Query)) => Place::Query,
        _ => return Err("a token has a header, or a place: bearer, basic or query".to_owned()),
    };
    let name = keep::text(proof.name.as_deref().unwrap_or("token"));
    Ok(Token { name, places: keep::list(vec![place]), yields: false })
}
