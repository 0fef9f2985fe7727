//! From a webhook to a comment on the code host, in one piece: a change that nobody moves, the signal, the policy that
//! asks people, a person who allows it over HTTP, and the worker that says it. Every process is the real one.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use outbound::{Method, Outbound, Request};
use serde_json::{Value, json};
use testkit::database::Database;
use testkit::folder::Folder;
use testkit::github::{PAT, Playing};
use testkit::senders::Sender;
use testkit::servers;

use crate::support::{World, eventually};

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const RULES: &str = "version: 1\nrules: [{name: stale, kind: stale_pr, older_than_hours: 24}]\n";
const POLICY: &str = "version: 1\nrules:\n  - name: ask\n    kinds: [stale_pr]\n    \
    then: {action: comment, require: [{votes: 1, role: approver}], message: Is this still needed?}\n";

/// A caller with a token that the program has made.
struct Caller {
    client: Outbound,
    base: String,
    token: String,
}

impl Caller {
    fn of(world: &World, role: &str, subject: &str) -> Self {
        let made = world.run(&["token", "--role", role, "--subject", subject]);
        let token = String::from_utf8(made.stdout).expect("a token").trim().to_owned();
        let client = Outbound::new(Duration::from_secs(30), 1 << 20).expect("a client");
        Self { client, base: world.base(), token }
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let headers = vec![
            ("authorization".to_owned(), format!("Bearer {}", self.token)),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        let body = if method == Method::GET { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request { method, url: format!("{}{path}", self.base), headers, body };
        let answer = self.client.send(request).await.expect("an answer");
        (answer.status.as_u16(), answer.json())
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let (status, answer) = self.call(Method::GET, path, &Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"].as_array().cloned().unwrap_or_default()
    }
}

fn world(database: &Database, github: &Playing, folder: &Folder) -> World {
    folder.write("rules.yaml", RULES);
    folder.write("policy.yaml", POLICY);
    let path = |file: &str| folder.path().join(file).display().to_string();
    let mut world = World::on(database.url.clone(), servers::nats_url());
    world.settings = vec![
        ("AUTH_ENABLED", "true".to_owned()),
        ("JWT_SECRET_KEY", KEY.to_owned()),
        ("RULES_PATH", path("rules.yaml")),
        ("POLICY_PATH", path("policy.yaml")),
        ("SIGNALS_INTERVAL_SECONDS", "10".to_owned()),
        ("GITHUB_API_URL", github.url()),
        ("GITHUB_TOKEN", PAT.to_owned()),
    ];
    world
}

/// A pull request of three days ago that nobody has moved.
fn opened() -> Value {
    let at = (Utc::now() - TimeDelta::days(3)).to_rfc3339();
    json!({"action": "opened", "number": 7,
        "pull_request": {"number": 7, "state": "open", "title": "Faster checkout", "draft": false,
            "user": {"login": "ada", "id": 1, "type": "User"}, "created_at": at, "updated_at": at,
            "html_url": "https://github.com/acme/shop/pull/7",
            "head": {"ref": "faster", "sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e"},
            "base": {"ref": "main", "sha": "c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4c3d4"}},
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "ada", "id": 1, "type": "User"}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_allows_over_http_stands_once_on_the_code_host() {
    let (database, github, folder) = (Database::fresh(), Playing::start().await, Folder::fresh());
    github.state().now = Utc::now();
    let world = world(&database, &github, &folder);
    let _gateway = world.gateway();
    let _worker = world.spawn("worker");
    let grace = Caller::of(&world, "approver", "grace");
    let sender = Sender::new(world.base(), "github");
    let sent = sender.send("pull_request", "k1", &opened()).await.expect("an answer");
    assert_eq!(sent.0, 200, "{}", sent.1);

    let pending = "/v1/approvals?status=pending";
    eventually("the policy asks people", PATIENCE, async || !grace.list(pending).await.is_empty()).await;
    let asked = grace.list(pending).await;
    assert_eq!((asked.len(), &asked[0]["action"], &asked[0]["subject"]), (1, &json!("comment"), &json!("acme/shop#7")));
    assert!(github.state().comments.is_empty(), "nothing is done before somebody has decided");

    let path = format!("/v1/approvals/{}", asked[0]["id"].as_str().expect("an id"));
    let decision = format!("{path}/decision");
    let viewer = Caller::of(&world, "viewer", "linus");
    let refused = viewer.call(Method::POST, &decision, &json!({"decision": "approve"})).await;
    assert_eq!(refused.0, 403, "{}", refused.1);
    let decided = grace.call(Method::POST, &decision, &json!({"decision": "approve"})).await;
    assert_eq!((decided.0, &decided.1["status"]), (200, &json!("approved")), "{}", decided.1);

    let delivered = async || grace.call(Method::GET, &path, &Value::Null).await.1["effect"]["status"] == "delivered";
    eventually("the worker does it", PATIENCE, delivered).await;
    let said = github.state().comments.clone();
    assert_eq!(said.len(), 1, "{said:?}");
    let body = said[0]["body"].as_str().unwrap_or_default();
    assert!(body.starts_with("Is this still needed?") && body.contains("<!-- em-agent:"), "{body}");

    // The same delivery, the same word and another look say nothing more.
    let again = sender.send("pull_request", "k1", &opened()).await.expect("an answer");
    assert_eq!(again.0, 200, "{}", again.1);
    let word = grace.call(Method::POST, &decision, &json!({"decision": "approve"})).await;
    assert_eq!(word.0, 200, "{}", word.1);
    let looks = async || looked(&grace).await;
    let before = looks().await;
    eventually("a worker looks again", PATIENCE, async || looks().await > before).await;
    assert_eq!((grace.list("/v1/approvals").await.len(), github.state().comments.len()), (1, 1));
}

/// When a worker saw the signal last.
async fn looked(caller: &Caller) -> String {
    let open = caller.list("/v1/signals").await;
    assert_eq!(open.len(), 1, "{open:?}");
    open[0]["last_seen_at"].as_str().expect("a time").to_owned()
}
