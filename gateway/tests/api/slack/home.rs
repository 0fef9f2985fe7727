//! The home tab, published once the delivery that says it was opened is kept.

use chrono::Utc;
use serde_json::json;
use testkit::slack::SECRET;
use testkit::world::until;

use super::{ADA, Office};

#[tokio::test]
async fn whoever_opens_the_home_tab_sees_what_waits_for_them() {
    let office = Office::new().await;
    let ada = office.approver(ADA, "ada").await;
    let id = office.merge().await;
    let opened = json!({"type": "event_callback", "team_id": "T0ACME0001", "event_id": "Ev1",
        "event": {"type": "app_home_opened", "user": ADA, "tab": "home"}});
    for status in ["ok", "duplicate"] {
        let body = opened.to_string();
        let (code, answer) = ada.posts("/webhooks/slack", body.as_bytes(), (SECRET, Utc::now())).await;
        assert_eq!((code, &answer["status"]), (200, &json!(status)));
        until("a home tab", async || !office.slack.views().is_empty()).await;
    }
    let views = office.slack.views();
    assert_eq!((views.len(), &views[0]["user_id"]), (1, &json!(ADA)));
    let view = views[0]["view"].to_string();
    assert!(view.contains("Waiting for you (1)") && view.contains(&id), "{view}");
    let deliveries = office.world.get("/v1/deliveries?source=slack").await;
    assert_eq!(deliveries["data"].as_array().map(Vec::len), Some(1));
}
