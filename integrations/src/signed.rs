//! The arithmetic of signatures: the key of a secret, the HMAC or signature over parts, and how it is written.
//! What the verifier compares and what the signer sends come from here; no decision is made here.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::scheme::{Encoding, KeyFormat};

/// The key a secret stands for; `None` for a secret that is empty or not written as the scheme wants it.
pub(crate) fn key(format: KeyFormat, secret: &[u8]) -> Option<Vec<u8>> {
    let after = |prefix: &[u8]| STANDARD.decode(secret.strip_prefix(prefix)?).ok();
    let key = match format {
        KeyFormat::Utf8 => secret.to_vec(),
        KeyFormat::Whsec => STANDARD.decode(secret.strip_prefix(b"whsec_").unwrap_or(secret)).ok()?,
        KeyFormat::PrefixedWhsec => after(b"whsec_")?,
        // A private key ends with its public one.
        KeyFormat::Whpk => after(b"whpk_")
            .filter(|key| key.len() == 32)
            .or_else(|| after(b"whsk_").filter(|key| key.len() == 64).map(|key| key[32..].to_vec()))?,
    };
    (!key.is_empty()).then_some(key)
}

/// HMAC-SHA256 over the parts.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

/// Whether a signature is that key's over the parts.
pub(crate) fn proves_ed25519(public_key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(&parts.concat(), signature).is_ok()
}

/// The signature over the parts by a private key, `whsk_…`.
pub(crate) fn sign_ed25519(secret: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    let pair = STANDARD.decode(secret.strip_prefix(b"whsk_")?).ok().filter(|pair| pair.len() == 64)?;
    let pair = Ed25519KeyPair::from_seed_and_public_key(&pair[..32], &pair[32..]).ok()?;
    Some(pair.sign(&parts.concat()).as_ref().to_vec())
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
