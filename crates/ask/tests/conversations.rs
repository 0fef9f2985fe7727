//! Conversations on a real PostgreSQL: what is asked in a channel goes on within the hour, for each person apart.

use std::sync::Arc;

use ask::conversations::{Clock, Place, Said};
use ask::{Answer, Ask};
use boot::Settings;
use boot::environment::Variables;
use boot::settings::Env;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use knowledge::Knowledge;
use models::Models;
use store::Role;
use testkit::database::Database;
use uuid::Uuid;

struct World {
    /// Dropped last: the store works on it.
    _database: Database,
    ask: Ask,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

impl World {
    fn new() -> Self {
        let database = Database::fresh();
        let settings = Settings::read(&Variables::default(), &["github"], Env::Development).expect("settings").0;
        let store = database.store(Role::App);
        let models = Models::of(&settings.models, store.clone(), Arc::new(Utc::now)).expect("models");
        let knowledge = Knowledge::of(store.clone(), models.clone());
        let ask = Ask::of(store, models, knowledge, ["github".to_owned()], (&settings.ask, &settings.models));
        Self { _database: database, ask }
    }

    async fn says(&self, person: &str, place: Place, text: &str, clock: Clock) -> Option<(Uuid, Answer)> {
        let said = Said {
            tenant: TenantId::default(),
            person: person.to_owned(),
            place,
            new_id: Uuid::new_v4(),
            random: 7,
            text: text.to_owned(),
        };
        self.ask.converse(&said, clock).await.expect("an answer")
    }

    async fn in_channel(&self, person: &str, channel: &str, text: &str, clock: Clock) -> (Uuid, String) {
        let (id, answer) = self.says(person, Place::Channel(channel.to_owned()), text, clock).await.expect("a place");
        (id, answer.text())
    }
}

#[tokio::test]
async fn what_is_asked_in_a_channel_goes_on_within_the_hour_and_not_after() {
    let world = World::new();
    let question = "lead time between 2026-11-02 and 2026-11-08";
    let first = world.in_channel("ada", "C1", question, || at("2026-11-20T12:00:00Z")).await;
    let next = world.in_channel("ada", "C1", "and on 2026-11-06?", || at("2026-11-20T12:59:00Z")).await;
    assert_eq!(next.0, first.0);
    assert!(next.1.contains("Lead time, 2026-11-06 (UTC)"), "it is a follow-up: {}", next.1);
    // The hour is counted from what was said last.
    let later = world.in_channel("ada", "C1", "and on 2026-11-05?", || at("2026-11-20T13:59:00Z")).await;
    assert_eq!(later.0, first.0);
    let anew = world.in_channel("ada", "C1", "and on 2026-11-04?", || at("2026-11-20T14:59:01Z")).await;
    assert_ne!(anew.0, first.0);
    assert!(!anew.1.contains("Lead time"), "nothing was said before it: {}", anew.1);
}

#[tokio::test]
async fn two_people_and_two_channels_have_their_own() {
    let world = World::new();
    let question = "lead time between 2026-11-02 and 2026-11-08";
    let ada = world.in_channel("ada", "C1", question, || at("2026-11-20T12:00:00Z")).await;
    let grace = world.in_channel("grace", "C1", "and on 2026-11-06?", || at("2026-11-20T12:01:00Z")).await;
    assert_ne!(grace.0, ada.0);
    assert!(!grace.1.contains("Lead time"), "what ada asked is not grace's: {}", grace.1);
    let elsewhere = world.in_channel("ada", "C2", "and on 2026-11-06?", || at("2026-11-20T12:02:00Z")).await;
    assert_ne!(elsewhere.0, ada.0);
    let back = world.in_channel("ada", "C1", "and on 2026-11-06?", || at("2026-11-20T12:03:00Z")).await;
    assert_eq!(back.0, ada.0);
    let theirs = world.says("grace", Place::Conversation(ada.0), "and on 2026-11-06?", || at("2026-11-20T12:04:00Z"));
    assert!(theirs.await.is_none(), "a conversation is its person's");
}
