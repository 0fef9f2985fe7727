//! `deployment`: every state that a deployment went through. The environment's tier is GitLab's own, where it says one.

use chrono::{DateTime, Utc};
use domain::data::{Body, Component, Deployment, Tier};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Project, User, common};
use crate::drafts::{NAME, URL, draft, sha, text};
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct DeploymentEvent<'a> {
    deployment_id: Id,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(default, deserialize_with = "time::lenient")]
    status_changed_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    #[serde(borrow)]
    environment_tier: Option<Text<'a>>,
    #[serde(borrow)]
    r#ref: Option<Text<'a>>,
    #[serde(borrow)]
    short_sha: Option<Text<'a>>,
    #[serde(borrow)]
    commit_url: Option<Text<'a>>,
    #[serde(borrow)]
    deployable_url: Option<Text<'a>>,
    #[serde(borrow)]
    environment_external_url: Option<Text<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
}

pub(super) fn drafts(event: DeploymentEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let at = event.status_changed_at;
    let (kind, outcome) = match &*event.status {
        "running" => ("deployment.started", None),
        "success" => ("deployment.finished", Some("success")),
        "failed" => ("deployment.finished", Some("failure")),
        "canceled" => ("deployment.finished", Some("cancelled")),
        _ => ("deployment.updated", None),
    };
    let mut base = common(event.project.as_ref().unwrap_or(&Project::default()), event.user.as_ref(), at, rules);
    let sha = event.sha();
    base.service = base.repo.clone();
    base.environment = text(event.environment.as_ref(), NAME);
    let told = event.environment_tier.as_deref().and_then(Tier::parse);
    base.environment_tier = told.or_else(|| base.environment.as_deref().map(|name| rules.tier(name, None)));
    base.commit_sha = sha.clone();
    base.url = text(event.deployable_url.as_ref(), URL).or_else(|| text(event.environment_external_url.as_ref(), URL));
    let fact = Deployment {
        deployment_id: Some(event.deployment_id.0.clone()),
        state: Some(event.status.clean(NAME)),
        at,
        started_at: at.filter(|_| kind == "deployment.started"),
        finished_at: at.filter(|_| outcome.is_some()),
        outcome: outcome.map(str::to_owned),
        components: vec![Component {
            repo: base.repo.clone(),
            sha,
            r#ref: text(event.r#ref.as_ref(), NAME),
            ..Component::default()
        }],
        ..Deployment::default()
    };
    let scope = base.repo.clone().unwrap_or_default();
    let environment = base.environment.as_deref().unwrap_or_default();
    let subject = format!("{scope}/{environment}:{}", event.deployment_id.0);
    vec![draft(kind, &scope, subject, at, base, Body::Deployment(fact))]
}

impl DeploymentEvent<'_> {
    /// The whole SHA stands only at the end of the commit's URL.
    fn sha(&self) -> Option<String> {
        let short = sha(self.short_sha.as_deref());
        let whole = self.commit_url.as_deref().and_then(|url| sha(url.rsplit('/').next()));
        match (&whole, &short) {
            (Some(whole), Some(short)) if !whole.starts_with(short.as_str()) => Some(short.clone()),
            _ => whole.or(short),
        }
    }
}
