//! Jobs that act, on a real PostgreSQL, against a GitHub that answers as its documentation says.

mod approved;
mod interleavings;
mod kinds;
mod protected;
mod world;

use serde_json::json;
use testkit::github::{Fault, Playing};
use testkit::listening::Reply;
use testkit::world::until;
use worker::workflows::Family;

use crate::world::{World, calling};

const POST: &str = "POST /repos/acme/shop/issues/7/comments";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_done_once_and_says_what_came_of_it() {
    let world = World::fresh().await;
    let id = world.asked("comment", json!({"text": "Still needed?", "team": "payments"})).await;
    assert_eq!(world.work().await, 1);
    let job = world.job(id).await;
    assert_eq!((job.status.as_str(), job.error, job.attempts), ("succeeded", None, 1));
    assert_eq!(job.progress["done"], "commented on acme/shop#7");
    assert_eq!(job.progress["url"], "https://github.com/acme/shop/pull/7#issuecomment-1");
    assert_eq!(job.progress["passed_over"], json!(["team"]), "what was for the policy is named");
    assert_eq!(world.log(id).await, ["done"]);
    assert_eq!((world.work().await, world.comments()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_looked_for_before_anything_is_repeated() {
    let world = World::fresh().await;
    world.github.fault(POST, Fault::Done(Reply::Cut));
    let id = world.asked("comment", json!({"text": "Still needed?"})).await;
    world.work().await;
    let waiting = world.job(id).await;
    assert_eq!((waiting.status.as_str(), waiting.due_at.is_some()), ("queued", true));
    assert!(waiting.error.is_some_and(|why| why.contains("broke off") || why.contains("answer")));
    assert_eq!(world.work().await, 0, "it waits for its time");
    world.work_to_the_end().await;
    let job = world.job(id).await;
    assert_eq!((job.status.as_str(), job.progress["was_found"].clone()), ("succeeded", json!(true)));
    assert_eq!((world.log(id).await.join(" "), world.comments()), ("unknown found".to_owned(), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_github_refuses_fails_at_once_with_its_words() {
    let world = World::fresh().await;
    let refusal = Reply::json(422, &json!({"message": "Validation Failed", "errors": ["body is too long"]}));
    world.github.fault(POST, Fault::Instead(refusal));
    let id = world.asked("comment", json!({"text": "Still needed?"})).await;
    world.work().await;
    let job = world.job(id).await;
    assert_eq!(job.status, "failed");
    assert!(job.error.is_some_and(|why| why.contains("body is too long")));
    assert_eq!((job.progress["refused"]["status"].clone(), world.comments()), (json!(422), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_waited_for_and_is_no_try() {
    let world = World::fresh().await;
    let reset = (world.now().timestamp() + 900).to_string();
    let headers = [("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset)];
    for _ in 0..15 {
        world
            .github
            .fault(POST, Fault::Instead(Reply::with(403, &headers, r#"{"message":"API rate limit exceeded"}"#)));
    }
    let id = world.asked("comment", json!({"text": "Still needed?"})).await;
    world.work().await;
    let due = world.job(id).await.due_at.expect("it waits");
    assert!((due - world.now()).num_seconds() >= 900, "{due}");
    world.work_to_the_end().await;
    assert_eq!((world.job(id).await.status.as_str(), world.comments()), ("succeeded", 1));
    assert_eq!(world.log(id).await.iter().filter(|outcome| *outcome == "wait").count(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_reached_is_given_up_in_the_end() {
    let calling = calling(&[("GITHUB_API_URL", "http://127.0.0.1:1"), ("GITHUB_TOKEN", "hunter2")]);
    let world = World::with(Playing::start().await, calling).await;
    let id = world.asked("label", json!({"labels": ["stale"]})).await;
    world.work_to_the_end().await;
    let job = world.job(id).await;
    let error = job.error.expect("an error");
    assert!(error.starts_with("given up after 11 tries"), "{error}");
    assert!(!error.contains("hunter2") && !job.progress.to_string().contains("hunter2"));
    assert_eq!(world.log(id).await, vec!["unreachable"; 11]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_worker_takes_over_and_finds_what_the_first_did() {
    let world = World::fresh().await;
    world.github.fault(POST, Fault::Done(Reply::Silence));
    let id = world.asked("comment", json!({"text": "Still needed?"})).await;
    let first = world.workflows.clone();
    let first = tokio::spawn(async move { first.work_through(Family::Jobs).await });
    until("the first has written", async || world.comments() == 1).await;
    world.pass(30);
    assert_eq!(world.work().await, 0, "it is leased");
    world.pass(31);
    assert_eq!(world.work().await, 1);
    let job = world.job(id).await;
    assert_eq!((job.status.as_str(), job.attempts, world.comments()), ("succeeded", 2, 1));
    assert_eq!(world.log(id).await, ["…", "found"]);
    first.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_sent_and_sends_nothing() {
    let world = World::fresh().await;
    let id = world.asked("comment", json!({"text": "Still needed?", "dry_run": true})).await;
    let odd = world.asked("comment", json!({"text": "Still needed?", "dry_run": "yes"})).await;
    world.work().await;
    let job = world.job(id).await;
    assert_eq!((job.status.as_str(), &job.progress["dry_run"]), ("succeeded", &json!(true)));
    assert_eq!(job.progress["plan"]["request"], "POST /repos/acme/shop/issues/7/comments");
    assert_eq!(world.log(id).await, ["planned"]);
    assert_eq!(world.job(odd).await.status, "failed", "what may be meant as one is not done");
    assert!(world.github.lines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_or_is_not_set_up_fails_and_says_what_is_missing() {
    let world = World::fresh().await;
    let unfit = world.asked("comment", json!({})).await;
    let unknown = world.asked("coment", json!({"text": "x"})).await;
    let page = world.asked("page", json!({"summary": "down"})).await;
    let webhook = world.asked("webhook", json!({"url": "https://example.com/", "type": "a.b"})).await;
    world.work().await;
    let job = world.job(unfit).await;
    assert_eq!((job.status.as_str(), &job.progress["faults"][0]["pointer"]), ("failed", &json!("/text")));
    for (id, part) in [(unknown, "comment"), (page, "PAGERDUTY_ROUTING_KEY"), (webhook, "OUTGOING_WEBHOOK_SECRETS")] {
        let job = world.job(id).await;
        let error = job.error.unwrap_or_default();
        assert!(job.status == "failed" && error.contains(part), "{error}");
    }
    let none = World::with(Playing::start().await, calling(&[])).await;
    let id = none.asked("comment", json!({"text": "x"})).await;
    let nudge = none.asked("nudge", json!({"channel": "#team", "text": "x"})).await;
    none.work().await;
    assert!(none.job(id).await.error.is_some_and(|why| why.contains("GITHUB_TOKEN")));
    assert!(none.job(nudge).await.error.is_some_and(|why| why.contains("SLACK_BOT_TOKEN")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nudge_is_queued_for_slack_once() {
    let world = World::fresh().await;
    let usual = world.asked("nudge", json!({})).await;
    let named = world.asked("nudge", json!({"user": "github:nobody", "text": "Please <!here>"})).await;
    world.work().await;
    let job = world.job(usual).await;
    assert_eq!((job.status.as_str(), &job.progress["done"]), ("succeeded", &json!("queued for Slack: #team")));
    assert!(world.job(named).await.error.is_some_and(|why| why.contains("POST /v1/identities")));
    // As if the process had died before it wrote that it is done.
    world.forgotten(usual).await;
    world.pass(61);
    world.work().await;
    assert_eq!((world.job(usual).await.status.as_str(), world.notes().await), ("succeeded", 1));
}
