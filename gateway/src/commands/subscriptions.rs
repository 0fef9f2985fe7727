//! `/em subscribe` and `/em unsubscribe`: which channels are told of which services.

use domain::ids;
use slack::answers::{Answer, Basis, brief};
use slack::commands::Place;
use slack::text::code;
use store::subscriptions::{self, Listed, Subscription};
use store::{Connection, StoreError, services};
use uuid::Uuid;

use super::{Asked, shown_place};
use crate::state::State;

const LONGEST_SERVICE: usize = 255;
const MOST: i64 = 50;

pub(super) async fn subscribe(
    state: &State,
    asked: &Asked,
    service: String,
    place: Place,
) -> Result<Answer, StoreError> {
    let channel = match whose(asked, &service, place) {
        Ok(channel) => channel,
        Err(answer) => return Ok(answer),
    };
    let subscription = Subscription {
        id: ids::row(asked.now, Uuid::new_v4().into_bytes()),
        service: service.clone(),
        channel: channel.clone(),
        created_at: asked.now,
        created_by: asked.name(),
    };
    let tenant = asked.tenant.clone();
    let work = move |conn: &mut Connection| {
        let added = subscriptions::add(conn, &tenant, &subscription)?;
        let known = !services::seen(conn, &tenant, std::slice::from_ref(&subscription.service))?.is_empty();
        let listed = Listed { channel: Some(subscription.channel), ..Listed::default() };
        Ok((added, known, subscriptions::list(conn, &tenant, &listed, None, MOST)?))
    };
    let (added, known, all) = state.store.call("subscription_add", work).await?;
    let (name, place) = (code(&service, 100), shown_place(&channel));
    let mut words = if added {
        format!("{place} is told from now on when a deployment of {name} ends, and of its incidents.")
    } else {
        format!("{place} is told of {name} already.")
    };
    if !known {
        words.push_str(" Nothing is known of this service yet: `GET /v1/services` lists those that are.");
    }
    if !state.slack.client.has_token() {
        words.push_str(" But nothing can be posted to Slack: set SLACK_BOT_TOKEN.");
    }
    Ok(told(asked, words, &all))
}

pub(super) async fn unsubscribe(
    state: &State,
    asked: &Asked,
    service: String,
    place: Place,
) -> Result<Answer, StoreError> {
    let channel = match whose(asked, &service, place) {
        Ok(channel) => channel,
        Err(answer) => return Ok(answer),
    };
    let (tenant, of, from) = (asked.tenant.clone(), service.clone(), channel.clone());
    let work = move |conn: &mut Connection| {
        let removed = subscriptions::remove(conn, &tenant, &of, &from)?;
        let listed = Listed { channel: Some(from), ..Listed::default() };
        Ok((removed, subscriptions::list(conn, &tenant, &listed, None, MOST)?))
    };
    let (removed, all) = state.store.call("subscription_remove", work).await?;
    let (name, place) = (code(&service, 100), shown_place(&channel));
    let words =
        if removed { format!("{place} is told no more of {name}.") } else { format!("{place} is not told of {name}.") };
    Ok(told(asked, words, &all))
}

/// The channel; else why not.
fn whose(asked: &Asked, service: &str, place: Place) -> Result<String, Answer> {
    if let Some(refused) = asked.refused("Subscribing channels") {
        return Err(refused);
    }
    if service.chars().count() > LONGEST_SERVICE || service.chars().any(char::is_control) {
        return Err(Answer::private("That is no name of a service."));
    }
    asked.place(place).ok_or_else(|| Answer::private("Say which channel: `/em subscribe <service> #channel`."))
}

/// What else the channel is told.
fn told(asked: &Asked, words: String, all: &[Subscription]) -> Answer {
    let services: Vec<String> = all.iter().map(|one| code(&one.service, 100)).collect();
    let rest = if services.is_empty() {
        "It is told of no service.".to_owned()
    } else {
        format!("It is told of {}.", services.join(", "))
    };
    let counted = format!("{} services", all.len());
    let basis = Basis { counted: Some(counted), as_of: Some(asked.now), ..Basis::default() };
    Answer::privately(brief("Subscriptions", &[words, rest], &basis))
}
