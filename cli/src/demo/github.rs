//! What GitHub sends of repositories and their deployments: pushes, pull requests, runs of Actions, deployments with
//! their states, issues.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::story::Delivery;
use super::world::{Change, GRACE, Person, Repo, SHOP, time};

/// Runs, deployments and their states are numbered far above changes.
const RUNS: u64 = 30_433_642_000;
const DEPLOYMENTS: u64 = 145_988_000;
const STATES: u64 = 209_916_000;

fn of(kind: &'static str, at: DateTime<Utc>, repo: &Repo, sender: &Person, mut body: Value) -> Delivery {
    body["repository"] = repository(repo);
    if kind == "push" {
        body["repository"]["pushed_at"] = at.timestamp().into();
    }
    body["organization"] = json!({"login": super::world::ORG, "id": 77_001});
    body["sender"] = user(sender);
    Delivery::new("github", kind, at, &body)
}

fn user(person: &Person) -> Value {
    json!({"login": person.login, "id": 583_000 + person.id, "type": "User"})
}

fn repository(repo: &Repo) -> Value {
    json!({
        "id": repo.id, "name": repo.name, "full_name": repo.full_name, "private": true, "default_branch": "main",
        "html_url": repo.on_github(),
    })
}

/// The change arrives on the main branch, squashed.
pub(super) fn pushed(change: &Change, at: DateTime<Utc>) -> Delivery {
    let (sha, url, author) = (change.sha(), change.repo.on_github(), change.author);
    let commit = json!({
        "id": sha, "message": format!("{} (#{})", change.headline(), change.number), "timestamp": time(at),
        "url": format!("{url}/commit/{sha}"), "distinct": true,
        "author": {"name": author.name, "email": author.email, "username": author.login},
        "committer": {"name": "GitHub", "email": "noreply@github.com", "username": "web-flow"},
        "added": [], "removed": [], "modified": ["src/cart.rs"],
    });
    let body = json!({
        "ref": "refs/heads/main", "before": change.sha_before(), "after": sha, "base_ref": null, "created": false,
        "deleted": false, "forced": false, "compare": format!("{url}/compare/{}...{sha}", change.sha_before()),
        "commits": [commit], "head_commit": commit,
        "pusher": {"name": change.reviewer.login, "email": change.reviewer.email},
    });
    of("push", at, change.repo, change.reviewer, body)
}

pub(super) fn opened(change: &Change) -> Delivery {
    let body = json!({"action": "opened", "number": change.number, "pull_request": pull_request(change, None)});
    of("pull_request", change.opened, change.repo, change.author, body)
}

pub(super) fn merged(change: &Change, at: DateTime<Utc>) -> Delivery {
    let body = json!({"action": "closed", "number": change.number, "pull_request": pull_request(change, Some(at))});
    of("pull_request", at, change.repo, change.reviewer, body)
}

fn pull_request(change: &Change, merged: Option<DateTime<Utc>>) -> Value {
    let merged_at = merged.map(time);
    let repo = repository(change.repo);
    json!({
        "number": change.number, "title": change.headline(), "user": user(change.author),
        "state": if merged.is_some() { "closed" } else { "open" }, "draft": false, "merged": merged.is_some(),
        "created_at": time(change.opened), "updated_at": time(merged.unwrap_or(change.opened)),
        "closed_at": merged_at, "merged_at": merged_at, "merge_commit_sha": merged.map(|_| change.sha()),
        "merged_by": merged.map(|_| user(change.reviewer)), "body": null, "assignees": [], "labels": [],
        "additions": 12, "deletions": 3, "changed_files": 1, "commits": 1,
        "requested_reviewers": [user(change.reviewer)],
        "base": {"label": "acme:main", "ref": "main", "sha": change.sha_before(), "repo": repo},
        "head": {
            "label": format!("acme:{}", change.branch()), "ref": change.branch(),
            "sha": change.repo.head_sha(change.number), "repo": repo,
        },
        "html_url": format!("{}/pull/{}", change.repo.on_github(), change.number),
    })
}

fn run_url(change: &Change) -> String {
    format!("{}/actions/runs/{}", change.repo.on_github(), RUNS + change.number)
}

pub(super) fn built(change: &Change, started: DateTime<Utc>, at: DateTime<Utc>) -> Delivery {
    let body = json!({
        "action": "completed",
        "workflow_run": {
            "id": RUNS + change.number, "name": "build", "head_branch": "main", "head_sha": change.sha(),
            "run_number": change.number, "run_attempt": 1, "event": "push", "status": "completed",
            "conclusion": "success", "created_at": time(started), "run_started_at": time(started),
            "updated_at": time(at), "actor": user(change.reviewer), "pull_requests": [], "html_url": run_url(change),
        },
    });
    of("workflow_run", at, change.repo, change.reviewer, body)
}

fn deployment(change: &Change, created: DateTime<Utc>) -> Value {
    json!({
        "id": DEPLOYMENTS + change.number, "sha": change.sha(), "ref": "main", "task": "deploy",
        "environment": "production", "original_environment": "production", "production_environment": true,
        "transient_environment": false, "payload": {}, "description": change.headline(),
        "created_at": time(created), "updated_at": time(created), "creator": user(change.reviewer),
    })
}

pub(super) fn deployment_created(change: &Change, at: DateTime<Utc>) -> Delivery {
    let body = json!({"action": "created", "deployment": deployment(change, at)});
    of("deployment", at, change.repo, change.reviewer, body)
}

pub(super) fn deployment_state(
    change: &Change,
    created: DateTime<Utc>,
    at: DateTime<Utc>,
    state: &'static str,
) -> Delivery {
    let body = json!({
        "action": "created", "deployment": deployment(change, created),
        "deployment_status": {
            "id": STATES + 2 * change.number + u64::from(state != "in_progress"), "state": state,
            "environment": "production", "created_at": time(at), "updated_at": time(at),
            "creator": user(change.reviewer), "description": "", "target_url": "", "environment_url": "",
            "log_url": run_url(change),
        },
    });
    of("deployment_status", at, change.repo, change.reviewer, body)
}

/// The bug that somebody writes down; the incident itself is told by those on call.
pub(super) fn bug(number: u64, opened: DateTime<Utc>, closed: Option<DateTime<Utc>>) -> Delivery {
    let number = 9000 + number;
    let at = closed.unwrap_or(opened);
    let body = json!({
        "action": if closed.is_some() { "closed" } else { "opened" },
        "issue": {
            "number": number, "title": "Connections of reservations are never given back", "user": user(&GRACE),
            "state": if closed.is_some() { "closed" } else { "open" },
            "labels": [{"id": 208_045_946, "name": "bug"}], "assignee": null, "assignees": [], "body": null,
            "created_at": time(opened), "updated_at": time(at), "closed_at": closed.map(time),
            "html_url": format!("{}/issues/{number}", SHOP.on_github()),
        },
    });
    of("issues", at, &SHOP, &GRACE, body)
}
