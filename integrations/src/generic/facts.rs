//! What a fact means: one event each, in the order of the body.

use chrono::{DateTime, Utc};
use domain::data::{self, Actor, Body, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::{clean, head_line};
use serde_json::Value;

use super::kinds::{Author, Cause, Change, Commit, Component, Deployment, Fact, Image, Incident, Link};
use super::split::{Piece, pieces};
use crate::drafts::{NAME, TITLE, URL, draft, plain};
use crate::integration::{Delivery, Unreadable};
use crate::json;
use crate::messages::{ticket_keys, told_trailers};
use crate::walk::{leave_out, unmapped};

pub(super) fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let read = |piece: Piece<'_>| -> Result<Draft, String> {
        let text = piece?.get();
        let fact = Fact::read(text).or_else(|error| match json::repeats(&error) {
            // Only the last of each repeated field is left in a `Value`.
            true => Fact::read(&serde_json::from_str::<Value>(text)?.to_string()),
            false => Err(error),
        });
        fact.map_err(|error| json::field_reason(&error))?.draft(rules)
    };
    let keep = |reason: String| unmapped("generic", "fact", Unreadable::new(reason));
    let mut pieces = pieces(delivery.body)?;
    let left_out = leave_out(&mut pieces, "generic", "facts");
    Ok(pieces.into_iter().map(|piece| read(piece).unwrap_or_else(keep)).chain(left_out).collect())
}

impl Fact {
    fn draft(self, rules: &Rules) -> Result<Draft, String> {
        Ok(match self {
            Fact::Commit(commit) => commit.draft(rules),
            Fact::Change(change) => change.draft(rules),
            Fact::Deployment(deployment) => return deployment.draft(rules),
            Fact::Incident(incident) => return incident.draft(),
            Fact::Link(link) => link.draft(),
            Fact::Image(image) => image.draft(),
        })
    }
}

fn short(text: Option<String>, cap: usize) -> Option<String> {
    plain(text.as_deref(), cap)
}

fn list(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(|text| clean(&text, 500)).collect()
}

fn actor(author: Option<Author>, bot: Option<bool>, rules: &Rules) -> Option<Actor> {
    let (login, email) = match author {
        Some(Author::Login(login)) => (Some(login), None),
        Some(Author::Person { login, email }) => (login, email),
        None if bot.is_none() => return None,
        None => (None, None),
    };
    let by_rule = || login.as_deref().is_some_and(|login| rules.is_bot(login, false));
    let bot = bot.unwrap_or_else(by_rule);
    Some(Actor { id: None, login: short(login, NAME), email: short(email, NAME), bot })
}

impl Commit {
    fn draft(self, rules: &Rules) -> Draft {
        let at = self.committed_at.or(self.authored_at);
        let author = actor(self.author, self.bot, rules);
        let common = Common {
            repo: Some(self.repo.0.clone()),
            actor: author.clone(),
            commit_sha: Some(self.sha.0.clone()),
            revision: at.max(self.authored_at),
            ..Common::default()
        };
        let message = self.msg.unwrap_or_default();
        let commit = data::Commit {
            sha: Some(self.sha.0.clone()),
            parents: self.parents.map(list),
            authored_at: self.authored_at,
            committed_at: self.committed_at,
            author,
            message_head: Some(head_line(&message, TITLE)).filter(|head| !head.is_empty()),
            trailers: told_trailers(&message),
            files: self.files.map(list),
        };
        let body = Body::Commits(data::Commits { commits: vec![commit], ..data::Commits::default() });
        draft("commits.pushed", &self.repo.0, format!("{}@{}", self.repo.0, self.sha.0), at, common, body)
    }
}

impl Change {
    fn latest(&self) -> Option<DateTime<Utc>> {
        let times = [self.opened_at, self.first_commit_at, self.first_review_at, self.approved_at];
        times.into_iter().chain([self.merged_at, self.closed_at]).flatten().max()
    }

    fn draft(self, rules: &Rules) -> Draft {
        let revision = self.updated_at.or(self.latest());
        let (kind, at) = match (self.merged_at, self.closed_at) {
            (Some(merged), _) => ("change.merged", Some(merged)),
            (None, Some(closed)) => ("change.closed", Some(closed)),
            (None, None) => ("change.updated", revision),
        };
        let author = actor(self.author, self.bot, rules);
        let common = Common {
            repo: Some(self.repo.0.clone()),
            actor: author.clone(),
            commit_sha: short(self.landed_sha.clone().or_else(|| self.head_sha.clone()), NAME),
            branch: short(self.head.clone(), NAME),
            labels: list(self.labels.unwrap_or_default()),
            revision,
            ..Common::default()
        };
        let texts = [self.title.as_deref().unwrap_or_default(), self.head.as_deref().unwrap_or_default()];
        let change = data::Change {
            number: self.id.0.parse().ok(),
            id: Some(self.id.0.clone()),
            ticket_keys: ticket_keys(&texts),
            title: short(self.title, TITLE),
            author,
            base: short(self.base, NAME),
            head: short(self.head, NAME),
            head_sha: short(self.head_sha, NAME),
            landed_sha: short(self.landed_sha, NAME),
            opened_at: self.opened_at,
            first_commit_at: self.first_commit_at,
            first_review_at: self.first_review_at,
            approved_at: self.approved_at,
            merged_at: self.merged_at,
            closed_at: self.closed_at,
            reverts: self.reverts.map(|id| id.0),
            ..data::Change::default()
        };
        let subject = format!("{}#{}", self.repo.0, self.id.0);
        draft(kind, &self.repo.0, subject, at, common, Body::Change(Box::new(change)))
    }
}

impl Deployment {
    fn draft(self, rules: &Rules) -> Result<Draft, String> {
        let (kind, outcome) = meaning(&self.status);
        let at = match outcome {
            Some(_) => self.finished_at.or(self.at),
            None => self.at.or(self.started_at),
        };
        let given = |word: &str| data::Tier::parse(word).ok_or("the tier is none of the known words");
        let tier = self.tier.as_deref().map(given).transpose()?;
        let components: Vec<_> = self.components.unwrap_or_default().into_iter().map(Component::fact).collect();
        let alone = <[data::Component; 1]>::try_from(components.clone()).ok().map(|[component]| component);
        let common = Common {
            repo: alone.as_ref().and_then(|component| component.repo.clone()),
            commit_sha: alone.and_then(|component| component.sha),
            service: Some(self.service.0.clone()),
            environment: Some(self.env.0.clone()),
            environment_tier: Some(tier.unwrap_or_else(|| rules.tier(&self.env.0, None))),
            url: short(self.url, URL),
            revision: self.updated_at.or([at, self.started_at, self.finished_at].into_iter().flatten().max()),
            ..Common::default()
        };
        let started = self.started_at.or_else(|| at.filter(|_| kind == "deployment.started"));
        let fact = data::Deployment {
            deployment_id: Some(self.id.0.clone()),
            state: short(Some(self.status), NAME),
            outcome: outcome.map(str::to_owned),
            at,
            started_at: started,
            finished_at: at.filter(|_| outcome.is_some()),
            components,
            explicit_kind: short(self.explicit_kind, NAME),
            fixes: self.fixes.unwrap_or_default().into_iter().map(|id| id.0).collect(),
            unplanned: self.unplanned,
            contains: self.contains.unwrap_or_default().into_iter().map(pair).collect(),
            title: None,
        };
        let subject = format!("{}/{}:{}", self.service.0, self.env.0, self.id.0);
        Ok(draft(kind, &self.service.0, subject, at, common, Body::Deployment(fact)))
    }
}

/// The event that a status is, and the outcome of one that is an end.
fn meaning(status: &str) -> (&'static str, Option<&'static str>) {
    match status.to_ascii_lowercase().as_str() {
        "success" => ("deployment.finished", Some("success")),
        "failure" | "failed" => ("deployment.finished", Some("failure")),
        "cancelled" | "canceled" => ("deployment.finished", Some("cancelled")),
        "error" => ("deployment.finished", Some("error")),
        "in_progress" => ("deployment.started", None),
        _ => ("deployment.updated", None),
    }
}

fn pair((repo, sha): (String, String)) -> (String, String) {
    (clean(&repo, NAME), clean(&sha, NAME))
}

impl Component {
    fn fact(self) -> data::Component {
        data::Component {
            repo: short(self.repo, NAME),
            sha: short(self.sha, NAME),
            r#ref: short(self.name, NAME),
            image_digest: short(self.image_digest, NAME),
            finished_at: self.finished_at,
        }
    }
}

impl Incident {
    fn draft(self) -> Result<Draft, String> {
        if self.opened_at.is_none() {
            return Err("the field opened_at is missing".to_owned());
        }
        let latest = [self.opened_at, self.started_at, self.resolved_at].into_iter().flatten().max();
        let (kind, at) = match self.resolved_at {
            Some(resolved) => ("incident.resolved", Some(resolved)),
            None => ("incident.opened", self.opened_at),
        };
        let common = Common {
            service: self.service.map(|service| service.0),
            environment: self.env.map(|env| env.0),
            url: short(self.url, URL),
            revision: self.updated_at.or(latest),
            ..Common::default()
        };
        let cause =
            |cause: Cause| data::Cause { deployment: cause.deployment.map(|id| id.0), sha: short(cause.sha, NAME) };
        let scope = common.service.clone().unwrap_or_else(|| "facts".to_owned());
        let fact = data::Incident {
            incident_id: Some(self.id.0.clone()),
            title: short(self.title, TITLE),
            severity: self.severity.map(|severity| severity.0),
            opened_at: self.opened_at,
            started_at: self.started_at,
            resolved_at: self.resolved_at,
            change_related: self.change_related,
            caused_by: self.caused_by.map(cause),
            deleted: self.deleted,
            ..data::Incident::default()
        };
        Ok(draft(kind, &scope, format!("generic:{}", self.id.0), at, common, Body::Incident(fact)))
    }
}

impl Link {
    fn draft(self) -> Draft {
        let kind = if self.removed == Some(true) { "link.removed" } else { "link.set" };
        let subject = format!("generic:{}/{}", self.incident.0, self.deployment.0);
        let common = Common { revision: self.updated_at, ..Common::default() };
        let fact = data::Link { incident_id: Some(self.incident.0), deployment_id: Some(self.deployment.0) };
        draft(kind, "facts", subject, self.updated_at, common, Body::Link(fact))
    }
}

impl Image {
    fn draft(self) -> Draft {
        let common =
            Common { repo: Some(self.repo.0.clone()), commit_sha: Some(self.sha.0.clone()), ..Common::default() };
        let subject = format!("generic:{}", self.digest.0);
        let fact = data::Artifact { digest: Some(self.digest.0), sha: Some(self.sha.0) };
        draft("artifact.published", &self.repo.0, subject, None, common, Body::Artifact(fact))
    }
}
