//! Two tenants in one database: nothing of the one is there for the other, whatever is asked.

use chrono::Utc;
use gateway::access::Role;
use gateway::routes::{Entry, ROUTES};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::lists::{DELIVERIES, FIRST};
use crate::metrics::facts;
use crate::people;
use crate::world::{World, events, problem, token};

const REJECTED: &str = "01938f5e-3f0c-7c11-9d4e-000000000003";
/// Of the events that `events` makes, this one has an id that is known.
const EVENT: &str = "01938f5e-3f0a-7c11-9d4e-0000000000e1";
/// What people keep has this id.
const OF_ROOMS: &str = "01938f5e-3f0a-7c11-9d4e-0000000000f1";
const RANGE: &str = r#"{"from":"2024-11-20T00:00:00Z","to":"2026-11-21T00:00:00Z"}"#;

/// They are no rows: what is on, what is asked for, and what Slack would be told without a token.
const NO_ROWS: &[&str] = &[
    "/v1/rag/search",
    "/v1/rag/index",
    "/v1/rag/index/bulk",
    "/v1/agent/run",
    "/agent/run",
    "/v1/ask",
    "/v1/sources",
    "/v1/usage",
    "/v1/metrics/quotas",
    "/v1/auth/me",
    "/v1/events/stream",
    "/v1/replay",
    "/v1/incidents/links",
    "/v1/policy/evaluate",
    "/v1/policy/simulate",
    "/v1/approvals/propose",
    "/v1/workflows/run",
    "/v1/signals/evaluate",
    "/v1/approvals/{id}/notify",
    "/v1/digests/preview",
    "/v1/reports/standup/post",
    "/v1/reports/sprint-health/post",
];

async fn as_acme(world: &World, method: Method, path: &str) -> Response {
    let bearer = token("acme".parse().expect("a tenant"), Role::Admin);
    let request = world.request(method, path).bearer_auth(bearer).header("idempotency-key", "the same of both");
    let body = match path.rsplit('/').next() {
        Some("decision") => r#"{"decision":"approve"}"#,
        Some("cancel" | "again" | "retry" | "standup" | "sprint-health") => "{}",
        _ => RANGE,
    };
    request.body(body).send().await.expect("an answer")
}

/// A row of every fact and of what stands beside them, as of now.
fn facts() -> String {
    let (now, id) = (Utc::now().to_rfc3339(), OF_ROOMS);
    let now = now.as_str();
    let change = |number: &str, merged_at: &str| {
        let usual = [("tenant_id", "default"), ("repo", "acme/shop"), ("number", number), ("registers", "{}")];
        facts::insert("changes", &usual, &[("opened_at", now), ("merged_at", merged_at)])
    };
    let report =
        [("tenant_id", "default"), ("integration", "codecov"), ("event_id", id), ("at", now), ("project", "p")];
    facts::deployment("1", now, &[])
        + &facts::change("1", "1", now, 60.0, &[])
        + &facts::failure("1", now, Some(now), &[])
        + &facts::incident("1", now, Some(now), &[])
        + &facts::insert("quality_reports", &report, &[])
        + &change("1", now)
        + &change("2", "null")
        + &rooms(now, id)
}

/// A row of everything that people keep.
fn rooms(now: &str, id: &str) -> String {
    let made = [("tenant_id", "default"), ("id", id), ("created_at", now)];
    let row = |table: &str, extra: &[(&str, &str)]| facts::insert(table, &made, extra);
    let incident = [("tenant_id", "default"), ("integration", "pagerduty"), ("incident_id", "1"), ("registers", "{}")];
    facts::insert("incidents", &incident, &[("opened_at", now)])
        + &row("conversations", &[("person", "the viewer"), ("title", "Why?"), ("updated_at", now)])
        + &row("projects", &[("key", "SHOP"), ("name", "Shop"), ("updated_at", now)])
        + &row("onboarding_plans", &[("title", "Ada")])
        + &row("objectives", &[("title", "Faster"), ("updated_at", now)])
        + &row("channel_subscriptions", &[("service", "shop"), ("channel", "#shop"), ("created_by", "ada")])
        + &signal(now, id)
        + &document(now, id)
        + &crawl(now, id)
        + &digests(now, id)
}

fn crawl(now: &str, id: &str) -> String {
    let of = [("tenant_id", "default"), ("id", id), ("kind", "github"), ("collection", "default"), ("params", "{}")];
    let rest = [("state", "{}"), ("interval_s", "0"), ("created_at", now), ("created_by", "ada")];
    facts::insert("crawls", &of, &rest)
}

fn document(now: &str, id: &str) -> String {
    let of = [("tenant_id", "default"), ("collection", "default"), ("id", id), ("source", "api"), ("title", "A page")];
    let content =
        [("language", "simple"), ("content_hash", "\\x00"), ("meta", "{}"), ("bytes", "1"), ("chunk_count", "0")];
    facts::insert("documents", &of, &[&content[..], &[("created_at", now), ("updated_at", now)]].concat())
}

fn digests(now: &str, id: &str) -> String {
    let kept =
        [("tenant_id", "default"), ("id", id), ("kind", "weekly"), ("from_at", now), ("to_at", now), ("links", "{}")];
    let said = r#"{"headline":"shop","sections":[],"numbers":[]}"#;
    let of = [("digest", said), ("events", "0"), ("generated_by", "rules"), ("made_at", now), ("made_by", "ada")];
    let cost = [("input_tokens", "0"), ("output_tokens", "0"), ("cost_micro_usd", "0")];
    let schedule =
        [("tenant_id", "default"), ("id", id), ("kind", "weekly"), ("cron", "0 9 * * 1"), ("timezone", "UTC")];
    let times =
        [("created_at", now), ("updated_at", now), ("created_by", "ada"), ("deliver", "{}"), ("enabled", "false")];
    facts::insert("digests", &kept, &[&of[..], &cost].concat()) + &facts::insert("digest_schedules", &schedule, &times)
}

fn signal(now: &str, id: &str) -> String {
    let seen =
        [("tenant_id", "default"), ("id", id), ("rule", "stale"), ("kind", "stale_pr"), ("subject", "acme/shop#1")];
    let times = [("since", now), ("opened_at", now), ("last_seen_at", now), ("fired", "0"), ("facts", "{}")];
    facts::insert("signal_states", &seen, &times)
}

/// The default tenant has a row of every kind; acme has none.
async fn world() -> (World, String) {
    let world = World::new().await;
    world.sql("insert into tenants (tenant_id, name) values ('acme', 'Acme')");
    world.sql(DELIVERIES);
    world.sql(&events("default", 1, 3));
    world.sql(&format!("update events set id = '{EVENT}' where subject = 'acme/shop#1'"));
    world.sql(&facts());
    let catalog = r#"{"services": {"shop": {}}, "teams": {"web": {"owns": ["shop"]}}}"#;
    let applied = world.request_as(Role::Operator, Method::PUT, "/v1/catalog").body(catalog).send().await;
    assert_eq!(applied.expect("an answer").status(), 200);
    people::proposed(&world, &json!({"subject": "acme/shop", "action": "deploy"})).await;
    people::ran(&world, &json!({"rule_kind": "stale_pr", "subject": "acme/shop#1"})).await;
    people::added(&world, &json!({"external_type": "github", "external_id": "ada"})).await;
    let asked =
        world.request_as(Role::Operator, Method::POST, "/v1/replay").header("idempotency-key", "the same of both");
    let job: Value = asked.body(RANGE).send().await.expect("an answer").json().await.expect("json");
    (world, job["job_id"].as_str().expect("an id").to_owned())
}

/// Only administrators read it.
async fn audit(world: &World) {
    let theirs: Value = as_acme(world, Method::GET, "/v1/audit").await.json().await.expect("json");
    assert_eq!(theirs["data"], json!([]));
    let mine = world.request_as(Role::Admin, Method::GET, "/v1/audit").send().await.expect("an answer");
    assert_ne!(mine.json::<Value>().await.expect("json")["data"], json!([]));
}

#[tokio::test]
async fn no_row_of_another_tenant_is_found_by_its_id_or_in_a_list() {
    let (world, job) = world().await;
    let of_tenants = ROUTES.iter().filter(|route| matches!(route.entry, Entry::Role(_)));
    for route in of_tenants.filter(|route| !NO_ROWS.contains(&route.path)) {
        let ids = match route.path {
            path if path.contains("{job_id}") => vec![job.as_str()],
            path if path.starts_with("/v1/events/{id}") => vec![EVENT],
            "/v1/deployments/{integration}/{id}" => vec!["1"],
            "/v1/metrics/dora" => {
                let n = |five: Value| five["deployment_frequency"]["n"].clone();
                let theirs: Value = as_acme(&world, Method::GET, route.path).await.json().await.expect("json");
                assert_eq!((n(theirs), n(world.get(route.path).await)), (json!(0), json!(1)));
                continue;
            }
            path if path.starts_with("/v1/incidents/{id}") => vec!["pagerduty:1", "1"],
            path if path.contains("{id}") => vec![FIRST, REJECTED, OF_ROOMS],
            "/v1/audit" => {
                audit(&world).await;
                continue;
            }
            "/v1/catalog" => {
                let theirs: Value = as_acme(&world, Method::GET, route.path).await.json().await.expect("json");
                assert_eq!((&theirs["version"], &theirs["document"]), (&json!(0), &json!({"version": 1})));
                continue;
            }
            path if path.starts_with("/v1/reports/") => {
                let theirs: Value = as_acme(&world, Method::POST, path).await.json().await.expect("json");
                assert!(theirs["report"].is_object() && !theirs.to_string().contains("shop"), "{theirs}");
                continue;
            }
            "/v1/rag/status" => {
                let theirs: Value = as_acme(&world, Method::GET, route.path).await.json().await.expect("json");
                assert_eq!((&theirs["documents"], &world.get(route.path).await["documents"]), (&json!(0), &json!(1)));
                continue;
            }
            // Every day has a row; of nothing it says zero.
            "/v1/metrics/wip" => {
                let days = |page: Value| page["data"].as_array().expect("days").clone();
                let most = |page| days(page).iter().filter_map(|day| day["wip"].as_i64()).max();
                let theirs: Value = as_acme(&world, Method::GET, route.path).await.json().await.expect("json");
                assert_eq!((most(theirs), most(world.get(route.path).await)), (Some(0), Some(2)));
                continue;
            }
            list => {
                let list = &list.replace("{metric}", "deployment-frequency");
                let theirs: Value = as_acme(&world, Method::GET, list).await.json().await.expect("json");
                assert_eq!(theirs["data"], json!([]), "{list}");
                assert_ne!(world.get(list).await["data"], json!([]), "{list} has rows of the other");
                continue;
            }
        };
        let method: Method = route.method.as_str().parse().expect("a method");
        for id in ids {
            let path = route.path.replace("{job_id}", id).replace("{id}", id).replace("{integration}", "github");
            problem(as_acme(&world, method.clone(), &path).await, 404, "not-found").await;
        }
    }
    nothing_for_acme(&world, "/v1/deliveries?result=rejected").await;
}

async fn nothing_for_acme(world: &World, list: &str) {
    let theirs: Value = as_acme(world, Method::GET, list).await.json().await.expect("json");
    assert_eq!(theirs["data"], json!([]), "{list}");
}

#[tokio::test]
async fn a_key_of_one_tenant_is_new_to_another_and_the_job_is_its_own() {
    let (world, job) = world().await;
    let asked = as_acme(&world, Method::POST, "/v1/replay").await;
    assert_eq!((asked.status().as_u16(), asked.headers().get("idempotency-replayed")), (202, None));
    let theirs: Value = asked.json().await.expect("json");
    assert_ne!(theirs["job_id"], json!(job));
    let mine = world.get("/v1/jobs").await;
    assert_eq!(mine["data"].as_array().map(Vec::len), Some(2), "{mine}");
}

#[tokio::test]
async fn row_28_the_secrets_of_the_environment_are_not_another_tenants_and_nobody_delivers_into_it_unsigned() {
    let (world, _) = world().await;
    for source in ["github", "generic"] {
        let path = format!("/t/acme/webhooks/{source}");
        let sent = world.request(Method::POST, &path).body("{}").send().await.expect("an answer");
        assert!(sent.headers().contains_key("retry-after"));
        problem(sent, 503, "unconfigured").await;
    }
}

#[tokio::test]
async fn row_34_a_delivery_whose_tenant_cannot_be_looked_up_is_counted_as_failed() {
    let (world, _) = world().await;
    world.sql("alter table tenants rename to elsewhere");
    let sent = world.request(Method::POST, "/t/acme/webhooks/generic").body("{}").send().await.expect("an answer");
    assert!(sent.headers().contains_key("retry-after"));
    problem(sent, 503, "not-kept").await;
    let metrics = world.request(Method::GET, "/metrics").send().await.expect("an answer").text().await.expect("text");
    let counted = metrics.lines().find_map(|line| {
        line.strip_prefix("webhook_deliveries_total{source=\"generic\",result=\"failed\"} ")?.parse::<u64>().ok()
    });
    assert!(counted.is_some_and(|failed| failed > 0), "{metrics}");
}
