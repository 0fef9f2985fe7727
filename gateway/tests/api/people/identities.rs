//! Who is who: added once, listed, forgotten, and in the audit.

use gateway::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{added, post, sent, told};
use crate::world::{World, problem};

#[tokio::test]
async fn a_name_is_one_persons_and_is_forgotten_with_its_roles() {
    let world = World::new().await;
    let ada = json!({"external_type": "github", "external_id": "ada", "user_id": "ada", "display_name": "Ada",
        "roles": ["approver", "operator", "approver"]});
    let keyed = || post(&world, Role::Admin, "/v1/identities", &ada).header("idempotency-key", "k1");
    let first = told(keyed(), 201).await;
    assert_eq!((&first["user_id"], &first["roles"]), (&json!("ada"), &json!(["approver", "operator"])), "{first}");
    assert_eq!(told(keyed(), 201).await, first, "the same request again");
    let again = json!({"external_type": "github", "external_id": "ADA", "user_id": "mallory"});
    problem(sent(post(&world, Role::Admin, "/v1/identities", &again)).await, 409, "already-there").await;
    added(&world, &json!({"external_type": "slack", "external_id": "U1", "user_id": "ada"})).await;
    let alone = added(&world, &json!({"external_type": "slack", "external_id": "U2"})).await;
    assert_eq!(alone["user_id"], "slack:U2");

    let names = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().expect("rows").iter();
        rows.filter_map(|row| row["external_id"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(names(&world.get("/v1/identities?user_id=ada").await), ["U1", "ada"]);
    let page = world.get("/v1/identities?limit=2").await;
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    assert_eq!(names(&world.get(&format!("/v1/identities?limit=2&cursor={cursor}")).await), ["ada"]);

    let path = format!("/v1/identities/{}", first["id"].as_str().expect("an id"));
    let forgotten = sent(world.request_as(Role::Admin, Method::DELETE, &path)).await;
    assert_eq!(forgotten.status(), 204);
    problem(sent(world.request_as(Role::Admin, Method::DELETE, &path)).await, 404, "not-found").await;
    assert_eq!(names(&world.get("/v1/identities?user_id=ada").await), ["U1"]);
    let audit = told(world.request_as(Role::Admin, Method::GET, "/v1/audit"), 200).await;
    let lines: Vec<(&str, &str)> = audit["data"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| Some((row["action"].as_str()?, row["detail"]["identity"].as_str()?)))
        .collect();
    let expected = [
        ("identity.removed", "github:ada"),
        ("identity.added", "slack:U2"),
        ("identity.added", "slack:U1"),
        ("identity.added", "github:ada"),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn roles_are_granted_by_admins_and_to_names_that_fit() {
    let world = World::new().await;
    let ada = json!({"external_type": "github", "external_id": "ada", "roles": ["admin"]});
    for role in [Role::Viewer, Role::Operator, Role::Approver] {
        problem(sent(post(&world, role, "/v1/identities", &ada)).await, 403, "forbidden").await;
    }
    for (unfit, pointer) in [
        (json!({"external_type": "irc", "external_id": "ada"}), "/external_type"),
        (json!({"external_type": "github", "external_id": ""}), "/external_id"),
        (json!({"external_type": "github", "external_id": "ada", "roles": ["king"]}), "/roles"),
        (json!({"external_type": "github", "external_id": "ada", "user_id": " "}), "/user_id"),
    ] {
        let told =
            problem(sent(post(&world, Role::Admin, "/v1/identities", &unfit)).await, 400, "invalid-request").await;
        assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
    }
    assert_eq!(world.get("/v1/identities").await["data"], json!([]));
    problem(sent(world.request_as(Role::Admin, Method::DELETE, "/v1/identities/x")).await, 404, "not-found").await;
}
