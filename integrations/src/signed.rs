//! The arithmetic of signatures: the key of a secret, the bytes that are signed, their HMAC and how it is written.
//! What the verifier compares and what the signer sends come from here; no decision is made here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::scheme::{Encoding, KeyFormat, Part, Signature};

/// The key a secret stands for; `None` for a secret that is empty or not written as the scheme wants it.
pub(crate) fn key(format: KeyFormat, secret: &[u8]) -> Option<Vec<u8>> {
    let key = match format {
        KeyFormat::Utf8 => secret.to_vec(),
        KeyFormat::Whsec => STANDARD.decode(secret.strip_prefix(b"whsec_").unwrap_or(secret)).ok()?,
    };
    (!key.is_empty()).then_some(key)
}

/// The HMAC over the scheme's parts; `value` gives the bytes of a signed header.
pub(crate) fn mac<'v>(
    signature: &Signature,
    key: &[u8],
    body: &[u8],
    value: impl Fn(&'static str) -> &'v str,
) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in signature.signed {
        match part {
            Part::Body => mac.update(body),
            Part::Text(text) => mac.update(text.as_bytes()),
            Part::Header(name) => mac.update(value(name).as_bytes()),
        }
    }
    Some(mac.finalize().into_bytes().into())
}

/// A candidate's bytes. Upper-case hex and loose base64 are no signature: one MAC is written in one way only.
pub(crate) fn decode(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex if text.bytes().any(|c| c.is_ascii_uppercase()) => None,
        Encoding::Hex => hex::decode(text).ok(),
        Encoding::Base64 => STANDARD.decode(text).ok(),
    }
}

pub(crate) fn encode(encoding: Encoding, mac: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex::encode(mac),
        Encoding::Base64 => STANDARD.encode(mac),
    }
}
