//! What each source sends, as data and pure functions: how it proves itself, what a delivery is called, and what it
//! means in our words.
//!
//! One delivery goes through [`verify`] (who sent it, on the raw bytes), [`identify`] (kind and key), [`greet`]
//! (handshakes) and [`normalize`] (events). Adding a source is one file and one line in [`ALL`]. Nothing here may
//! know HTTP servers, the store, the clock or the environment; no body is ever logged.

#![allow(dead_code)]

mod alerts;
mod builds;
mod drafts;
mod headers;
mod integration;
mod json;
mod manners;
mod messages;
mod plugin;
mod pointer;
mod scheme;
mod schemes;
mod sign;
mod signed;
mod verify;
mod walk;

mod generic;
mod github;

pub use headers::{HeaderFault, Headers, WhatIsWrong};
pub use integration::{
    Delivery, Field, Greeting, Identity, Incoming, Integration, Normalizer, Sample, Setup, Unreadable,
};
pub use manners::{After, Manners};
pub use plugin::{Case, Explained, Fault, Mappings, Plugin, folder, noun_fields};
pub use scheme::{Algorithm, Clock, Encoding, KeyFormat, Part, Place, Scheme, Signature, Sns, Timestamp, Token, Unit};
pub use sign::{Shipment, freshen, sign};
pub use verify::{Fetched, Options, Refusal, SecretSlot, Secrets, Verified, verify};
pub use walk::{greet, identify, kept_body, kept_headers, normalize};

/// Every source we take deliveries from.
pub static ALL: &[&Integration] = &[&generic::GENERIC, &github::GITHUB];

/// The source of that name.
pub fn find(name: &str) -> Option<&'static Integration> {
    ALL.iter().copied().find(|integration| integration.name == name)
}
