//! Does an action, once.
//!
//! Whoever calls notes in the ledger that a try begins before it begins. A try whose end is not known (the answer was
//! lost, the process died) is given back as [`Previous`]: then what can be looked up is looked up before anything is
//! repeated, what changes nothing when it is repeated is repeated, and the rest is left to people.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Action, Comment, DeploymentProtection, DispatchWorkflow, EffectKey, IssueCreate, Label, Nudge, Page, PageEvent,
    Webhook, plan, reviewers,
};
use crate::github::{Dispatch, GitHub, Made, NewIssue, Run, Verdict};
use crate::outcome::{Outcome, Refused};
use crate::page::{Alert, Pager};
use crate::protection;
use crate::webhook::{Message, Webhooks};

/// How long it takes until what was done can be seen in lists; a run of a workflow takes longer to appear.
const SHOWS_SECONDS: i64 = 15;
const RUN_SHOWS_SECONDS: i64 = 90;

/// A try whose end is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Previous {
    /// When the first such try began.
    pub since: DateTime<Utc>,
    /// When the last one began.
    pub last: DateTime<Utc>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Performed {
    /// One line for the job's log.
    pub what: String,
    /// Where people can look at it.
    pub url: Option<String>,
    /// Whether a try before had done it and it was only found.
    pub was_found: bool,
}

pub type Telling<'a> = Pin<Box<dyn Future<Output = Outcome<Performed>> + Send + 'a>>;

/// Who tells people: the room that posts to Slack.
pub trait Tell: Send + Sync {
    fn tell<'a>(
        &'a self,
        nudge: &'a Nudge,
        key: &'a EffectKey,
        previous: Option<Previous>,
        now: DateTime<Utc>,
    ) -> Telling<'a>;
}

/// Whom we can call. What is not set up is refused, with what to set.
#[derive(Clone, Default)]
pub struct Clients {
    pub github: Option<GitHub>,
    pub pager: Option<Pager>,
    pub webhooks: Option<Arc<Webhooks>>,
    pub tell: Option<Arc<dyn Tell>>,
}

/// One try.
#[derive(Clone, Copy)]
pub(super) struct Try<'a> {
    pub(super) key: &'a EffectKey,
    pub(super) previous: Option<Previous>,
    pub(super) now: DateTime<Utc>,
}

/// Does an action, or finds that it was done.
pub async fn perform(
    action: &Action,
    clients: &Clients,
    key: &EffectKey,
    previous: Option<Previous>,
    now: DateTime<Utc>,
) -> Outcome<Performed> {
    if let Some(until) = previous.and_then(|previous| too_early(action, previous, now)) {
        return Outcome::Wait { until };
    }
    let this = Try { key, previous, now };
    match action {
        Action::Nudge(nudge) => match &clients.tell {
            Some(tell) => tell.tell(nudge, key, previous, now).await,
            None => Outcome::refuse("nobody tells people: set SLACK_BOT_TOKEN"),
        },
        Action::Page(page) => match &clients.pager {
            Some(pager) => call_people(page, pager, this).await,
            None => Outcome::refuse("no pager is set up: set PAGERDUTY_ROUTING_KEY, of an Events API v2 integration"),
        },
        Action::Webhook(webhook) => match &clients.webhooks {
            Some(webhooks) => send(webhook, webhooks, this).await,
            None => Outcome::refuse("webhooks are signed: set OUTGOING_WEBHOOK_SECRETS"),
        },
        _ => match &clients.github {
            Some(github) => on_github(action, github, this).await,
            None => {
                Outcome::refuse("GitHub is not set up: set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY")
            }
        },
    }
}

async fn on_github(action: &Action, github: &GitHub, this: Try<'_>) -> Outcome<Performed> {
    match action {
        Action::Label(label) => add_labels(label, github, this).await,
        Action::Comment(comment) => write_comment(comment, github, this).await,
        Action::AssignReviewer(assign) => reviewers::assign(assign, github, this).await,
        Action::IssueCreate(issue) => create_issue(issue, github, this).await,
        Action::DispatchWorkflow(run) => start(run, github, this).await,
        Action::DeploymentProtection(rule) => decide(rule, github, this).await,
        Action::Nudge(_) | Action::Page(_) | Action::Webhook(_) => Outcome::refuse("it is not done on GitHub"),
    }
}

/// Looking at once would not find what is there.
fn too_early(action: &Action, previous: Previous, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let seconds = match action {
        Action::DispatchWorkflow(_) => RUN_SHOWS_SECONDS,
        Action::Comment(_) | Action::IssueCreate(_) | Action::AssignReviewer(_) => SHOWS_SECONDS,
        _ => return None,
    };
    let shows = previous.last + TimeDelta::seconds(seconds);
    (shows > now).then_some(shows)
}

impl Performed {
    pub(super) fn done(what: impl Into<String>, made: Made) -> Self {
        Self { what: what.into(), url: made.url, was_found: false }
    }

    pub(super) fn found(what: impl Into<String>, made: Made) -> Self {
        Self { was_found: true, ..Self::done(what, made) }
    }
}

async fn add_labels(label: &Label, github: &GitHub, this: Try<'_>) -> Outcome<Performed> {
    let what = format!("labelled {} with {}", label.at, label.labels.join(", "));
    github.label(&label.at, &label.labels, this.now).await.map(|made| Performed::done(what, made))
}

async fn write_comment(comment: &Comment, github: &GitHub, this: Try<'_>) -> Outcome<Performed> {
    let what = format!("commented on {}", comment.at);
    if let Some(previous) = this.previous {
        match github.find_comment(&comment.at, this.key.as_str(), previous.since, this.now).await.found() {
            Ok(None) => {}
            Ok(Some(made)) => return Outcome::Done(Performed::found(what, made)),
            Err(other) => return other,
        }
    }
    let written = github.comment(&comment.at, &comment.text, this.key.as_str(), this.now).await;
    written.map(|made| Performed::done(what, made))
}

async fn create_issue(issue: &IssueCreate, github: &GitHub, this: Try<'_>) -> Outcome<Performed> {
    let what = format!("created an issue in {}", issue.repo);
    if let Some(previous) = this.previous {
        match github.find_issue(&issue.repo, this.key.as_str(), previous.since, this.now).await.found() {
            Ok(None) => {}
            Ok(Some(made)) => return Outcome::Done(Performed::found(what, made)),
            Err(other) => return other,
        }
    }
    let new = NewIssue { title: &issue.title, text: &issue.text, labels: &issue.labels, assignees: &issue.assignees };
    let created = github.create_issue(&issue.repo, &new, this.key.as_str(), this.now).await;
    created.map(|made| Performed::done(what, made))
}

async fn start(run: &DispatchWorkflow, github: &GitHub, this: Try<'_>) -> Outcome<Performed> {
    let what = format!("started {} of {}", run.workflow, run.repo);
    let dispatch = Dispatch { workflow: &run.workflow, reference: &run.reference, inputs: run.inputs_with(this.key) };
    if let Some(previous) = this.previous {
        let found = github.find_run(&run.repo, &dispatch, this.key.as_str(), previous.since, this.now).await;
        match found.found() {
            Ok(None) => {}
            Ok(Some(Run::Ours(made))) => return Outcome::Done(Performed::found(what, made)),
            // With the input that takes the key, ours would show it.
            Ok(Some(Run::Perhaps(_))) if run.key_input.is_some() => {}
            Ok(Some(Run::Perhaps(made))) => {
                let url = made.url.unwrap_or_default();
                return Outcome::Unknown { why: format!("a run may be ours, it is not started again: {url}") };
            }
            Err(other) => return other,
        }
    }
    github.dispatch(&run.repo, &dispatch, this.now).await.map(|made| Performed::done(what, made))
}

async fn decide(rule: &DeploymentProtection, github: &GitHub, this: Try<'_>) -> Outcome<Performed> {
    if let Some(url) = &rule.callback_url {
        match protection::run_of(url, github.api_url(), &rule.repo) {
            Ok(run_id) if run_id == rule.run_id => {}
            Ok(_) => return Outcome::refuse("the callback is about another run"),
            Err(error) => return Outcome::refuse(error.to_string()),
        }
    }
    let of = (&rule.repo, rule.run_id);
    let review = || github.review_deployment(of, &rule.environment, rule.state, &rule.comment, this.now);
    let Some(verdict) = rule.state else {
        // GitHub lists no statuses, takes ten of them, and shows each.
        return if this.previous.is_some() {
            Outcome::refuse("the status may have been shown already; it is not shown twice")
        } else {
            let what = format!("said how it stands with the deployment to {}", rule.environment);
            review().await.map(|made| Performed::done(what, made))
        };
    };
    let what = format!("{} the deployment of {} to {}", verdict.as_str(), rule.repo, rule.environment);
    match review().await {
        // A decision that was taken cannot be taken again.
        Outcome::Refused(refused) if refused.status == Some(422) && this.previous.is_some() => {
            decided(rule, verdict, github, this, refused).await.map(|made| Performed::found(what, made))
        }
        other => other.map(|made| Performed::done(what, made)),
    }
}

/// Whether the decision stands in the run's history; else it was refused.
async fn decided(
    rule: &DeploymentProtection,
    verdict: Verdict,
    github: &GitHub,
    this: Try<'_>,
    refused: Refused,
) -> Outcome<Made> {
    match github.is_reviewed((&rule.repo, rule.run_id), &rule.environment, verdict, this.now).await.found() {
        Ok(true) => Outcome::Done(Made::default()),
        Ok(false) => Outcome::Refused(refused),
        Err(other) => other,
    }
}

async fn call_people(page: &Page, pager: &Pager, this: Try<'_>) -> Outcome<Performed> {
    let dedup_key = page.dedup_key.as_deref().unwrap_or(this.key.as_str());
    match page.event {
        PageEvent::Resolve => {
            let what = format!("resolved the page {dedup_key}");
            pager.resolve(dedup_key, this.now).await.map(|()| Performed::done(what, Made::default()))
        }
        PageEvent::Trigger => {
            let alert = Alert {
                summary: &page.summary,
                source: &page.source,
                severity: page.severity,
                component: page.component.as_deref(),
                details: &page.details,
            };
            let what = format!("paged under {dedup_key}");
            pager.trigger(dedup_key, &alert, this.now).await.map(|()| Performed::done(what, Made::default()))
        }
    }
}

async fn send(webhook: &Webhook, webhooks: &Webhooks, this: Try<'_>) -> Outcome<Performed> {
    let what = format!("sent {} to {}", webhook.message, plan::host(&webhook.url));
    let data = serde_json::Value::Object(webhook.data.clone());
    let at = webhook.timestamp.unwrap_or(this.now);
    let message = Message { kind: &webhook.message, at, data: &data };
    let id = format!("msg_{}", this.key);
    webhooks.send(&webhook.url, &id, message, this.now).await.map(|()| Performed::done(what, Made::default()))
}
