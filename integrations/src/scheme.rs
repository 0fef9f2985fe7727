//! How a source proves itself, as data. The verifier and the signer both interpret it; nothing here computes.

/// One way to prove who sent a delivery.
#[derive(Debug)]
pub enum Scheme {
    /// A signature over the delivery, in a header.
    Signature(Signature),
    /// The secret itself, shown.
    Token(Token),
    /// A message of Amazon SNS, signed with a certificate that is fetched.
    Sns(Sns),
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
    pub algorithm: Algorithm,
    pub key: KeyFormat,
    /// What is signed, in order.
    pub signed: &'static [Part],
    pub timestamp: Option<Timestamp>,
    /// Headers of a sibling scheme, none of which may be there: two families in one delivery are never mixed.
    pub foreign: &'static [&'static str],
    /// It is not taken while a scheme before it can be used.
    pub yields: bool,
}

impl Signature {
    /// How many candidates of a list are looked at.
    pub const MOST: usize = 16;

    /// HMAC-SHA256 over the raw body with the secret's bytes, in lower-case hex: what most vendors do. A source says
    /// its name, header and what differs.
    pub const BODY_HEX: Self = Self {
        name: "",
        header: "",
        separator: None,
        tag: "",
        encoding: Encoding::Hex,
        algorithm: Algorithm::HmacSha256,
        key: KeyFormat::Utf8,
        signed: &[Part::Body],
        timestamp: None,
        foreign: &[],
        yields: false,
    };
}

/// How the signature's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Lower case.
    Hex,
    /// The standard alphabet, padded.
    Base64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    HmacSha256,
    /// The secret is a public key, `whpk_…`; to sign, a private one, `whsk_…`.
    Ed25519,
}

/// How the secret becomes the key. A secret that is not written so is no key of this scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFormat {
    /// Its bytes as they are.
    Utf8,
    /// Base64, after `whsec_` if it begins so.
    Whsec,
    /// Base64 after `whsec_`, which must be there: other secrets of this source are tokens.
    PrefixedWhsec,
    /// Base64 of an Ed25519 key after `whpk_` (public) or `whsk_` (secret, then public).
    Whpk,
}

/// A piece of the signed bytes.
#[derive(Debug)]
pub enum Part {
    /// A header's bytes as received. It must be there, and must not hold the text that follows it in the list: the
    /// border between two fields could otherwise be moved.
    Header(&'static str),
    /// The header that the operator named for the time, [`crate::Options::timestamp_header`].
    NamedTime,
    Text(&'static str),
    Body,
}

/// A signed time that must be near ours.
#[derive(Debug)]
pub struct Timestamp {
    pub clock: Clock,
    pub unit: Unit,
    /// How far it may be from our clock, in both directions.
    pub window_seconds: i64,
}

/// Where a signed time stands.
#[derive(Debug)]
pub enum Clock {
    Header(&'static str),
    /// The header that the operator named.
    Named,
    /// A member of the signed body, by JSON pointer; it must be there once.
    Body(&'static str),
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
    /// It is not taken while a scheme before it can be used.
    pub yields: bool,
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
    /// `?token=` or `?access_token=` in the URL, where the operator allows it: URLs end up in logs.
    Query,
}

impl Place {
    /// The header it is shown in.
    pub fn header(&self) -> Option<&'static str> {
        match self {
            Self::Bearer | Self::BasicPassword => Some("authorization"),
            Self::Header(name) => Some(name),
            Self::Query => None,
        }
    }
}

/// Messages of Amazon SNS from the topics that the operator lists.
#[derive(Debug)]
pub struct Sns {
    /// How far the message's time may be from our clock, in both directions.
    pub window_seconds: i64,
}

impl Sns {
    /// Says that the message comes without its envelope, and so without a signature.
    pub const RAW: &'static str = "x-amz-sns-rawdelivery";
    pub const TYPE: &'static str = "x-amz-sns-message-type";
}

impl Scheme {
    /// What the delivery's verification is recorded as.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Signature(signature) => signature.name,
            Self::Token(token) => token.name,
            Self::Sns(_) => "sns",
        }
    }

    /// Whether it is not taken while a scheme before it can be used.
    pub(crate) fn yields(&self) -> bool {
        match self {
            Self::Signature(signature) => signature.yields,
            Self::Token(token) => token.yields,
            Self::Sns(_) => false,
        }
    }

    /// Whether it signs a time in a header that the operator names.
    pub(crate) fn signs_named_time(&self) -> bool {
        matches!(self, Self::Signature(signature) if signature.signed.iter().any(|part| matches!(part, Part::NamedTime)))
    }

    /// Every header that decides whether a delivery is believed.
    pub fn headers(&self) -> Vec<&'static str> {
        match self {
            Self::Token(token) => token.places.iter().filter_map(Place::header).collect(),
            Self::Sns(_) => vec![Sns::TYPE, Sns::RAW],
            Self::Signature(signature) => {
                let parts = signature.signed.iter().filter_map(|part| match part {
                    Part::Header(name) => Some(*name),
                    Part::NamedTime | Part::Text(_) | Part::Body => None,
                });
                let timestamp = signature.timestamp.as_ref().and_then(|timestamp| match timestamp.clock {
                    Clock::Header(name) => Some(name),
                    Clock::Named | Clock::Body(_) => None,
                });
                std::iter::once(signature.header).chain(parts).chain(timestamp).collect()
            }
        }
    }
}
