//! What each source sends, as data and pure functions: how it proves itself, what a delivery is called, and what it
//! means in our words.
//!
//! One delivery goes through [`verify`] (who sent it, on the raw bytes), [`identify`] (kind and key), [`greet`]
//! (handshakes) and [`normalize`] (events). Adding a source is one file and one line in [`ALL`]. Nothing here may
//! know HTTP servers, the store, the clock or the environment; no body is ever logged.

mod generic;
mod github;
mod headers;
mod integration;
mod json;
mod scheme;
mod sign;
mod signed;
mod verify;
mod walk;

pub use headers::{HeaderFault, Headers, WhatIsWrong};
pub use integration::{Delivery, Field, Identity, Incoming, Integration, Unreadable};
pub use scheme::{Encoding, KeyFormat, Part, Place, Scheme, Signature, Timestamp, Token, Unit};
pub use sign::sign;
pub use verify::{Refusal, SecretSlot, Secrets, Verified, verify};
pub use walk::{greet, identify, kept_headers, normalize};

/// Every source we take deliveries from.
pub static ALL: &[&Integration] = &[&github::GITHUB, &generic::GENERIC];

/// The source of that name.
pub fn find(name: &str) -> Option<&'static Integration> {
    ALL.iter().copied().find(|integration| integration.name == name)
}
