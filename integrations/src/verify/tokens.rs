//! Secrets that are shown as they are. Both sides are hashed first: comparing tells nothing, not even the length.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Refusal, SecretSlot, Secrets, Verified};
use crate::integration::Incoming;
use crate::scheme::{Place, Token};

pub(super) fn check(token: &Token, incoming: &Incoming<'_>, secrets: &Secrets) -> Result<Verified, Refusal> {
    let mut shown = None;
    for place in token.places {
        shown = match (shown, place.header()) {
            (Some(shown), _) => Some(shown),
            (None, Some(header)) => incoming.headers.one(header)?.and_then(|value| at(place, value)),
            (None, None) if secrets.options.token_in_url => incoming.query_token.map(|token| token.as_bytes().to_vec()),
            (None, None) => None,
        };
    }
    let shown = Sha256::digest(shown.ok_or(Refusal::Missing)?);
    let matches = |secret: &Vec<u8>| !secret.is_empty() && bool::from(Sha256::digest(secret).ct_eq(&shown));
    let place = secrets.live.iter().position(matches).ok_or(Refusal::Wrong)?;
    Ok(Verified { scheme: token.name, secret: SecretSlot::of(place) })
}

fn at(place: &Place, value: &str) -> Option<Vec<u8>> {
    let after = |word: &str| {
        let (scheme, rest) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case(word).then(|| rest.trim_start())
    };
    match place {
        Place::Query => None,
        Place::Header(_) => Some(value.as_bytes().to_vec()),
        Place::Bearer => after("bearer").map(|token| token.as_bytes().to_vec()),
        Place::BasicPassword => {
            let pair = STANDARD.decode(after("basic")?).ok()?;
            let colon = pair.iter().position(|byte| *byte == b':')?;
            Some(pair[colon + 1..].to_vec())
        }
    }
}
