//! Lists and single rows: filters, cursors, tenants, replays.

use std::collections::BTreeSet;

use crate::world::{World, events, problem};
use gateway::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_walk_sees_every_event_once_while_others_come_in() {
    let world = World::new().await;
    world.sql(&events("default", 1001, 1250));
    let before: BTreeSet<String> = {
        let (newer, older) =
            (world.get("/v1/events?limit=200").await, world.get("/v1/events?limit=200&to=2026-11-20T00:17:31Z").await);
        ids(&newer).into_iter().chain(ids(&older)).collect()
    };
    assert_eq!(before.len(), 250);
    let mut seen = Vec::new();
    let mut path = "/v1/events?limit=20".to_owned();
    for round in 0.. {
        let page = world.get(&path).await;
        seen.extend(ids(&page));
        // Newer, older and equal times come in between the pages.
        world.sql(&events("default", 2000 + round, 2000 + round));
        world.sql(&events("default", 1100, 1100));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/events?limit=20&cursor={cursor}");
        assert!(round < 30, "the walk ends");
    }
    let distinct: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(distinct.len(), seen.len(), "nothing is seen twice");
    assert!(before.is_subset(&distinct), "nothing is missed");
}

#[tokio::test]
async fn filters_narrow_and_what_is_unknown_is_refused_by_name() {
    let world = World::new().await;
    world.sql(&events("default", 1, 10));
    for (query, expected) in [
        ("type=change", 5),
        ("type=change.merged&source=github", 5),
        ("type=chang%25", 0),
        ("source=generic", 0),
        ("subject=acme/shop%233", 1),
        ("repo=acme/shop&limit=3", 3),
        ("from=2026-11-20T00:00:04Z&to=2026-11-20T00:00:06Z", 2),
        ("q=SHOP%2310", 1),
        ("q=100%25", 0),
        ("actor=ada", 0),
    ] {
        assert_eq!(ids(&world.get(&format!("/v1/events?{query}")).await).len(), expected, "{query}");
    }
    let unknown = problem(world.answer("/v1/events?sauce=github").await, 400, "invalid-request").await;
    assert!(
        unknown["detail"].as_str().is_some_and(|text| text.contains("sauce") && text.contains("environment")),
        "{unknown}"
    );
    for bad in ["limit=0", "limit=201", "from=soon", "from=-262143-01-01", "to=%2B262142-12-31", "format=xml", "q=%00"]
    {
        problem(world.answer(&format!("/v1/events?{bad}")).await, 400, "invalid-request").await;
    }
    let page = world.get("/v1/events?limit=2&type=change").await;
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    problem(world.answer(&format!("/v1/events?limit=2&cursor={cursor}")).await, 400, "invalid-cursor").await;
    problem(world.answer("/v1/events?cursor=").await, 400, "invalid-cursor").await;
    problem(world.answer("/v1/deliveries?cursor=x").await, 400, "invalid-cursor").await;
}

#[tokio::test]
async fn rows_of_another_tenant_are_not_there() {
    let world = World::new().await;
    world.sql("insert into tenants (tenant_id, name) values ('acme', 'Acme')");
    world.sql(&events("acme", 1, 3));
    let theirs = world.get_of("acme", "/v1/events").await;
    let id = ids(&theirs).remove(0);
    assert_eq!(world.get_of("acme", &format!("/v1/events/{id}")).await["tenant"], "acme");
    assert_eq!(world.get("/v1/events").await["data"], json!([]));
    problem(world.answer(&format!("/v1/events/{id}")).await, 404, "not-found").await;
    problem(world.answer("/v1/events/not-an-id").await, 404, "not-found").await;
}

#[tokio::test]
async fn events_with_a_cdevents_form_are_rendered_and_others_left_out() {
    let world = World::new().await;
    world.sql(&events("default", 1, 4));
    let page = world.get("/v1/events?format=cdevents").await;
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2), "{page}");
    assert_eq!(page["data"][0]["context"]["type"], "dev.cdevents.change.merged.0.3.0");
    let pushed = ids(&world.get("/v1/events?type=commits").await).remove(0);
    problem(world.answer(&format!("/v1/events/{pushed}?format=cdevents")).await, 406, "no-cdevents-form").await;
}

/// Two deliveries of one key, and one refused.
pub(crate) const DELIVERIES: &str = "
insert into deliveries (tenant_id, id, received_at, source, kind, key, key_hash, result, scheme, secret, mapping_version,
                        event_count, headers, body, body_encoding, body_bytes)
values ('default', '01938f5e-3f0a-7c11-9d4e-000000000001', to_timestamp(x'01938f5e3f0a'::bigint / 1000.0), 'github', 'push', 'k', 'k',
        'accepted', 'github', 'active', 1, 1, '[[\"x-a\",\"1\"]]', '{\"a\":1}', 0, 7),
       ('default', '01938f5e-3f0b-7c11-9d4e-000000000002', to_timestamp(x'01938f5e3f0b'::bigint / 1000.0), 'github', 'push', 'k', 'k',
        'accepted', 'github', 'next', 1, 0, '[]', '\\xff', 0, 1);
insert into delivery_ledger values ('default', 'k', 'a', '01938f5e-3f0a-7c11-9d4e-000000000001'),
                                   ('default', 'k', 'b', '01938f5e-3f0b-7c11-9d4e-000000000002');
insert into rejected_samples values ('default', '01938f5e-3f0c-7c11-9d4e-000000000003', to_timestamp(x'01938f5e3f0c'::bigint / 1000.0), 'github',
                                     'rejected_signature: wrong', '[]', 'h', 'abc', 10);";
pub(crate) const FIRST: &str = "01938f5e-3f0a-7c11-9d4e-000000000001";
const SECOND: &str = "01938f5e-3f0b-7c11-9d4e-000000000002";

#[tokio::test]
async fn deliveries_say_how_they_were_proved_and_what_conflicts() {
    let world = World::new().await;
    world.sql(DELIVERIES);
    let page = world.get("/v1/deliveries").await;
    assert_eq!(ids(&page), [SECOND, FIRST]);
    assert_eq!(page["data"][0]["conflict"], true);
    assert_eq!(page["data"][0]["verification"], json!({"scheme": "github", "secret": "next", "ok": true}));
    assert_eq!(page["data"][1].get("conflict"), None);
    assert_eq!(page["data"][1]["events"].as_array().map(Vec::len), Some(1));

    let text = world.get(&format!("/v1/deliveries/{FIRST}")).await;
    assert_eq!(
        (&text["body"], &text["body_encoding"], &text["headers"]),
        (&"{\"a\":1}".into(), &"utf-8".into(), &json!({"x-a": "1"}))
    );
    let binary = world.get(&format!("/v1/deliveries/{SECOND}")).await;
    assert_eq!((&binary["body"], &binary["body_encoding"]), (&"/w==".into(), &"base64".into()));

    let rejected = world.get("/v1/deliveries?result=rejected").await;
    assert_eq!(rejected["data"][0]["reason"], "rejected_signature: wrong");
    assert_eq!(rejected["data"][0]["verification"]["ok"], false);
    let whole = world.get(&format!("/v1/deliveries/{}", ids(&rejected)[0])).await;
    assert_eq!((&whole["body"], &whole["body_truncated"]), (&"abc".into(), &true.into()));
}

#[tokio::test]
async fn sources_count_what_came_and_remember_the_last() {
    let world = World::with(&[("GITHUB_WEBHOOK_SECRET", "s3cr3t-of-the-test")]).await;
    world.sql(DELIVERIES);
    let page = world.get("/v1/sources").await;
    let github = page["data"].as_array().expect("rows").iter().find(|row| row["name"] == "github").expect("github");
    assert_eq!(
        (&github["path"], &github["secret_configured"], &github["unsigned_allowed"]),
        (&"/webhooks/github".into(), &true.into(), &false.into())
    );
    assert!(github["last_verified_delivery_at"].is_string(), "{github}");
    assert_eq!(github["counts_24h"], json!({"accepted": 0, "unmapped": 0, "rejected": 0}));
    assert!(!page.to_string().contains("s3cr3t"));
    let sent = world.request(Method::POST, "/webhooks/generic").body("{}").send().await.expect("an answer");
    assert_eq!(sent.status(), 200);
    let page = world.get("/v1/sources").await;
    let generic = page["data"].as_array().expect("rows").iter().find(|row| row["name"] == "generic").expect("generic");
    assert_eq!(generic["counts_24h"]["unmapped"], 1);
    assert_eq!(generic["last_verified_delivery_at"], Value::Null, "it was taken, and proved nothing");
}

#[tokio::test]
async fn a_replay_is_queued_once_for_one_key() {
    let world = World::new().await;
    world.sql(DELIVERIES);
    let send = |key: &'static str, path: String, body: Value| {
        let request = world.request_as(Role::Operator, Method::POST, &path).header("idempotency-key", key).json(&body);
        async { request.send().await.expect("an answer") }
    };
    let range = || json!({"source": "github", "from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"});
    let first = send("\"one\"", "/v1/replay".into(), range()).await;
    assert_eq!((first.status().as_u16(), first.headers().get("idempotency-replayed")), (202, None));
    let first: Value = first.json().await.expect("json");
    let again = send("one", "/v1/replay".into(), range()).await;
    assert_eq!((again.status().as_u16(), again.headers()["idempotency-replayed"].to_str().ok()), (202, Some("true")));
    assert_eq!(again.json::<Value>().await.expect("json"), first);
    problem(send("one", format!("/v1/deliveries/{FIRST}/replay"), json!({})).await, 422, "key-reused").await;

    let one = send("two", format!("/v1/deliveries/{FIRST}/replay"), json!({})).await;
    let one: Value = one.json().await.expect("json");
    let job = world.get(&format!("/v1/jobs/{}", one["job_id"].as_str().expect("an id"))).await;
    assert_eq!((&job["status"], &job["params"]), (&"queued".into(), &json!({"delivery": FIRST})));
    assert_eq!(ids(&world.get("/v1/jobs?status=queued").await).len(), 2);

    problem(
        send("three", "/v1/deliveries/01938f5e-3f0a-7c11-9d4e-00000000000f/replay".into(), json!({})).await,
        404,
        "not-found",
    )
    .await;
    for bad in [
        json!({}),
        json!({"from": "2026-11-21T00:00:00Z", "to": "2026-11-20T00:00:00Z"}),
        json!({"from": 1, "to": 2, "x": 3}),
        json!({"from": "-262143-01-01T00:00:00Z", "to": "2026-11-20T00:00:00Z"}),
        json!({"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z", "type": "a\u{0}"}),
    ] {
        problem(send("four", "/v1/replay".into(), bad).await, 400, "invalid-request").await;
    }
    let soon = send("four", "/v1/replay".into(), json!({"from": "soon", "to": "2026-11-20"})).await;
    let soon = problem(soon, 400, "invalid-request").await;
    assert_eq!((&soon["errors"][0]["pointer"], soon["errors"].as_array().map(Vec::len)), (&"/from".into(), Some(1)));
    problem(send("six", "/v1/replay?sauce=github".into(), range()).await, 400, "invalid-request").await;
    problem(send("seven", format!("/v1/deliveries/{FIRST}/replay?x=1"), json!({})).await, 400, "invalid-request").await;
    let twice = world.request_as(Role::Operator, Method::POST, "/v1/replay").json(&range());
    let twice = twice.header("idempotency-key", "a").header("idempotency-key", "b").send().await.expect("an answer");
    problem(twice, 400, "ambiguous-header").await;
    let huge = json!({"source": "x".repeat(300_000)});
    problem(send("five", "/v1/replay".into(), huge).await, 413, "too-large").await;
}

#[tokio::test]
async fn what_the_database_says_of_a_failure_is_not_told() {
    let world = World::new().await;
    world.sql("alter table events rename to elsewhere");
    let body = problem(world.answer("/v1/events").await, 500, "internal").await;
    assert!(!body.to_string().contains("elsewhere") && !body.to_string().contains("relation"), "{body}");
}
