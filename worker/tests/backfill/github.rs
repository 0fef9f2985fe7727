//! GitHub's history, its events and rows; once, twice, in pieces, and beside real webhooks.

use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, find};
use serde_json::Value;
use store::intake::{Keep, accept, pack};
use testkit::rest::Asked;
use worker::backfill::{Ended, Source};

use crate::github_shop::{PATH, REPO, furnish, sha};
use crate::world::{World, at};

async fn shop() -> World {
    let world = World::new(Source::Github, REPO).await;
    furnish(&world.api);
    world
}

const EVENTS: [&str; 23] = [
    "11-02 08:00 commits.pushed acme/shop@refs/heads/main",
    "11-02 09:00 change.opened acme/shop#4",
    "11-02 09:00 change.opened acme/shop#5",
    "11-02 09:00 change.opened acme/shop#6",
    "11-03 09:00 change.reviewed acme/shop#4",
    "11-03 10:00 change.updated acme/shop#5",
    "11-03 12:00 commits.pushed acme/shop@refs/heads/main",
    "11-03 13:00 deployment.updated acme/shop/production:11",
    "11-03 13:01 deployment.started acme/shop/production:11",
    "11-03 13:05 deployment.finished acme/shop/production:11",
    "11-03 14:00 deployment.updated acme/shop/production:11",
    "11-04 10:00 change.approved acme/shop#4",
    "11-04 11:59 change.merged acme/shop#4",
    "11-04 12:00 commits.pushed acme/shop@refs/heads/main",
    "11-04 13:00 deployment.updated acme/shop/production:12",
    "11-04 13:01 deployment.started acme/shop/production:12",
    "11-04 13:09 deployment.finished acme/shop/production:12",
    "11-04 15:00 release.published github:acme/shop@v1",
    "11-05 10:00 incident.opened github:acme/shop#8",
    "11-05 10:00 ticket.created github:acme/shop#8",
    "11-05 11:59 incident.resolved github:acme/shop#8",
    "11-05 11:59 ticket.closed github:acme/shop#8",
    "11-06 10:00 change.closed acme/shop#6",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_becomes_the_events_that_webhooks_would_have_been() {
    let mut world = shop().await;
    let report = world.backfill().await;
    assert_eq!(report.ended, Ended::Done);
    assert_eq!(world.events(), EVENTS);
    let proved = world.lines("select distinct scheme || ' ' || secret || ' ' || result as line from deliveries");
    assert_eq!(proved, ["backfill none accepted"]);
    let owed = world.lines("select sum(cardinality(event_ids))::text as line from outbox");
    assert_eq!(owed, ["23"], "all of it is owed to the bus");
    let job = world.lines(
        "select kind || ' ' || status || ' ' || (progress->'resources'->'deployments'->>'kept') as line from jobs",
    );
    assert_eq!(job, ["backfill succeeded 7"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_api_knows_is_in_the_rows() {
    let mut world = shop().await;
    world.backfill().await;
    let edges = world.column(
        "select right(sha, 1) || '<' || right(parent_sha, 1) || ' ' || origin as line from commit_edges order by 1",
    );
    assert_eq!(edges, ["2<1 payload", "3<1 payload", "3<2 payload", "4<3 payload"], "parents, and nothing guessed");
    assert_eq!(world.lines("select ref as line from ref_moves"), Vec::<String>::new());
    let change = world.lines(
        "select concat_ws(' ', first_commit_at at time zone 'utc', first_review_at at time zone 'utc', approved_at at time zone 'utc',
           merged_at at time zone 'utc', right(landed_sha, 1), right(head_sha, 3)) as line from changes where number = '4'",
    );
    let head = &sha(904)[37..];
    assert_eq!(
        change,
        [format!("2026-11-01 08:00:00 2026-11-03 09:00:00 2026-11-04 10:00:00 2026-11-04 11:59:58 4 {head}")]
    );
    let deployments = world.lines(
        "select deployment_id || ' ' || outcome || ' ' || (finished_at at time zone 'utc')::text as line from deployments order by 1",
    );
    assert_eq!(deployments, ["11 success 2026-11-03 13:05:00", "12 failure 2026-11-04 13:09:00"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_adds_nothing_and_asks_for_no_pull_request_again() {
    let mut world = shop().await;
    world.backfill().await;
    let (told, derived) = (world.told(), world.derived());
    world.api.asked();
    let again = world.backfill().await;
    assert_eq!(again.ended, Ended::Done);
    assert_eq!((world.told(), world.derived()), (told, derived));
    assert!(again.progress.resources.values().all(|resource| resource.kept == 0), "{:?}", again.progress);
    let of_one = |asked: &&Asked| asked.target.starts_with(&format!("{PATH}/pulls/"));
    assert_eq!(world.api.asked().iter().find(of_one), None);
    assert_eq!(world.lines("select status as line from jobs"), ["succeeded", "succeeded"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_at_any_request_and_gone_on_with_it_is_the_same() {
    let mut whole = shop().await;
    let requests = whole.backfill().await.progress.requests;
    let (told, derived) = (whole.told(), whole.derived());
    let mut pieces = shop().await;
    // Each run comes one request further than what it repeats, and then is asked for a pause that is too long.
    let mut runs = 0;
    loop {
        let target = pieces.api.asked().len();
        let mut means = pieces.means();
        means.max_wait = std::time::Duration::ZERO;
        runs += 1;
        assert!(runs < 200, "it does not come to an end: {target}");
        pieces.api.interrupt_after(4 + runs % 6);
        if pieces.run(&means).await.expect("fetched").ended == Ended::Done {
            break;
        }
    }
    assert!(runs > 3, "{runs} runs for {requests} requests");
    assert_eq!((pieces.told(), pieces.derived()), (told, derived));
    assert_eq!(pieces.lines("select status || ' ' || attempts as line from jobs"), [format!("succeeded {runs}")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_gives_the_job_back() {
    let mut world = shop().await;
    let means = world.means();
    let (stop, mut stopping) = (means.stop.clone(), means.clone());
    stopping.say = std::sync::Arc::new(move |words| {
        if words.contains("deployments") {
            stop.cancel();
        }
    });
    assert_eq!(world.run(&stopping).await.expect("fetched").ended, Ended::Stopped);
    assert_eq!(world.lines("select status as line from jobs"), ["queued"]);
    assert_eq!(world.backfill().await.ended, Ended::Done);
    assert_eq!(world.events(), EVENTS);
}

/// A delivery as GitHub sends it.
fn webhook(kind: &str, body: &Value) -> Keep {
    let (github, tenant) = (find("github").expect("a source"), TenantId::default());
    let id = DeliveryId::new(at("2026-11-20T18:11:00Z"), *uuid::Uuid::new_v4().as_bytes());
    let headers: Headers<'_> = [("x-github-event", kind.as_bytes())].into_iter().collect();
    let body = body.to_string();
    let drafts = integrations::normalize(github, kind, &headers, body.as_bytes(), &Rules::default());
    Keep {
        events: Event::seal(drafts, "github", &tenant, id, None),
        tenant,
        id,
        source: "github".into(),
        kind: kind.into(),
        key: id.to_string(),
        headers: "[]".into(),
        body: pack(body.as_bytes()),
        scheme: "github-sha256",
        secret: "active",
        mapping_version: github.mapping_version,
    }
}

fn sample(name: &str) -> Value {
    let sample = find("github").expect("a source").sample(name).expect("a sample");
    serde_json::from_slice(sample.body).expect("JSON")
}

/// The row of the change without what only one of both sides knows.
const ROW: &str = "select (to_jsonb(c) - 'registers' - 'first_commit_at')::text as line from changes c";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fetched_and_sent_are_the_same_change() {
    let (merged, approved) = (sample("pull_request.merged"), sample("pull_request_review.approved"));
    let request = &merged["pull_request"];
    let repo: &'static str = request["base"]["repo"]["full_name"].as_str().expect("a name").to_owned().leak();
    let serve = |world: &World| {
        let path = format!("/repos/{repo}");
        world.api.put(&path, merged["repository"].clone());
        world.api.put(&format!("{path}/pulls"), serde_json::json!([request]));
        world.api.put(&format!("{path}/pulls/482"), request.clone());
        let mut review = approved["review"].clone();
        review["state"] = "APPROVED".into();
        world.api.put(&format!("{path}/pulls/482/reviews"), serde_json::json!([review]));
    };
    let mut sent = World::new(Source::Github, repo).await;
    accept(&mut sent.conn, &[webhook("pull_request_review", &approved), webhook("pull_request", &merged)])
        .expect("kept");
    let expected = sent.column(ROW);
    assert_eq!(expected.len(), 1);

    let mut fetched = World::new(Source::Github, repo).await;
    serve(&fetched);
    fetched.backfill().await;
    assert_eq!(fetched.column(ROW), expected);
    let said = "select time || ' ' || type || ' ' || subject || ' ' || coalesce(actor, '') as line from events
                where type in ('change.merged', 'change.approved') order by 1";
    assert_eq!(fetched.lines(said), sent.lines(said));

    serve(&sent);
    sent.backfill().await;
    assert_eq!(sent.column(ROW), expected, "both together say no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fetched_and_sent_are_the_same_deployment() {
    let (asked, ended) = (sample("deployment.created"), sample("deployment_status.success"));
    let (deployment, status) = (&ended["deployment"], &ended["deployment_status"]);
    let repo: &'static str = ended["repository"]["full_name"].as_str().expect("a name").to_owned().leak();
    let mut both = World::new(Source::Github, repo).await;
    let mut asked = asked;
    asked["deployment"] = deployment.clone();
    asked["sender"] = deployment["creator"].clone();
    accept(&mut both.conn, &[webhook("deployment", &asked), webhook("deployment_status", &ended)]).expect("kept");
    let expected = both.derived();
    assert!(expected.len() >= 4, "a deployment, what it ships, and two states: {expected:?}");
    let path = format!("/repos/{repo}");
    both.api.put(&path, ended["repository"].clone());
    both.api.put(&format!("{path}/deployments"), serde_json::json!([deployment]));
    let id = &deployment["id"];
    both.api.put(&format!("{path}/deployments/{id}/statuses"), serde_json::json!([status]));
    let report = both.backfill().await;
    assert_eq!(report.progress.resources["deployments"].kept, 2, "they are deliveries of their own");
    assert_eq!(both.derived(), expected, "and say nothing new");
}
