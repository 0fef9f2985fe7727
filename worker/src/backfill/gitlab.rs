//! Walks over a project of GitLab. Lists come newest first: what is added while they are read moves the rest to later
//! pages, so that nothing is passed over.
//!
//! A merge request costs two requests beside the list (its commits, its comments) and a third where it was approved.
//! Merge requests whose last state the ledger has cost none.

use std::collections::HashMap;

use integrations::history::{gitlab as history, time_of};
use serde_json::Value;

use super::Walk;
use super::halt::Halt;
use super::items::{encoded, item};
use super::windows::{query, spelled, windows};

const COMMITS: &str = "commits";
const MERGE_REQUESTS: &str = "merge_requests";
const DEPLOYMENTS: &str = "deployments";
const RELEASES: &str = "releases";
const INCIDENTS: &str = "incidents";

pub(super) async fn walk(walk: &mut Walk) -> Result<(), Halt> {
    // The whole path is one segment.
    let path = format!("/projects/{}", encoded(&walk.asked.repo).replace('/', "%2F"));
    let found = walk.api.one(&path).await?.ok_or_else(|| walk.no_repository())?;
    let project = history::project(&found);
    commits(walk, &path, &project).await?;
    merge_requests(walk, &path, &project).await?;
    deployments(walk, &path, &project).await?;
    releases(walk, &path, &project).await?;
    incidents(walk, &path, &project).await
}

/// Of the default branch.
async fn commits(walk: &mut Walk, path: &str, project: &Value) -> Result<(), Halt> {
    let Some(branch) = project["default_branch"].as_str().filter(|_| !walk.is_done(COMMITS)) else { return Ok(()) };
    let reached = walk.progress.resource(COMMITS).reached;
    for (from, window) in windows(walk.asked.since, walk.api.clock.now()) {
        if reached.is_some_and(|reached| (window.at, window.id) <= reached) {
            continue;
        }
        let (name, dates) = (encoded(branch), query(from, &window));
        let found = walk.api.list(&format!("{path}/repository/commits?ref_name={name}&{dates}&per_page=100")).await?;
        walk.told(COMMITS, &window, history::pushes(project, branch, &found)).await?;
    }
    walk.finished(COMMITS).await
}

async fn merge_requests(walk: &mut Walk, path: &str, project: &Value) -> Result<(), Halt> {
    if walk.is_done(MERGE_REQUESTS) {
        return Ok(());
    }
    let mut listed = Vec::new();
    let take = |request| {
        listed.extend(item(request, "updated_at", "iid"));
        true
    };
    let updated = updated_since(walk);
    walk.api.all(&format!("{path}/merge_requests?state=all&scope=all&{updated}"), take).await?;
    for item in walk.progress.left(MERGE_REQUESTS, listed) {
        if walk.keeper.has("gitlab", history::merge_request_key(project, &item.object)).await? {
            walk.knew(MERGE_REQUESTS, &item).await?;
            continue;
        }
        let one = format!("{path}/merge_requests/{}", item.id);
        let commits = walk.api.list(&format!("{one}/commits?per_page=100")).await?;
        let notes = walk.api.list(&format!("{one}/notes?order_by=created_at&sort=asc&per_page=100")).await?;
        let required = if history::is_approved(&notes) {
            let approvals = walk.api.one(&format!("{one}/approvals")).await?;
            approvals.and_then(|found| found["approvals_required"].as_u64()).unwrap_or(0)
        } else {
            0
        };
        let told = history::merge_request(project, &item.object, &commits, &notes, required);
        walk.told(MERGE_REQUESTS, &item, told).await?;
    }
    walk.finished(MERGE_REQUESTS).await
}

async fn deployments(walk: &mut Walk, path: &str, project: &Value) -> Result<(), Halt> {
    if walk.is_done(DEPLOYMENTS) {
        return Ok(());
    }
    let environments = walk.api.list(&format!("{path}/environments?per_page=100")).await?;
    let tier = |one: &Value| Some((one["id"].as_u64()?, one["tier"].as_str()?.to_owned()));
    let tiers: HashMap<u64, String> = environments.iter().filter_map(tier).collect();
    let mut listed = Vec::new();
    let take = |deployment| {
        listed.extend(item(deployment, "updated_at", "id"));
        true
    };
    let updated = updated_since(walk);
    walk.api.all(&format!("{path}/deployments?{updated}"), take).await?;
    for item in walk.progress.left(DEPLOYMENTS, listed) {
        let environment = item.object["environment"]["id"].as_u64();
        let tier = environment.and_then(|id| tiers.get(&id)).map(String::as_str);
        let told = history::deployment(project, &item.object, tier);
        walk.told(DEPLOYMENTS, &item, told).await?;
    }
    walk.finished(DEPLOYMENTS).await
}

/// They have no numbers: all of them are one step.
async fn releases(walk: &mut Walk, path: &str, project: &Value) -> Result<(), Halt> {
    if walk.is_done(RELEASES) {
        return Ok(());
    }
    let since = walk.asked.since;
    let mut listed = Vec::new();
    let take = |release: Value| {
        let go_on = time_of(&release, "released_at").is_none_or(|at| at >= since);
        listed.extend(go_on.then_some(release));
        go_on
    };
    walk.api.all(&format!("{path}/releases?order_by=released_at&sort=desc&per_page=100"), take).await?;
    let told = listed.iter().filter_map(|release| history::release(project, release)).collect();
    let (now, counts) = (walk.api.clock.now(), walk.progress.resource(RELEASES));
    counts.seen += listed.len() as u64;
    walk.keeper.keep(told, now, counts).await?;
    walk.finished(RELEASES).await
}

async fn incidents(walk: &mut Walk, path: &str, project: &Value) -> Result<(), Halt> {
    if walk.is_done(INCIDENTS) {
        return Ok(());
    }
    let rules = walk.keeper.rules.clone();
    let mut listed = Vec::new();
    let take = |issue: Value| {
        if !history::incident(project, &issue, &rules).is_empty() {
            listed.extend(item(issue, "updated_at", "iid"));
        }
        true
    };
    let updated = updated_since(walk);
    walk.api.all(&format!("{path}/issues?state=all&scope=all&{updated}"), take).await?;
    for item in walk.progress.left(INCIDENTS, listed) {
        let told = history::incident(project, &item.object, &rules);
        walk.told(INCIDENTS, &item, told).await?;
    }
    walk.finished(INCIDENTS).await
}

fn updated_since(walk: &Walk) -> String {
    format!("updated_after={}&order_by=updated_at&sort=desc&per_page=100", spelled(walk.asked.since))
}
