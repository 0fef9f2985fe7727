//! With an incoming webhook and no token: notes to its channel are said, everything else is left out.

use boot::settings::SlackSettings;
use chrono::Utc;
use domain::approvals::Terms;
use domain::ids::TenantId;
use serde_json::json;
use store::Connection;
use store::slack_messages::{Note, say};
use testkit::world::until;

use crate::world::{STATES, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_says_notes_to_its_channel_and_nothing_else() {
    let mut world = World::fresh().await;
    let url = format!("{}hooks/T0/B0/secret", world.slack.url().trim_end_matches("api/"));
    world.settings = SlackSettings { bot_token: None, webhook_url: Some(url.clone().into()), ..world.settings.clone() };
    world.asked("acme/shop", Terms::usual(Utc::now()), Utc::now()).await;
    let work = |conn: &mut Connection| {
        let message = json!({"text": "stand-up", "blocks": [{"type": "divider"}]});
        for place in ["#deploys", "U0ADA00001"] {
            let note = Note { key: place, place, thread_ts: None, message: &message };
            say(conn, &TenantId::default(), note, Utc::now())?;
        }
        Ok(())
    };
    world.call(work).await;
    world.work();
    let states = ["#deploys: sent", "U0ADA00001: dropped"];
    until("one is said, one left out", async || world.rows(STATES).await == states).await;
    assert_eq!(world.slack.responses(&url), [json!({"text": "stand-up", "blocks": [{"type": "divider"}]})]);
    // The approval waits for a token: it is not posted, and was not asked about.
    assert!(world.messages(0).await.is_empty());
    world.end().await;
}
