//! How a source proves itself, as data. The verifier and the signer both interpret it; nothing here computes.

/// One way to prove who sent a delivery.
#[derive(Debug)]
pub enum Scheme {
    /// A keyed hash (HMAC-SHA256) over the delivery.
    Signature(Signature),
    /// The secret itself, shown.
    Token(Token),
}

#[derive(Debug)]
pub struct Signature {
    /// What the delivery's verification is recorded as.
    pub name: &'static str,
    /// The header that holds the signature, or several candidates of it.
    pub header: &'static str,
    /// What stands between candidates; `None` when there is only one. At most [`Signature::MOST`] are looked at.
    pub separator: Option<char>,
    /// What a candidate begins with: `sha256=`, `v1,`. Candidates of other versions are skipped.
    pub tag: &'static str,
    pub encoding: Encoding,
    pub key: KeyFormat,
    /// What is signed, in order.
    pub signed: &'static [Part],
    pub timestamp: Option<Timestamp>,
    /// Headers of a sibling scheme, none of which may be there: two families in one delivery are never mixed.
    pub foreign: &'static [&'static str],
}

impl Signature {
    /// How many candidates of a list are looked at.
    pub const MOST: usize = 16;
}

/// How the signature's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower case.
    Hex,
    /// The standard alphabet, padded.
    Base64,
}

/// How the secret becomes the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFormat {
    /// Its bytes as they are.
    Utf8,
    /// Base64, after `whsec_` if it begins so.
    Whsec,
}

/// A piece of the signed bytes.
#[derive(Debug)]
pub enum Part {
    /// A header's bytes as received. It must be there, and must not hold the text that follows it in the list: the
    /// border between two fields could otherwise be moved.
    Header(&'static str),
    Text(&'static str),
    Body,
}

/// A signed time that must be near ours.
#[derive(Debug)]
pub struct Timestamp {
    pub header: &'static str,
    pub unit: Unit,
    /// How far it may be from our clock, in both directions.
    pub window_seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Milliseconds,
}

#[derive(Debug)]
pub struct Token {
    /// What the delivery's verification is recorded as.
    pub name: &'static str,
    /// Where the secret may be shown; the first that is there decides.
    pub places: &'static [Place],
}

/// Where a secret is shown.
#[derive(Debug)]
pub enum Place {
    /// `Authorization: Bearer <secret>`.
    Bearer,
    /// `Authorization: Basic base64(<anything>:<secret>)`.
    BasicPassword,
    /// A header of its own.
    Header(&'static str),
}

impl Place {
    /// The header it is shown in.
    pub fn header(&self) -> &'static str {
        match self {
            Self::Bearer | Self::BasicPassword => "authorization",
            Self::Header(name) => name,
        }
    }
}

impl Scheme {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Signature(signature) => signature.name,
            Self::Token(token) => token.name,
        }
    }

    /// Every header that decides whether a delivery is believed.
    pub fn headers(&self) -> Vec<&'static str> {
        match self {
            Self::Token(token) => token.places.iter().map(Place::header).collect(),
            Self::Signature(signature) => {
                let parts = signature.signed.iter().filter_map(|part| match part {
                    Part::Header(name) => Some(*name),
                    Part::Text(_) | Part::Body => None,
                });
                let timestamp = signature.timestamp.as_ref().map(|timestamp| timestamp.header);
                std::iter::once(signature.header).chain(parts).chain(timestamp).collect()
            }
        }
    }
}
