//! What each method does, and what it answers.

use serde_json::{Value, json};

use super::{Call, Message, State};

/// The workspace that the app is in.
pub(super) const TEAM: &str = "T0ACME0001";

pub(super) fn answer(call: &Call, state: &mut State) -> Value {
    let body = &call.body;
    match call.method.as_str() {
        "auth.test" => json!({"ok": true, "team_id": TEAM, "team": "Acme", "user_id": "U0EMAGENT1"}),
        "chat.postMessage" => post(body, state),
        "chat.update" => update(body, state),
        "chat.postEphemeral" => {
            state.whispers.push(body.clone());
            json!({"ok": true, "message_ts": "1.0"})
        }
        "views.open" | "views.publish" => {
            state.views.push(body.clone());
            json!({"ok": true, "view": {"id": "V1"}})
        }
        "users.lookupByEmail" => match body["email"].as_str().and_then(|email| state.people.get(email)) {
            Some((id, _)) => {
                json!({"ok": true, "user": {"id": id, "name": "someone", "profile": {"display_name": ""}}})
            }
            None => refused("users_not_found"),
        },
        "users.info" => info(body, state),
        "conversations.open" => match body["users"].as_str() {
            Some(user) => json!({"ok": true, "channel": {"id": channel(user, state)}}),
            None => refused("users_list_not_supplied"),
        },
        _ => refused("unknown_method"),
    }
}

pub(super) fn refused(code: &str) -> Value {
    json!({"ok": false, "error": code})
}

/// Nobody has to have an address.
fn info(body: &Value, state: &State) -> Value {
    let Some(id) = body["user"].as_str() else { return refused("user_not_found") };
    let known = state.people.iter().find(|(_, (known, _))| known == id);
    let (email, team) = known.map_or((None, TEAM), |(email, (_, team))| (Some(email), team.as_str()));
    json!({"ok": true, "user": {"id": id, "team_id": team, "is_bot": false, "deleted": false, "profile": {"email": email}}})
}

fn post(body: &Value, state: &mut State) -> Value {
    let Some(place) = body["channel"].as_str().filter(|place| !place.is_empty()) else {
        return refused("channel_not_found");
    };
    if body["text"].as_str().unwrap_or_default().is_empty() && body["blocks"].is_null() {
        return refused("no_text");
    }
    let channel = channel(place, state);
    state.said += 1;
    let ts = format!("1795201443.{:06}", state.said);
    let thread_ts = body["thread_ts"].as_str().map(str::to_owned);
    let message = Message { channel, ts, thread_ts, body: body.clone(), updates: 0 };
    let shown = json!({"type": "message", "ts": message.ts, "text": body["text"], "blocks": body["blocks"]});
    let answer = json!({"ok": true, "channel": message.channel, "ts": message.ts, "message": shown});
    state.messages.push(message);
    answer
}

fn update(body: &Value, state: &mut State) -> Value {
    // Updates take the id of a channel, never its name.
    let there =
        |message: &&mut Message| body["channel"] == message.channel.as_str() && body["ts"] == message.ts.as_str();
    let Some(message) = state.messages.iter_mut().find(there) else { return refused("message_not_found") };
    message.body = body.clone();
    message.updates += 1;
    json!({"ok": true, "channel": message.channel, "ts": message.ts})
}

/// The id of a channel: of a name, or of the direct messages with a person, always the same.
fn channel(place: &str, state: &mut State) -> String {
    let kind = match place.chars().next() {
        Some('C' | 'D' | 'G') => return place.to_owned(),
        Some('U' | 'W') => 'D',
        _ => 'C',
    };
    let number = state.channels.len() + 1;
    state.channels.entry(place.to_owned()).or_insert_with(|| format!("{kind}0FAKE{number:05}")).clone()
}
