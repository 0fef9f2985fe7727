//! The shape of a source: everything there is to know about it is one static value.

use domain::event::Draft;
use domain::rules::Rules;
use serde_json::Value;

use crate::headers::Headers;
use crate::scheme::Scheme;

/// A source of deliveries.
#[derive(Debug)]
pub struct Integration {
    /// Its name in paths, settings and events: `github`.
    pub name: &'static str,
    /// Its name as people write it.
    pub title: &'static str,
    /// How it proves itself, strongest first.
    pub schemes: &'static [Scheme],
    /// Proofs it also sends that we never take; alone, they are told apart from no proof at all.
    pub weaker_headers: &'static [&'static str],
    /// What kind of delivery it is.
    pub kind: Field,
    /// The source's own id of the delivery.
    pub key: Field,
    /// The only headers that are stored.
    pub kept_headers: &'static [&'static str],
    pub max_body_bytes: usize,
    /// Grows when `normalize` gives other events for the same bytes: deliveries of an older version are worth a replay.
    pub mapping_version: i32,
    /// The answer to a handshake of that kind, if it is one.
    pub greeting: Option<fn(&Delivery<'_>) -> Option<Value>>,
    pub normalize: fn(&Delivery<'_>, &Rules) -> Result<Vec<Draft>, Unreadable>,
    /// Headers with a constant value that the vendor sends.
    pub sends: &'static [(&'static str, &'static str)],
    /// An example body for each kind that `em-agent send` offers, as `(kind or kind.action, body)`.
    pub samples: &'static [(&'static str, &'static [u8])],
}

/// Where something is found in a delivery.
#[derive(Debug)]
pub enum Field {
    /// The first of these headers that is there.
    Headers(&'static [&'static str]),
    /// It is the same for all.
    Constant(&'static str),
}

/// What came in, before anything is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    pub headers: &'a Headers<'a>,
    pub body: &'a [u8],
}

/// What a verified delivery is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The source's word for what happened, `push`; `unknown` if it gives none.
    pub kind: String,
    /// What makes it a duplicate of another: at most 200 characters.
    pub key: String,
}

/// A verified delivery, for its normalizer.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    pub kind: &'a str,
    pub headers: &'a Headers<'a>,
    pub body: &'a [u8],
}

/// Why a verified body gives no events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// Short, without the body's own words.
    pub reason: String,
    /// Where in the source, when at least that could be read.
    pub scope: Option<String>,
    /// The body gives a field more than once: it can be read when only the last of each is taken.
    pub(crate) repeats: bool,
}

impl Unreadable {
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), scope: None, repeats: false }
    }
}

impl Integration {
    /// Headers that decide what happens to a delivery: each may be sent once only, in plain ASCII.
    pub fn deciding_headers(&self) -> impl Iterator<Item = &'static str> {
        let named = |field: &Field| match field {
            Field::Headers(names) => *names,
            Field::Constant(_) => &[],
        };
        let fields = named(&self.kind).iter().chain(named(&self.key)).copied();
        self.schemes.iter().flat_map(Scheme::headers).chain(fields)
    }

    /// The sample body of a kind, as `em-agent send` names it.
    pub fn sample(&self, kind: &str) -> Option<&'static [u8]> {
        self.samples.iter().find(|(name, _)| *name == kind).map(|(_, body)| *body)
    }
}

impl Field {
    pub(crate) fn read<'a>(&self, headers: &Headers<'a>) -> Option<&'a str> {
        match self {
            Self::Constant(value) => Some(value),
            Self::Headers(names) => names.iter().find_map(|name| headers.one(name).ok().flatten()),
        }
    }
}
