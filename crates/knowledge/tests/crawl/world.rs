//! A shelf of documents and a crawl that reads it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use knowledge::crawl::{Crawler, Ended, Limits};
use knowledge::{Knowledge, Query};
use serde_json::{Value, json};
use store::knowledge::crawls::{self, Crawl, Leased};
use store::{Connection, Role, Store};
use testkit::database::Database;
use testkit::shelf::Shelf;
use uuid::Uuid;

pub(crate) struct World {
    _database: Database,
    pub(crate) store: Store,
    pub(crate) shelf: Shelf,
    pub(crate) knowledge: Knowledge,
    pub(crate) crawler: Crawler,
    pub(crate) id: Uuid,
}

pub(crate) fn acme() -> TenantId {
    "acme".parse().expect("a tenant")
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

pub(crate) const LIMITS: Limits = Limits { requests: 500, bytes: 1 << 24, pause: Duration::from_millis(1) };

impl World {
    pub(crate) async fn new(kind: &str, params: Value) -> Self {
        Self::with(kind, params, LIMITS, &[]).await
    }

    /// With settings in the place of the usual ones; an empty one is not set.
    pub(crate) async fn with(kind: &str, params: Value, limits: Limits, other: &[(&str, &str)]) -> Self {
        let (database, shelf) = (Database::fresh(), Shelf::start().await);
        let url = shelf.url();
        let linear = format!("{url}/graphql");
        let usual = [
            ("GITHUB_API_URL", url.as_str()),
            ("GITHUB_TOKEN", "the-token"),
            ("CONFLUENCE_BASE_URL", &url),
            ("CONFLUENCE_EMAIL", "ada@example.com"),
            ("CONFLUENCE_TOKEN", "the-token"),
            ("LINEAR_API_URL", &linear),
            ("LINEAR_API_KEY", "the-token"),
            ("SHORTCUT_API_URL", &url),
            ("SHORTCUT_API_TOKEN", "the-token"),
            ("PAGERDUTY_API_URL", &url),
            ("PAGERDUTY_API_TOKEN", "the-token"),
        ];
        let variables =
            usual.iter().chain(other).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let settings = boot::Settings::read(&variables, &[], boot::settings::Env::Development).expect("settings").0;
        let store = database.store(Role::App);
        let knowledge = Knowledge::of(store.clone(), models::Models::off());
        let crawler = Crawler::of(knowledge.clone(), &settings, limits).expect("a crawler");
        let id = Uuid::from_u128(7);
        let crawl = Crawl {
            id,
            kind: kind.to_owned(),
            collection: "default".to_owned(),
            params,
            interval_s: 0,
            next_at: Some(now()),
            created_at: now(),
            created_by: "ada".to_owned(),
        };
        let add = move |conn: &mut Connection| crawls::add(conn, &acme(), &crawl);
        store.call("add", add).await.expect("a crawl");
        Self { _database: database, store, shelf, knowledge, crawler, id }
    }

    /// Leases the crawl, which somebody asked for.
    pub(crate) async fn lease(&self, at: DateTime<Utc>) -> Option<Leased> {
        let id = self.id;
        let lease = move |conn: &mut Connection| {
            crawls::ask(conn, &acme(), id, at)?;
            crawls::lease_next(conn, Uuid::new_v4(), at, TimeDelta::minutes(10))
        };
        self.store.call("lease", lease).await.expect("a lease")
    }

    /// One run from its beginning to its end.
    pub(crate) async fn run(&self) -> Ended {
        let leased = self.lease(now()).await.expect("nobody has it");
        let ended = self.crawler.run(&leased, now).await.expect("a run");
        let over = ended.clone();
        let end =
            move |conn: &mut Connection| crawls::end(conn, &leased, (over.result, over.error.as_deref()), None, now());
        assert!(self.store.call("end", end).await.expect("the end"));
        ended
    }

    /// A run that must succeed: documents that were changed, and those that were gone.
    pub(crate) async fn ran(&self) -> (i32, i32) {
        let ended = self.run().await;
        assert_eq!((ended.result, ended.error.as_deref()), ("succeeded", None));
        (ended.tally.changed, ended.tally.deleted)
    }

    pub(crate) async fn found(&self, text: &str) -> Vec<knowledge::Hit> {
        let query = Query { text: text.to_owned(), top_k: 5, collection: None };
        self.knowledge.search(&acme(), &query).await.expect("an answer")
    }

    pub(crate) async fn documents(&self) -> i64 {
        self.knowledge.status(&acme()).await.expect("a status").documents
    }

    /// Puts a repository on the shelf: paths and what stands in them.
    pub(crate) fn repository(&self, files: &[(&str, &str)]) {
        let entry =
            |(path, text): &(&str, &str)| json!({"path": path, "type": "blob", "sha": sha(text), "size": text.len()});
        let tree: Vec<Value> = files.iter().map(entry).collect();
        let whole: String = files.iter().map(|(path, text)| format!("{path}{text}")).collect();
        let tree = json!({"sha": sha(&whole), "tree": tree, "truncated": false});
        self.shelf.put("/repos/acme/shop/git/trees/main", tree);
        for (_, text) in files {
            let content = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
            let blob = json!({"content": content, "encoding": "base64"});
            self.shelf.put(&format!("/repos/acme/shop/git/blobs/{}", sha(text)), blob);
        }
    }
}

/// As good as a hash.
fn sha(text: &str) -> String {
    let sum = text.bytes().fold(7_u128, |sum, byte| sum.wrapping_mul(1_000_003).wrapping_add(u128::from(byte)));
    format!("{sum:040x}")
}
