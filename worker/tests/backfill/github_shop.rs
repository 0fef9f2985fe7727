//! A repository of GitHub with a little history, in the shapes of the REST API's documentation.

use serde_json::{Value, json};
use testkit::rest::Rest;

pub(crate) const REPO: &str = "acme/shop";
pub(crate) const PATH: &str = "/repos/acme/shop";

pub(crate) fn sha(number: u64) -> String {
    format!("{number:040x}")
}

pub(crate) fn user(login: &str, id: u64) -> Value {
    json!({"login": login, "id": id, "type": "User"})
}

fn commit(number: u64, committed: &str, parents: &[u64]) -> Value {
    let parents: Vec<Value> = parents.iter().map(|parent| json!({"sha": sha(*parent)})).collect();
    json!({
        "sha": sha(number), "html_url": format!("https://github.com/acme/shop/commit/{}", sha(number)),
        "commit": {
            "message": format!("Change {number}"),
            "author": {"name": "Ada", "email": "ada@acme.example", "date": "2026-11-01T08:00:00Z"},
            "committer": {"name": "Ada", "email": "ada@acme.example", "date": committed},
        },
        "author": user("ada", 21), "parents": parents,
    })
}

/// A pull request as it is alone; the list has fewer members.
fn request(number: u64, state: &str, updated: &str, merged: Option<&str>) -> Value {
    json!({
        "number": number, "state": state, "title": format!("Title {number}"), "body": "", "draft": false,
        "created_at": "2026-11-02T09:00:00Z", "updated_at": updated, "merged": merged.is_some(), "merged_at": merged,
        "closed_at": merged.or((state == "closed").then_some(updated)),
        "merge_commit_sha": sha(number), "merged_by": merged.map(|_| user("grace", 22)), "user": user("ada", 21),
        "head": {"ref": format!("branch-{number}"), "sha": sha(900 + number)}, "base": {"ref": "main"},
        "labels": [], "additions": 3, "deletions": 1, "changed_files": 2,
        "html_url": format!("https://github.com/acme/shop/pull/{number}"),
    })
}

fn review(id: u64, by: Value, state: &str, submitted: &str) -> Value {
    json!({"id": id, "user": by, "state": state, "submitted_at": submitted, "commit_id": sha(904), "body": "good"})
}

fn status(id: u64, state: &str, created: &str) -> Value {
    json!({"id": id, "state": state, "environment": "production", "created_at": created, "creator": user("ada", 21)})
}

fn issue(number: u64, label: &str, updated: &str, closed: Option<&str>) -> Value {
    json!({
        "number": number, "title": "Nobody can pay", "state": if closed.is_some() { "closed" } else { "open" },
        "labels": [{"name": label}], "created_at": "2026-11-05T10:00:00Z", "updated_at": updated, "closed_at": closed,
        "user": user("ada", 21),
    })
}

/// Puts it all on a server, two things on a page.
pub(crate) fn furnish(api: &Rest) {
    api.page_size(2);
    let put = |path: &str, thing: Value| api.put(&format!("{PATH}{path}"), thing);
    put("", json!({"id": 7, "name": "shop", "full_name": REPO, "default_branch": "main", "owner": {"login": "acme"}}));
    // 3 merges 2, which was made on a branch from 1.
    put(
        "/commits",
        json!([
            commit(4, "2026-11-04T12:00:00Z", &[3]),
            commit(3, "2026-11-03T12:00:00Z", &[1, 2]),
            commit(2, "2026-11-03T11:00:00Z", &[1]),
            commit(1, "2026-11-02T08:00:00Z", &[]),
        ]),
    );
    let requests = [
        request(4, "closed", "2026-11-04T12:00:00Z", Some("2026-11-04T11:59:58Z")),
        request(5, "open", "2026-11-03T10:00:00Z", None),
        request(6, "closed", "2026-11-06T10:00:00Z", None),
        request(1, "closed", "2026-10-01T10:00:00Z", None),
    ];
    put("/pulls", Value::from(requests.to_vec()));
    for request in requests {
        let number = request["number"].as_u64().expect("a number");
        put(&format!("/pulls/{number}"), request);
        put(&format!("/pulls/{number}/reviews"), json!([]));
        put(&format!("/pulls/{number}/commits"), json!([commit(900 + number, "2026-11-02T08:30:00Z", &[])]));
    }
    put(
        "/pulls/4/reviews",
        json!([
            review(1, user("linus", 23), "CHANGES_REQUESTED", "2026-11-03T09:00:00Z"),
            review(2, user("grace", 22), "APPROVED", "2026-11-04T10:00:00Z"),
            {"id": 3, "user": user("grace", 22), "state": "PENDING"},
        ]),
    );
    furnish_deployments(api);
    furnish_releases_and_issues(api);
}

fn furnish_deployments(api: &Rest) {
    let put = |path: &str, thing: Value| api.put(&format!("{PATH}{path}"), thing);
    put(
        "/deployments",
        json!([
            {"id": 12, "sha": sha(4), "ref": "main", "environment": "production", "created_at": "2026-11-04T13:00:00Z", "creator": user("ada", 21)},
            {"id": 11, "sha": sha(3), "ref": "main", "environment": "production", "created_at": "2026-11-03T13:00:00Z", "creator": user("ada", 21)},
            {"id": 10, "sha": sha(1), "ref": "main", "environment": "production", "created_at": "2026-10-03T13:00:00Z", "creator": user("ada", 21)},
        ]),
    );
    put(
        "/deployments/12/statuses",
        json!([status(122, "failure", "2026-11-04T13:09:00Z"), status(121, "in_progress", "2026-11-04T13:01:00Z"),]),
    );
    put(
        "/deployments/11/statuses",
        json!([
            status(113, "inactive", "2026-11-03T14:00:00Z"),
            status(112, "success", "2026-11-03T13:05:00Z"),
            status(111, "in_progress", "2026-11-03T13:01:00Z"),
        ]),
    );
}

fn furnish_releases_and_issues(api: &Rest) {
    let put = |path: &str, thing: Value| api.put(&format!("{PATH}{path}"), thing);
    put(
        "/releases",
        json!([
            {"id": 31, "tag_name": "v2", "draft": true, "published_at": null},
            {"id": 30, "tag_name": "v1", "published_at": "2026-11-04T15:00:00Z", "updated_at": "2026-11-04T15:00:00Z", "author": user("ada", 21)},
            {"id": 29, "tag_name": "v0", "published_at": "2026-01-04T15:00:00Z", "author": user("ada", 21)},
        ]),
    );
    put(
        "/issues",
        json!([
            issue(8, "incident", "2026-11-05T12:00:00Z", Some("2026-11-05T11:59:00Z")),
            issue(9, "bug", "2026-11-05T13:00:00Z", None),
            {"number": 4, "pull_request": {}, "labels": [{"name": "incident"}], "updated_at": "2026-11-05T13:00:00Z"},
        ]),
    );
}
