//! CloudEvents' HTTP binding: which of its modes a delivery is in, and its attributes and data.
//!
//! The attributes of a structured event are those of its body. Copies in headers must say the same: whoever reads the
//! other ones would otherwise see another event. An attribute that is `null` is none.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::text::clean;
use domain::time;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::attributes;
use crate::drafts::NAME;
use crate::headers::Headers;
use crate::integration::Unreadable;
use crate::json::{self, Text};

const VERSION: &str = "1.0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Binary,
    Structured,
    Batch,
}

/// The content type decides; where it is none of CloudEvents' own, the headers; where they say nothing, the body.
pub(super) fn mode(headers: &Headers<'_>, body: &[u8]) -> Result<Mode, Unreadable> {
    let content_type = headers.one("content-type").map_err(|fault| Unreadable::new(fault.to_string()))?;
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "application/cloudevents-batch+json" => Ok(Mode::Batch),
        "application/cloudevents+json" => Ok(Mode::Structured),
        other if other.starts_with("application/cloudevents") => {
            Err(Unreadable::new("of CloudEvents' formats only JSON is read"))
        }
        _ if headers.has("ce-specversion") => Ok(Mode::Binary),
        _ if json::read::<Sniffed<'_>>(body).is_ok() => Ok(Mode::Structured),
        _ => Err(Unreadable::new("it is no CloudEvent: neither its content type nor a specversion says so")),
    }
}

#[derive(Deserialize)]
struct Sniffed<'a> {
    #[serde(borrow, rename = "specversion")]
    _version: Text<'a>,
}

/// One event.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) source: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) subject: Option<Cow<'a, str>>,
    pub(super) time: Option<DateTime<Utc>>,
    data: Option<Cow<'a, [u8]>>,
}

/// As it stands in a body.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    specversion: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    subject: Option<Text<'a>>,
    #[serde(borrow)]
    time: Option<Text<'a>>,
    #[serde(borrow)]
    datacontenttype: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<Text<'a>>,
}

/// Every event of a batch. What one of them lacks does not concern the others.
pub(super) fn batch(
    body: &[u8],
    mut drafts: impl FnMut(Result<Document<'_>, Unreadable>) -> Vec<Draft>,
) -> Result<Vec<Draft>, Unreadable> {
    let pieces: Vec<&RawValue> = json::read(body)?;
    let read = |piece: &'_ RawValue| drafts(Document::structured(&Headers::default(), piece.get().as_bytes()));
    Ok(pieces.into_iter().flat_map(read).collect())
}

impl<'a> Document<'a> {
    /// The event of a delivery that holds one.
    pub(super) fn of(mode: Mode, headers: &Headers<'_>, body: &'a [u8]) -> Result<Self, Unreadable> {
        match mode {
            Mode::Binary => Self::binary(headers, body),
            Mode::Structured | Mode::Batch => Self::structured(headers, body),
        }
    }

    fn binary(headers: &Headers<'_>, body: &'a [u8]) -> Result<Self, Unreadable> {
        let attribute = |name: &str| attributes::read(headers, name).map(|value| value.map(Cow::Owned));
        if headers.has("ce-datacontenttype") {
            return Err(Unreadable::new("the header ce-datacontenttype must not be there: the content type says it"));
        }
        is_version(attribute("ce-specversion")?.as_deref())?;
        Ok(Self {
            id: required(attribute("ce-id")?, "id")?,
            source: required(attribute("ce-source")?, "source")?,
            kind: required(attribute("ce-type")?, "type")?,
            subject: attribute("ce-subject")?.filter(|subject| !subject.is_empty()),
            time: attribute("ce-time")?.and_then(|text| time::parse(&text)),
            data: Some(Cow::Borrowed(body)).filter(|body| !body.is_empty()),
        })
    }

    fn structured(headers: &Headers<'_>, body: &'a [u8]) -> Result<Self, Unreadable> {
        let written: Written<'a> = json::read(body)?;
        is_version(written.specversion.as_deref())?;
        agree(headers, &written)?;
        let data = match (written.data, written.data_base64) {
            (Some(_), Some(_)) => return Err(Unreadable::new("it has both data and data_base64")),
            (Some(data), None) => Some(Cow::Borrowed(data.get().as_bytes())),
            (None, Some(encoded)) => {
                let decoded = STANDARD.decode(encoded.as_bytes());
                Some(Cow::Owned(decoded.map_err(|_| Unreadable::new("its data_base64 is no base64"))?))
            }
            (None, None) => None,
        };
        Ok(Self {
            id: required(written.id.map(|text| text.0), "id")?,
            source: required(written.source.map(|text| text.0), "source")?,
            kind: required(written.kind.map(|text| text.0), "type")?,
            subject: written.subject.map(|text| text.0).filter(|subject| !subject.is_empty()),
            time: written.time.and_then(|text| time::parse(&text)),
            data,
        })
    }

    /// The data, which must be JSON to be understood.
    pub(super) fn json(&self) -> Result<&[u8], Unreadable> {
        self.data.as_deref().ok_or_else(|| Unreadable::new("it has no data"))
    }

    /// Where it happened, by the sender's words.
    pub(super) fn scope(&self) -> String {
        let plain = self.source.trim_matches('/');
        clean(if plain.is_empty() { "unknown" } else { plain }, NAME)
    }
}

fn is_version(version: Option<&str>) -> Result<(), Unreadable> {
    match version {
        Some(VERSION) => Ok(()),
        Some(_) => Err(Unreadable::new("of CloudEvents' versions only 1.0 is read")),
        None => Err(Unreadable::new("the attribute specversion is missing")),
    }
}

fn required<'a>(value: Option<Cow<'a, str>>, name: &str) -> Result<Cow<'a, str>, Unreadable> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Unreadable::new(format!("the attribute {name} is missing or empty")))
}

/// Headers that repeat attributes of the body must say the same.
fn agree(headers: &Headers<'_>, written: &Written<'_>) -> Result<(), Unreadable> {
    for (name, said) in [
        ("ce-specversion", &written.specversion),
        ("ce-id", &written.id),
        ("ce-source", &written.source),
        ("ce-type", &written.kind),
        ("ce-subject", &written.subject),
        ("ce-time", &written.time),
        ("ce-datacontenttype", &written.datacontenttype),
    ] {
        let copy = attributes::read(headers, name)?;
        if copy.is_some_and(|copy| said.as_deref() != Some(&copy)) {
            return Err(Unreadable::new(format!("the header {name} says something else than the body")));
        }
    }
    Ok(())
}
