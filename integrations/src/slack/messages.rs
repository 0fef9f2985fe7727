//! Messages, mentions of the app, and reactions to messages.
//!
//! A message is told by its channel and its time, which is unique there. Edits and deletions are subtypes of `message`
//! and are no new messages; neither is what Slack itself writes into a channel. A mention comes as a message as well,
//! in a delivery of its own.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Common, Message};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde_json::json;

use crate::drafts::{MESSAGE, NAME, draft, text};
use crate::integration::Unreadable;
use crate::json::{self, Text};

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    team_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Callback<'a> {
    #[serde(borrow)]
    team_id: Option<Text<'a>>,
    #[serde(borrow)]
    event: Event<'a>,
    #[serde(default, deserialize_with = "time::lenient")]
    event_time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    subtype: Option<Text<'a>>,
    #[serde(borrow)]
    user: Option<Text<'a>>,
    #[serde(borrow)]
    username: Option<Text<'a>>,
    #[serde(borrow)]
    bot_id: Option<Text<'a>>,
    #[serde(borrow)]
    bot_profile: Option<Profile<'a>>,
    #[serde(borrow)]
    channel: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    ts: Option<Text<'a>>,
    #[serde(borrow)]
    thread_ts: Option<Text<'a>>,
    #[serde(borrow)]
    event_ts: Option<Text<'a>>,
    /// What was reacted to: a message, or a file, which has no channel.
    #[serde(borrow)]
    item: Option<Item<'a>>,
    #[serde(borrow)]
    reaction: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Profile<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    channel: Option<Text<'a>>,
    #[serde(borrow)]
    ts: Option<Text<'a>>,
}

/// Subtypes of messages that somebody wrote; the others tell of something else.
const WRITTEN: [&str; 4] = ["bot_message", "file_share", "me_message", "thread_broadcast"];

pub(super) fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    if !matches!(kind, "message" | "app_mention" | "reaction_added") {
        let envelope: Envelope<'_> = json::read(body)?;
        let scope = text(envelope.team_id.as_ref(), NAME);
        return Err(Unreadable { scope, ..Unreadable::new("this kind has no mapping") });
    }
    let callback: Callback<'_> = json::read(body)?;
    callback
        .draft(kind, rules)
        .map(|draft| vec![draft])
        .map_err(|reason| Unreadable { scope: text(callback.team_id.as_ref(), NAME), ..Unreadable::new(reason) })
}

impl Callback<'_> {
    fn draft(&self, kind: &str, rules: &Rules) -> Result<Draft, String> {
        let event = &self.event;
        let scope = text(self.team_id.as_ref(), NAME).unwrap_or_default();
        if let Some(other) = event.subtype.as_deref().filter(|subtype| !WRITTEN.contains(subtype)) {
            return Err(format!("the subtype {} of this kind has no mapping", domain::text::clean(other, 60)));
        }
        let reacted = kind == "reaction_added";
        let (channel, ts) = match &event.item {
            Some(item) if reacted => (item.channel.as_ref(), item.ts.as_ref()),
            _ => (event.channel.as_ref(), event.ts.as_ref()),
        };
        let (Some(channel), Some(ts)) = (text(channel, NAME), text(ts, NAME)) else {
            return Err("it is not about a message in a channel".to_owned());
        };
        let happened = if reacted { event.event_ts.as_ref() } else { event.ts.as_ref() };
        let at = happened.and_then(|ts| moment(ts)).or(self.event_time);
        let common = Common { actor: event.actor(rules), revision: at, ..Common::default() };
        let fact = Message {
            channel: Some(channel.clone()),
            thread: text(event.thread_ts.as_ref(), NAME),
            text_head: text(event.text.as_ref(), MESSAGE).filter(|_| !reacted),
        };
        let kind = match kind {
            "app_mention" => "message.mentioned",
            "reaction_added" => "message.reacted",
            _ => "message.posted",
        };
        let mut draft = draft(kind, &scope, format!("slack:{channel}/{ts}"), at, common, Body::Message(fact));
        if let Some(reaction) = text(event.reaction.as_ref(), NAME).filter(|_| reacted) {
            draft.data.extra.insert("slack".to_owned(), json!({"reaction": reaction}));
        }
        Ok(draft)
    }
}

impl Event<'_> {
    /// Apps that post as a bot have an id of their own and no login; people have an id only.
    fn actor(&self, rules: &Rules) -> Option<Actor> {
        let named = self.username.as_ref().or_else(|| self.bot_profile.as_ref()?.name.as_ref());
        let id = text(self.user.as_ref(), NAME).or_else(|| text(self.bot_id.as_ref(), NAME));
        let login = text(named, NAME);
        let is_bot = self.bot_id.is_some() || self.subtype.as_deref() == Some("bot_message");
        let bot = rules.is_bot(login.as_deref().unwrap_or_default(), is_bot);
        (id.is_some() || login.is_some()).then_some(Actor { id, login, email: None, bot })
    }
}

/// `1795200247.000100`: seconds, and a fraction that makes it unique.
fn moment(ts: &str) -> Option<DateTime<Utc>> {
    let plain = ts.len() <= 20 && ts.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let seconds: f64 = plain.then(|| ts.parse().ok())??;
    if seconds > 0.0 { time::from_epoch_float(seconds) } else { None }
}
