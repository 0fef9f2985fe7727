//! What GitLab sends of a project: pushes, merge requests, pipelines, deployments.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::story::Delivery;
use super::world::{Change, Person, Repo, time};

/// Requests, pipelines and deployments have ids beside their numbers.
const IDS: u64 = 90_000;

const HOST: &str = "https://gitlab.example.com";

/// `header` is what GitLab calls the kind there.
fn of(
    kind: &'static str,
    header: &'static [(&str, &str)],
    at: DateTime<Utc>,
    repo: &Repo,
    mut body: Value,
) -> Delivery {
    body["object_kind"] = kind.into();
    body["project"] = project(repo);
    Delivery { headers: header, ..Delivery::new("gitlab", kind, at, &body) }
}

/// `2026-11-12 15:20:01 UTC`.
fn spaced(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn web(repo: &Repo) -> String {
    format!("{HOST}/{}", repo.full_name)
}

fn project(repo: &Repo) -> Value {
    json!({
        "id": repo.id, "name": repo.name, "description": null, "web_url": web(repo), "namespace": "acme",
        "visibility_level": 0, "path_with_namespace": repo.full_name, "default_branch": "main",
        "homepage": web(repo), "git_http_url": format!("{}.git", web(repo)),
    })
}

fn user(person: &Person) -> Value {
    json!({"id": person.id, "name": person.name, "username": person.login, "email": person.email})
}

fn commit(change: &Change, at: DateTime<Utc>) -> Value {
    json!({
        "id": change.sha(), "message": format!("{}\n", change.title), "title": change.title, "timestamp": time(at),
        "url": format!("{}/-/commit/{}", web(change.repo), change.sha()),
        "author": {"name": change.author.name, "email": change.author.email},
    })
}

pub(super) fn pushed(change: &Change, at: DateTime<Utc>) -> Delivery {
    let mut commit = commit(change, at);
    commit["added"] = json!([]);
    commit["modified"] = json!(["src/ledger.rs"]);
    commit["removed"] = json!([]);
    let by = change.reviewer;
    let body = json!({
        "event_name": "push", "before": change.sha_before(), "after": change.sha(), "ref": "refs/heads/main",
        "ref_protected": true, "checkout_sha": change.sha(), "message": null, "user_id": by.id, "user_name": by.name,
        "user_username": by.login, "user_email": by.email, "project_id": change.repo.id, "commits": [commit],
        "total_commits_count": 1, "push_options": {},
    });
    of("push", &[("x-gitlab-event", "Push Hook")], at, change.repo, body)
}

pub(super) fn opened(change: &Change) -> Delivery {
    request(change, None)
}

pub(super) fn merged(change: &Change, at: DateTime<Utc>) -> Delivery {
    request(change, Some(at))
}

fn request(change: &Change, merged: Option<DateTime<Utc>>) -> Delivery {
    let at = merged.unwrap_or(change.opened);
    let by = if merged.is_some() { change.reviewer } else { change.author };
    let head = change.repo.head_sha(change.number);
    let body = json!({
        "event_type": "merge_request", "user": user(by), "labels": [], "changes": {},
        "assignees": [user(change.author)], "reviewers": [user(change.reviewer)],
        "object_attributes": {
            "id": IDS + change.number, "iid": change.number, "author_id": change.author.id, "title": change.title,
            "description": "", "draft": false, "source_branch": change.branch(), "target_branch": "main",
            "source_project_id": change.repo.id, "target_project_id": change.repo.id,
            "created_at": spaced(change.opened), "updated_at": spaced(at),
            "state": if merged.is_some() { "merged" } else { "opened" },
            "action": if merged.is_some() { "merge" } else { "open" },
            "merge_commit_sha": merged.map(|_| change.sha()), "merge_status": "can_be_merged",
            "last_commit": {"id": head, "message": change.title, "timestamp": time(change.opened)},
            "url": format!("{}/-/merge_requests/{}", web(change.repo), change.number),
        },
    });
    of("merge_request", &[("x-gitlab-event", "Merge Request Hook")], at, change.repo, body)
}

/// A pipeline of the main branch that is done. GitLab says of a running one no time at which it began to run.
pub(super) fn pipeline(change: &Change, started: DateTime<Utc>, finished: DateTime<Utc>) -> Delivery {
    let body = json!({
        "object_attributes": {
            "id": IDS + change.number, "iid": change.number, "name": null, "ref": "main", "tag": false,
            "sha": change.sha(), "before_sha": change.sha_before(), "source": "push", "status": "success",
            "detailed_status": "success", "stages": ["build", "test", "deploy"], "created_at": spaced(started),
            "finished_at": spaced(finished), "duration": (finished - started).num_seconds(),
            "queued_duration": 0, "variables": [],
            "url": format!("{}/-/pipelines/{}", web(change.repo), IDS + change.number),
        },
        "merge_request": null, "user": user(change.reviewer), "commit": commit(change, started), "builds": [],
    });
    of("pipeline", &[("x-gitlab-event", "Pipeline Hook")], finished, change.repo, body)
}

pub(super) fn deployment(change: &Change, at: DateTime<Utc>, status: &'static str) -> Delivery {
    let sha = change.sha();
    let body = json!({
        "status": status, "status_changed_at": at.format("%Y-%m-%d %H:%M:%S +0000").to_string(),
        "deployment_id": IDS + change.number, "deployable_id": 10 * IDS + change.number,
        "deployable_url": format!("{}/-/jobs/{}", web(change.repo), 10 * IDS + change.number),
        "environment": "production", "environment_tier": "production", "environment_slug": "production",
        "environment_external_url": "https://payments.acme.example", "ref": "main",
        "short_sha": sha.get(..8), "commit_url": format!("{}/-/commit/{sha}", web(change.repo)),
        "commit_title": change.title, "user": user(change.reviewer),
        "user_url": format!("{HOST}/{}", change.reviewer.login),
    });
    of("deployment", &[("x-gitlab-event", "Deployment Hook")], at, change.repo, body)
}
