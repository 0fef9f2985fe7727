//! The bodies of the demo's deliveries: as the sources write them, with the fields that matter.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

const REPO: &str = "acme/shop";
const SERVICE: &str = "billing";
const SCRIPT_REPO: &str = "acme/billing";
const LOGIN: &str = "octocat";

/// What a sample is about. The same scene gives the same bytes.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// Tells changes, deployments and incidents apart.
    pub(super) number: u64,
    pub(super) at: DateTime<Utc>,
    /// When what it is about began: the change's opening, the run's start, the deployment's, the issue's creation.
    pub(super) since: DateTime<Utc>,
    pub(super) action: &'static str,
    /// The state of a deployment, the outcome of a run.
    pub(super) state: &'static str,
}

impl Scene {
    /// The commit that the change arrives as on the main branch.
    fn sha(&self) -> String {
        sha(0xe3a9_ec70, self.number)
    }

    /// The last commit of the change's own branch, which is squashed.
    fn head_sha(&self) -> String {
        sha(0x5f1d_08b6, self.number)
    }

    /// The commit of the other service that a script deploys.
    fn script_sha(&self) -> String {
        sha(0x8c42_d7e1, self.number)
    }

    /// What the main branch was before.
    fn before(&self) -> Self {
        Self { number: self.number.saturating_sub(1), ..self.clone() }
    }
}

fn sha(repo: u32, number: u64) -> String {
    format!("{repo:08x}{number:032x}")
}

/// The body of one delivery, as the bytes that are sent. `None`: the demo sends none of this kind.
pub(super) fn body(source: &str, kind: &str, scene: &Scene) -> Option<Vec<u8>> {
    let body = match (source, kind) {
        ("github", "push") => push(scene),
        ("github", "pull_request") => pull_request(scene),
        ("github", "workflow_run") => workflow_run(scene),
        ("github", "deployment") => deployment(scene),
        ("github", "deployment_status") => deployment_status(scene),
        ("github", "issues") => issues(scene),
        ("generic", "commit") => commit_by_script(scene),
        ("generic", "deployment") => deployment_by_script(scene),
        _ => return None,
    };
    Some(body.to_string().into_bytes())
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn user() -> Value {
    json!({"login": LOGIN, "id": 583_231, "type": "User"})
}

fn repository() -> Value {
    json!({"id": 186_853_002, "name": "shop", "full_name": REPO, "default_branch": "main", "html_url": "https://github.com/acme/shop"})
}

fn with_common(mut body: Value) -> Value {
    body["repository"] = repository();
    body["sender"] = user();
    body
}

fn push(scene: &Scene) -> Value {
    let sha = scene.sha();
    let commit = json!({
        "id": sha, "message": format!("Change {} (#{})", scene.number, scene.number), "timestamp": time(scene.at),
        "url": format!("https://github.com/{REPO}/commit/{sha}"), "distinct": true,
        "author": {"name": "Octo Cat", "email": "octocat@example.com", "username": LOGIN},
        "committer": {"name": "GitHub", "email": "noreply@github.com", "username": "web-flow"},
        "added": [], "removed": [], "modified": ["src/cart.rs"],
    });
    with_common(json!({
        "ref": "refs/heads/main", "before": scene.before().sha(), "after": sha, "base_ref": null, "created": false, "deleted": false,
        "compare": format!("https://github.com/{REPO}/compare/{}...{sha}", scene.before().sha()),
        "forced": false, "commits": [commit], "head_commit": commit,
        "pusher": {"name": LOGIN, "email": "octocat@example.com"},
    }))
}

fn pull_request(scene: &Scene) -> Value {
    let action = scene.action;
    let merged = action == "closed";
    let on_merge = |value: Value| if merged { value } else { Value::Null };
    with_common(json!({
        "action": action, "number": scene.number,
        "pull_request": {
            "number": scene.number, "title": format!("Change {}", scene.number), "user": user(),
            "state": if merged { "closed" } else { "open" }, "draft": false, "merged": merged,
            "created_at": time(scene.since), "updated_at": time(scene.at),
            "closed_at": on_merge(time(scene.at).into()), "merged_at": on_merge(time(scene.at).into()),
            "merge_commit_sha": on_merge(scene.sha().into()), "additions": 12, "deletions": 3, "changed_files": 1, "commits": 1,
            "merged_by": on_merge(user()), "body": null, "assignees": [], "requested_reviewers": [],
            "base": {"label": "acme:main", "ref": "main", "sha": scene.before().sha(), "repo": repository()},
            "head": {
                "label": format!("acme:change-{}", scene.number), "ref": format!("change-{}", scene.number),
                "sha": scene.head_sha(), "repo": repository(),
            },
            "labels": [], "html_url": format!("https://github.com/{REPO}/pull/{}", scene.number),
        },
    }))
}

fn workflow_run(scene: &Scene) -> Value {
    with_common(json!({
        "action": "completed",
        "workflow_run": {
            "id": 30_433_642_000_u64 + scene.number, "name": "build", "head_branch": "main", "head_sha": scene.sha(),
            "run_number": scene.number, "run_attempt": 1, "event": "push", "status": "completed", "conclusion": scene.state,
            "created_at": time(scene.since), "run_started_at": time(scene.since), "updated_at": time(scene.at),
            "actor": user(), "pull_requests": [],
            "html_url": format!("https://github.com/{REPO}/actions/runs/{}", 30_433_642_000_u64 + scene.number),
        },
    }))
}

fn deployment_facts(scene: &Scene) -> Value {
    json!({
        "id": 145_988_000 + scene.number, "sha": scene.sha(), "ref": "main", "task": "deploy", "environment": "production",
        "original_environment": "production", "production_environment": true, "transient_environment": false,
        "payload": {}, "description": format!("Change {}", scene.number),
        "created_at": time(scene.since), "updated_at": time(scene.at), "creator": user(),
    })
}

fn deployment(scene: &Scene) -> Value {
    with_common(json!({"action": "created", "deployment": deployment_facts(scene)}))
}

fn deployment_status(scene: &Scene) -> Value {
    with_common(json!({
        "action": "created", "deployment": deployment_facts(scene),
        "deployment_status": {
            "id": 209_916_000 + 2 * scene.number + u64::from(scene.state != "in_progress"), "state": scene.state,
            "environment": "production", "created_at": time(scene.at), "updated_at": time(scene.at), "creator": user(),
            "description": "", "target_url": "", "environment_url": "",
            "log_url": format!("https://github.com/{REPO}/actions/runs/{}", 30_433_642_000_u64 + scene.number),
        },
    }))
}

fn issues(scene: &Scene) -> Value {
    let action = scene.action;
    let closed_at = if action == "closed" { time(scene.at).into() } else { Value::Null };
    with_common(json!({
        "action": action,
        "issue": {
            "number": 9000 + scene.number, "title": "Checkout answers 500", "user": user(),
            "state": if action == "closed" { "closed" } else { "open" },
            "labels": [{"id": 208_045_946, "name": "incident"}], "assignee": null, "assignees": [], "body": null, "created_at": time(scene.since), "updated_at": time(scene.at),
            "closed_at": closed_at, "html_url": format!("https://github.com/{REPO}/issues/{}", 9000 + scene.number),
        },
    }))
}

fn commit_by_script(scene: &Scene) -> Value {
    json!({
        "kind": "commit", "repo": SCRIPT_REPO, "sha": scene.script_sha(), "parents": [scene.before().script_sha()],
        "committed_at": time(scene.at), "msg": format!("Billing step {}", scene.number), "author": LOGIN,
    })
}

fn deployment_by_script(scene: &Scene) -> Value {
    json!({
        "kind": "deployment", "id": format!("{SERVICE}-{}", scene.number), "service": SERVICE, "env": "production",
        "tier": "production", "status": scene.state, "started_at": time(scene.since), "finished_at": time(scene.at),
        "components": [{"repo": SCRIPT_REPO, "sha": scene.script_sha()}],
    })
}
