//! `deployment` and `deployment_status`: a deployment was asked for, and every state it went through.
//!
//! One deployment is one `deployment.id`; its statuses are facts about it. The service is the repository until an
//! installation says otherwise. Creating a deployment starts nothing: it is an update with the state `created`.

use chrono::{DateTime, Utc};
use domain::data::{Body, Component, Deployment};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::payloads::{NAME, Repository, TITLE, URL, User, common, draft, text};
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct DeploymentEvent<'a> {
    #[serde(borrow)]
    deployment: Deployed<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
pub(super) struct StatusEvent<'a> {
    #[serde(borrow)]
    deployment_status: Status<'a>,
    #[serde(borrow)]
    deployment: Deployed<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Deployed<'a> {
    id: Id,
    #[serde(borrow)]
    sha: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    production_environment: Option<bool>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    /// Whatever the caller of the API gave: an object, or a text that may hold one.
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    #[serde(borrow)]
    target_url: Option<Text<'a>>,
    #[serde(borrow)]
    log_url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    creator: Option<User<'a>>,
}

pub(super) fn drafts(event: DeploymentEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let at = event.deployment.created_at;
    let fact = Deployment { state: Some("created".to_owned()), at, ..Deployment::default() };
    let environment = event.deployment.environment.as_ref();
    let sender = event.sender.as_ref();
    vec![event_of("deployment.updated", fact, environment, &event.deployment, &event.repository, sender, rules)]
}

pub(super) fn status_drafts(event: StatusEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let status = &event.deployment_status;
    let at = status.created_at;
    let (kind, outcome) = match &*status.state {
        "in_progress" => ("deployment.started", None),
        outcome @ ("success" | "failure" | "error") => ("deployment.finished", Some(outcome.to_owned())),
        _ => ("deployment.updated", None),
    };
    let fact = Deployment {
        state: Some(status.state.clean(NAME)),
        at,
        started_at: at.filter(|_| kind == "deployment.started"),
        finished_at: at.filter(|_| outcome.is_some()),
        outcome,
        ..Deployment::default()
    };
    let named = |text: &&Text<'_>| !text.is_empty();
    let environment = status.environment.as_ref().filter(named).or(event.deployment.environment.as_ref());
    let sender = status.creator.as_ref().or(event.sender.as_ref());
    let mut draft = event_of(kind, fact, environment, &event.deployment, &event.repository, sender, rules);
    let url = [&status.log_url, &status.target_url].into_iter().flatten().find(named);
    draft.data.common.url = text(url, URL);
    vec![draft]
}

fn event_of(
    kind: &'static str,
    mut fact: Deployment,
    environment: Option<&Text<'_>>,
    deployed: &Deployed<'_>,
    repository: &Repository<'_>,
    sender: Option<&User<'_>>,
    rules: &Rules,
) -> Draft {
    let mut base = common(repository, sender, rules);
    let (repo, sha) = (repository.name(), text(deployed.sha.as_ref(), NAME));
    base.service = Some(repo.clone());
    base.environment = text(environment, NAME);
    base.environment_tier = base.environment.as_deref().map(|name| rules.tier(name, deployed.production_environment));
    base.commit_sha = sha.clone();
    base.revision = fact.at;
    fact.deployment_id = Some(deployed.id.0.clone());
    fact.title = text(deployed.description.as_ref(), TITLE);
    fact.contains = additional_shas(deployed.payload).into_iter().map(|sha| (repo.clone(), sha)).collect();
    fact.components = vec![Component {
        repo: Some(repo.clone()),
        sha,
        r#ref: text(deployed.name.as_ref(), NAME),
        ..Component::default()
    }];
    let subject = format!("{repo}/{}:{}", base.environment.as_deref().unwrap_or_default(), deployed.id.0);
    let at = fact.at;
    draft(kind, subject, at, base, Body::Deployment(fact))
}

/// `additional_sha` of the deployment's payload: one or several more commits that it ships. A payload of another
/// shape says nothing.
fn additional_shas(payload: Option<&RawValue>) -> Vec<String> {
    #[derive(Deserialize)]
    struct Payload {
        additional_sha: OneOrMore,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    let Some(payload) = payload.map(RawValue::get) else { return Vec::new() };
    let inner: Option<String> = serde_json::from_str(payload).ok();
    let read: Option<Payload> = serde_json::from_str(inner.as_deref().unwrap_or(payload)).ok();
    let shas = match read.map(|payload| payload.additional_sha) {
        Some(OneOrMore::One(sha)) => vec![sha],
        Some(OneOrMore::More(shas)) => shas,
        None => Vec::new(),
    };
    let plain = |sha: &String| (7..=64).contains(&sha.len()) && sha.bytes().all(|c| c.is_ascii_hexdigit());
    shas.into_iter().filter(plain).take(MOST_ADDITIONAL).collect()
}

const MOST_ADDITIONAL: usize = 1000;
