//! Slack's door: `/em`, presses of buttons, modals, and the home tab.
//!
//! A form is proved by Slack's signature before anything reads it ([`crate::intake::signed`]), then looked up: who it is
//! ([`speakers`]), what they typed ([`typed`]) or pressed ([`presses`]), and what becomes of their vote ([`votes`]).
//! Slack waits three seconds; what takes longer goes on beside and is told through the `response_url` ([`later`]).
//! One workspace: the default tenant's.
//!
//! The message that everybody sees is not written here: a vote makes its messages stale, and the worker writes them anew,
//! wherever they stand and also when the vote came another way. Here only the person who pressed is told.
//!
//! The home tab ([`home`]) is published by the gateway, after the delivery that says that it was opened is kept: it
//! shows one person how things are now, is owed to nobody, and opening it again makes it anew. The worker could not do
//! it: what has no mapping goes to the bus without its body.

mod home;
mod inbox;
mod later;
mod links;
pub(crate) mod posting;
mod presses;
mod speakers;
mod thoughts;
mod tokens;
mod typed;
mod voice;
mod votes;

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use integrations::Integration;
use slack::answers::Answer;
use slack::payloads::{Interaction, Slash, Unreadable};
use store::StoreError;

use crate::intake::{Signed, signed};
use crate::problem::{Code, Problem, ProblemBody};
use crate::state::Shared;
use later::Later;
use speakers::Speaker;

pub(crate) use home::opened;
pub(crate) use voice::Voice;

/// The source whose secrets and scheme prove what comes here.
const SOURCE: &str = "slack";
/// Slack waits three seconds, the way there and back included.
const WITHIN: Duration = Duration::from_millis(2_300);

/// A command that somebody typed: Slack's form, or `{"text": …}` of a caller with a token.
#[utoipa::path(post, path = "/v1/slack/commands", tag = "slack",
    request_body(content((String = "application/x-www-form-urlencoded"), (tokens::Typed = "application/json")),
        description = "Slack's form, signed; or EM Agent's JSON by a caller with a token"),
    responses(
        (status = 200, body = Object, description = "To Slack in Slack's form; to others `{\"ok\", \"message\", \"answer\"}`"),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 429, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ))]
pub(crate) async fn commands(request: HttpRequest, payload: Payload, state: Shared) -> Result<HttpResponse, Problem> {
    if is_json(&request) {
        return tokens::answer(&request, payload, &state).await;
    }
    let (body, _share) = match signed(&request, payload, &state, source(&state)?).await? {
        Signed::Greeting(answer) => return Ok(HttpResponse::Ok().json(answer)),
        Signed::Body(body, share) => (body, share),
    };
    let slash = Slash::read(&body).map_err(unreadable)?;
    let mut later = Later::new(Some(slash.response_url.clone()), Utc::now());
    let (asked, said) = (state.clone(), slash);
    let mut work = state.slack.spawn(async move { answered(&asked, said).await });
    if let Ok(done) = tokio::time::timeout(WITHIN, &mut work).await {
        return Ok(HttpResponse::Ok().json(done.unwrap_or_else(|_| not_now())));
    }
    let asked = state.clone();
    state.slack.spawn(async move {
        let answer = work.await.unwrap_or_else(|_| not_now());
        later.say(&asked.slack.client, &answer).await;
    });
    Ok(HttpResponse::Ok().json(Answer::working()))
}

/// A button that somebody pressed, or a modal that they sent.
#[utoipa::path(post, path = "/v1/slack/interactions", tag = "slack",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "Slack's form, signed: `payload=`"),
    responses(
        (status = 200, description = "Taken; of a modal that does not fit, what to write instead"),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 429, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ))]
pub(crate) async fn interactions(
    request: HttpRequest,
    payload: Payload,
    state: Shared,
) -> Result<HttpResponse, Problem> {
    let (body, _share) = match signed(&request, payload, &state, source(&state)?).await? {
        Signed::Greeting(answer) => return Ok(HttpResponse::Ok().json(answer)),
        Signed::Body(body, share) => (body, share),
    };
    match Interaction::read(&body).map_err(unreadable)? {
        Interaction::Pressed(pressed) => Ok(presses::pressed(&state, pressed).await),
        Interaction::Submitted(submitted) => Ok(presses::submitted(&state, submitted).await),
        Interaction::Closed(_) | Interaction::Shortcut(_) | Interaction::Unknown(_) => Ok(HttpResponse::Ok().finish()),
    }
}

/// What somebody in Slack is answered.
async fn answered(state: &Shared, slash: Slash) -> Answer {
    let Slash { user_id, channel_id, text, .. } = slash;
    let said = match Speaker::in_slack(state, &user_id, Some(channel_id)).await {
        Ok(speaker) => typed::answer(state, &speaker, &text).await,
        Err(error) => Err(error),
    };
    said.map_or_else(|error| failed(&error), |said| said.answer)
}

/// Said where the database failed; logged here and nowhere else.
fn failed(error: &StoreError) -> Answer {
    tracing::error!(error = error as &dyn std::error::Error, "somebody in Slack got no answer; look at the database");
    not_now()
}

fn not_now() -> Answer {
    Answer::private("I cannot answer that now. Please try again in a minute.")
}

fn source(state: &Shared) -> Result<&'static Integration, Problem> {
    state.sources.find(SOURCE).ok_or_else(|| Problem::not_found("webhook source"))
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn unreadable(why: Unreadable) -> Problem {
    Problem::new(Code::InvalidRequest, why.to_string()).because(why)
}
