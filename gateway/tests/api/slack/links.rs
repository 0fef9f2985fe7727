//! Who people in Slack are: what an administrator said, what Slack vouches for, and what is only claimed.

use serde_json::{Value, json};

use super::{ADA, GRACE, MALLORY, Office, text};
use crate::people::added;

#[tokio::test]
async fn the_person_of_an_e_mail_address_is_known_by_it_and_the_audit_says_so() {
    let office = Office::new().await;
    office.slack.person("ada@acme.io", ADA);
    office.slack.outsider("grace@acme.io", GRACE);
    for (email, name) in [("Ada@acme.io", "ada"), ("grace@acme.io", "grace")] {
        let identity = json!({"external_type": "email", "external_id": email, "user_id": name, "roles": ["approver"]});
        added(&office.world, &identity).await;
    }
    let id = office.merge().await;
    let message = office.posted(&id).await;
    // Of another workspace: what its administrators let people call themselves proves nothing here.
    let outsider = office.pressed(&office.member(GRACE), &message, "approval.approve").await;
    assert!(outsider.contains("I do not know who you are"), "{outsider}");
    assert_eq!(office.pressed(&office.member(ADA), &message, "approval.approve").await, "Done: it is approved.");
    assert_eq!(office.shown(&id).await["decided_by"], "ada");
    let audit = office.audit("/v1/audit?actor=system&action=identity.added").await;
    assert_eq!(audit["data"][0]["detail"]["identity"], "slack:U0ADA00001", "{audit}");
    assert_eq!(audit["data"][0]["detail"]["roles"], json!([]));
    // Known now, so Slack is not asked again.
    let asked = |office: &Office| office.slack.calls().iter().filter(|call| call.body["user"] == ADA).count();
    let before = asked(&office);
    office.member(ADA).types("approvals").await;
    assert_eq!(asked(&office), before);
}

#[tokio::test]
async fn a_login_that_anybody_could_type_gives_nobody_anything() {
    let office = Office::new().await;
    let bob = json!({"external_type": "github", "external_id": "bob", "user_id": "bob", "roles": ["approver"]});
    added(&office.world, &bob).await;
    let mallory = office.member(MALLORY);
    let said = mallory.types("link github bob").await.body;
    assert!(text(&said).contains("once an administrator maps `slack:U0MALLORY1`"), "{said}");
    let id = office.merge().await;
    let message = office.posted(&id).await;
    let told = office.pressed(&mallory, &message, "approval.approve").await;
    assert!(told.contains("I do not know who you are"), "{told}");
    let claims = office.audit("/v1/audit?action=identity.claimed").await;
    let claim = &claims["data"][0];
    assert_eq!((&claim["actor"], &claim["subject"]), (&json!("slack:U0MALLORY1"), &json!("identity/slack:U0MALLORY1")));
    assert_eq!(claim["detail"], json!({"identity": "github:bob", "of": "bob"}));
    // The administrator agrees.
    added(&office.world, &json!({"external_type": "slack", "external_id": MALLORY, "user_id": "bob"})).await;
    assert!(text(&mallory.types("link github bob").await.body).contains("I know already"));
    assert_eq!(office.pressed(&mallory, &message, "approval.approve").await, "Done: it is approved.");
}

#[tokio::test]
async fn ones_own_address_counts_at_once_and_anothers_does_not() {
    let office = Office::new().await;
    office.slack.person("grace@acme.io", GRACE);
    let grace = office.member(GRACE);
    let other = text(&grace.types("link email ada@acme.io").await.body);
    assert!(other.contains("Anybody could say so"), "{other}");
    let own = text(&grace.types("link email <mailto:Grace@acme.io|Grace@acme.io>").await.body);
    assert!(own.contains("Slack vouches for it"), "{own}");
    let page = office.world.get("/v1/identities?user_id=slack:U0GRACE001").await;
    let names: Vec<&Value> = page["data"].as_array().expect("rows").iter().map(|row| &row["external_id"]).collect();
    assert!(names.contains(&&json!("Grace@acme.io")) && names.contains(&&json!(GRACE)), "{page}");
}
