//! A plugin's file as it is written, before any of it is checked. A field that is not here is a mistake.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Spanned<String>,
    pub(super) title: Spanned<String>,
    pub(super) mapping_version: Spanned<i64>,
    pub(super) kind: Spanned<OneOrMore<Place>>,
    pub(super) key: Option<Spanned<OneOrMore<Place>>>,
    #[serde(default)]
    pub(super) kept_headers: Vec<Spanned<String>>,
    pub(super) max_body_bytes: Option<Spanned<i64>>,
    pub(super) definitions: Option<Spanned<String>>,
    pub(super) setup: Setup,
    #[serde(default)]
    pub(super) scheme: Vec<Spanned<Proof>>,
    #[serde(default)]
    pub(super) mapping: Vec<Mapping>,
    pub(super) greeting: Option<Greeting>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setup {
    pub(super) paste: String,
    pub(super) ticks: String,
    pub(super) docs: String,
}

/// Where a kind or a key stands: one of the three.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) header: Option<String>,
    /// JSON pointers; several are joined.
    pub(super) body: Option<OneOrMore<String>>,
    pub(super) constant: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ProofType {
    Signature,
    Token,
    StandardWebhooks,
    Svix,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    #[serde(rename = "type")]
    pub(super) proof_type: ProofType,
    pub(super) name: Option<String>,
    pub(super) header: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) separator: Option<char>,
    pub(super) encoding: Option<Encoding>,
    pub(super) key: Option<Key>,
    /// What is signed: `{x-timestamp}.{body}`.
    pub(super) signed: Option<String>,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) place: Option<TokenPlace>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Hex,
    Base64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Key {
    Text,
    Whsec,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TokenPlace {
    Bearer,
    Basic,
    Query,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timestamp {
    pub(super) header: String,
    pub(super) unit: Option<Unit>,
    pub(super) window_seconds: Option<i64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    pub(super) kind: Spanned<OneOrMore<String>>,
    pub(super) jq: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Greeting {
    pub(super) kind: Spanned<String>,
    pub(super) answer: toml::Table,
}

/// One, or a list of several.
pub(super) struct OneOrMore<T>(pub(super) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor(PhantomData))
    }
}

/// By hand, because an untagged enum would not say what is wrong inside.
struct OneOrMoreVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMoreVisitor<T> {
    type Value = OneOrMore<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(StrDeserializer::new(text)).map(|one| OneOrMore(vec![one]))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMore(vec![one]))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<Self::Value, S::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMore)
    }
}
