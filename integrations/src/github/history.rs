//! What GitHub's REST API tells of the past, as the webhooks that would have told it.
//!
//! A pull request becomes `opened`, a `pull_request_review` for each review, and `closed` or, while it is open, `edited`.
//! Commits become a `push` for each day. Deployments, statuses, releases and incidents become what they are. The actor
//! is known only where the object itself names who did it.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::rules::Rules;
use serde_json::{Value, json};

use super::GITHUB;
use crate::history::{Recalled, by_day, id, text, time_of, with};
use crate::tickets::is_incident_type;

/// The members of a repository that are read, as webhooks have them.
pub fn repository(repository: &Value) -> Value {
    let mut kept = json!({"owner": {"login": repository["owner"]["login"]}});
    for member in ["id", "name", "full_name", "html_url", "default_branch"] {
        kept[member] = repository[member].clone();
    }
    kept
}

/// The key under which a pull request's last state is kept: where the ledger has it, nothing about it is new.
pub fn pull_request_key(repo: &str, request: &Value) -> String {
    let state = if text(request, "state") == Some("closed") { "closed" } else { "open" };
    format!("backfill/pull_request/{repo}/{}/{state}/{}", id(request, "number"), id(request, "updated_at"))
}

/// A pull request as `GET /pulls/{number}` gives it, with its commits and reviews. The last one is its last state.
pub fn pull_request(repository: &Value, request: &Value, commits: &[Value], reviews: &[Value]) -> Vec<Recalled> {
    let repo = name(repository);
    let number = id(request, "number");
    let first_commit_at = commits.iter().filter_map(authored_at).min();
    let about = json!({"first_commit_at": first_commit_at});
    let at_opening = with(
        &unfinished(request),
        json!({"updated_at": request["created_at"], "head": head(request, None), "labels": null}),
    );
    let opened = json!({
        "action": "opened", "number": request["number"], "pull_request": at_opening, "repository": repository,
        "sender": request["user"], "em_agent": about,
    });
    let mut told = vec![recalled("pull_request", format!("backfill/pull_request/{repo}/{number}/opened"), &opened)];
    told.extend(reviews.iter().filter_map(|one| review(repository, request, one)));
    let closed = text(request, "state") == Some("closed");
    let last = json!({
        "action": if closed { "closed" } else { "edited" }, "number": request["number"], "pull_request": request,
        "repository": repository, "sender": request["merged_by"], "em_agent": about,
    });
    told.push(recalled("pull_request", pull_request_key(&repo, request), &last));
    told
}

/// A review; `None` while it is a draft of its author's.
fn review(repository: &Value, request: &Value, review: &Value) -> Option<Recalled> {
    let (state, submitted_at) = (text(review, "state")?.to_lowercase(), text(review, "submitted_at")?);
    if state == "pending" {
        return None;
    }
    let then = with(
        &unfinished(request),
        json!({"updated_at": submitted_at, "head": head(request, text(review, "commit_id"))}),
    );
    let body = json!({
        "action": "submitted", "review": with(review, json!({"state": state})), "pull_request": then,
        "repository": repository, "sender": review["user"],
    });
    let key = format!(
        "backfill/pull_request_review/{}/{}/{}/{state}",
        name(repository),
        id(request, "number"),
        id(review, "id")
    );
    Some(recalled("pull_request_review", key, &body))
}

/// The request while it was open: without what came later, and without what may have been otherwise then.
fn unfinished(request: &Value) -> Value {
    with(
        request,
        json!({
            "state": "open", "merged": null, "merged_at": null, "closed_at": null, "merge_commit_sha": null,
            "merged_by": null, "draft": null, "additions": null, "deletions": null, "changed_files": null,
            "commits": null, "comments": null, "review_comments": null,
        }),
    )
}

/// The branch that it comes from, at a commit where one is known.
fn head(request: &Value, sha: Option<&str>) -> Value {
    with(&request["head"], json!({"sha": sha, "repo": null}))
}

/// Commits of a branch, newest first as the API lists them: a push for each day.
pub fn pushes(repository: &Value, branch: &str, commits: &[Value]) -> Vec<Recalled> {
    let days = by_day(commits, |commit| time_of(&commit["commit"]["committer"], "date"));
    days.into_iter().map(|(last_at, day)| push(repository, branch, last_at, &day)).collect()
}

fn push(repository: &Value, branch: &str, last_at: DateTime<Utc>, commits: &[&Value]) -> Recalled {
    let listed: Vec<Value> = commits.iter().map(|commit| pushed(commit)).collect();
    let last_at = last_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let body = json!({
        "ref": format!("refs/heads/{branch}"), "commits": listed,
        "repository": with(repository, json!({"pushed_at": last_at})),
    });
    let last = commits.last().map(|commit| id(commit, "sha")).unwrap_or_default();
    let key = format!("backfill/push/{}/{branch}/{last}/{}", name(repository), commits.len());
    recalled("push", key, &body)
}

fn pushed(commit: &Value) -> Value {
    let git = &commit["commit"];
    let parents: Vec<&Value> =
        commit["parents"].as_array().into_iter().flatten().map(|parent| &parent["sha"]).collect();
    let author = json!({
        "name": git["author"]["name"], "email": git["author"]["email"], "username": commit["author"]["login"],
    });
    json!({
        "id": commit["sha"], "message": git["message"], "timestamp": git["committer"]["date"], "url": commit["html_url"],
        "author": author, "em_agent": {"parents": parents, "authored_at": git["author"]["date"]},
    })
}

fn authored_at(commit: &Value) -> Option<DateTime<Utc>> {
    time_of(&commit["commit"]["author"], "date")
}

/// A deployment and the states that it went through.
pub fn deployment(repository: &Value, deployment: &Value, statuses: &[Value]) -> Vec<Recalled> {
    let repo = name(repository);
    let asked = json!({
        "action": "created", "deployment": deployment, "repository": repository, "sender": deployment["creator"],
    });
    let key = format!("backfill/deployment/{repo}/{}", id(deployment, "id"));
    let of_status = |status: &Value| {
        let body = json!({
            "action": "created", "deployment_status": status, "deployment": deployment, "repository": repository,
            "sender": status["creator"],
        });
        recalled("deployment_status", format!("backfill/deployment_status/{repo}/{}", id(status, "id")), &body)
    };
    let mut told = vec![recalled("deployment", key, &asked)];
    told.extend(statuses.iter().rev().map(of_status));
    told
}

/// A release; none of a draft.
pub fn release(repository: &Value, release: &Value) -> Option<Recalled> {
    text(release, "published_at")?;
    let revision = text(release, "updated_at").or(text(release, "published_at")).unwrap_or_default();
    let key = format!("backfill/release/{}/{}/{revision}", name(repository), id(release, "id"));
    let body = json!({
        "action": "published", "release": release, "repository": repository, "sender": release["author"],
    });
    Some(recalled("release", key, &body))
}

/// An issue that is an incident by label or type, as it was opened and as it is now. Nothing of any other, or of a
/// pull request, which the API lists as well.
pub fn incident(repository: &Value, issue: &Value, rules: &Rules) -> Vec<Recalled> {
    if issue.get("pull_request").is_some() || !is_incident(issue, rules) {
        return Vec::new();
    }
    let about = format!("backfill/issues/{}/{}", name(repository), id(issue, "number"));
    let at_opening =
        with(issue, json!({"state": "open", "closed_at": null, "updated_at": issue["created_at"], "assignee": null}));
    let opened = json!({
        "action": "opened", "issue": at_opening, "repository": repository, "sender": issue["user"],
    });
    let mut told = vec![recalled("issues", format!("{about}/opened"), &opened)];
    if issue["updated_at"] != issue["created_at"] {
        let closed = text(issue, "state") == Some("closed");
        let last = json!({
            "action": if closed { "closed" } else { "edited" }, "issue": issue, "repository": repository,
            "sender": issue["closed_by"],
        });
        told.push(recalled("issues", format!("{about}/{}", id(issue, "updated_at")), &last));
    }
    told
}

fn is_incident(issue: &Value, rules: &Rules) -> bool {
    let labels = issue["labels"].as_array().into_iter().flatten();
    // A label is an object or, in old answers, a text.
    labels.filter_map(|label| text(label, "name").or(label.as_str())).any(|label| rules.is_incident_label(label))
        || text(&issue["type"], "name").is_some_and(|kind| is_incident_type(kind, rules))
}

fn name(repository: &Value) -> String {
    id(repository, "full_name")
}

fn recalled(kind: &str, key: String, body: &Value) -> Recalled {
    let headers = [("x-github-event", kind.to_owned()), ("x-github-delivery", key)];
    Recalled {
        integration: &GITHUB,
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body: body.to_string().into_bytes(),
    }
}
