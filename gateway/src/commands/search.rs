//! `/em search <words>` and `/em ask <question>`: events in which words stand, and questions answered from what is known.
//!
//! What is asked in a channel goes on for an hour, for each person apart. An answer names the events that it rests on; what
//! sources wrote is shown as they wrote it.

use ask::conversations::{Place, Said};
use ask::tools::Line;
use ask::{Answer as Reply, By};
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::Event;
use domain::ids::TenantId;
use slack::answers::{Answer, Basis, brief};
use slack::text::{code, link, moment, outside};
use store::events::{EventFilter, list};
use store::{Connection, StoreError};
use uuid::Uuid;

use super::Asked;
use crate::api::ask::{LONGEST_QUESTION, new_id};
use crate::clock;
use crate::reports::told::window;
use crate::state::State;

/// Text is looked for in every event of the time.
const BACK: TimeDelta = TimeDelta::days(90);
const SHOWN: usize = 10;
/// A line of an answer.
const LINE: usize = 600;
/// Events and documents that a line of an answer links to.
const LINKS: usize = 3;

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
    let text = question.trim();
    if text.is_empty() || text.chars().count() > LONGEST_QUESTION {
        let words = format!("Ask in 1 to {LONGEST_QUESTION} characters: `/em ask what changed in shop yesterday?`");
        return Ok(Answer::private(&words));
    }
    // PostgreSQL's texts cannot hold it.
    let text = text.replace('\0', "");
    let place = asked.channel.clone().map_or(Place::New, Place::Channel);
    let said = Said {
        tenant: asked.tenant.clone(),
        person: asked.name(),
        place,
        new_id: new_id(),
        random: Uuid::new_v4().as_u128(),
        text,
    };
    let answered = state.ask.converse(&said, clock::now).await?;
    let Some((_, reply)) = answered else { return Ok(Answer::private("The conversation is gone; ask again.")) };
    let lines: Vec<String> = reply.lines.iter().map(|line| answered_line(line, &state.settings.public_url)).collect();
    let used = format!("{} events, {}", reply.citations().len(), by(&reply));
    let basis = Basis { window: None, counted: Some(used), as_of: Some(asked.now), page: None };
    Ok(Answer::privately(brief(question, &[lines.join("\n")], &basis)))
}

/// Who worded it.
fn by(reply: &Reply) -> String {
    match reply.by {
        By::Model => "worded by a model from these events, may be wrong".to_owned(),
        By::Rules => "by rule".to_owned(),
    }
}

/// A line as it was answered, made harmless, with links to what it rests on.
fn answered_line(line: &Line, base: &str) -> String {
    let documents = line.documents.iter().filter_map(|one| one.url.as_deref().map(|url| link(url, &one.title)));
    let event = |(place, id): (usize, &Uuid)| {
        link(&format!("{}/v1/events/{id}", base.trim_end_matches('/')), &(place + 1).to_string())
    };
    let events = line.events.iter().take(LINKS).enumerate().map(event);
    let links: Vec<String> = documents.take(LINKS).chain(events).collect();
    let links = if links.is_empty() { String::new() } else { format!(" [{}]", links.join(", ")) };
    format!("• {}{links}", outside(&line.text, LINE))
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
