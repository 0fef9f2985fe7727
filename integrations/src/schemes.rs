//! Schemes that more than one source uses.

use crate::scheme::{Algorithm, Clock, Encoding, KeyFormat, Part, Place, Scheme, Signature, Timestamp, Token, Unit};

/// What Slack, Standard Webhooks and the reference libraries allow.
pub(crate) const WINDOW_SECONDS: i64 = 300;

/// For vendors that sign nothing: the secret itself, in whatever place the vendor can put it.
pub(crate) const ANY_TOKEN: Scheme = Scheme::Token(Token {
    name: "token",
    places: &[Place::Header("x-webhook-token"), Place::Bearer, Place::BasicPassword, Place::Query],
    yields: false,
});

/// Standard Webhooks 1.0.0 with HMAC: `webhook-id.webhook-timestamp.body`.
pub(crate) const STANDARD_WEBHOOKS: Signature = Signature {
    name: "standard-webhooks",
    header: "webhook-signature",
    separator: Some(' '),
    tag: "v1,",
    encoding: Encoding::Base64,
    key: KeyFormat::Whsec,
    signed: &[
        Part::Header("webhook-id"),
        Part::Text("."),
        Part::Header("webhook-timestamp"),
        Part::Text("."),
        Part::Body,
    ],
    timestamp: Some(Timestamp {
        clock: Clock::Header("webhook-timestamp"),
        unit: Unit::Seconds,
        window_seconds: WINDOW_SECONDS,
    }),
    foreign: &["svix-id", "svix-timestamp", "svix-signature"],
    ..Signature::BODY_HEX
};

/// The same under Svix's names.
pub(crate) const SVIX: Signature = Signature {
    name: "svix",
    header: "svix-signature",
    signed: &[Part::Header("svix-id"), Part::Text("."), Part::Header("svix-timestamp"), Part::Text("."), Part::Body],
    timestamp: Some(Timestamp {
        clock: Clock::Header("svix-timestamp"),
        unit: Unit::Seconds,
        window_seconds: WINDOW_SECONDS,
    }),
    foreign: &["webhook-id", "webhook-timestamp", "webhook-signature"],
    ..STANDARD_WEBHOOKS
};

/// Standard Webhooks with Ed25519: we hold the public key only.
pub(crate) const STANDARD_WEBHOOKS_ED25519: Signature = Signature {
    name: "standard-webhooks-ed25519",
    tag: "v1a,",
    algorithm: Algorithm::Ed25519,
    key: KeyFormat::Whpk,
    ..STANDARD_WEBHOOKS
};

/// The same under Svix's names.
pub(crate) const SVIX_ED25519: Signature =
    Signature { name: "svix-ed25519", tag: "v1a,", algorithm: Algorithm::Ed25519, key: KeyFormat::Whpk, ..SVIX };
