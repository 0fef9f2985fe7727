//! Slack: the Events API, slash commands and interactions of an app.
//!
//! Signed over version, time and raw body, whatever the body's form: JSON for events, fields for commands, JSON in a
//! field for interactions. The token in the body is an older proof and is not looked at. Handshakes: `url_verification`
//! is signed and answered once it is proved; `ssl_check` is not signed, so it gets a fixed answer and nothing else of
//! its body is read. Commands and interactions are no events: what they ask for is answered elsewhere.

mod messages;

use domain::event::Draft;
use domain::rules::Rules;
use domain::text::clean;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::form;
use crate::integration::{
    Delivery, Field, Greeting, Incoming, Integration, Normalizer, Sample, Setup, Unreadable, sample,
};
use crate::json::{self, Text};
use crate::manners::{After, Manners};
use crate::pointer;
use crate::scheme::{Clock, Part, Scheme, Signature, Timestamp, Unit};
use crate::schemes::WINDOW_SECONDS;

const SENT_AT: &str = "x-slack-request-timestamp";

pub(crate) static SLACK: Integration = Integration {
    name: "slack",
    title: "Slack",
    setup: Setup {
        paste: "api.slack.com/apps → the app → Event Subscriptions: request URL; the secret is the Signing Secret under \
                Basic Information",
        ticks: "Subscribe to bot events: message.channels, app_mention, reaction_added",
        docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack/",
    },
    manners: Manners {
        deadline_seconds: Some(3),
        refused: After::Retries,
        limited: After::Retries,
        failed: After::Retries,
        note: "Three more attempts: at once, after a minute and after five. When nearly all attempts of an hour fail, \
               the subscription is switched off.",
    },
    secret_setting: "SLACK_SIGNING_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "slack-v0",
        header: "x-slack-signature",
        tag: "v0=",
        signed: &[Part::Text("v0:"), Part::Header(SENT_AT), Part::Text(":"), Part::Body],
        timestamp: Some(Timestamp {
            clock: Clock::Header(SENT_AT),
            unit: Unit::Seconds,
            window_seconds: WINDOW_SECONDS,
        }),
        ..Signature::BODY_HEX
    })],
    kind: Field::First(&[Field::Body(&["/event/type"]), Field::Body(&["/type"]), Field::Read(form_kind)]),
    key: Field::First(&[Field::Body(&["/event_id"]), Field::Read(trigger)]),
    kept_headers: &[SENT_AT, "x-slack-retry-num", "x-slack-retry-reason"],
    greeting: Some(greet),
    unsigned_greeting: Some(greet_unsigned),
    kept_body: Some(without_token),
    normalize: Normalizer::Coded(normalize),
    sends: &[
        ("content-type", "application/json"),
        ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)"),
        ("accept", "*/*"),
    ],
    samples: SAMPLES,
    ..Integration::USUAL
};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("slack/message/posted.json", "message"),
    sample!("slack/message/changed.json", "message"),
    sample!("slack/message/deleted.json", "message"),
    sample!("slack/message/from_bot.json", "message"),
    sample!("slack/message/in_thread.json", "message"),
    sample!("slack/message/long_with_secret.json", "message"),
    sample!("slack/message/retried.json", "message", [("x-slack-retry-num", "1"), ("x-slack-retry-reason", "http_timeout")]),
    sample!("slack/message/without_channel.json", "message"),
    sample!("slack/message/joined.json", "message"),
    sample!("slack/app_mention/posted.json", "app_mention"),
    sample!("slack/reaction_added/message.json", "reaction_added"),
    sample!("slack/reaction_added/file.json", "reaction_added"),
    sample!("slack/channel_created/channel.json", "channel_created"),
    sample!("slack/app_rate_limited/minute.json", "app_rate_limited"),
    sample!("slack/url_verification/challenge.json", "url_verification"),
    sample!("slack/slash_command/deploy.form", "slash_command", [FORM]),
    sample!("slack/block_actions/button.form", "block_actions", [FORM]),
    sample!("slack/unknown/truncated.txt", "unknown"),
];

/// What a form is: a command, or the type of the interaction in its payload.
fn form_kind(incoming: &Incoming<'_>) -> Option<String> {
    match interaction(incoming.body) {
        Some(payload) => pointer::read(&payload, &["/type"]).ok()??.pop(),
        None => form::field(incoming.body, "command").map(|_| "slash_command".to_owned()),
    }
}

/// Forms have no id of their own; what may be opened by them only once does for one.
fn trigger(incoming: &Incoming<'_>) -> Option<String> {
    match interaction(incoming.body) {
        Some(payload) => pointer::read(&payload, &["/trigger_id"]).ok()??.pop(),
        None => form::field(incoming.body, "trigger_id"),
    }
}

/// The JSON of an interaction.
fn interaction(body: &[u8]) -> Option<Vec<u8>> {
    form::field(body, "payload").map(String::into_bytes)
}

/// Slack asks for the challenge back when the URL is set.
fn greet(delivery: &Delivery<'_>) -> Option<Greeting> {
    #[derive(Deserialize)]
    struct Verification<'a> {
        #[serde(borrow)]
        challenge: Text<'a>,
    }
    if delivery.kind != "url_verification" {
        return None;
    }
    let asked: Verification<'_> = json::read(delivery.body).ok()?;
    Some(Greeting::Answer(json!({"challenge": &*asked.challenge})))
}

/// Slack looks at the certificate of a command's URL with a form that nobody signs.
fn greet_unsigned(incoming: &Incoming<'_>) -> Option<Value> {
    let checks = form::field(incoming.body, "ssl_check").as_deref() == Some("1");
    checks.then(|| json!({"status": "ok"}))
}

/// The body without the old verification token, which proves nothing to us and might to others.
fn without_token(body: &[u8]) -> Option<Vec<u8>> {
    match interaction(body) {
        // The payload is the only field of an interaction.
        Some(payload) => json::without(&payload, &["token"]).map(|kept| form::of("payload", &kept)),
        None => json::without(body, &["token"]).or_else(|| form::without(body, "token")),
    }
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    if let Some(scope) = form_scope(delivery.body) {
        let why = Unreadable::new("commands and interactions are no events: they are answered elsewhere");
        return Err(Unreadable { scope, ..why });
    }
    json::tolerating_repeats(delivery.body, |body| messages::drafts(delivery.kind, body, rules))
}

/// The workspace of a command or interaction; `None` for what is neither.
fn form_scope(body: &[u8]) -> Option<Option<String>> {
    let team = match interaction(body) {
        Some(payload) => pointer::read(&payload, &["/team/id"]).ok().flatten().and_then(|mut all| all.pop()),
        None => {
            form::field(body, "command")?;
            form::field(body, "team_id")
        }
    };
    Some(team.map(|team| clean(&team, 100)))
}
