//! A plugin tried on the examples beside it: bodies with the events that are expected of them, and signatures that must
//! be believed or refused. Whoever reads the files gives their texts.

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use serde::Deserialize;
use serde_json::Value as Json;

use super::Plugin;
use crate::headers::Headers;
use crate::integration::{Field, Incoming};
use crate::verify::{Secrets, verify};
use crate::walk::identify;

/// An example delivery: `plugins/<name>/<folder>/<case>.json`, and `<case>.headers` if it needs some.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The folder's name: the kind, in which what no file name can hold is a `-`.
    pub folder: &'a str,
    /// Lines of `name: value`.
    pub headers: &'a str,
    pub body: &'a [u8],
}

/// What of an event depends on the delivery that it came in: an expectation says nothing of it.
const OF_THE_DELIVERY: [&str; 6] = ["specversion", "id", "datacontenttype", "tenant", "delivery", "receivedat"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    vector: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    secret: String,
    body: String,
    now: i64,
    headers: BTreeMap<String, String>,
    expect: String,
}

impl Plugin {
    /// The events of an example, as they are expected: those of a delivery that came in on 21 November 2026 at noon.
    pub fn try_case(&self, case: &Case<'_>, rules: &Rules) -> Result<Json, String> {
        let mut pairs = lines(case.headers)?;
        // The header of the kind goes without saying.
        if let Some(name) = self.kind_header().filter(|name| !pairs.iter().any(|(known, _)| known == name)) {
            pairs.push((name, case.folder));
        }
        let headers: Headers<'_> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let kind = identify(self.integration(), &Incoming::new(&headers, case.body)).kind;
        if folder(&kind) != case.folder {
            return Err(format!("it is of the kind {kind}: it belongs in the folder {}", folder(&kind)));
        }
        let drafts = self.explain(&kind, &headers, case.body, rules).map_err(|explained| {
            let detail = explained.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            format!("{}{detail}", explained.why)
        })?;
        let received = DateTime::from_timestamp(1_795_262_400, 0).unwrap_or_default();
        let delivery = DeliveryId::new(received, [7; 16]);
        let events = Event::seal(drafts, self.name(), &TenantId::default(), delivery, None);
        let text = serde_json::to_string(&events).map_err(|error| error.to_string())?;
        let mut events: Json = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        for event in events.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
            event.retain(|name, _| !OF_THE_DELIVERY.contains(&name.as_str()));
        }
        Ok(events)
    }

    /// What is wrong with the signatures of a `vectors.toml`, or with the plugin's proofs; nothing when all is well.
    pub fn try_vectors(&self, text: &str) -> Vec<String> {
        let vectors: Vectors = match toml::from_str(text) {
            Ok(vectors) => vectors,
            Err(error) => return vec![error.message().to_owned()],
        };
        let mut wrong = Vec::new();
        let mut outcomes = Vec::new();
        for vector in &vectors.vector {
            let headers: Headers<'_> =
                vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let secrets = Secrets::of(vec![vector.secret.clone().into_bytes()]);
            let now = DateTime::from_timestamp(vector.now, 0).unwrap_or_default();
            let incoming = Incoming::new(&headers, vector.body.as_bytes());
            let outcome = verify(self.integration(), &incoming, &secrets, now);
            let outcome = outcome.as_ref().map_or_else(|refusal| refusal.reason(), |verified| verified.scheme);
            if outcome != vector.expect {
                wrong.push(format!("{}: {outcome}, and {} is expected", vector.name, vector.expect));
            }
            outcomes.push(outcome);
        }
        let unproved = self.integration().schemes.iter().filter(|scheme| !outcomes.contains(&scheme.name()));
        wrong.extend(unproved.map(|scheme| format!("no vector proves {}", scheme.name())));
        if !outcomes.contains(&"wrong") {
            wrong.push("no vector must fail: add a twin with another body".to_owned());
        }
        wrong
    }

    fn kind_header(&self) -> Option<&'static str> {
        match self.integration().kind {
            Field::Headers(names) => names.first().copied(),
            _ => None,
        }
    }
}

fn lines(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let pair = |line| {
        let (name, value): (&str, &str) =
            str::split_once(line, ':').ok_or("a line of its headers is no name: value")?;
        Ok((name.trim(), value.trim()))
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(pair).collect()
}

/// The name of the folder for a kind.
pub fn folder(kind: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    kind.chars().map(|c| if plain(c) { c } else { '-' }).collect()
}
