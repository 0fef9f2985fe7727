//! What ended without approval, asked anew.

use gateway::access::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{audited, decision, post, sent, told};
use crate::world::{World, problem, token_of};

fn again(world: &World, (subject, role): (&str, Role), id: &str) -> RequestBuilder {
    let bearer = token_of(subject, domain::ids::TenantId::default(), role);
    world.request(Method::POST, &format!("/v1/approvals/{id}/again")).bearer_auth(bearer).json(&json!({}))
}

async fn rejected(world: &World) -> String {
    let what = json!({"subject": "acme/shop#12", "action": "merge", "payload": {"sha": "c3d4"}, "reason": "a fix",
        "authors": ["github:otto"]});
    let id = super::proposed(world, &what).await;
    told(decision(world, ("the approver", Role::Approver), &id, &json!({"decision": "reject"})), 200).await;
    id
}

#[tokio::test]
async fn it_is_a_new_approval_of_the_same_content_and_one_at_a_time() {
    let world = World::new().await;
    let first = rejected(&world).await;
    let ada = ("ada", Role::Operator);
    let asked = told(again(&world, ada, &first), 201).await;
    let second = asked["approval_id"].as_str().expect("an id");
    assert_eq!((&asked["status"], second == first), (&json!("pending"), false), "{asked}");
    assert_eq!(told(again(&world, ("bob", Role::Operator), &first), 200).await["approval_id"], second, "it is open");

    let (before, now) =
        (world.get(&format!("/v1/approvals/{first}")).await, world.get(&format!("/v1/approvals/{second}")).await);
    assert_eq!((&before["status"], &before["asked_again"]), (&json!("rejected"), &json!([second])), "{before}");
    assert_eq!((&now["again_of"], &now["votes"]), (&json!(first), &json!([])), "{now}");
    for same in ["subject", "action", "payload", "content_hash", "reason"] {
        assert_eq!(before[same], now[same], "{same}");
    }
    assert_eq!(
        (&now["requested_by"], &now["authors"]),
        (&json!("ada"), &json!(["github:otto", "the operator"])),
        "{now}"
    );
    let listed = world.get("/v1/approvals?status=rejected").await;
    assert_eq!(listed["data"][0]["asked_again"], json!([second]), "{listed}");
    assert_eq!(audited(&world, &first).await.last().map(String::as_str), Some("approval.asked_again ada"));

    // Who asked the first time is nobody's voter the second time.
    let mine = sent(decision(&world, ("the operator", Role::Approver), second, &json!({"decision": "approve"}))).await;
    problem(mine, 403, "may-not-decide").await;
    told(decision(&world, ("the approver", Role::Approver), second, &json!({"decision": "approve"})), 200).await;
    problem(sent(again(&world, ada, second)).await, 409, "decided-otherwise").await;
    // It is not open any more.
    assert_eq!(told(again(&world, ada, &first), 201).await["status"], "pending");
}

#[tokio::test]
async fn what_waits_still_is_not_asked_anew() {
    let world = World::new().await;
    let open = super::usual(&world).await;
    problem(sent(again(&world, ("ada", Role::Operator), &open)).await, 409, "decided-otherwise").await;
    let unknown = "/v1/approvals/01938f5e-3f0a-7c11-9d4e-0000000000aa/again";
    problem(sent(post(&world, Role::Operator, unknown, &json!({}))).await, 404, "not-found").await;
}

#[tokio::test]
async fn many_that_ask_at_once_get_the_same_one() {
    let world = World::new().await;
    let first = rejected(&world).await;
    let all = (0..12).map(|n| {
        let request = again(&world, ("ada", Role::Operator), &first);
        async move { (n, sent(request).await.json::<Value>().await.expect("json")) }
    });
    let answers = futures::future::join_all(all).await;
    let second = answers[0].1["approval_id"].clone();
    assert!(second.is_string() && answers.iter().all(|(_, answer)| answer["approval_id"] == second), "{answers:?}");
}
