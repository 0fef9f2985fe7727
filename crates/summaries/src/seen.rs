//! The material as it may be shown: without secrets, inert, and for a model without what names a person. As lines for a
//! prompt, and as a hash.

use domain::digests::{Group, Kind, Material, Unit};
use domain::inert::{BODY, TITLE, inert};
use domain::redaction::Redactor;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::prompts::Prompt;

/// The language of what is written. It is part of the hash, for answers in two languages are two answers.
const LANGUAGE: &str = "en";
/// Ids of events that a line shows; the first prove it as well as all.
const SHOWN_IDS: usize = 6;

/// The material without what the redactor takes out. What is cut is cut after that, so no half of a secret is left.
pub(crate) fn material(material: &Material, redactor: &mut Redactor) -> Material {
    let mut clean = |text: &str, cap: usize| inert(&redactor.redact(&inert(text, usize::MAX)), cap);
    let mut unit = |one: &Unit| Unit {
        subject: clean(&one.subject, TITLE),
        text: clean(&one.text, BODY),
        details: one.details.iter().map(|(name, value)| (clean(name, 40), clean(value, cap(name)))).collect(),
        url: None,
        ..one.clone()
    };
    let units = |group: &Group, unit: &mut dyn FnMut(&Unit) -> Unit| group.units.iter().map(unit).collect();
    let groups: Vec<Vec<Unit>> = material.groups.iter().map(|group| units(group, &mut unit)).collect();
    let groups =
        material.groups.iter().zip(groups).map(|(group, units)| Group { name: clean(&group.name, TITLE), units });
    let groups = groups.collect();
    let subject = material.subject.as_deref().map(|subject| clean(subject, TITLE));
    Material { subject, groups, ..material.clone() }
}

fn cap(name: &str) -> usize {
    if name == "body" { BODY } else { TITLE }
}

/// What is summed up, in one line.
pub(crate) fn head(material: &Material) -> String {
    json!({"kind": material.kind, "subject": material.subject, "from": material.from, "to": material.to}).to_string()
}

/// The numbers, a line each.
pub(crate) fn numbers(material: &Material) -> String {
    let line = |number: &domain::digests::Number| {
        json!({"number": number.name, "value": number.value, "previous": number.previous, "unit": number.unit})
            .to_string()
            + "\n"
    };
    material.numbers.iter().map(line).collect()
}

/// The line that begins a group.
pub(crate) fn group(name: &str) -> String {
    json!({"group": name}).to_string()
}

/// A unit in one line, without its address.
pub(crate) fn unit(unit: &Unit) -> String {
    let details: Map<String, Value> = unit.details.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let ids: Vec<_> = unit.event_ids.iter().take(SHOWN_IDS).collect();
    let mut line = json!({
        "section": unit.about, "subject": unit.subject, "text": unit.text, "severity": unit.severity, "at": unit.at, "event_ids": ids,
    });
    if !details.is_empty() {
        line["details"] = Value::Object(details);
    }
    line.to_string()
}

/// What decides about an answer. The marks around the data do not: they are new each time.
pub(crate) fn hash(kind: Kind, prompt: Prompt, data: &str) -> String {
    let mut hash = Sha256::new();
    for part in [&format!("{kind:?}"), prompt.version, LANGUAGE, data] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
