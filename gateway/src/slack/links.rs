//! `/em link`: somebody says who they are elsewhere.
//!
//! Anybody can type any login. A link that counted at once would let them vote in another's place, wherever a group of a
//! policy names that login. So it counts at once only where it is so already, or where Slack itself vouches for it: their
//! own e-mail address. Anything else is a claim: it stands in the audit until an administrator maps both names to one
//! person.

use chrono::{DateTime, Utc};
use serde_json::json;
use slack::answers::Answer;
use slack::commands::Provider;
use slack::text::code;
use store::{Connection, StoreError, identities};

use super::speakers::{Speaker, add};
use crate::api::people::identities::note;
use crate::state::State;

/// What became of it.
enum Linked {
    Already,
    Now,
    Claimed { owner: Option<String> },
}

pub(super) async fn link(
    state: &State,
    speaker: &Speaker,
    (provider, login): (Provider, String),
    now: DateTime<Utc>,
) -> Result<Answer, StoreError> {
    let Some(user_id) = speaker.slack_user.clone() else {
        return Ok(Answer::private(
            "Type it in Slack: it says who you are there. Over the API there is POST /v1/identities.",
        ));
    };
    let own = if provider == Provider::Email { state.slack.email(&user_id).await } else { None };
    let is_vouched = own.is_some_and(|email| email.eq_ignore_ascii_case(&login));
    let (asked, name) = (speaker.clone(), login.clone());
    let work = move |conn: &mut Connection| {
        store::transaction(conn, |conn| said(conn, &asked, (provider, &name), is_vouched, now))
    };
    let linked = state.store.call("slack_link", work).await?;
    Ok(Answer::private(&words(&linked, &format!("{}:{login}", provider.word()), &user_id)))
}

fn said(
    conn: &mut Connection,
    speaker: &Speaker,
    (provider, login): (Provider, &str),
    is_vouched: bool,
    now: DateTime<Utc>,
) -> Result<Linked, StoreError> {
    let tenant = &speaker.tenant;
    let user_id = speaker.slack_user.as_deref().unwrap_or_default();
    let owner = identities::person_of(conn, tenant, provider.word(), login)?;
    let mine = identities::person_of(conn, tenant, "slack", user_id)?;
    match (&owner, &mine) {
        (Some(owner), Some(mine)) if owner.id == mine.id => return Ok(Linked::Already),
        (Some(owner), None) if is_vouched && !owner.is_bot => {
            add(conn, tenant, ("slack", user_id), &owner.id, now)?;
            return Ok(Linked::Now);
        }
        (None, mine) if is_vouched => {
            let person = mine.as_ref().map_or_else(|| format!("slack:{user_id}"), |mine| mine.id.clone());
            add(conn, tenant, ("slack", user_id), &person, now)?;
            add(conn, tenant, (provider.word(), login), &person, now)?;
            return Ok(Linked::Now);
        }
        _ => {}
    }
    let owner = owner.map(|owner| owner.id);
    let detail = json!({"identity": format!("{}:{login}", provider.word()), "of": owner});
    let actor = speaker.person().id;
    note(conn, tenant, (&actor, "identity.claimed", &format!("slack:{user_id}")), detail, now)?;
    Ok(Linked::Claimed { owner })
}

fn words(linked: &Linked, name: &str, user_id: &str) -> String {
    let name = code(name, 300);
    match linked {
        Linked::Already => format!("I know already that you are {name}."),
        Linked::Now => format!("Noted: you are {name}. Slack vouches for it, so your votes count as theirs."),
        Linked::Claimed { owner } => {
            let slack = code(&format!("slack:{user_id}"), 80);
            let person = owner.as_deref().map(|owner| format!(", the person {}", code(owner, 300))).unwrap_or_default();
            format!(
                "I noted that you say you are {name}{person}. Anybody could say so: it counts once an administrator maps \
                 {slack} to that person (`POST /v1/identities`). Until then your votes count only as {slack}."
            )
        }
    }
}
