//! Events by what stands in them. Several words rank those events first in which most of them stand.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::Event;
use serde::Deserialize;
use serde_json::Value;
use store::events::{EventFilter, list};
use store::{Connection, StoreError};
use uuid::Uuid;

use super::{Found, Line, Scope, ToolError, object, read, text, told, window, with_window};
use crate::words;

const USUAL: TimeDelta = TimeDelta::days(90);
const SHOWN: usize = 10;
/// Words that are looked for, and events of each.
const MOST_WORDS: usize = 5;
const OF_A_WORD: i64 = 50;

#[derive(Debug, Deserialize)]
struct Arguments {
    text: Option<String>,
    subject: Option<String>,
    r#type: Option<String>,
    service: Option<String>,
    source: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

pub(super) fn arguments() -> Value {
    let members = [
        ("text", text("Words that stand in the event")),
        ("subject", text("What the event is about, like acme/shop#12")),
        ("type", text("The event's type or its beginning, like change.merged or deployment")),
        ("service", text("One service")),
        ("source", text("The integration, like github")),
    ];
    object(&with_window(&members, "90 days"), &[])
}

pub(super) fn run(conn: &mut Connection, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
    let asked: Arguments = read(arguments)?;
    let (from, to) = window((asked.from, asked.to), USUAL, scope.now)?;
    let filter = EventFilter {
        source: asked.source,
        type_prefix: asked.r#type,
        subject: asked.subject.clone(),
        service: asked.service,
        from: Some(from),
        to: Some(to),
        ..EventFilter::default()
    };
    let found = match &asked.text {
        Some(text) => with_words(conn, scope, &filter, text)?,
        None => list(conn, &scope.tenant, &filter, None, OF_A_WORD)?,
    };
    let about = asked.subject.iter().chain(&asked.text).map(|of| format!("\"{}\"", told(of, 100))).collect::<Vec<_>>();
    let about = if about.is_empty() { String::new() } else { format!(" about {}", about.join(" and ")) };
    let count = found.len();
    let number = words::counted(i64::try_from(count).unwrap_or(i64::MAX), "event");
    let more = if count > SHOWN { format!(", the first {SHOWN} of them:") } else { ".".to_owned() };
    let first = Line::new(format!("Events{about}, {}: {number}{more}", words::window(from, to)), []);
    let lines = std::iter::once(first).chain(found.iter().take(SHOWN).map(line)).collect();
    Ok(Found { lines, count })
}

/// Events in which most of the words stand, the latest first among equals.
fn with_words(
    conn: &mut Connection,
    scope: &Scope,
    filter: &EventFilter,
    text: &str,
) -> Result<Vec<Event>, StoreError> {
    let mut found: BTreeMap<Uuid, (usize, Event)> = BTreeMap::new();
    for word in text.split_whitespace().take(MOST_WORDS) {
        let filter = EventFilter { text: Some(word.to_owned()), ..filter.clone() };
        for event in list(conn, &scope.tenant, &filter, None, OF_A_WORD)? {
            found.entry(event.id.0).or_insert((0, event)).0 += 1;
        }
    }
    let mut ranked: Vec<(usize, Event)> = found.into_values().collect();
    ranked.sort_by(|(one, first), (other, second)| other.cmp(one).then(second.time.cmp(&first.time)));
    Ok(ranked.into_iter().map(|(_, event)| event).collect())
}

fn line(event: &Event) -> Line {
    let by = event.facets.actor.as_deref().map(|actor| format!(" by {}", told(actor, 80))).unwrap_or_default();
    let said = serde_json::from_str::<Value>(event.data.get()).ok();
    let title = said.as_ref().and_then(|data| data.get("title")?.as_str());
    let title = title.map(|title| format!(" \"{}\"", told(title, 160))).unwrap_or_default();
    let (kind, subject) = (told(event.kind.as_str(), 64), told(&event.subject, 140));
    Line::new(format!("{kind} of {subject}{title}{by} at {}.", words::moment(event.time)), [event.id.0])
}
