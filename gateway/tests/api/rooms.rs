//! Projects, onboarding and objectives over HTTP, as EM Agent promised them.

use crate::metrics::facts;
use crate::world::{World, problem, token};
use chrono::{TimeDelta, Utc};
use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

async fn call(world: &World, method: Method, path: &str, body: &Value) -> Response {
    world.request_as(Role::Operator, method, path).json(body).send().await.expect("an answer")
}

async fn done(world: &World, method: Method, path: &str, body: &Value, status: u16) -> Value {
    let answer = call(world, method, path, body).await;
    assert_eq!(answer.status(), status, "{path} {body}");
    answer.json().await.expect("json")
}

fn id(made: &Value) -> &str {
    made["id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_project_keeps_its_key_until_it_is_deleted() {
    let world = World::new().await;
    let new = json!({"key": "SHOP", "name": "The shop"});
    let made = done(&world, Method::POST, "/v1/projects", &new, 201).await;
    assert_eq!((&made["key"], &made["created_at"]), (&json!("SHOP"), &made["updated_at"]));
    let taken = problem(call(&world, Method::POST, "/v1/projects", &new).await, 409, "conflict").await;
    assert!(taken["detail"].as_str().is_some_and(|detail| detail.starts_with("project key already exists")), "{taken}");
    let other = done(&world, Method::POST, "/v1/projects", &json!({"key": "PAY", "name": "Payments"}), 201).await;
    let path = format!("/v1/projects/{}", id(&made));
    problem(call(&world, Method::PATCH, &path, &json!({"key": "PAY"})).await, 409, "conflict").await;
    let renamed = done(&world, Method::PATCH, &path, &json!({"name": "Shop"}), 200).await;
    assert_eq!((&renamed["name"], &renamed["key"]), (&json!("Shop"), &json!("SHOP")));
    assert_ne!(renamed["updated_at"], made["updated_at"], "it says when it was changed");
    assert_eq!(world.get(&path).await, renamed);

    assert_eq!(call(&world, Method::DELETE, &path, &json!({})).await.status(), 204);
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        problem(call(&world, method, &path, &json!({"name": "x"})).await, 404, "not-found").await;
    }
    assert_eq!(world.get("/v1/projects").await["data"], json!([other]));
    done(&world, Method::POST, "/v1/projects", &new, 201).await;

    let page = world.get("/v1/projects?limit=1").await;
    let rest = world.get(&format!("/v1/projects?limit=1&cursor={}", page["next_cursor"].as_str().expect("more"))).await;
    assert_eq!(
        (&page["data"][0]["key"], &rest["data"], &rest["next_cursor"]),
        (&json!("SHOP"), &json!([other]), &Value::Null)
    );
    for unfit in
        [json!({}), json!({"key": "k".repeat(65), "name": "n"}), json!({"key": "k", "name": ""}), json!({"k": 1})]
    {
        problem(call(&world, Method::POST, "/v1/projects", &unfit).await, 400, "invalid-request").await;
    }
    let other = format!("/v1/projects/{}", id(&other));
    problem(call(&world, Method::PATCH, &other, &json!({})).await, 400, "invalid-request").await;
    let theirs =
        world.request(Method::DELETE, &other).bearer_auth(token("acme".parse().expect("a tenant"), Role::Admin));
    problem(theirs.send().await.expect("an answer"), 404, "not-found").await;
}

#[tokio::test]
async fn the_same_key_makes_one_project_and_a_refusal_is_not_remembered() {
    let world = World::new().await;
    let keyed = || world.request_as(Role::Operator, Method::POST, "/v1/projects").header("idempotency-key", "k");
    let new = json!({"key": "A", "name": "a"});
    let made = done(&world, Method::POST, "/v1/projects", &new, 201).await;
    let refused = keyed().json(&new).send().await.expect("an answer");
    problem(refused, 409, "conflict").await;
    call(&world, Method::DELETE, &format!("/v1/projects/{}", id(&made)), &json!({})).await;
    let first: Value = keyed().json(&new).send().await.expect("an answer").json().await.expect("json");
    let again: Value = keyed().json(&new).send().await.expect("an answer").json().await.expect("json");
    assert_eq!(id(&first), id(&again));
}

#[tokio::test]
async fn a_plan_is_completed_by_its_last_task() {
    let world = World::new().await;
    let plan = done(&world, Method::POST, "/v1/onboarding/plans", &json!({"title": "Ada"}), 200).await;
    assert_eq!((&plan["title"], &plan["status"]), (&json!("Ada"), &json!("open")));
    let path = format!("/v1/onboarding/plans/{}", id(&plan));
    let mut tasks = Vec::new();
    for task in [
        json!({"title": "Laptop", "assignee": "bob", "due_date": "2026-12-01"}),
        json!({"title": "Access", "due_date": "2026-12-02T23:00:00Z"}),
    ] {
        tasks.push(id(&done(&world, Method::POST, &format!("{path}/tasks"), &task, 200).await).to_owned());
    }
    let listed = world.get(&format!("{path}/tasks")).await;
    let dates: Vec<&Value> = listed["data"].as_array().expect("rows").iter().map(|task| &task["due_date"]).collect();
    assert_eq!(dates, ["2026-12-02", "2026-12-01"]);
    assert_eq!((&listed["data"][1]["assignee"], &listed["data"][1]["status"]), (&json!("bob"), &json!("open")));

    let finish = |task: &str| format!("/v1/onboarding/tasks/{task}/done");
    assert_eq!(done(&world, Method::POST, &finish(&tasks[0]), &json!({}), 200).await, json!({"ok": true}));
    let half = world.get(&path).await;
    assert_eq!((&half["status"], &half["tasks"], &half["done"]), (&json!("open"), &json!(2), &json!(1)));
    done(&world, Method::POST, &finish(&tasks[1]), &json!({}), 200).await;
    let whole = world.get(&path).await;
    assert_eq!((&whole["status"], whole["completed_at"].is_string()), (&json!("completed"), true));
    done(&world, Method::POST, &finish(&tasks[1]), &json!({}), 200).await;
    assert_eq!(world.get(&path).await, whole, "it is done once");
    done(&world, Method::POST, &finish(&tasks[0]), &json!({"done": false}), 200).await;
    assert_eq!(world.get(&path).await["status"], "open");
    done(&world, Method::POST, &finish(&tasks[0]), &json!({}), 200).await;
    done(&world, Method::POST, &format!("{path}/tasks"), &json!({"title": "One more"}), 200).await;
    assert_eq!(world.get("/v1/onboarding/plans").await["data"][0]["status"], "open");

    let untitled = done(&world, Method::POST, "/v1/onboarding/plans", &json!({}), 200).await;
    assert_eq!(
        world.get(&format!("/v1/onboarding/plans/{}", id(&untitled))).await["status"],
        "open",
        "nothing is done"
    );
    for unfit in [json!({}), json!({"title": "x", "due_date": "soon"}), json!({"title": "x", "due_date": "2026-13-01"})]
    {
        problem(call(&world, Method::POST, &format!("{path}/tasks"), &unfit).await, 400, "invalid-request").await;
    }
    let lost = "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55";
    problem(call(&world, Method::POST, &finish(lost), &json!({})).await, 404, "not-found").await;
    let path = format!("/v1/onboarding/plans/{lost}/tasks");
    problem(call(&world, Method::POST, &path, &json!({"title": "x"})).await, 404, "not-found").await;
}

#[tokio::test]
async fn key_results_are_told_by_people() {
    let world = World::new().await;
    let new = json!({"title": "Happier users", "owner": "ada", "period": "2026-Q4"});
    let made = done(&world, Method::POST, "/v1/okr/objectives", &new, 200).await;
    assert_eq!(made["title"], "Happier users");
    assert_eq!(world.get("/v1/okr/objectives").await["data"][0]["period"], "2026-Q4");
    let path = format!("/v1/okr/objectives/{}", id(&made));
    let result = json!({"title": "Score", "target": 50, "baseline": 30, "unit": "points"});
    let result = done(&world, Method::POST, &format!("{path}/krs"), &result, 200).await;
    let own = format!("/v1/okr/krs/{}", id(&result));
    let shown = world.get(&own).await;
    assert_eq!((&shown["current"], &shown["progress"], &shown["reached"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(
        done(&world, Method::POST, &format!("{own}/progress"), &json!({"current": 45}), 200).await,
        json!({"ok": true})
    );
    let shown = world.get(&own).await;
    assert_eq!((&shown["current"], &shown["progress"], &shown["reached"]), (&json!(45.0), &json!(0.75), &json!(false)));
    assert_ne!(shown["updated_at"], shown["created_at"]);
    assert_eq!(world.get(&format!("{path}/krs")).await["data"], json!([shown]));
    problem(call(&world, Method::POST, &format!("{own}/progress"), &json!({})).await, 400, "invalid-request").await;
    for unfit in [json!({}), json!({"title": "x", "unit": "u".repeat(65)}), json!({"title": "x", "direction": "left"})]
    {
        problem(call(&world, Method::POST, &format!("{path}/krs"), &unfit).await, 400, "invalid-request").await;
    }
    assert_eq!(call(&world, Method::DELETE, &path, &json!({})).await.status(), 204);
    for gone in [path.clone(), format!("{path}/krs"), own.clone()] {
        problem(world.answer(&gone).await, 404, "not-found").await;
    }
    problem(call(&world, Method::POST, &format!("{own}/progress"), &json!({"current": 1})).await, 404, "not-found")
        .await;
    assert_eq!(world.get("/v1/okr/objectives").await["data"], json!([]));
}

#[tokio::test]
async fn key_results_that_follow_a_metric_show_what_is_measured() {
    let world = World::new().await;
    let hour = |hours: i64| (Utc::now() - TimeDelta::hours(hours)).to_rfc3339();
    world.sql(
        &(facts::deployment("1", &hour(30), &[("team", "web")])
            + &facts::deployment("2", &hour(20), &[("failed", "true"), ("team", "web")])
            + &facts::deployment("3", &hour(10), &[("service", "billing")])
            + &facts::change("1", "1", &hour(30), 3600.0, &[])
            + &facts::change("2", "2", &hour(20), 7200.0, &[])
            + &facts::failure("2", &hour(20), Some(&hour(19)), &[])),
    );
    let made = done(&world, Method::POST, "/v1/okr/objectives", &json!({"title": "Faster"}), 200).await;
    let path = format!("/v1/okr/objectives/{}/krs", id(&made));
    for (metric, service, name) in [
        ("lead_time", json!("shop"), "value"),
        ("change_failure_rate", json!("shop"), "rate"),
        ("deployment_frequency", json!("shop"), "per_day"),
        ("recovery_time", Value::Null, "value"),
        ("rework_rate", Value::Null, "rate"),
        ("restore_time", Value::Null, "value"),
    ] {
        let new = json!({"title": metric, "target": 0.5, "follows": {"metric": metric, "service": service, "window_days": 7}});
        let made = done(&world, Method::POST, &path, &new, 200).await;
        let shown = world.get(&format!("/v1/okr/krs/{}", id(&made))).await;
        let narrowed = service.as_str().map_or_else(String::new, |service| format!("&service={service}"));
        let five = world.get(&format!("/v1/metrics/dora?days=7{narrowed}")).await;
        let (ours, theirs) = (shown["current"].as_f64(), five[metric][name].as_f64());
        let close = ours.zip(theirs).is_some_and(|(ours, theirs)| (ours - theirs).abs() < 1e-9);
        assert!(close || (ours, theirs) == (None, None), "{metric}: {shown} {}", five[metric]);
        assert_eq!(
            (&shown["follows"]["n"], &shown["follows"]["percentile"]),
            (&five[metric]["n"], &json!(50)),
            "{metric}"
        );
        let better = if metric == "deployment_frequency" { "up" } else { "down" };
        assert_eq!((&shown["direction"], shown["unit"].is_string()), (&json!(better), true));
    }
    let listed = world.get(&path).await;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(6));
    let lead = &listed["data"][5];
    assert_eq!((&lead["current"], &lead["reached"]), (&json!(5400.0), &json!(false)), "{lead}");
    let told = call(&world, Method::POST, &format!("/v1/okr/krs/{}/progress", id(lead)), &json!({"current": 1})).await;
    problem(told, 409, "conflict").await;
    for unfit in [
        json!({"metric": "happiness"}),
        json!({}),
        json!({"metric": "lead_time", "percentile": 100}),
        json!({"metric": "lead_time", "window_days": 0}),
    ] {
        problem(
            call(&world, Method::POST, &path, &json!({"title": "x", "follows": unfit})).await,
            400,
            "invalid-request",
        )
        .await;
    }
    let unit = json!({"title": "x", "unit": "hours", "follows": {"metric": "lead_time"}});
    problem(call(&world, Method::POST, &path, &unit).await, 400, "invalid-request").await;
}
