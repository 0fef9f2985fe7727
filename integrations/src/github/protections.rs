//! `deployment_protection_rule`: a run wants to deploy to an environment that asks a GitHub App first, and waits.
//!
//! The run is named by the address that the answer goes to, which is kept only to be compared with our own.
//! https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_protection_rule

use chrono::{DateTime, Utc};
use domain::data::{Asking, Body};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{NAME, Repository, URL, User, common, draft, text};
use crate::json::Text;

/// More authors than this are cut.
const MOST_AUTHORS: usize = 100;

#[derive(Deserialize)]
pub(super) struct ProtectionEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    #[serde(borrow)]
    event: Option<Text<'a>>,
    #[serde(borrow)]
    sha: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    deployment_callback_url: Option<Text<'a>>,
    #[serde(borrow)]
    deployment: Option<Deployed<'a>>,
    #[serde(borrow, default)]
    pull_requests: Option<Vec<Pull<'a>>>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Deployed<'a> {
    #[serde(borrow)]
    sha: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    name: Option<Text<'a>>,
    production_environment: Option<bool>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Pull<'a> {
    #[serde(borrow)]
    user: Option<User<'a>>,
}

/// One for a request; none where the run cannot be told.
pub(super) fn drafts(event: ProtectionEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let callback_url = text(event.deployment_callback_url.as_ref(), URL);
    let run_id = callback_url.as_deref().and_then(run_of).map(str::to_owned);
    let (Some("requested"), Some(run_id)) = (event.action.as_deref(), run_id) else { return Vec::new() };
    let deployment = event.deployment.as_ref();
    let mut base = common(&event.repository, event.sender.as_ref(), rules);
    base.environment = text(event.environment.as_ref(), NAME);
    let by_source = deployment.and_then(|deployment| deployment.production_environment);
    base.environment_tier = base.environment.as_deref().map(|name| rules.tier(name, by_source));
    base.commit_sha = text(event.sha.as_ref().or(deployment.and_then(|deployment| deployment.sha.as_ref())), NAME);
    let name = event.name.as_ref().or(deployment.and_then(|deployment| deployment.name.as_ref()));
    base.branch = text(name, NAME).map(|name| name.trim_start_matches("refs/heads/").to_owned());
    let at = deployment.and_then(|deployment| deployment.created_at);
    base.revision = at;
    let logins = event.pull_requests.iter().flatten().filter_map(|pull| pull.user.as_ref()?.actor(rules).login);
    let mut authors: Vec<String> = logins.take(MOST_AUTHORS).collect();
    authors.sort_unstable();
    authors.dedup();
    let (repo, environment) = (event.repository.name(), base.environment.clone().unwrap_or_default());
    let subject = format!("{repo}/{environment}!{run_id}");
    let asking = Asking { run_id: Some(run_id), callback_url, event: text(event.event.as_ref(), NAME), authors };
    vec![draft("approval.requested", subject, at, base, Body::Approval(asking))]
}

/// `…/actions/runs/79/deployment_protection_rule`.
fn run_of(callback: &str) -> Option<&str> {
    let before = callback.strip_suffix("/deployment_protection_rule")?;
    let (_, run) = before.rsplit_once("/actions/runs/")?;
    let is_number = (1..=19).contains(&run.len()) && run.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(run)
}
