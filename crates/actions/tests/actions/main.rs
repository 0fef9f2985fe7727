//! Actions against servers that play the other systems, well and badly.

mod app;
mod elsewhere;
mod faults;
mod once;

use std::time::Duration;

use actions::effects::{Action, Clients, EffectKey, Performed, Previous, effect_key, perform};
use actions::github::GitHub;
use actions::outcome::Outcome;
use chrono::{DateTime, TimeDelta, Utc};
use outbound::Outbound;
use secrecy::SecretString;
use serde_json::Value;
use testkit::github::{PAT, Playing, noon};

fn after(seconds: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(seconds)
}

/// A try at noon whose end is not known.
fn lost() -> Option<Previous> {
    Some(Previous { since: noon(), last: noon() })
}

fn outbound() -> Outbound {
    Outbound::new(Duration::from_secs(20), 1 << 20).expect("a client")
}

fn with_pat(github: &Playing) -> Clients {
    let github = GitHub::with_token(outbound(), &github.url(), SecretString::from(PAT.to_owned()));
    Clients { github: Some(github), ..Clients::default() }
}

fn action(kind: &str, payload: &Value) -> Action {
    Action::read(kind, "acme/shop#7", payload).expect("an action")
}

fn key(action: &Action) -> EffectKey {
    effect_key("job 1", action)
}

/// The first try, at noon.
async fn first(action: &Action, clients: &Clients) -> Outcome<Performed> {
    perform(action, clients, &key(action), None, noon()).await
}

/// A try five minutes after one that was lost.
async fn again(action: &Action, clients: &Clients) -> Outcome<Performed> {
    perform(action, clients, &key(action), lost(), after(300)).await
}

/// What was done.
fn done(outcome: Outcome<Performed>) -> Performed {
    match outcome {
        Outcome::Done(performed) => performed,
        other => panic!("not done: {other:?}"),
    }
}
