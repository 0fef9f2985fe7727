//! What follows from an approval's end: once, and never mixed with how it was decided.

use domain::approvals::{Choice, Effect, Owed, Status, Terms};
use domain::ids::TenantId;
use serde_json::{Value, json};
use store::approvals::revive_effect;
use testkit::github::Fault;
use testkit::listening::Reply;

use crate::POST;
use crate::world::World;

fn terms(world: &World, owed: Owed) -> Terms {
    Terms { owed, ..Terms::usual(world.now()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_approved_is_done_once() {
    let world = World::fresh().await;
    let id = world.proposed("comment", json!({"text": "Merge it."}), terms(&world, Owed::Approval)).await;
    assert_eq!(world.work().await, 0, "it waits for people");
    world.voted(id, Choice::Approve).await;
    world.github.fault(POST, Fault::Done(Reply::Cut));
    world.work().await;
    let approval = world.approval(id).await;
    assert_eq!((approval.status, approval.effect), (Status::Approved, Effect::Failed), "decided, and not delivered");
    world.work_to_the_end().await;
    let approval = world.approval(id).await;
    assert_eq!((approval.status, approval.effect, world.comments()), (Status::Approved, Effect::Delivered, 1));
    let job = world.job(approval.job_id.expect("a job")).await;
    assert_eq!((job.status.as_str(), &job.progress["was_found"]), ("succeeded", &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_or_a_word_of_ones_own_is_not_done() {
    let world = World::fresh().await;
    let rejected = world.proposed("comment", json!({"text": "x"}), terms(&world, Owed::Answer)).await;
    let own = world.proposed("deploy", json!({"sha": "c3d4"}), terms(&world, Owed::Approval)).await;
    world.voted(rejected, Choice::Reject).await;
    world.voted(own, Choice::Approve).await;
    world.work().await;
    for (id, said) in [(rejected, "nothing is done: it is rejected"), (own, "nothing is done here: `deploy`")] {
        let approval = world.approval(id).await;
        let job = world.job(approval.job_id.expect("a job")).await;
        assert_eq!(approval.effect, Effect::Delivered);
        assert!(job.progress["done"].as_str().is_some_and(|done| done.starts_with(said)), "{}", job.progress);
    }
    assert!(world.github.lines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_was_refused_is_tried_anew_when_people_say_so() {
    let world = World::fresh().await;
    let id = world.proposed("comment", json!({"text": "Merge it."}), terms(&world, Owed::Approval)).await;
    world.voted(id, Choice::Approve).await;
    world.github.fault(POST, Fault::Instead(Reply::json(404, &json!({"message": "Not Found"}))));
    world.work().await;
    let dead = world.approval(id).await;
    assert_eq!((dead.status, dead.effect, world.work().await), (Status::Approved, Effect::Dead, 0));
    assert!(dead.effect_error.is_some_and(|why| why.contains("Not Found")));
    let now = world.now();
    assert!(world.call(move |conn| revive_effect(conn, &TenantId::default(), id, "p1", now)).await);
    assert_eq!(world.work().await, 1);
    assert_eq!((world.approval(id).await.effect, world.comments()), (Effect::Delivered, 1));
}

fn deployment() -> Value {
    json!({"repo": "acme/shop", "run_id": 79, "environment": "production", "sha": "c3d4"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_waits_is_answered_either_way() {
    for (choice, state) in [(Choice::Approve, "approved"), (Choice::Reject, "rejected")] {
        let world = World::fresh().await;
        let id = world.proposed("deployment_protection", deployment(), terms(&world, Owed::Answer)).await;
        world.voted(id, choice).await;
        world.github.fault("POST", Fault::Done(Reply::Cut));
        world.work_to_the_end().await;
        let sent = world.github.state().statuses.clone();
        assert_eq!((sent.len(), &sent[0]["state"]), (1, &json!(state)));
        assert!(sent[0]["comment"].as_str().is_some_and(|said| said.to_lowercase().starts_with(state)), "{sent:?}");
        assert_eq!(world.approval(id).await.effect, Effect::Delivered);
    }
}
