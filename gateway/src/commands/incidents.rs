//! `/em incident`: those that are open, and words about one. A word is an event, as over the API.

mod shown;

use actix_web::web::Bytes;
use domain::dora::facts::Outside;
use domain::ids::DeliveryId;
use serde_json::{Value, json};
use slack::answers::Answer;
use slack::commands::{Incident, Place, Severity};
use slack::text::{code, outside};
use store::incidents::{self, IncidentRow, Listed, timeline};
use store::outbox::Committed;
use store::{Connection, StoreError, transaction};
use uuid::Uuid;

use super::{Asked, tell};
use crate::api::incidents::said::{LONGEST_TITLE, opening};
use crate::api::incidents::saying::{LONGEST_NOTE, Speech, Word};
use crate::api::incidents::{MOST_MEANINGS, found};
use crate::ourselves;
use crate::state::State;

/// Incidents that are listed.
const MOST: i64 = 15;
/// Moments of one incident that are read, and the last of them that are shown.
const MOMENTS: i64 = 500;
const LAST: usize = 10;

pub(super) async fn run(state: &State, asked: &Asked, incident: Incident) -> Result<Answer, StoreError> {
    let refused = asked.refused("Speaking of incidents");
    match (incident, refused) {
        (Incident::List, _) => open(state, asked).await,
        (Incident::Post { id, place }, _) => post(state, asked, &id, place).await,
        (_, Some(refused)) => Ok(refused),
        (Incident::Start { title }, None) => start(state, asked, title).await,
        (Incident::Note { id, text }, None) => note(state, asked, &id, &text).await,
        (Incident::Close { id }, None) => close(state, asked, &id).await,
        (Incident::Severity { id, severity }, None) => weigh(state, asked, &id, severity).await,
    }
}

async fn open(state: &State, asked: &Asked) -> Result<Answer, StoreError> {
    let tenant = asked.tenant.clone();
    let listed = Listed { open: Some(true), ..Listed::default() };
    let look = move |conn: &mut Connection| incidents::list(conn, &tenant, &listed, None, MOST + 1);
    let rows = state.store.look("incident_list", look).await?;
    let told = shown::open(&rows, usize::try_from(MOST).unwrap_or_default(), asked.now);
    Ok(Answer::privately(told.brief()))
}

/// The incident that a word means; else what to say.
async fn meant(state: &State, asked: &Asked, word: &str) -> Result<Result<Outside, Answer>, StoreError> {
    let mut names = found(state, &asked.tenant, word).await?;
    if names.len() > 1 {
        let all: Vec<String> = names.iter().take(MOST_MEANINGS).map(|name| code(&name.to_string(), 100)).collect();
        let words = format!("{} may mean {}: write the one that you mean.", code(word, 100), all.join(", "));
        return Ok(Err(Answer::private(&words)));
    }
    let none = || {
        Answer::private(&format!("There is no incident {}. `/em incident` lists those that are open.", code(word, 100)))
    };
    Ok(names.pop().ok_or_else(none))
}

async fn start(state: &State, asked: &Asked, title: String) -> Result<Answer, StoreError> {
    let now = asked.now;
    let id = DeliveryId::new(now, Uuid::new_v4().into_bytes());
    let sent = sent(asked, &json!({"incident": "start", "title": title}));
    let common = ourselves::said_by(&asked.name(), now);
    let (title, draft) = opening(common, (Some(title), None), None, id, now);
    let subject = draft.subject.clone();
    let delivery = ourselves::delivery(&asked.tenant, id, "incident", &sent, vec![draft]);
    keep(state, "incident_open", move |conn| Ok(((), ourselves::keep(conn, delivery, now)?))).await?;
    let words = format!(
        "🔴 Incident *{}* is open: {}\nNote what you see: `/em incident note {subject} <text>`. Close it: `/em incident close {subject}`.",
        outside(&title, LONGEST_TITLE),
        code(&subject, 100)
    );
    Ok(Answer::private(&words))
}

async fn note(state: &State, asked: &Asked, id: &str, text: &str) -> Result<Answer, StoreError> {
    if text.chars().count() > LONGEST_NOTE {
        return Ok(Answer::private(&format!("A note has at most {LONGEST_NOTE} characters.")));
    }
    let word = Word::note(text, None);
    let said = |name: &Outside| format!("Noted at {}.", code(&name.to_string(), 100));
    speak(state, asked, (id, json!({"incident": "note", "text": text})), said, move |_| Some(word)).await
}

async fn close(state: &State, asked: &Asked, id: &str) -> Result<Answer, StoreError> {
    let now = asked.now;
    let said = |name: &Outside| format!("✅ {} is closed.", code(&name.to_string(), 100));
    speak(state, asked, (id, json!({"incident": "close"})), said, move |row| Word::close(row, now)).await
}

async fn weigh(state: &State, asked: &Asked, id: &str, severity: Severity) -> Result<Answer, StoreError> {
    let weight = severity.word();
    let said = |name: &Outside| format!("{} is {weight} now.", code(&name.to_string(), 100));
    let sent = json!({"incident": "severity", "severity": weight});
    speak(state, asked, (id, sent), said, move |_| Some(Word::severity(weight))).await
}

/// Keeps a word about an incident that is there, and says that it is kept.
async fn speak(
    state: &State,
    asked: &Asked,
    (id, what): (&str, Value),
    said: impl FnOnce(&Outside) -> String,
    word: impl FnOnce(&IncidentRow) -> Option<Word> + Send + 'static,
) -> Result<Answer, StoreError> {
    let name = match meant(state, asked, id).await? {
        Ok(name) => name,
        Err(answer) => return Ok(answer),
    };
    let words = said(&name);
    let now = asked.now;
    let speech = Speech {
        tenant: asked.tenant.clone(),
        speaker: asked.name(),
        name,
        sent: sent(asked, &what),
        id: DeliveryId::new(now, Uuid::new_v4().into_bytes()),
        now,
    };
    keep(state, "incident_word", move |conn| speech.keep(conn, |row| ((), word(row)))).await?;
    Ok(Answer::private(&words))
}

/// What the delivery of a word holds: what was typed, and by whom.
fn sent(asked: &Asked, what: &Value) -> Bytes {
    json!({"command": what, "by": asked.name(), "slack_user": asked.slack_user}).to_string().into()
}

/// Keeps events in a transaction, and hands them to the relay.
async fn keep<T: Send + 'static>(
    state: &State,
    operation: &'static str,
    work: impl FnOnce(&mut Connection) -> Result<(T, Vec<Committed>), StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (told, kept) = state.store.call(operation, move |conn| transaction(conn, work)).await?;
    kept.into_iter().for_each(|committed| state.relay.hand_over(committed));
    Ok(told)
}

/// Has others read how one stands.
async fn post(state: &State, asked: &Asked, id: &str, place: Place) -> Result<Answer, StoreError> {
    let name = match meant(state, asked, id).await? {
        Ok(name) => name,
        Err(answer) => return Ok(answer),
    };
    let (tenant, of) = (asked.tenant.clone(), name.clone());
    let look = move |conn: &mut Connection| {
        let Some(row) = incidents::one(conn, &tenant, &of)? else { return Ok(None) };
        Ok(Some((row, timeline::moments(conn, &tenant, &of, None, MOMENTS)?)))
    };
    let Some((row, moments)) = state.store.look("incident_one", look).await? else {
        return Ok(Answer::private(&format!("There is no incident {} any more.", code(&name.to_string(), 100))));
    };
    let last = &moments[moments.len().saturating_sub(LAST)..];
    let told = shown::one(&row, last, moments.len(), asked.now);
    tell(state, asked, ("incident", Some(place)), told).await
}
