//! Buttons and modals: who may, who may not, twice, too late, and what everybody is told.

use serde_json::{Value, json};

use super::{ADA, GRACE, MALLORY, Office};
use crate::people::proposed;

const APPROVE: &str = "approval.approve";
const REJECT: &str = "approval.reject";
const DETAILS: &str = "approval.details";

#[tokio::test]
async fn an_approval_is_given_with_a_press_and_a_second_press_is_told_so() {
    let office = Office::new().await;
    let ada = office.approver(ADA, "ada").await;
    let grace = office.approver(GRACE, "grace").await;
    let id = office.merge().await;
    let message = office.posted(&id).await;
    assert_eq!(office.pressed(&ada, &message, APPROVE).await, "Done: it is approved.");
    let shown = office.shown(&id).await;
    assert_eq!((&shown["status"], &shown["decided_by"]), (&json!("approved"), &json!("ada")), "{shown}");
    assert_eq!((&shown["votes"][0]["via"], &shown["effect"]["status"]), (&json!("slack"), &json!("pending")));
    for member in [&ada, &grace] {
        let told = office.pressed(member, &message, APPROVE).await;
        assert_eq!(told, "Nothing changed: it is already approved by <@U0ADA00001>.");
    }
    // The other way, by whomever: without a window, as there is nothing to decide.
    let told = office.pressed(&grace, &message, REJECT).await;
    assert_eq!(told, "Nothing changed: it is already approved by <@U0ADA00001>.");
    assert!(office.slack.views().is_empty());
    assert_eq!(office.shown(&id).await["votes"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_rejection_asks_why_and_the_window_says_what_does_not_fit() {
    let office = Office::new().await;
    let ada = office.approver(ADA, "ada").await;
    let id = office.merge().await;
    let message = office.posted(&id).await;
    let window = office.window(&ada, &message, REJECT).await;
    assert_eq!(window["view"]["callback_id"], "approval.decide");
    assert_eq!(office.shown(&id).await["status"], "pending");
    // Somebody else gets hold of the window: their own vote is looked at.
    let mallory = office.member(MALLORY).submits(&window, Some("mine")).await;
    assert_eq!((mallory.status, &mallory.body["response_action"]), (200, &json!("errors")));
    let why = mallory.body["errors"]["reason"].as_str().expect("a sentence");
    assert!(why.starts_with("Your vote was not taken") && why.contains("slack:U0MALLORY1"), "{why}");
    let sent = ada.submits(&window, Some("  a freeze ")).await;
    assert_eq!((sent.status, &sent.body), (200, &Value::Null));
    let whisper = office.whispered(1).await;
    assert_eq!((&whisper["text"], &whisper["user"]), (&json!("Done: it is rejected."), &json!(ADA)), "{whisper}");
    let shown = office.shown(&id).await;
    assert_eq!((&shown["status"], &shown["decision_reason"]), (&json!("rejected"), &json!("a freeze")), "{shown}");
    let again = ada.submits(&window, Some("again")).await;
    assert_eq!(again.body["errors"]["reason"], "Nothing changed: it is already rejected by ada.");
}

#[tokio::test]
async fn people_who_may_not_decide_are_told_privately_and_it_is_noted() {
    let office = Office::new().await;
    let id = office.merge().await;
    let message = office.posted(&id).await;
    // A stranger, who can be mapped with what they are told.
    let told = office.pressed(&office.member(MALLORY), &message, APPROVE).await;
    assert!(told.contains("I do not know who you are") && told.contains("`slack:U0MALLORY1`"), "{told}");
    // Somebody who is known and was not asked: before they write a reason.
    let nobody = json!({"external_type": "slack", "external_id": GRACE, "user_id": "grace"});
    crate::people::added(&office.world, &nobody).await;
    for button in [APPROVE, REJECT] {
        let told = office.pressed(&office.member(GRACE), &message, button).await;
        assert!(told.starts_with("Your vote was not taken. You may not decide this"), "{told}");
    }
    assert!(office.slack.views().is_empty());
    let audit = office.audit(&format!("/v1/audit?subject=approval/{id}&action=approval.refused")).await;
    let actors: Vec<&Value> = audit["data"].as_array().expect("rows").iter().map(|row| &row["actor"]).collect();
    assert_eq!(actors, ["grace", "grace", "slack:U0MALLORY1"], "{audit}");
    assert_eq!(office.shown(&id).await["status"], "pending");
}

#[tokio::test]
async fn a_quorum_is_told_how_many_are_missing() {
    let document = crate::people::Document::new(
        "version: 1\nname: two\nrules:\n  - {name: both, kinds: [merge], then: {require: [{votes: 2, role: approver}]}}\n",
    );
    let office = Office::with(&[("POLICY_PATH", document.path())]).await;
    let (ada, grace) = (office.approver(ADA, "ada").await, office.approver(GRACE, "grace").await);
    let id = office.merge().await;
    let message = office.posted(&id).await;
    assert_eq!(office.pressed(&ada, &message, APPROVE).await, "Your approval counts. One more approval is needed.");
    assert_eq!(office.pressed(&ada, &message, APPROVE).await, "Nothing changed: your approval counts already.");
    assert_eq!(office.shown(&id).await["status"], "pending");
    assert_eq!(office.pressed(&grace, &message, APPROVE).await, "Done: it is approved.");
}

#[tokio::test]
async fn a_press_after_its_time_finds_it_expired() {
    let office = Office::new().await;
    let ada = office.approver(ADA, "ada").await;
    let id = office.merge().await;
    let message = office.posted(&id).await;
    office.world.sql(
        "update approvals set expires_at = created_at,
         terms = jsonb_set(terms::jsonb, '{expires_at}', '\"2020-01-01T00:00:00Z\"')::json",
    );
    for button in [REJECT, APPROVE] {
        assert_eq!(office.pressed(&ada, &message, button).await, "Nothing changed: it is already expired.");
    }
    assert_eq!(office.shown(&id).await["status"], "expired");
}

#[tokio::test]
async fn nobody_decides_about_what_they_did_not_see() {
    let office = Office::new().await;
    let ada = office.approver(ADA, "ada").await;
    let id = office.merge().await;
    let message = office.posted(&id).await;
    let window = office.window(&ada, &message, REJECT).await;
    office.world.sql("update approvals set content_hash = repeat('0', 64)");
    let told = office.pressed(&ada, &message, APPROVE).await;
    assert!(told.contains("what is to be approved has changed"), "{told}");
    let sent = ada.submits(&window, Some("late")).await;
    assert!(sent.body["errors"]["reason"].as_str().is_some_and(|why| why.contains("has changed")), "{:?}", sent.body);
    assert_eq!(office.shown(&id).await["status"], "pending");
}

#[tokio::test]
async fn details_open_for_who_asks_and_without_a_window_they_are_told() {
    let office = Office::new().await;
    let id = office.merge().await;
    let message = office.posted(&id).await;
    let window = office.window(&office.member(MALLORY), &message, DETAILS).await;
    assert!(window.to_string().contains("Exactly this is approved") && window.to_string().contains("c3d4"));
    office.slack.fault("views.open", testkit::slack::Fault::Refused("expired_trigger_id".to_owned()));
    let reply = office.member(MALLORY).presses(&message, DETAILS).await;
    assert!(office.heard(&reply.response_url).await.contains("Approval needed"));
    // A reason cannot be written without a window: they are told how to type it.
    office.slack.fault("views.open", testkit::slack::Fault::Refused("expired_trigger_id".to_owned()));
    let ada = office.approver(ADA, "ada").await;
    let told = office.pressed(&ada, &message, "approval.reject").await;
    assert!(told.contains(&format!("/em reject {id}")), "{told}");
}

#[tokio::test]
async fn buttons_that_are_not_ours_or_of_nothing_do_nothing() {
    let office = Office::new().await;
    let ada = office.approver(ADA, "ada").await;
    let id = proposed(&office.world, &json!({"subject": "a", "action": "merge"})).await;
    let mut message = office.posted(&id).await;
    let gone = message.body.to_string().replace(&id, "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55");
    message.body = serde_json::from_str(&gone).expect("JSON");
    let told = office.pressed(&ada, &message, APPROVE).await;
    assert!(told.starts_with("There is no approval"), "{told}");
    let other = message.body.to_string().replace("approval.approve", "somebody.elses");
    message.body = serde_json::from_str(&other).expect("JSON");
    let reply = ada.presses(&message, "somebody.elses").await;
    assert_eq!((reply.status, &reply.body), (200, &Value::Null));
    assert_eq!(office.shown(&id).await["status"], "pending");
}
