//! `/em search <words>` and `/em ask <question>`: events in which words stand.
//!
//! A question is searched by its words until a model answers it; that is said.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::Event;
use domain::ids::TenantId;
use slack::answers::{Answer, Basis, brief};
use slack::text::{code, moment, outside};
use store::events::{EventFilter, list};
use store::{Connection, StoreError};

use super::Asked;
use crate::reports::told::window;
use crate::state::State;

/// Text is looked for in every event of the time.
const BACK: TimeDelta = TimeDelta::days(90);
const SHOWN: usize = 10;
/// Words of a question that are looked for, and events of each.
const MOST_WORDS: usize = 5;
const OF_A_WORD: i64 = 50;
/// Shorter words tell nothing.
const SHORTEST: usize = 4;
/// Words that stand in every question.
const USUAL: &[&str] = &[
    "what",
    "when",
    "where",
    "which",
    "does",
    "have",
    "were",
    "with",
    "from",
    "that",
    "this",
    "there",
    "about",
    "after",
    "before",
    "since",
    "last",
    "many",
    "much",
    "show",
    "tell",
    "today",
    "week",
    "yesterday",
    "happened",
];

pub(super) async fn find(state: &State, asked: &Asked, words: String) -> Result<Answer, StoreError> {
    let (tenant, now) = (asked.tenant.clone(), asked.now);
    let searched = words.clone();
    let look = move |conn: &mut Connection| with_text(conn, &tenant, &searched, now, SHOWN as i64 + 1);
    let mut found = state.store.look("search", look).await?;
    let more = found.len() > SHOWN;
    found.truncate(SHOWN);
    let title = format!("Search: {words}");
    Ok(Answer::privately(brief(&title, &[lines(&found)], &basis(found.len(), more, now))))
}

pub(super) async fn ask(state: &State, asked: &Asked, question: &str) -> Result<Answer, StoreError> {
    let (tenant, now, words) = (asked.tenant.clone(), asked.now, telling(question));
    if words.is_empty() {
        return Ok(Answer::private(
            "I found no word in it that I could look for. Name a service, a person or a change.",
        ));
    }
    let of = words.clone();
    let look = move |conn: &mut Connection| with_words(conn, &tenant, &of, now);
    let found = state.store.look("ask", look).await?;
    let shown: Vec<String> = words.iter().map(|word| code(word, 60)).collect();
    let first = format!("I cannot answer in my own words yet. This is what I found about {}:", shown.join(", "));
    Ok(Answer::privately(brief(question, &[first, lines(&found)], &basis(found.len(), false, now))))
}

/// The words of a question that tell something, as they stand.
fn telling(question: &str) -> Vec<String> {
    let is_inside = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_' | '/' | '#' | '.' | ':' | '@');
    let words = question.split(|one: char| !is_inside(one)).map(|word| word.trim_matches(['.', ':', '-']));
    let tells = |word: &&str| {
        let has_number = word.chars().any(|one| one.is_ascii_digit());
        (word.chars().count() >= SHORTEST || has_number) && !USUAL.contains(&word.to_lowercase().as_str())
    };
    let mut told: Vec<String> = words.filter(|word| !word.is_empty()).filter(tells).map(str::to_owned).collect();
    told.dedup();
    told.truncate(MOST_WORDS);
    told
}

fn with_text(
    conn: &mut Connection,
    tenant: &TenantId,
    text: &str,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    // PostgreSQL's texts cannot hold it.
    let text = text.replace('\0', "");
    let filter = EventFilter { from: Some(now - BACK), text: Some(text), ..EventFilter::default() };
    list(conn, tenant, &filter, None, limit)
}

/// Events in which most of the words stand, the latest first among equals.
fn with_words(
    conn: &mut Connection,
    tenant: &TenantId,
    words: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<Event>, StoreError> {
    let mut found: BTreeMap<String, (usize, Event)> = BTreeMap::new();
    for word in words {
        for event in with_text(conn, tenant, word, now, OF_A_WORD)? {
            found.entry(event.id.to_string()).or_insert((0, event)).0 += 1;
        }
    }
    let mut ranked: Vec<(usize, Event)> = found.into_values().collect();
    ranked.sort_by(|(one, first), (other, second)| other.cmp(one).then(second.time.cmp(&first.time)));
    Ok(ranked.into_iter().take(SHOWN).map(|(_, event)| event).collect())
}

fn lines(found: &[Event]) -> String {
    if found.is_empty() {
        return "Nothing was found.".to_owned();
    }
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(event: &Event) -> String {
    let by = event.facets.actor.as_deref().map(|actor| format!(" by {}", outside(actor, 80))).unwrap_or_default();
    let said = serde_json::from_str::<serde_json::Value>(event.data.get()).ok();
    let title =
        said.as_ref().and_then(|data| data.get("title")?.as_str()).map(|title| format!(" {}", outside(title, 120)));
    let (kind, subject) = (outside(&event.kind.to_string(), 60), code(&event.subject, 120));
    format!("• {kind} {subject}{}{by} · {}", title.unwrap_or_default(), moment(event.time))
}

fn basis(count: usize, more: bool, now: DateTime<Utc>) -> Basis {
    let counted = if more { format!("the latest {count} events of more") } else { format!("{count} events") };
    Basis { window: Some(window(now - BACK, now)), counted: Some(counted), as_of: Some(now), page: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_question_the_words_that_tell_something_are_looked_for() {
        assert_eq!(telling("What happened to acme/shop#12 after Ada's deploy?"), ["acme/shop#12", "deploy"]);
        assert_eq!(telling("who broke PAY-7, and when?"), ["broke", "PAY-7"]);
        assert!(telling("what is it?").is_empty());
    }
}
