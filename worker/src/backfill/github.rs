//! Walks over a repository of GitHub. Lists come newest first: what is added while they are read moves the rest to later
//! pages, so that nothing is passed over.
//!
//! A pull request costs three requests beside the list (itself, its commits, its reviews), a deployment one, everything
//! else a hundredth of one. Pull requests whose last state the ledger has cost none.

use integrations::history::{github as history, time_of};
use serde_json::{Value, json};

use super::Walk;
use super::halt::Halt;
use super::items::{encoded, item};
use super::windows::{query, spelled, windows};

const COMMITS: &str = "commits";
const PULL_REQUESTS: &str = "pull_requests";
const DEPLOYMENTS: &str = "deployments";
const RELEASES: &str = "releases";
const INCIDENTS: &str = "incidents";

pub(super) async fn walk(walk: &mut Walk) -> Result<(), Halt> {
    let path = format!("/repos/{}", walk.asked.repo);
    let found = walk.api.one(&path).await?.ok_or_else(|| walk.no_repository())?;
    let repository = history::repository(&found);
    commits(walk, &path, &repository).await?;
    pull_requests(walk, &path, &repository).await?;
    deployments(walk, &path, &repository).await?;
    releases(walk, &path, &repository).await?;
    incidents(walk, &path, &repository).await
}

/// Of the default branch.
async fn commits(walk: &mut Walk, path: &str, repository: &Value) -> Result<(), Halt> {
    let Some(branch) = repository["default_branch"].as_str().filter(|_| !walk.is_done(COMMITS)) else { return Ok(()) };
    let reached = walk.progress.resource(COMMITS).reached;
    for (from, window) in windows(walk.asked.since, walk.api.clock.now()) {
        if reached.is_some_and(|reached| (window.at, window.id) <= reached) {
            continue;
        }
        let sha = encoded(branch);
        let found = walk.api.list(&format!("{path}/commits?sha={sha}&{}&per_page=100", query(from, &window))).await?;
        walk.told(COMMITS, &window, history::pushes(repository, branch, &found)).await?;
    }
    walk.finished(COMMITS).await
}

async fn pull_requests(walk: &mut Walk, path: &str, repository: &Value) -> Result<(), Halt> {
    if walk.is_done(PULL_REQUESTS) {
        return Ok(());
    }
    let repo = repository["full_name"].as_str().unwrap_or_default();
    let since = walk.asked.since;
    let mut listed = Vec::new();
    let take = |request: Value| {
        // What is asked for again below is not held in memory for all of them.
        let brief = json!({
            "number": request["number"], "state": request["state"], "updated_at": request["updated_at"],
        });
        listed.extend(item(brief, "updated_at", "number"));
        time_of(&request, "updated_at").is_none_or(|at| at >= since)
    };
    walk.api.all(&format!("{path}/pulls?state=all&sort=updated&direction=desc&per_page=100"), take).await?;
    listed.retain(|one| one.at >= since);
    for item in walk.progress.left(PULL_REQUESTS, listed) {
        if walk.keeper.has("github", history::pull_request_key(repo, &item.object)).await? {
            walk.knew(PULL_REQUESTS, &item).await?;
            continue;
        }
        let one = format!("{path}/pulls/{}", item.id);
        let Some(request) = walk.api.one(&one).await? else {
            walk.knew(PULL_REQUESTS, &item).await?;
            continue;
        };
        let commits = walk.api.list(&format!("{one}/commits?per_page=100")).await?;
        let reviews = walk.api.list(&format!("{one}/reviews?per_page=100")).await?;
        let told = history::pull_request(repository, &request, &commits, &reviews);
        walk.told(PULL_REQUESTS, &item, told).await?;
    }
    walk.finished(PULL_REQUESTS).await
}

async fn deployments(walk: &mut Walk, path: &str, repository: &Value) -> Result<(), Halt> {
    if walk.is_done(DEPLOYMENTS) {
        return Ok(());
    }
    let since = walk.asked.since;
    let mut listed = Vec::new();
    let take = |deployment: Value| {
        let go_on = time_of(&deployment, "created_at").is_none_or(|at| at >= since);
        listed.extend(item(deployment, "created_at", "id").filter(|_| go_on));
        go_on
    };
    walk.api.all(&format!("{path}/deployments?per_page=100"), take).await?;
    for item in walk.progress.left(DEPLOYMENTS, listed) {
        let statuses = walk.api.list(&format!("{path}/deployments/{}/statuses?per_page=100", item.id)).await?;
        walk.told(DEPLOYMENTS, &item, history::deployment(repository, &item.object, &statuses)).await?;
    }
    walk.finished(DEPLOYMENTS).await
}

/// They are not listed by the time of their publication: all are looked at.
async fn releases(walk: &mut Walk, path: &str, repository: &Value) -> Result<(), Halt> {
    if walk.is_done(RELEASES) {
        return Ok(());
    }
    let since = walk.asked.since;
    let mut listed = Vec::new();
    let take = |release: Value| {
        // Files are of no interest and make most of it.
        let brief = with_members(
            &release,
            &[
                "id",
                "tag_name",
                "name",
                "prerelease",
                "target_commitish",
                "html_url",
                "published_at",
                "updated_at",
                "author",
            ],
        );
        listed.extend(item(brief, "published_at", "id").filter(|one| one.at >= since));
        true
    };
    walk.api.all(&format!("{path}/releases?per_page=100"), take).await?;
    for item in walk.progress.left(RELEASES, listed) {
        let told = history::release(repository, &item.object).into_iter().collect();
        walk.told(RELEASES, &item, told).await?;
    }
    walk.finished(RELEASES).await
}

async fn incidents(walk: &mut Walk, path: &str, repository: &Value) -> Result<(), Halt> {
    if walk.is_done(INCIDENTS) {
        return Ok(());
    }
    let mut listed = Vec::new();
    let rules = walk.keeper.rules.clone();
    let take = |issue: Value| {
        if !history::incident(repository, &issue, &rules).is_empty() {
            listed.extend(item(issue, "updated_at", "number"));
        }
        true
    };
    let since = spelled(walk.asked.since);
    let query = format!("{path}/issues?state=all&since={since}&sort=updated&direction=desc&per_page=100");
    walk.api.all(&query, take).await?;
    for item in walk.progress.left(INCIDENTS, listed) {
        let told = history::incident(repository, &item.object, &rules);
        walk.told(INCIDENTS, &item, told).await?;
    }
    walk.finished(INCIDENTS).await
}

fn with_members(object: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), object[*name].clone())).collect()
}
