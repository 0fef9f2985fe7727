//! GitLab's history, its events and rows; once and twice.

use serde_json::{Value, json};
use testkit::rest::Rest;
use worker::backfill::{Ended, Source};

use crate::world::{TOKEN, World};

const REPO: &str = "acme/platform/payments";
const PATH: &str = "/projects/acme%2Fplatform%2Fpayments";

fn user(name: &str, id: u64) -> Value {
    json!({"id": id, "username": name, "name": name})
}

fn sha(number: u64) -> String {
    format!("{number:040x}")
}

fn commit(number: u64, committed: &str, parents: &[u64]) -> Value {
    let parents: Vec<String> = parents.iter().map(|parent| sha(*parent)).collect();
    json!({
        "id": sha(number), "message": format!("Change {number}"), "author_name": "Ada", "author_email": "ada@acme.example",
        "authored_date": "2026-11-01T09:00:00.000+01:00", "committed_date": committed, "created_at": committed,
        "parent_ids": parents, "web_url": "https://gitlab.example.com/x",
    })
}

fn request(iid: u64, state: &str, updated: &str) -> Value {
    let merged = (state == "merged").then_some("2026-11-04T11:59:58.120Z");
    json!({
        "id": 9000 + iid, "iid": iid, "state": state, "title": format!("Title {iid}"), "description": "",
        "created_at": "2026-11-02T09:00:00.500Z", "updated_at": updated, "merged_at": merged, "closed_at": null,
        "author": user("ada", 21), "merge_user": merged.map(|_| user("grace", 22)), "source_branch": "b", "target_branch": "main",
        "sha": sha(900 + iid), "merge_commit_sha": merged.map(|_| sha(iid)), "labels": ["backend"], "draft": false,
        "assignees": [], "reviewers": [], "web_url": format!("https://gitlab.example.com/acme/platform/payments/-/merge_requests/{iid}"),
    })
}

fn note(id: u64, by: Value, created: &str, system: bool, body: &str) -> Value {
    json!({"id": id, "author": by, "created_at": created, "system": system, "body": body})
}

async fn payments() -> World {
    let world = World::new(Source::Gitlab, REPO).await;
    world.api.page_size(2);
    let put = |path: &str, thing: Value| world.api.put(&format!("{PATH}{path}"), thing);
    put(
        "",
        json!({
            "id": 4108, "name": "payments", "path_with_namespace": REPO, "default_branch": "main",
            "web_url": "https://gitlab.example.com/acme/platform/payments",
        }),
    );
    put(
        "/repository/commits",
        json!([
            commit(3, "2026-11-03T12:00:00.000Z", &[1, 2]),
            commit(2, "2026-11-03T11:00:00.000Z", &[1]),
            commit(1, "2026-11-02T08:00:00.000Z", &[]),
        ]),
    );
    put(
        "/merge_requests",
        json!([
            request(4, "merged", "2026-11-04T12:00:00.000Z"),
            request(5, "opened", "2026-11-03T10:00:00.000Z"),
            request(1, "merged", "2026-10-03T10:00:00.000Z"),
        ]),
    );
    put("/merge_requests/4/commits", json!([commit(904, "2026-11-02T08:30:00.000Z", &[])]));
    put(
        "/merge_requests/4/notes",
        json!([
            note(1, user("ada", 21), "2026-11-02T10:00:00Z", false, "ready"),
            note(2, user("linus", 23), "2026-11-03T09:00:00Z", false, "why?"),
            note(3, user("linus", 23), "2026-11-04T09:00:00Z", true, "approved this merge request"),
            note(4, user("grace", 22), "2026-11-04T10:00:00Z", true, "approved this merge request"),
            note(5, user("grace", 22), "2026-11-04T10:00:01Z", true, "mentioned in commit abc"),
        ]),
    );
    put("/merge_requests/4/approvals", json!({"approved": true, "approvals_required": 2}));
    furnish_the_rest(&world.api);
    world
}

fn furnish_the_rest(api: &Rest) {
    let put = |path: &str, thing: Value| api.put(&format!("{PATH}{path}"), thing);
    put("/environments", json!([{"id": 1, "name": "eu-1", "tier": "production"}]));
    put(
        "/deployments",
        json!([{
            "id": 12, "iid": 2, "ref": "main", "sha": sha(3), "status": "success", "created_at": "2026-11-03T13:00:00.000Z",
            "updated_at": "2026-11-03T13:06:00.000Z", "user": user("ada", 21), "environment": {"id": 1, "name": "eu-1"},
            "deployable": {"id": 77, "started_at": "2026-11-03T13:01:00.000Z", "finished_at": "2026-11-03T13:05:00.000Z"},
        }]),
    );
    put(
        "/releases",
        json!([
            {"tag_name": "v9", "released_at": "2027-11-04T15:00:00.000Z", "upcoming_release": true},
            {"tag_name": "v1", "name": "One", "released_at": "2026-11-04T15:00:00.000Z", "commit": {"id": sha(3)}},
            {"tag_name": "v0", "released_at": "2026-01-04T15:00:00.000Z"},
        ]),
    );
    let issue = |iid: u64, kind: &str, closed: Option<&str>| {
        json!({
            "id": 8000 + iid, "iid": iid, "title": "Nobody can pay", "state": if closed.is_some() { "closed" } else { "opened" },
            "issue_type": kind, "severity": "CRITICAL", "labels": [], "assignees": [], "author": user("ada", 21),
            "created_at": "2026-11-05T10:00:00.000Z", "updated_at": "2026-11-05T12:00:00.000Z", "closed_at": closed,
        })
    };
    put("/issues", json!([issue(8, "incident", Some("2026-11-05T11:59:00.000Z")), issue(9, "issue", None)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_becomes_the_events_that_webhooks_would_have_been() {
    let mut world = payments().await;
    assert_eq!(world.backfill().await.ended, Ended::Done);
    let (change, service) = (format!("{REPO}#"), format!("{REPO}/eu-1:12"));
    let expected = [
        format!("11-02 08:00 commits.pushed {REPO}@refs/heads/main"),
        format!("11-02 09:00 change.opened {change}4"),
        format!("11-02 09:00 change.opened {change}5"),
        format!("11-03 09:00 change.reviewed {change}4"),
        format!("11-03 10:00 change.updated {change}5"),
        format!("11-03 12:00 commits.pushed {REPO}@refs/heads/main"),
        format!("11-03 13:01 deployment.started {service}"),
        format!("11-03 13:05 deployment.finished {service}"),
        format!("11-04 09:00 change.reviewed {change}4"),
        format!("11-04 10:00 change.approved {change}4"),
        format!("11-04 11:59 change.merged {change}4"),
        format!("11-04 15:00 release.published gitlab:{REPO}@v1"),
        format!("11-05 10:00 incident.opened gitlab:{REPO}#8"),
        format!("11-05 10:00 ticket.created gitlab:{REPO}#8"),
        format!("11-05 11:59 incident.resolved gitlab:{REPO}#8"),
        format!("11-05 11:59 ticket.closed gitlab:{REPO}#8"),
    ];
    assert_eq!(world.events(), expected);
    assert!(world.api.asked().iter().all(|asked| asked.token.as_deref() == Some(TOKEN)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_api_knows_is_in_the_rows() {
    let mut world = payments().await;
    world.backfill().await;
    let edges = world.column(
        "select right(sha, 1) || '<' || right(parent_sha, 1) || ' ' || origin as line from commit_edges order by 1",
    );
    assert_eq!(edges, ["2<1 payload", "3<1 payload", "3<2 payload"]);
    let change = world.lines(
        "select concat_ws(' ', author, first_commit_at at time zone 'utc', first_review_at at time zone 'utc',
           approved_at at time zone 'utc', merged_at at time zone 'utc', right(landed_sha, 1)) as line from changes where number = '4'",
    );
    assert_eq!(change, ["ada 2026-11-01 08:00:00 2026-11-03 09:00:00 2026-11-04 10:00:00 2026-11-04 11:59:58.12 4"]);
    let deployment = world.lines(
        "select concat_ws(' ', outcome, tier, started_at at time zone 'utc', finished_at at time zone 'utc', right(sha, 1)) as line
         from deployments",
    );
    assert_eq!(deployment, ["success production 2026-11-03 13:01:00 2026-11-03 13:05:00 3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_adds_nothing() {
    let mut world = payments().await;
    world.backfill().await;
    let (told, derived) = (world.told(), world.derived());
    world.api.asked();
    let again = world.backfill().await;
    assert!(again.progress.resources.values().all(|resource| resource.kept == 0), "{:?}", again.progress);
    assert_eq!((world.told(), world.derived()), (told, derived));
    assert!(world.api.asked().iter().all(|asked| !asked.target.contains("/merge_requests/")));
}
