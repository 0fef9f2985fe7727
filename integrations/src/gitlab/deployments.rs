//! `deployment`: every state that a deployment went through. The environment's tier is GitLab's own, where it says one.

use chrono::{DateTime, Utc};
use domain::data::{Component, Deployment, Tier};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Project, User, common};
use crate::deployments::Told;
use crate::drafts::{NAME, URL, sha, text};
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
    let outcome = match &*event.status {
        "success" => Some("success"),
        "failed" => Some("failure"),
        "canceled" => Some("cancelled"),
        _ => None,
    };
    let began = &*event.status == "running";
    let mut base = common(event.project.as_ref().unwrap_or(&Project::default()), event.user.as_ref(), at, rules);
    let sha = event.sha();
    base.service = base.repo.clone();
    base.environment = text(event.environment.as_ref(), NAME);
    base.environment_tier = event.environment_tier.as_deref().and_then(Tier::parse);
    base.commit_sha = sha.clone();
    base.url = text(event.deployable_url.as_ref(), URL).or_else(|| text(event.environment_external_url.as_ref(), URL));
    let fact = Deployment {
        deployment_id: Some(event.deployment_id.0),
        state: Some(event.status.clean(NAME)),
        at,
        started_at: at.filter(|_| began),
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
    vec![Told { scope: base.repo.clone().unwrap_or_default(), began, fact, common: base }.draft(rules)]
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
