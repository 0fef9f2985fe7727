//! What an action would do, for a dry run and for people who are asked. Nothing is sent, and no secret is shown: of an
//! address that people gave only the host, since its path may be a password.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Action, AssignReviewer, Comment, DeploymentProtection, DispatchWorkflow, EffectKey, IssueCreate, Label, Nudge,
    Page, PageEvent, Webhook,
};
use crate::protection;

/// What would be sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// `GitHub`, `PagerDuty`, `Slack`, `Webhook`.
    pub system: &'static str,
    /// One line for people.
    pub summary: String,
    /// `POST /repos/acme/shop/issues/7/comments`.
    pub request: String,
    /// What would be sent, without keys.
    pub body: Value,
    /// What a token or app needs for it.
    pub permissions: &'static [&'static str],
}

const ISSUES: &[&str] = &["issues: write"];
const REVIEWS: &[&str] = &["pull_requests: write", "contents: read"];
const RUNS: &[&str] = &["actions: write"];
const RULES: &[&str] = &["deployments: write", "actions: read"];

impl Action {
    /// What would be done. The hidden marker that a comment or an issue ends with is left out.
    pub fn plan(&self, key: &EffectKey) -> Plan {
        match self {
            Self::Nudge(nudge) => of_nudge(nudge),
            Self::Label(label) => of_label(label),
            Self::Comment(comment) => of_comment(comment),
            Self::AssignReviewer(assign) => of_assignment(assign),
            Self::IssueCreate(issue) => of_issue(issue),
            Self::DispatchWorkflow(run) => of_dispatch(run, key),
            Self::DeploymentProtection(rule) => of_rule(rule),
            Self::Page(page) => of_page(page, key),
            Self::Webhook(webhook) => of_webhook(webhook),
        }
    }
}

fn github(summary: String, path: &str, body: Value, permissions: &'static [&'static str]) -> Plan {
    Plan { system: "GitHub", summary, request: format!("POST {path}"), body, permissions }
}

fn of_nudge(nudge: &Nudge) -> Plan {
    let to = nudge.channel.as_deref().or(nudge.user.as_deref()).unwrap_or_default();
    let (summary, request) = (format!("tell {to}"), "POST chat.postMessage".to_owned());
    let body = json!({"channel": to, "text": nudge.text});
    Plan { system: "Slack", summary, request, body, permissions: &["chat:write"] }
}

fn of_label(label: &Label) -> Plan {
    let path = format!("/repos/{}/issues/{}/labels", label.at.repo, label.at.number);
    let summary = format!("label {} with {}", label.at, label.labels.join(", "));
    github(summary, &path, json!({"labels": label.labels}), ISSUES)
}

fn of_comment(comment: &Comment) -> Plan {
    let path = format!("/repos/{}/issues/{}/comments", comment.at.repo, comment.at.number);
    github(format!("comment on {}", comment.at), &path, json!({"body": comment.text}), ISSUES)
}

fn of_assignment(assign: &AssignReviewer) -> Plan {
    let path = format!("/repos/{}/pulls/{}/requested_reviewers", assign.at.repo, assign.at.number);
    let (who, body) = if assign.reviewers.is_empty() {
        let who = format!("up to {} owners by CODEOWNERS", assign.most);
        (who, json!({"reviewers": "by CODEOWNERS", "most": assign.most}))
    } else {
        (assign.reviewers.join(", "), json!({"reviewers": assign.reviewers}))
    };
    github(format!("ask {who} to review {}", assign.at), &path, body, REVIEWS)
}

fn of_issue(issue: &IssueCreate) -> Plan {
    let summary = format!("create the issue \"{}\" in {}", issue.title, issue.repo);
    let body = json!({"title": issue.title, "body": issue.text, "labels": issue.labels, "assignees": issue.assignees});
    github(summary, &format!("/repos/{}/issues", issue.repo), body, ISSUES)
}

fn of_dispatch(run: &DispatchWorkflow, key: &EffectKey) -> Plan {
    let path = format!("/repos/{}/actions/workflows/{}/dispatches", run.repo, run.workflow);
    let summary = format!("start {} of {} on {}", run.workflow, run.repo, run.reference);
    github(summary, &path, json!({"ref": run.reference, "inputs": run.inputs_with(key)}), RUNS)
}

fn of_rule(rule: &DeploymentProtection) -> Plan {
    let does = match rule.state {
        Some(state) => format!("{} the deployment", state.verb()),
        None => "say how it stands with the deployment".to_owned(),
    };
    let summary = format!("{does} of {} to {} (run {})", rule.repo, rule.environment, rule.run_id);
    let body = json!({"environment_name": rule.environment, "state": rule.state, "comment": rule.comment});
    github(summary, &protection::path(&rule.repo, rule.run_id), body, RULES)
}

fn of_page(page: &Page, key: &EffectKey) -> Plan {
    let dedup_key = page.dedup_key.as_deref().unwrap_or(key.as_str());
    let mut body = json!({"event_action": page.event, "dedup_key": dedup_key});
    let summary = match page.event {
        PageEvent::Resolve => format!("resolve the page {dedup_key}"),
        PageEvent::Trigger => {
            body["payload"] = json!({"summary": page.summary, "source": page.source, "severity": page.severity,
                "component": page.component, "custom_details": page.details});
            format!("page: {}", page.summary)
        }
    };
    Plan { system: "PagerDuty", summary, request: "POST /v2/enqueue".to_owned(), body, permissions: &[] }
}

fn of_webhook(webhook: &Webhook) -> Plan {
    let host = host(&webhook.url);
    let body = json!({"type": webhook.message, "timestamp": webhook.timestamp, "data": webhook.data});
    let (summary, request) = (format!("send {} to {host}", webhook.message), format!("POST https://{host}/…"));
    Plan { system: "Webhook", summary, request, body, permissions: &[] }
}

/// The host of an address, without what may be secret.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}
