//! What people type: answers in Slack's form, typos, votes, long work, and the same over HTTP.

use std::time::{Duration, Instant};

use gateway::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::slack::Fault;
use testkit::world::until;

use super::{ADA, GRACE, MALLORY, Office, text};
use crate::world::problem;

async fn typed(office: &Office, user: &str, words: &str) -> Value {
    let reply = office.member(user).types(words).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["response_type"], "ephemeral", "{words}: {}", reply.body);
    reply.body
}

#[tokio::test]
async fn help_typos_and_misfits_are_answered_and_nothing_is_guessed() {
    let office = Office::new().await;
    for words in ["", "help", "HELP"] {
        assert!(text(&typed(&office, MALLORY, words).await).contains("/em approve &lt;id&gt;"), "{words}");
    }
    assert!(text(&typed(&office, ADA, "help dora").await).contains("delivery metrics"));
    let id = office.merge().await;
    let slip = text(&typed(&office, ADA, &format!("aprove {id}")).await);
    assert!(slip.contains("Did you mean `/em approve"), "{slip}");
    assert!(text(&typed(&office, ADA, "approve").await).contains("Which one?"));
    assert_eq!(office.shown(&id).await["status"], "pending");
}

#[tokio::test]
async fn votes_can_be_typed_and_inboxes_show_what_waits() {
    let office = Office::new().await;
    let ada = office.approver(ADA, "ada").await;
    let (first, second) = (office.merge().await, office.merge().await);
    let mine = text(&typed(&office, ADA, "approvals").await);
    assert!(mine.contains("Waiting for you (2)") && mine.contains(&first), "{mine}");
    assert!(text(&typed(&office, MALLORY, "approvals mine").await).contains("Waiting for you (0)"));
    assert!(text(&typed(&office, MALLORY, "approvals all").await).contains("Waiting (2)"));
    assert!(text(&typed(&office, ADA, &format!("approve `{first}`")).await).contains("Done: it is approved."));
    assert!(text(&typed(&office, ADA, &format!("reject {second} a freeze")).await).contains("Done: it is rejected."));
    assert_eq!(office.shown(&second).await["decision_reason"], "a freeze");
    let stranger = text(&typed(&office, MALLORY, &format!("approve {}", office.merge().await)).await);
    assert!(stranger.contains("slack:U0MALLORY1"), "{stranger}");
    assert!(text(&typed(&office, ADA, "approve nonsense").await).contains("There is no approval `nonsense`"));
    drop(ada);
}

#[tokio::test]
async fn what_takes_long_is_said_at_once_and_told_later() {
    let office = Office::new().await;
    // Who that is has to be asked of Slack, which takes its time.
    office.slack.fault("users.info", Fault::Silent(Duration::from_secs(4)));
    let started = Instant::now();
    let reply = office.member(GRACE).types("help").await;
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert!(text(&reply.body).contains("Working on it"), "{}", reply.body);
    let later = office.heard(&reply.response_url).await;
    assert!(later.contains("This is what I can do"), "{later}");
}

#[tokio::test]
async fn nothing_is_told_to_a_response_url_that_is_not_slacks() {
    let office = Office::new().await;
    let elsewhere = testkit::slack::Slack::start("x").await;
    let url = format!("{}hooks/1", elsewhere.url().trim_end_matches("api/"));
    office.slack.fault("users.info", Fault::Silent(Duration::from_secs(3)));
    let grace = office.member(GRACE);
    let form = grace.command("help", &url, 77_777);
    let now = chrono::Utc::now();
    let (status, body) = grace.posts("/v1/slack/commands", &form, (testkit::slack::SECRET, now)).await;
    assert!(status == 200 && text(&body).contains("Working on it"), "{body}");
    // A second command whose own answer comes later than the first would have.
    office.slack.fault("users.info", Fault::Silent(Duration::from_secs(4)));
    let second = grace.types("help").await;
    office.heard(&second.response_url).await;
    assert!(elsewhere.calls().is_empty());
}

#[tokio::test]
async fn a_busy_hook_is_tried_again() {
    let office = Office::new().await;
    let ada = office.approver(ADA, "ada").await;
    let id = office.merge().await;
    let message = office.posted(&id).await;
    let number = ada.types("help").await.response_url.rsplit('/').next().and_then(|n| n.parse::<usize>().ok());
    // Other tests take numbers too: one of the next ones is ours.
    for next in 1..40 {
        office.slack.fault(&format!("hooks/{}", number.expect("a number") + next), Fault::Limited(1));
    }
    assert_eq!(office.pressed(&ada, &message, "approval.approve").await, "Done: it is approved.");
}

#[tokio::test]
async fn callers_with_a_token_ask_the_same_with_their_own_role() {
    let office = Office::new().await;
    let ask = async |role: Role, words: &str| {
        let request = office.world.request_as(role, Method::POST, "/v1/slack/commands");
        let answer = request.json(&json!({"text": words, "user_id": ADA})).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().contains_key("ratelimit"));
        answer.json::<Value>().await.expect("json")
    };
    office.approver(ADA, "ada").await;
    let id = office.merge().await;
    let all = ask(Role::Viewer, "approvals all").await;
    assert_eq!(all["ok"], true);
    assert!(all["message"].as_str().is_some_and(|text| text.contains("merge acme/shop#12")), "{all}");
    assert_eq!(all["answer"]["response_type"], "ephemeral");
    // The id of somebody in Slack lends nobody their votes.
    let refused = ask(Role::Operator, &format!("approve {id}")).await;
    assert_eq!((&refused["ok"], office.shown(&id).await["status"].as_str()), (&json!(false), Some("pending")));
    let taken = ask(Role::Approver, &format!("approve {id}")).await;
    assert_eq!((&taken["ok"], &taken["message"]), (&json!(true), &json!("Done: it is approved.")));
    assert_eq!(office.shown(&id).await["votes"][0]["via"], "api");
    assert_eq!(ask(Role::Viewer, "sprnt").await["ok"], false);
    let nobody = office.world.request(Method::POST, "/v1/slack/commands").json(&json!({"text": "help"}));
    problem(nobody.send().await.expect("an answer"), 401, "not-authenticated").await;
    let empty = office.world.request_as(Role::Viewer, Method::POST, "/v1/slack/commands").json(&json!({}));
    problem(empty.send().await.expect("an answer"), 400, "invalid-request").await;
}

#[tokio::test]
async fn what_waits_is_posted_for_who_may_post() {
    let office = Office::new().await;
    office.approver(ADA, "ada").await;
    office.merge().await;
    assert!(text(&typed(&office, MALLORY, "approvals post").await).contains("takes the role"));
    assert!(text(&typed(&office, ADA, "approvals post #deploys").await).contains("posted in a moment"));
    let queued = office.world.database.store(store::Role::App);
    until("a queued message", async || {
        let now = chrono::Utc::now();
        let take = move |conn: &mut store::Connection| {
            store::slack_messages::take(conn, 1000, now, chrono::TimeDelta::seconds(60))
        };
        let turn = queued.call("test_take", take).await.expect("a turn");
        matches!(turn, store::slack_messages::Turn::Say(message) if message.place == "#deploys")
    })
    .await;
}

#[tokio::test]
async fn questions_go_on_for_an_hour_and_for_each_person_apart() {
    let office = Office::new().await;
    let asked = async |user: &str, words: &str| text(&typed(&office, user, &format!("ask {words}")).await);
    assert!(asked(ADA, "lead time between 2026-11-02 and 2026-11-08").await.contains("Lead time, 2026-11-02"));
    assert!(asked(ADA, "and on 2026-11-06?").await.contains("Lead time, 2026-11-06"));
    assert!(!asked(GRACE, "and on 2026-11-06?").await.contains("Lead time"), "it is ada's conversation");
    office.world.sql("update conversations set updated_at = updated_at - interval '61 minutes'");
    assert!(!asked(ADA, "and on 2026-11-06?").await.contains("Lead time"), "the hour is over");
    let all = office.audit("/v1/conversations").await;
    assert_eq!(all["data"].as_array().map(Vec::len), Some(3), "{all}");
}
