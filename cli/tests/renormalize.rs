//! `em-agent renormalize` from the outside: the table, the JSON, the job that a worker does, and what is wrongly asked.

mod running;

use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, find};
use running::{em_agent, text};
use serde_json::Value;
use store::intake::{Keep, accept, pack};
use store::{Role, Store};
use testkit::database::Database;
use testkit::world::minute;
use tokio_util::sync::CancellationToken;
use worker::Reading;

/// A deployment whose environment an older mapping did not see.
fn keep() -> Keep {
    let github = find("github").expect("a source");
    let body = github.sample("deployment_status").expect("a sample").body;
    let (tenant, id) = (TenantId::default(), DeliveryId::new(minute(0), [7; 16]));
    let headers: Headers<'_> = [("x-github-event", b"deployment_status".as_slice())].into_iter().collect();
    let drafts = integrations::normalize(github, "deployment_status", &headers, body, &Rules::default());
    let mut events = Event::seal(drafts, "github", &tenant, id, None);
    events[0].facets.environment = None;
    Keep {
        tenant,
        id,
        source: "github".into(),
        kind: "deployment_status".into(),
        key: "k".into(),
        headers: r#"[["x-github-event","deployment_status"]]"#.into(),
        body: pack(body),
        scheme: "hmac",
        secret: "active",
        mapping_version: github.mapping_version - 1,
        events,
    }
}

struct World {
    database: Database,
    store: Store,
}

impl World {
    fn new() -> Self {
        let database = Database::fresh();
        let store = database.store(Role::App);
        accept(&mut store.open(Role::Ingest).expect("a connection"), &[keep()]).expect("kept");
        Self { database, store }
    }

    /// Runs `em-agent renormalize` over today's deliveries.
    fn renormalize(&self, more: &[&str]) -> (Option<i32>, String, String) {
        let from = (minute(0) - chrono::TimeDelta::days(1)).format("%Y-%m-%d").to_string();
        let mut arguments = vec!["renormalize", "--from", &from];
        arguments.extend_from_slice(more);
        let output = em_agent(&arguments, &[("DATABASE_URL", &self.database.url)]);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_shows_then_has_a_worker_apply_it_and_then_there_is_nothing_to_do() {
    let world = tokio::task::spawn_blocking(World::new).await.expect("a world");
    let (code, table, said) = world.renormalize(&["--source", "github"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(table.contains("environment: nothing → \"production\""), "{table}");
    assert!(said.contains("nothing was changed; --apply changes it"), "{said}");

    let (stop, store) = (CancellationToken::new(), world.store.clone());
    let jobs = tokio::spawn(worker::jobs::run(store, Reading::default(), stop.clone()));
    let (code, json, said) = world.renormalize(&["--source", "github", "--apply", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let answer: Value = serde_json::from_str(&json).expect("one JSON object");
    assert_eq!(answer["report"]["events"]["altered"], 1, "{answer}");
    assert_eq!((&answer["job"]["status"], &answer["job"]["progress"]["altered"]), (&"succeeded".into(), &1.into()));
    stop.cancel();
    jobs.await.expect("the jobs end");

    let (code, table, said) = world.renormalize(&["--apply"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("there is nothing to do") && !table.contains("job"), "{said}{table}");
}

#[test]
fn what_is_wrongly_asked_is_said_with_what_mends_it() {
    let database = Database::fresh();
    let url = [("DATABASE_URL", database.url.as_str())];
    for (arguments, variables, said) in [
        (&["--from", "2026-11-01", "--source", "githup"][..], &url[..], "there is no source 'githup'; there are "),
        (&["--from", "yesterday"], &url, "write a time like 2026-11-20T18:44:07Z, or a date"),
        (&["--from", "2026-11-02", "--to", "2026-11-01"], &url, "--from must be before --to"),
        (&["--from", "2026-11-01", "--tenant", "nobody"], &url, "there is no tenant 'nobody'"),
        (&["--source", "github"], &url, "--from"),
        (&["--from", "2026-11-01"], &[], "DATABASE_URL: got nothing"),
    ] {
        let all: Vec<&str> = ["renormalize"].iter().chain(arguments).copied().collect();
        let output = em_agent(&all, variables);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(said), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}
