//! Messages of Amazon SNS: whose topic, which certificate, whether it signed this message.
//!
//! In this order: the envelope and its type, the topic, the certificate's address; then the certificate (which is
//! asked for when it is not at hand) and its chain; then the signature; then the signed time. Nothing is asked for
//! before the delivery names a topic that the operator listed. No address of the delivery is followed: a certificate's
//! must be Amazon's own, letter by letter.

mod address;
mod chain;
mod message;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::signatures::within;
use super::{Options, Refusal, SecretSlot, Verified};
use crate::integration::Incoming;
use crate::scheme::Sns;
use chain::{Digest, Proof};

pub(crate) use address::{host, region_of};
pub(crate) use message::Message;

/// What was fetched for a delivery that asked for it with [`Refusal::Need`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub url: String,
    /// PEM or DER, as it came.
    pub bytes: Vec<u8>,
}

pub(super) fn check(
    sns: &Sns,
    incoming: &Incoming<'_>,
    options: &Options,
    now: DateTime<Utc>,
) -> Result<Verified, Refusal> {
    let kind = incoming.headers.one(Sns::TYPE)?.ok_or(Refusal::Missing)?;
    // Without its envelope a message has no signature: whether it is taken is for another scheme to say.
    if incoming.headers.one(Sns::RAW)?.is_some_and(|raw| raw.eq_ignore_ascii_case("true")) {
        return Err(Refusal::Missing);
    }
    let message = Message::read(incoming.body).filter(|message| *message.kind == *kind).ok_or(Refusal::Wrong)?;
    if !options.topics.iter().any(|topic| *topic == *message.topic) {
        return Err(Refusal::Wrong);
    }
    let (scheme, digest) = match &*message.signature_version {
        "2" => ("sns-v2", Digest::Sha256),
        "1" if options.allow_sha1 => ("sns-v1", Digest::Sha1),
        _ => return Err(Refusal::Wrong),
    };
    let region = region_of(&message.topic).ok_or(Refusal::Wrong)?;
    if !address::is_signing_certificate(&message.certificate_url, region) {
        return Err(Refusal::Wrong);
    }
    let signed = message.signed().ok_or(Refusal::Wrong)?;
    let signature = STANDARD.decode(message.signature.as_bytes()).map_err(|_| Refusal::Wrong)?;
    let proof = Proof { digest, signed: signed.as_bytes(), signature: &signature };
    chain::check(&message.certificate_url, incoming.certificates, &options.authorities, &proof, now)?;
    let sent = domain::time::parse(&message.timestamp).ok_or(Refusal::Wrong)?;
    within((now - sent).num_seconds(), sns.window_seconds)?;
    Ok(Verified { scheme, secret: SecretSlot::None })
}
