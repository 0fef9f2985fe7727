//! `em-agent backfill` from the outside: the table, the JSON, going on after a limit, and what is wrongly asked.

mod running;

use running::{em_agent, text};
use serde_json::{Value, json};
use testkit::database::Database;
use testkit::rest::{Pages, Rest};

const PATH: &str = "/repos/acme/shop";

struct World {
    database: Database,
    api: Rest,
}

impl World {
    async fn new() -> Self {
        let database = tokio::task::spawn_blocking(Database::fresh).await.expect("a database");
        let api = Rest::start(Pages::Link).await;
        api.put(PATH, json!({"id": 1, "full_name": "acme/shop", "default_branch": "main"}));
        let release = json!({"id": 30, "tag_name": "v1", "published_at": "2026-11-04T15:00:00Z"});
        api.put(&format!("{PATH}/releases"), json!([release]));
        api.put(
            &format!("{PATH}/deployments"),
            json!([{"id": 11, "environment": "production", "created_at": "2026-11-03T13:00:00Z"}]),
        );
        Self { database, api }
    }

    fn backfill(&self, more: &[&str]) -> (Option<i32>, String, String) {
        let mut arguments = vec!["backfill", "github", "--repo", "acme/shop", "--since", "2026-11-01"];
        arguments.extend_from_slice(more);
        let variables = [
            ("DATABASE_URL", self.database.url.as_str()),
            ("GITHUB_API_URL", &self.api.url()),
            ("GITHUB_TOKEN", "a-token-of-the-tests"),
        ];
        let output = em_agent(&arguments, &variables);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_fetches_goes_on_after_a_limit_and_then_has_nothing_new() {
    let world = World::new().await;
    world.api.instead("/releases", 429, &[("Retry-After", "600")], "{}");
    let (code, table, said) = world.backfill(&["--max-wait", "5"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(table.contains("  deployments                          1         1         0         0"), "{table}");
    let wanted =
        "rate limit is reached: it ends in 11 minutes, which is longer than --max-wait; the same command goes on";
    assert!(said.contains(wanted), "{said}");

    let (code, json, said) = world.backfill(&["--json"]);
    assert_eq!(code, Some(0), "{said}");
    let answer: Value = serde_json::from_str(&json).expect("one JSON object");
    let resources = &answer["repos"][0]["progress"]["resources"];
    assert_eq!((&answer["repos"][0]["ended"], &resources["releases"]["kept"]), (&json!("done"), &json!(1)), "{answer}");
    assert_eq!(resources["deployments"]["kept"], 1, "of the first run: {answer}");

    let (code, json, said) = world.backfill(&["--json"]);
    assert_eq!(code, Some(0), "{said}");
    let answer: Value = serde_json::from_str(&json).expect("one JSON object");
    let resources = answer["repos"][0]["progress"]["resources"].as_object().expect("resources");
    assert!(resources.values().all(|one| one["kept"] == 0), "{answer}");
    assert!(!said.contains("a-token-of-the-tests") && !json.contains("a-token-of-the-tests"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrongly_asked_is_said_with_what_mends_it() {
    let world = World::new().await;
    world.api.instead(PATH, 401, &[], "{}");
    let (code, _, said) = world.backfill(&[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("set GITHUB_TOKEN to one that may read the repository"), "{said}");
    let (code, _, said) = world.backfill(&["--repo", "acme/nothing"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("acme/nothing (what was fetched is kept"), "{said}");
    assert!(said.contains("there is no 'acme/nothing', or GITHUB_TOKEN may not read it"), "{said}");
    for (more, wanted) in [
        (["--repo", "https://github.com/acme/shop"], "write a repository like acme/shop, without the host"),
        (["--repo", "acme/platform/shop"], "--repo: got 'acme/platform/shop', takes owner/name"),
        (["--tenant", "nobody"], "there is no tenant 'nobody'"),
    ] {
        let (code, out, said) = world.backfill(&more);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(wanted) && out.is_empty(), "{said}");
    }
}
