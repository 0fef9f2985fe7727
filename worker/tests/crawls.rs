//! Crawls by the clock, on a real PostgreSQL: when one is due, who runs it, when it comes again.

use std::time::Duration;

use boot::Settings;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use knowledge::Knowledge;
use knowledge::crawl::{Crawler, Limits};
use models::Models;
use serde_json::json;
use store::knowledge::crawls::{self, Crawl};
use store::{Connection, Role, Store};
use testkit::database::Database;
use testkit::shelf::Shelf;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::crawls::{ensure_of_settings, run, run_once};

const ID: Uuid = Uuid::from_u128(7);
/// Of the page.
const BLOB: &str = "0123456789abcdef0123456789abcdef01234567";
const LIMITS: Limits = Limits { requests: 100, bytes: 1 << 20, pause: Duration::from_millis(1) };

struct World {
    _database: Database,
    store: Store,
    shelf: Shelf,
    settings: Settings,
    crawler: Crawler,
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().expect("a time")
}

impl World {
    /// A repository with one page, and who reads it.
    async fn new() -> Self {
        let (database, shelf) = (Database::fresh(), Shelf::start().await);
        let url = shelf.url();
        let variables = [
            ("GITHUB_API_URL", url.as_str()),
            ("GITHUB_TOKEN", "the-token"),
            ("CRAWL_GH_OWNER", "acme"),
            ("CRAWL_GH_REPO", "shop"),
        ];
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let settings = Settings::read(&variables, &[], boot::settings::Env::Development).expect("settings").0;
        let store = database.store(Role::App);
        let crawler = Crawler::of(Knowledge::of(store.clone(), Models::off()), &settings, LIMITS).expect("a crawler");
        let tree = json!({"sha": "t1", "truncated": false,
            "tree": [{"path": "README.md", "type": "blob", "sha": BLOB, "size": 5}]});
        shelf.put("/repos/acme/shop/git/trees/HEAD", tree);
        shelf.put(&format!("/repos/acme/shop/git/blobs/{BLOB}"), json!({"content": "T3ZlbnM=", "encoding": "base64"}));
        Self { _database: database, store, shelf, settings, crawler }
    }

    /// One that is due at noon, and every hour where `interval_s` says so.
    async fn crawl(&self, interval_s: i32) {
        let noon = at("2026-11-20T12:00:00Z");
        let crawl = Crawl {
            id: ID,
            kind: "github".to_owned(),
            collection: "default".to_owned(),
            params: json!({"owner": "acme", "repo": "shop", "ref": "HEAD"}),
            interval_s,
            next_at: Some(noon),
            created_at: noon,
            created_by: "ada".to_owned(),
        };
        self.call(move |conn| crawls::add(conn, &TenantId::default(), &crawl)).await;
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, store::StoreError> + Send + 'static,
    ) -> T {
        self.store.call("test", work).await.expect("the store answers")
    }

    /// How the run ended; `None`: nothing was due.
    async fn run(&self, now: &str) -> Option<&'static str> {
        let now = at(now);
        run_once(&self.store, &self.crawler, || now).await.expect("a look").map(|ended| ended.result)
    }

    async fn next_at(&self) -> Option<DateTime<Utc>> {
        self.call(|conn| crawls::one(conn, &TenantId::default(), ID)).await.expect("a crawl").next_at
    }

    /// The latest first.
    async fn runs(&self) -> Vec<String> {
        let runs = self.call(|conn| crawls::runs(conn, &TenantId::default(), ID, None, 100)).await;
        runs.into_iter().map(|run| run.result).collect()
    }

    async fn documents(&self) -> i64 {
        self.call(|conn| store::knowledge::counts(conn, Some(&TenantId::default()))).await.documents
    }
}

#[tokio::test]
async fn a_crawl_runs_when_it_is_due_and_comes_again_with_its_interval() {
    let world = World::new().await;
    world.crawl(3_600).await;
    assert_eq!(world.run("2026-11-20T11:59:59Z").await, None, "it is not noon");
    assert_eq!(world.run("2026-11-20T12:00:05Z").await, Some("succeeded"));
    assert_eq!((world.documents().await, world.next_at().await), (1, Some(at("2026-11-20T13:00:05Z"))));
    assert_eq!(world.run("2026-11-20T12:30:00Z").await, None);
    assert_eq!(world.run("2026-11-20T13:00:05Z").await, Some("succeeded"));
    assert_eq!((world.documents().await, world.runs().await.len()), (1, 2));
}

#[tokio::test]
async fn one_without_an_interval_waits_until_somebody_asks() {
    let world = World::new().await;
    world.crawl(0).await;
    assert_eq!(world.run("2026-11-20T12:00:00Z").await, Some("succeeded"));
    assert_eq!((world.next_at().await, world.run("2027-11-20T12:00:00Z").await), (None, None));
}

#[tokio::test]
async fn what_met_a_limit_goes_on_soon_and_what_failed_waits_for_its_turn() {
    let world = World::new().await;
    world.crawl(3_600).await;
    world.shelf.instead("/trees/", 429, &[("retry-after", "3600")]);
    assert_eq!(world.run("2026-11-20T12:00:00Z").await, Some("partial"));
    assert_eq!(world.next_at().await, Some(at("2026-11-20T12:05:00Z")));
    world.shelf.instead("/trees/", 404, &[]);
    assert_eq!(world.run("2026-11-20T12:05:00Z").await, Some("failed"));
    assert_eq!(world.next_at().await, Some(at("2026-11-20T13:05:00Z")));
    assert_eq!((world.runs().await, world.documents().await), (vec!["failed".to_owned(), "partial".to_owned()], 0));
}

#[tokio::test]
async fn what_a_dead_worker_left_another_runs_when_the_lease_ends() {
    let world = World::new().await;
    world.crawl(3_600).await;
    let noon = at("2026-11-20T12:00:00Z");
    let dead = move |conn: &mut Connection| crawls::lease_next(conn, Uuid::from_u128(9), noon, TimeDelta::minutes(10));
    world.call(dead).await.expect("it is due");
    assert_eq!(world.run("2026-11-20T12:09:59Z").await, None, "it is leased");
    assert_eq!(world.run("2026-11-20T12:10:01Z").await, Some("succeeded"));
    assert_eq!(world.runs().await, ["succeeded", "interrupted"]);
}

#[tokio::test]
async fn the_loop_makes_the_crawl_of_the_settings_once_runs_it_and_ends_when_it_is_told_to() {
    let world = World::new().await;
    let stop = CancellationToken::new();
    let settings = || world.settings.clone();
    let running = tokio::spawn(run(world.store.clone(), world.crawler.clone(), settings(), stop.clone()));
    let read = async {
        while world.documents().await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("the page is read");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), running).await.expect("in time").expect("no panic");
    ensure_of_settings(&world.store, &settings(), Utc::now()).await.expect("a look");
    let crawls = world.call(|conn| crawls::list(conn, &TenantId::default(), None, 100)).await;
    assert_eq!(crawls.len(), 1);
    assert_eq!((crawls[0].created_by.as_str(), &crawls[0].params["repo"]), ("settings", &json!("shop")));
}
