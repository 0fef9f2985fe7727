//! What GitLab's REST API tells of the past, as the webhooks that would have told it.
//!
//! A merge request becomes `open`, the comments of others, its approvals, and `merge`, `close` or, while it is open,
//! `update`. Commits become a `push` for each day. A deployment becomes its start, where its job tells it, and its last
//! status: the API keeps no others. What people wrote in comments is not taken over.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::rules::Rules;
use serde_json::{Value, json};

use super::GITLAB;
use crate::history::{Recalled, by_day, id, text, time_of, with};
use crate::tickets::is_incident_type;

const APPROVED: &str = "approved this merge request";
const UNAPPROVED: &str = "unapproved this merge request";

/// The members of a project that webhooks have, too.
pub fn project(project: &Value) -> Value {
    let mut kept = json!({});
    for member in ["id", "name", "web_url", "path_with_namespace", "default_branch"] {
        kept[member] = project[member].clone();
    }
    kept
}

/// The key under which a merge request's last state is kept: where the ledger has it, nothing about it is new.
pub fn merge_request_key(project: &Value, request: &Value) -> String {
    let (iid, state, updated_at) = (id(request, "iid"), id(request, "state"), id(request, "updated_at"));
    format!("backfill/merge_request/{}/{iid}/{state}/{updated_at}", name(project))
}

/// Whether comments of a merge request tell of an approval: how many it needs is then to be asked.
pub fn is_approved(notes: &[Value]) -> bool {
    notes.iter().any(|note| text(note, "body") == Some(APPROVED))
}

/// A merge request as the API lists it, with its commits and comments (oldest first) and how many approvals it needs.
/// The last one is its last state.
pub fn merge_request(
    project: &Value,
    request: &Value,
    commits: &[Value],
    notes: &[Value],
    approvals_required: u64,
) -> Vec<Recalled> {
    let first_commit_at = commits.iter().filter_map(authored_at).min();
    let about = json!({"first_commit_at": first_commit_at});
    let people = json!({"user": request["author"]});
    let opened = requested(project, "open", at_time(request, &request["created_at"], "open"), people, &about);
    let place = format!("{}/{}", name(project), id(request, "iid"));
    let mut told = vec![recalled("merge_request", format!("backfill/merge_request/{place}/opened"), &opened)];
    let mut approvals = 0;
    for note in notes {
        let body = match (text(note, "body"), note["system"].as_bool()) {
            (Some(APPROVED), Some(true)) => {
                approvals += 1;
                let action = if approvals >= approvals_required { "approved" } else { "approval" };
                Some(approval(project, request, note, action))
            }
            (Some(UNAPPROVED), Some(true)) => {
                approvals = approvals.saturating_sub(1);
                Some(approval(project, request, note, "unapproval"))
            }
            (_, Some(true)) => None,
            _ => comment(project, request, note),
        };
        let key = || format!("backfill/note/{place}/{}", id(note, "id"));
        told.extend(body.map(|(kind, body)| recalled(kind, key(), &body)));
    }
    let (action, by) = match text(request, "state") {
        Some("merged") => ("merge", merged_by(request)),
        Some("closed") => ("close", &request["closed_by"]),
        _ => ("update", &Value::Null),
    };
    let last = requested(project, action, attributes(request, action), json!({"user": by}), &about);
    told.push(recalled("merge_request", merge_request_key(project, request), &last));
    told
}

/// `merged_by` is what it was called before 14.7.
fn merged_by(request: &Value) -> &Value {
    if request["merge_user"].is_null() { &request["merged_by"] } else { &request["merge_user"] }
}

/// The API's object as the attributes of a webhook.
fn attributes(request: &Value, action: &str) -> Value {
    with(
        request,
        json!({
            "action": action, "author_id": request["author"]["id"], "last_commit": {"id": request["sha"]},
            "url": request["web_url"],
        }),
    )
}

/// The attributes at an earlier time, without what came later or may have been otherwise then.
fn at_time(request: &Value, at: &Value, action: &str) -> Value {
    let later = json!({
        "state": "opened", "updated_at": at, "merged_at": null, "closed_at": null, "merge_commit_sha": null,
        "squash_commit_sha": null, "last_commit": null, "draft": null, "work_in_progress": null, "merge_user": null,
        "merged_by": null, "closed_by": null,
    });
    with(&attributes(request, action), later)
}

fn requested(project: &Value, action: &str, attributes: Value, people: Value, about: &Value) -> Value {
    let labels = if action == "open" { Vec::new() } else { labels(&attributes) };
    let body = json!({
        "object_kind": "merge_request", "project": project, "labels": labels, "assignees": attributes["assignees"],
        "reviewers": attributes["reviewers"], "em_agent": about, "object_attributes": with(&attributes, json!({"labels": null})),
    });
    with(&body, people)
}

fn approval(project: &Value, request: &Value, note: &Value, action: &str) -> (&'static str, Value) {
    let about = json!({"happened_at": note["created_at"]});
    let then = at_time(request, &note["created_at"], action);
    ("merge_request", requested(project, action, then, json!({"user": note["author"]}), &about))
}

/// A comment; none of the author's own, which are no reviews.
fn comment(project: &Value, request: &Value, note: &Value) -> Option<(&'static str, Value)> {
    if note["author"]["id"] == request["author"]["id"] {
        return None;
    }
    let then = at_time(request, &note["created_at"], "update");
    let url = text(request, "web_url").map(|url| format!("{url}#note_{}", id(note, "id")));
    let body = json!({
        "object_kind": "note", "user": note["author"], "project": project,
        "object_attributes": {
            "id": note["id"], "noteable_type": "MergeRequest", "author_id": note["author"]["id"], "action": "create",
            "system": false, "created_at": note["created_at"], "url": url,
        },
        "merge_request": with(&then, json!({"action": null, "labels": labels(request)})),
    });
    Some(("note", body))
}

/// The API lists the names alone.
fn labels(object: &Value) -> Vec<Value> {
    let listed = object["labels"].as_array().into_iter().flatten();
    listed.map(|label| json!({"title": label})).collect()
}

/// Commits of a branch, newest first as the API lists them: a push for each day.
pub fn pushes(project: &Value, branch: &str, commits: &[Value]) -> Vec<Recalled> {
    let days = by_day(commits, |commit| time_of(commit, "committed_date"));
    days.into_iter().map(|(last_at, day)| push(project, branch, last_at, &day)).collect()
}

fn push(project: &Value, branch: &str, last_at: DateTime<Utc>, commits: &[&Value]) -> Recalled {
    let listed: Vec<Value> = commits.iter().map(|commit| pushed(commit)).collect();
    let body = json!({
        "object_kind": "push", "ref": format!("refs/heads/{branch}"), "project": project, "commits": listed,
        "total_commits_count": listed.len(),
        "em_agent": {"happened_at": last_at.to_rfc3339_opts(SecondsFormat::Millis, true)},
    });
    let last = commits.last().map(|commit| id(commit, "id")).unwrap_or_default();
    let key = format!("backfill/push/{}/{branch}/{last}/{}", name(project), commits.len());
    recalled("push", key, &body)
}

fn pushed(commit: &Value) -> Value {
    json!({
        "id": commit["id"], "message": commit["message"], "timestamp": commit["committed_date"], "url": commit["web_url"],
        "author": {"name": commit["author_name"], "email": commit["author_email"]},
        "em_agent": {"parents": commit["parent_ids"], "authored_at": commit["authored_date"]},
    })
}

fn authored_at(commit: &Value) -> Option<DateTime<Utc>> {
    time_of(commit, "authored_date").or_else(|| time_of(commit, "created_at"))
}

/// A deployment: that it began, where its job says when, and its status now. The tier is the environment's.
pub fn deployment(project: &Value, deployment: &Value, tier: Option<&str>) -> Vec<Recalled> {
    let Some(status) = text(deployment, "status") else { return Vec::new() };
    let job = &deployment["deployable"];
    let updated_at = text(deployment, "updated_at");
    let began = text(job, "started_at");
    let ended = ["success", "failed", "canceled"].contains(&status);
    let mut told = Vec::new();
    if let Some(at) = began.or(updated_at).filter(|_| status == "running" || (ended && began.is_some())) {
        told.push(deployed(project, deployment, tier, ("running", at)));
    }
    if let Some(at) = text(job, "finished_at").filter(|_| ended).or(updated_at).filter(|_| status != "running") {
        told.push(deployed(project, deployment, tier, (status, at)));
    }
    told
}

fn deployed(project: &Value, deployment: &Value, tier: Option<&str>, (status, at): (&str, &str)) -> Recalled {
    let environment = &deployment["environment"];
    let sha = text(deployment, "sha").unwrap_or_default();
    let commit_url = text(project, "web_url").map(|url| format!("{url}/-/commit/{sha}"));
    let body = json!({
        "object_kind": "deployment", "status": status, "status_changed_at": at, "deployment_id": deployment["id"],
        "deployable_id": deployment["deployable"]["id"], "deployable_url": deployment["deployable"]["web_url"],
        "environment": environment["name"], "environment_tier": tier, "environment_external_url": environment["external_url"],
        "project": project, "short_sha": sha.get(..8), "commit_url": commit_url, "ref": deployment["ref"],
        "user": deployment["user"],
    });
    recalled(
        "deployment",
        format!("backfill/deployment/{}/{}/{status}/{at}", name(project), id(deployment, "id")),
        &body,
    )
}

/// A release; none of one that is still to come.
pub fn release(project: &Value, release: &Value) -> Option<Recalled> {
    let released_at = text(release, "released_at").filter(|_| release["upcoming_release"] != true)?;
    let body = json!({
        "object_kind": "release", "action": "create", "tag": release["tag_name"], "name": release["name"],
        "url": release["_links"]["self"], "created_at": release["created_at"], "released_at": released_at,
        "commit": {"id": release["commit"]["id"]}, "project": project,
    });
    let tag = id(release, "tag_name");
    Some(recalled("release", format!("backfill/release/{}/{tag}/{released_at}", name(project)), &body))
}

/// An issue that is an incident by type or label, as it was opened and as it is now. Nothing of any other.
pub fn incident(project: &Value, issue: &Value, rules: &Rules) -> Vec<Recalled> {
    if !is_incident(issue, rules) {
        return Vec::new();
    }
    let about = format!("backfill/issue/{}/{}", name(project), id(issue, "iid"));
    let then = with(
        issue,
        json!({"state": "opened", "closed_at": null, "updated_at": issue["created_at"], "assignees": null}),
    );
    let opened = ticketed(project, &then, "open", &issue["author"]);
    let mut told = vec![recalled("issue", format!("{about}/opened"), &opened)];
    if issue["updated_at"] != issue["created_at"] {
        let action = if text(issue, "state") == Some("closed") { "close" } else { "update" };
        let last = ticketed(project, issue, action, &issue["closed_by"]);
        told.push(recalled("issue", format!("{about}/{}", id(issue, "updated_at")), &last));
    }
    told
}

fn ticketed(project: &Value, issue: &Value, action: &str, by: &Value) -> Value {
    let kind = text(issue, "issue_type").or(text(issue, "type"));
    let attributes = json!({
        "action": action, "type": kind, "url": issue["web_url"], "labels": null, "description": null,
        "severity": text(issue, "severity").map(str::to_lowercase),
    });
    json!({
        "object_kind": "issue", "project": project, "user": by, "labels": labels(issue),
        "assignees": issue["assignees"], "object_attributes": with(issue, attributes),
    })
}

fn is_incident(issue: &Value, rules: &Rules) -> bool {
    let labels = issue["labels"].as_array().into_iter().flatten();
    let kind = text(issue, "issue_type").or(text(issue, "type"));
    labels.filter_map(Value::as_str).any(|label| rules.is_incident_label(label))
        || kind.is_some_and(|kind| is_incident_type(kind, rules))
}

fn name(project: &Value) -> String {
    id(project, "path_with_namespace")
}

fn recalled(kind: &str, key: String, body: &Value) -> Recalled {
    let event = match kind {
        "merge_request" => "Merge Request Hook",
        "push" => "Push Hook",
        "note" => "Note Hook",
        "deployment" => "Deployment Hook",
        "release" => "Release Hook",
        _ => "Issue Hook",
    };
    let headers = [("x-gitlab-event", event.to_owned()), ("idempotency-key", key)];
    Recalled {
        integration: &GITLAB,
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body: body.to_string().into_bytes(),
    }
}
