//! The normalized event: one fact in our words, and its CloudEvents 1.0 envelope.
//!
//! A [`Draft`] is what a source's normalizer says; sealing it with the delivery that it came in makes an [`Event`].
//! Store, bus, API and stream carry the same event.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::data::{Body, Common, Data, Unmapped};
use crate::ids::{DeliveryId, EventId, TenantId};
use crate::text::{clean, percent_encoded};

/// What happened, `<noun>.<verb>`: one of [`TYPES`], or `<source>.unmapped`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventType(Cow<'static, str>);

/// What people say through us comes from this integration.
pub const OURSELVES: &str = "em-agent";

/// Every noun with its verbs. A type that is not here does not leave a normalizer.
pub const TYPES: &[(&str, &[&str])] = &[
    ("alert", &["fired", "resolved"]),
    ("approval", &["requested", "decided", "expired", "cancelled"]),
    ("artifact", &["published"]),
    ("branch", &["created", "deleted"]),
    ("build", &["queued", "started", "finished"]),
    ("change", &["opened", "ready", "updated", "reviewed", "approved", "merged", "closed", "reopened"]),
    ("commits", &["pushed"]),
    ("coverage", &["reported"]),
    ("deployment", &["started", "updated", "finished"]),
    ("error", &["detected", "resolved", "regressed", "ignored"]),
    ("incident", &["opened", "acknowledged", "updated", "resolved", "reopened"]),
    ("link", &["set", "removed"]),
    ("message", &["posted", "mentioned", "reacted"]),
    ("quality_gate", &["passed", "failed"]),
    ("release", &["published", "deleted"]),
    ("tag", &["created", "deleted"]),
    ("ticket", &["created", "updated", "moved", "closed", "deleted"]),
    ("workload", &["created", "updated", "deleted", "degraded", "recovered"]),
];

impl EventType {
    /// A type of [`TYPES`], written out: `EventType::new("change.merged")`.
    ///
    /// # Panics
    /// In tests, when the type is not in the table: it is a typing mistake in a normalizer, not data.
    pub fn new(name: &'static str) -> Self {
        debug_assert!(known(name), "{name} is not in domain::event::TYPES");
        Self(Cow::Borrowed(name))
    }

    /// The type of what a source sent and we kept without a meaning: `<source>.unmapped`.
    pub fn unmapped(source: &str) -> Self {
        Self(Cow::Owned(format!("{source}.unmapped")))
    }

    /// A type as it was stored or sent. Any `a.b` text is taken: newer versions may know more types than we do.
    pub fn parse(text: &str) -> Option<Self> {
        let plain =
            |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-');
        let (noun, verb) = text.split_once('.')?;
        (plain(noun) && plain(verb)).then(|| Self(Cow::Owned(text.to_owned())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn noun(&self) -> &str {
        self.0.split_once('.').map_or(&*self.0, |(noun, _)| noun)
    }

    pub fn verb(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, verb)| verb)
    }

    pub fn is_unmapped(&self) -> bool {
        self.verb() == "unmapped"
    }
}

fn known(name: &str) -> bool {
    name.split_once('.').is_some_and(|(noun, verb)| TYPES.iter().any(|(n, verbs)| *n == noun && verbs.contains(&verb)))
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a normalizer says happened, before it is known which delivery and tenant it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub kind: EventType,
    /// Where in the source: `acme/shop`. The event's `source` becomes `/<integration>/<scope>`.
    pub scope: String,
    /// The thing it is about, stable across events: `acme/shop#482`.
    pub subject: String,
    /// When it happened by the source's clock; `None` takes the received time.
    pub time: Option<DateTime<Utc>>,
    pub data: Data,
}

impl Draft {
    /// What was verified and kept, and has no meaning yet: `<source>.unmapped`, which says why.
    pub fn unmapped(source: &str, kind: &str, scope: Option<String>, reason: &str) -> Self {
        let kind = clean(kind, 100);
        Self {
            kind: EventType::unmapped(source),
            scope: scope.filter(|scope| !scope.is_empty()).unwrap_or_else(|| "unknown".to_owned()),
            subject: format!("{source}:{kind}"),
            time: None,
            data: Data {
                common: Common::default(),
                body: Body::Unmapped(Unmapped { kind: Some(kind), reason: Some(clean(reason, 200)) }),
                extra: Default::default(),
            },
        }
    }
}

/// A normalized event, complete.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub tenant: TenantId,
    /// The integration's name, `github`.
    pub integration: String,
    /// `/<integration>/<scope>`.
    pub source: String,
    pub kind: EventType,
    pub subject: String,
    pub time: DateTime<Utc>,
    pub delivery: DeliveryId,
    pub traceparent: Option<String>,
    /// What the API filters by, taken out of the data.
    pub facets: Facets,
    /// The typed data as JSON text.
    pub data: Box<RawValue>,
}

/// The fields of an event's data that rows can be looked up by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    pub repo: Option<String>,
    pub service: Option<String>,
    pub environment: Option<String>,
    /// The actor's login.
    pub actor: Option<String>,
}

impl Event {
    /// The received time, which the id carries.
    pub fn received_at(&self) -> DateTime<Utc> {
        self.id.received_at()
    }

    /// Makes the drafts of one delivery its events, in order. Ids follow from the delivery and the place in the list.
    pub fn seal(
        drafts: Vec<Draft>,
        integration: &str,
        tenant: &TenantId,
        delivery: DeliveryId,
        traceparent: Option<&str>,
    ) -> Vec<Event> {
        let seal = |(ordinal, draft): (usize, Draft)| {
            let common = &draft.data.common;
            Event {
                id: delivery.event(ordinal),
                tenant: tenant.clone(),
                integration: integration.to_owned(),
                source: source_of(integration, &draft.scope),
                kind: draft.kind,
                subject: draft.subject,
                time: draft.time.unwrap_or_else(|| delivery.received_at()),
                delivery,
                traceparent: traceparent.map(str::to_owned),
                facets: Facets {
                    repo: common.repo.clone(),
                    service: common.service.clone(),
                    environment: common.environment.clone(),
                    actor: common.actor.as_ref().and_then(|actor| actor.login.clone()),
                },
                data: draft.data.to_json(),
            }
        };
        drafts.into_iter().enumerate().map(seal).collect()
    }
}

/// `/<integration>/<scope>` as a URI reference, which CloudEvents asks for: what may not stand in one is
/// percent-encoded, so that `my project` becomes `my%20project`.
fn source_of(integration: &str, scope: &str) -> String {
    format!("/{integration}/{}", percent_encoded(scope, b"-._~:/@!$&'()*+,;="))
}

/// A time as every answer of ours writes it: RFC 3339, UTC, `Z`, fractions only where there are some.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The CloudEvents 1.0 envelope in JSON (structured mode).
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", "1.0")?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("type", self.kind.as_str())?;
        map.serialize_entry("subject", &self.subject)?;
        map.serialize_entry("time", &rfc3339(self.time))?;
        map.serialize_entry("datacontenttype", "application/json")?;
        map.serialize_entry("tenant", &self.tenant)?;
        map.serialize_entry("delivery", &self.delivery)?;
        map.serialize_entry("receivedat", &rfc3339(self.received_at()))?;
        if let Some(traceparent) = &self.traceparent {
            map.serialize_entry("traceparent", traceparent)?;
        }
        map.serialize_entry("data", &self.data)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::source_of;

    #[test]
    fn a_source_is_a_uri_reference_whatever_the_scope_is_called() {
        assert_eq!(source_of("github", "acme/shop"), "/github/acme/shop");
        assert_eq!(source_of("opsgenie", "EM Agent 50%?#é"), "/opsgenie/EM%20Agent%2050%25%3F%23%C3%A9");
    }
}
