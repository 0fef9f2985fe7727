//! Deliveries as an older mapping would have read them, and what the report must say of each.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::event::{Draft, Event, EventType};
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, Integration, Sample};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use store::intake::{Keep, pack};
use testkit::world::minute;
use worker::renormalize::Counts;

/// How the older mapping's events differ from today's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoil {
    Nothing,
    Data,
    Type,
    Subject,
    Time,
    Source,
    Facet,
    /// The last event was not there.
    Missing,
    /// There was one more.
    Extra,
    /// It was not understood at all.
    Unmapped,
}

/// A delivery that was kept before today.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Old {
    /// Which of [`samples`].
    pub(crate) sample: usize,
    pub(crate) spoil: Spoil,
    /// By an older version of the mapping.
    pub(crate) older: bool,
}

/// The plainest delivery of every kind of every source that means something.
pub(crate) fn samples() -> Vec<(&'static Integration, &'static Sample)> {
    let mut found: Vec<(&'static Integration, &'static Sample)> = Vec::new();
    for integration in integrations::ALL.iter().copied() {
        for sample in integration.samples {
            let known =
                found.iter().any(|(one, other)| one.name == integration.name && other.folder() == sample.folder());
            let drafts = if known { Vec::new() } else { drafts(integration, sample) };
            if !drafts.is_empty() && drafts.iter().all(|draft| !draft.kind.is_unmapped()) {
                found.push((integration, sample));
            }
        }
    }
    found
}

fn drafts(integration: &Integration, sample: &Sample) -> Vec<Draft> {
    let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    integrations::normalize(integration, sample.kind, &headers, sample.body, &Rules::default())
}

/// Deliveries as today's mapping reads them, as they were kept, and what the report must count.
pub(crate) fn keeps(old: &[Old], all: bool) -> (Vec<Keep>, Vec<Keep>, BTreeMap<String, Counts>) {
    let mut counts = BTreeMap::new();
    let (mut today, mut before) = (Vec::new(), Vec::new());
    for (number, one) in old.iter().enumerate() {
        let keep = keep(one.sample, number);
        let mut kept = keep.clone();
        kept.mapping_version -= i32::from(one.older);
        let expected = spoil(&mut kept.events, one.spoil);
        if all || one.older {
            count(&mut counts, &keep.events, &kept.events, expected);
        }
        today.push(keep);
        before.push(kept);
    }
    (today, before, counts)
}

fn keep(sample: usize, number: usize) -> Keep {
    let (integration, sample) = samples()[sample];
    let (tenant, mut bits) = (TenantId::default(), [0; 16]);
    bits[..8].copy_from_slice(&number.to_be_bytes());
    // Four deliveries of each millisecond.
    let id = DeliveryId::new(minute(1) + TimeDelta::milliseconds(number as i64 / 4), bits);
    Keep {
        events: Event::seal(drafts(integration, sample), integration.name, &tenant, id, None),
        tenant,
        id,
        source: integration.name.into(),
        kind: sample.kind.into(),
        key: number.to_string(),
        headers: json!(sample.headers).to_string(),
        body: pack(sample.body),
        scheme: "hmac",
        secret: "active",
        mapping_version: integration.mapping_version,
    }
}

/// Makes today's events those of an older mapping; how many of them are now added, removed and altered.
fn spoil(events: &mut Vec<Event>, spoil: Spoil) -> (u64, u64, u64) {
    let first = events.first_mut().expect("every sample means something");
    match spoil {
        Spoil::Nothing => return (0, 0, 0),
        Spoil::Data => {
            let mut data: Value = serde_json::from_str(first.data.get()).expect("json");
            // Keys of rows of their own, which must not stay.
            for field in ["repo", "deployment_id", "number", "after"] {
                data[field] = json!("said by mistake");
            }
            first.data = RawValue::from_string(data.to_string()).expect("json");
        }
        // One of the samples is a reaction itself.
        Spoil::Type if first.kind.as_str() == "message.reacted" => first.kind = EventType::new("incident.opened"),
        Spoil::Type => first.kind = EventType::new("message.reacted"),
        Spoil::Subject => first.subject.push_str(" by mistake"),
        Spoil::Time => first.time += TimeDelta::microseconds(1),
        Spoil::Source => first.source.push_str("/elsewhere"),
        Spoil::Facet => first.facets.service = Some("by mistake".into()),
        Spoil::Missing => {
            events.pop();
            return (1, 0, 0);
        }
        Spoil::Extra => {
            let mut extra = first.clone();
            extra.id = extra.delivery.event(events.len());
            events.push(extra);
            return (0, 1, 0);
        }
        Spoil::Unmapped => {
            let added = events.len() as u64 - 1;
            let first = &events[0];
            let draft = Draft::unmapped(&first.integration, "something", None, "not understood yet");
            *events = Event::seal(vec![draft], &first.integration, &first.tenant, first.delivery, None);
            return (added, 0, 1);
        }
    }
    (0, 0, 1)
}

/// Altered is always the first event, added are the last ones, and what is removed was of the first one's type.
fn count(
    counts: &mut BTreeMap<String, Counts>,
    today: &[Event],
    before: &[Event],
    (added, removed, altered): (u64, u64, u64),
) {
    for (place, event) in today.iter().enumerate() {
        let of_type = counts.entry(event.kind.to_string()).or_default();
        let is_added = place as u64 >= today.len() as u64 - added;
        let is_altered = (place as u64) < altered;
        of_type.added += u64::from(is_added);
        of_type.altered += u64::from(is_altered);
        of_type.unchanged += u64::from(!is_added && !is_altered);
    }
    if removed > 0 {
        counts.entry(before[0].kind.to_string()).or_default().removed += removed;
    }
}
