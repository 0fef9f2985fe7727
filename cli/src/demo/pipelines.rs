//! What builds, measures and deploys: CircleCI, SonarQube, Codecov, Argo CD, and a script that posts to the generic
//! source.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::story::Delivery;
use super::world::{BILLING, CATALOG, Change, LINUS, ORG, time, uuid};

/// What of a CircleCI pipeline has an id.
const EVENT_OF_JOB: u64 = 1;
const EVENT_OF_WORKFLOW: u64 = 2;
const JOB: u64 = 3;
const WORKFLOW: u64 = 4;
const PIPELINE: u64 = 5;

fn circleci(kind: &'static str, id: u64, change: &Change, at: DateTime<Utc>, mut body: Value) -> Delivery {
    let (repo, author) = (change.repo, change.author);
    let person = json!({"name": author.name, "email": author.email});
    body["type"] = kind.into();
    body["id"] = uuid(id, change.number).into();
    body["happened_at"] = time(at).into();
    body["webhook"] = json!({"id": uuid(6, 1), "name": "em-agent"});
    body["pipeline"] = json!({
        "id": uuid(PIPELINE, change.number), "number": change.number, "created_at": time(change.opened),
        "trigger": {"type": "webhook"},
        "vcs": {
            "provider_name": "github", "origin_repository_url": repo.on_github(),
            "target_repository_url": repo.on_github(), "revision": change.sha(), "branch": "main",
            "commit": {
                "subject": change.title, "body": "", "author": person, "authored_at": time(change.opened),
                "committer": person, "committed_at": time(change.opened),
            },
        },
    });
    body["project"] = json!({"id": uuid(7, repo.id), "name": repo.name, "slug": format!("github/{}", repo.full_name)});
    body["organization"] = json!({"id": uuid(8, 1), "name": ORG});
    Delivery::new("circleci", kind, at, &body)
}

fn workflow(change: &Change, stopped: Option<DateTime<Utc>>) -> Value {
    let id = uuid(WORKFLOW, change.number);
    let pipeline = format!("https://app.circleci.com/pipelines/github/{}/{}", change.repo.full_name, change.number);
    json!({
        "id": id, "name": "main", "created_at": time(change.opened), "stopped_at": stopped.map(time),
        "url": format!("{pipeline}/workflows/{id}"),
    })
}

/// The job that deploys, which is known by its name.
pub(super) fn deploy_job(change: &Change, started: DateTime<Utc>, at: DateTime<Utc>) -> Delivery {
    let job = json!({
        "id": uuid(JOB, change.number), "name": "deploy-production", "number": 2 * change.number, "status": "success",
        "started_at": time(started), "stopped_at": time(at),
    });
    let body = json!({"job": job, "workflow": workflow(change, None)});
    circleci("job-completed", EVENT_OF_JOB, change, at, body)
}

pub(super) fn workflow_done(change: &Change, at: DateTime<Utc>) -> Delivery {
    let mut workflow = workflow(change, Some(at));
    workflow["status"] = "success".into();
    circleci("workflow-completed", EVENT_OF_WORKFLOW, change, at, json!({"workflow": workflow}))
}

/// A gate that every change passes: nobody tests what happens when connections run out.
pub(super) fn quality_gate(change: &Change, at: DateTime<Utc>) -> Delivery {
    let url = format!("https://sonar.acme.example/dashboard?id=acme_{}", change.repo.name);
    let written = at.format("%Y-%m-%dT%H:%M:%S+0000").to_string();
    let covered = 88 + change.number % 10;
    let body = json!({
        "serverUrl": "https://sonar.acme.example", "taskId": format!("AZr1-QgTask-{:06}", change.number),
        "status": "SUCCESS", "analysedAt": written, "changedAt": written, "revision": change.sha(),
        "project": {"key": format!("acme_{}", change.repo.name), "name": change.repo.name, "url": url},
        "branch": {"name": "main", "type": "BRANCH", "isMain": true, "url": url},
        "qualityGate": {
            "name": "Sonar way", "status": "OK",
            "conditions": [
                condition("new_coverage", "LESS_THAN", &format!("{covered}.5"), "80"),
                condition("new_reliability_rating", "GREATER_THAN", "1", "1"),
            ],
        },
        "properties": {"sonar.analysis.buildNumber": change.number.to_string()},
    });
    Delivery::new("sonarqube", "analysis", at, &body)
}

fn condition(metric: &str, operator: &str, value: &str, threshold: &str) -> Value {
    json!({"metric": metric, "operator": operator, "value": value, "status": "OK", "errorThreshold": threshold})
}

/// Codecov says of no report when it was made.
pub(super) fn coverage(change: &Change, at: DateTime<Utc>) -> Delivery {
    let repo = change.repo;
    let hits = 4300 + change.number % 10 * 7;
    let commit = |sha: &str| {
        json!({
            "commitid": sha, "branch": "main", "timestamp": time(at), "message": change.headline(),
            "url": format!("https://app.codecov.io/gh/{}/commit/{sha}", repo.full_name),
            "service_url": format!("{}/commit/{sha}", repo.on_github()),
            "author": {"username": change.author.login, "service": "github", "name": change.author.name},
        })
    };
    let mut head = commit(&change.sha());
    head["totals"] = json!({
        "files": 48, "lines": 5120, "hits": hits, "misses": 5120 - hits, "partials": 0,
        "coverage": format!("{}.{:05}", hits * 100 / 5120, hits * 10_000_000 / 5120 % 100_000), "branches": 0,
        "sessions": 1,
    });
    let body = json!({
        "repo": {
            "url": format!("https://app.codecov.io/gh/{}", repo.full_name), "service_id": repo.id.to_string(),
            "name": repo.name, "private": true,
        },
        "owner": {"username": ORG, "service_id": "77001", "service": "github"},
        "head": head, "base": commit(&change.sha_before()), "compare": null, "pull": null,
    });
    Delivery::new("codecov", "coverage", at, &body)
}

/// Argo CD brings the cluster to a commit of the manifests: it is on it, or done.
pub(super) fn sync(change: &Change, started: DateTime<Utc>, finished: Option<DateTime<Utc>>) -> Delivery {
    let done = finished.is_some();
    let body = json!({
        "event": "sync", "application_name": CATALOG, "namespace": "argocd", "labels": {"team": "storefront"},
        "project": "storefront", "repo_url": format!("{}.git", change.repo.on_github()),
        "path": "catalog/overlays/production",
        "target_revision": "main", "revision": change.sha(), "phase": if done { "Succeeded" } else { "Running" },
        "message": if done { "successfully synced (all tasks run)" } else { "waiting for the state of the deployment" },
        "operation_started_at": time(started), "operation_finished_at": finished.map(time),
        "initiated_by": change.reviewer.login, "sync_status": if done { "Synced" } else { "OutOfSync" },
        "health_status": if done { "Healthy" } else { "Progressing" }, "dest_server": "https://kubernetes.default.svc",
        "dest_name": null, "dest_namespace": "production",
        "images": [format!("ghcr.io/acme/catalog:1.{}.0", change.number)],
        "url": "https://argocd.acme.example/applications/argocd/catalog",
    });
    Delivery::new("argocd", "sync", finished.unwrap_or(started), &body)
}

/// The commit that a script deploys twenty minutes later, and how that ended.
pub(super) fn by_script(number: u64, at: DateTime<Utc>, status: &'static str) -> [Delivery; 2] {
    let (sha, committed) = (BILLING.sha(number), at - TimeDelta::minutes(25));
    let commit = json!({
        "kind": "commit", "repo": BILLING.full_name, "sha": sha, "parents": [BILLING.sha(number.saturating_sub(1))],
        "committed_at": time(committed), "msg": format!("Billing step {number}"), "author": LINUS.login,
    });
    let deployment = json!({
        "kind": "deployment", "id": format!("billing-{number}"), "service": BILLING.name, "env": "production",
        "tier": "production", "status": status, "started_at": time(at - TimeDelta::minutes(4)), "finished_at": time(at),
        "components": [{"repo": BILLING.full_name, "sha": sha}],
    });
    [Delivery::new("generic", "facts", committed, &commit), Delivery::new("generic", "facts", at, &deployment)]
}
