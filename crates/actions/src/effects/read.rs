//! From a job's payload to an action. Everything that is wrong is said at once, with the field's name.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::fields::Fields;
use super::{
    Action, AssignReviewer, Comment, DeploymentProtection, DispatchWorkflow, Fault, IssueCreate, KINDS, Label, Nudge,
    Page, PageEvent, Webhook,
};
use crate::codeowners::Owner;
use crate::github::Verdict;
use crate::page::Severity;
use crate::target::{Numbered, Repository};

const TEXT_CHARS: usize = 60_000;
/// Of a section in Slack.
const NUDGE_CHARS: usize = 3_000;
const NAME_CHARS: usize = 255;
/// Of a status that a protection rule shows.
const STATUS_CHARS: usize = 1_024;
/// GitHub takes no more.
const INPUTS: usize = 25;
const INPUTS_BYTES: usize = 65_535;
const DATA_BYTES: usize = 20_000;

impl Action {
    /// Reads what a job is to do. Where the payload names no issue or pull request, the job's subject may: `acme/shop#12`.
    pub fn read(kind: &str, subject: &str, payload: &Value) -> Result<Self, Vec<Fault>> {
        let Some((_, known)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            let kinds: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            let detail = format!("no action is called so: {}", kinds.join(", "));
            return Err(vec![Fault { pointer: "/kind".to_owned(), detail }]);
        };
        let empty = Map::new();
        let members = match payload {
            Value::Object(members) => members,
            Value::Null => &empty,
            _ => return Err(vec![Fault { pointer: String::new(), detail: "the payload is no object".to_owned() }]),
        };
        let mut fields = Fields::of(members);
        let action = match kind {
            "nudge" => Some(nudge(&mut fields)),
            "label" => label(&mut fields, subject),
            "comment" => comment(&mut fields, subject),
            "assign_reviewer" => assign_reviewer(&mut fields, subject),
            "issue_create" => issue_create(&mut fields, subject),
            "dispatch_workflow" => dispatch_workflow(&mut fields, subject),
            "deployment_protection" => deployment_protection(&mut fields),
            "page" => Some(page(&mut fields)),
            _ => Some(webhook(&mut fields)),
        };
        let faults = fields.finish(known);
        action.filter(|_| faults.is_empty()).ok_or(faults)
    }
}

fn nudge(fields: &mut Fields<'_>) -> Action {
    let (channel, user) = (fields.optional("channel", NAME_CHARS), fields.optional("user", NAME_CHARS));
    if channel.is_some() == user.is_some() {
        fields.fault("channel", "takes a channel, or `user` a person: one of both");
    }
    Action::Nudge(Nudge { channel, user, text: fields.text("text", NUDGE_CHARS) })
}

/// Which issue or pull request: `target`, `repo` and `number`, or the job's subject.
fn numbered(fields: &mut Fields<'_>, subject: &str) -> Option<Numbered> {
    let target: Option<Numbered> = fields.parsed("target");
    let repo: Option<Repository> = fields.parsed("repo");
    let number = fields.number("number", (1, u64::MAX));
    let named = match (target, repo, number) {
        (Some(target), None, None) => Some(target),
        (None, Some(repo), Some(number)) => Some(Numbered { repo, number }),
        (None, None, None) => subject.parse().ok(),
        _ => None,
    };
    if named.is_none() {
        fields.fault("target", "is missing: owner/name#number here, or `repo` and `number`, or as the job's subject");
    }
    named
}

fn repository(fields: &mut Fields<'_>, subject: &str) -> Option<Repository> {
    let of_subject = || {
        let numbered = subject.parse::<Numbered>().map(|numbered| numbered.repo);
        numbered.or_else(|_| subject.parse()).ok()
    };
    let repo = fields.parsed("repo").or_else(of_subject);
    if repo.is_none() {
        fields.fault("repo", "is missing: owner/name");
    }
    repo
}

fn label(fields: &mut Fields<'_>, subject: &str) -> Option<Action> {
    let at = numbered(fields, subject);
    let labels = fields.list("labels", (100, 50));
    if labels.is_empty() {
        fields.fault("labels", "is missing: one label at least");
    }
    Some(Action::Label(Label { at: at?, labels }))
}

fn comment(fields: &mut Fields<'_>, subject: &str) -> Option<Action> {
    let at = numbered(fields, subject);
    let text = fields.text("text", TEXT_CHARS);
    Some(Action::Comment(Comment { at: at?, text }))
}

fn assign_reviewer(fields: &mut Fields<'_>, subject: &str) -> Option<Action> {
    let at = numbered(fields, subject);
    let most = fields.number("most", (1, 15)).unwrap_or(2);
    let mut reviewers = fields.list("reviewers", (15, NAME_CHARS));
    for word in &mut reviewers {
        *word = word.trim_start_matches('@').to_owned();
        let org = match Owner::parse(&format!("@{word}")) {
            Some(Owner::User(_)) => continue,
            Some(Owner::Team { org, .. }) => org,
            _ => String::new(),
        };
        if at.as_ref().is_some_and(|at| !org.eq_ignore_ascii_case(at.repo.owner())) {
            fields.fault(
                "reviewers",
                format!("takes logins, and teams of the repository's owner as owner/team; got {word}"),
            );
        }
    }
    Some(Action::AssignReviewer(AssignReviewer { at: at?, reviewers, most }))
}

fn issue_create(fields: &mut Fields<'_>, subject: &str) -> Option<Action> {
    let repo = repository(fields, subject);
    let (title, text) = (fields.text("title", 256), fields.optional("text", TEXT_CHARS).unwrap_or_default());
    let (labels, assignees) = (fields.list("labels", (100, 50)), fields.list("assignees", (10, NAME_CHARS)));
    Some(Action::IssueCreate(IssueCreate { repo: repo?, title, text, labels, assignees }))
}

fn dispatch_workflow(fields: &mut Fields<'_>, subject: &str) -> Option<Action> {
    let repo = repository(fields, subject);
    let (workflow, reference) = (fields.text("workflow", NAME_CHARS), fields.text("ref", NAME_CHARS));
    if workflow.contains('/') {
        fields.fault("workflow", "takes the name of a file in .github/workflows without the folder, or a number");
    }
    let inputs = fields.object("inputs", INPUTS_BYTES);
    let key_input = fields.optional("key_input", NAME_CHARS);
    let plain = inputs.values().all(|value| value.is_string() || value.is_boolean() || value.is_number());
    if inputs.len() + usize::from(key_input.is_some()) > INPUTS || !plain {
        fields.fault("inputs", format!("takes up to {INPUTS} texts, numbers and yes or no"));
    }
    Some(Action::DispatchWorkflow(DispatchWorkflow { repo: repo?, workflow, reference, inputs, key_input }))
}

fn deployment_protection(fields: &mut Fields<'_>) -> Option<Action> {
    let repo = repository(fields, "");
    let run_id = fields.number("run_id", (1, u64::MAX));
    if run_id.is_none() {
        fields.fault("run_id", "is missing: the number of the workflow's run");
    }
    let environment = fields.text("environment", NAME_CHARS);
    let state = fields.word("state", &[("approved", Verdict::Approved), ("rejected", Verdict::Rejected)]);
    let comment = fields.text("comment", STATUS_CHARS);
    let callback_url = fields.optional("callback_url", 2_048);
    let (repo, run_id) = repo.zip(run_id)?;
    Some(Action::DeploymentProtection(DeploymentProtection { repo, run_id, environment, state, comment, callback_url }))
}

fn page(fields: &mut Fields<'_>) -> Action {
    let events = [("trigger", PageEvent::Trigger), ("resolve", PageEvent::Resolve)];
    let event = fields.word("event", &events).unwrap_or_default();
    let dedup_key = fields.optional("dedup_key", 255);
    let summary = match event {
        PageEvent::Trigger => fields.text("summary", 1_024),
        PageEvent::Resolve => fields.optional("summary", 1_024).unwrap_or_default(),
    };
    if event == PageEvent::Resolve && dedup_key.is_none() {
        fields.fault("dedup_key", "is missing: the key that the alert was triggered with");
    }
    let severities = [
        ("critical", Severity::Critical),
        ("error", Severity::Error),
        ("warning", Severity::Warning),
        ("info", Severity::Info),
    ];
    Action::Page(Page {
        event,
        summary,
        source: fields.optional("source", NAME_CHARS).unwrap_or_else(|| "em-agent".to_owned()),
        severity: fields.word("severity", &severities).unwrap_or_default(),
        component: fields.optional("component", NAME_CHARS),
        details: fields.object("details", DATA_BYTES),
        dedup_key,
    })
}

fn webhook(fields: &mut Fields<'_>) -> Action {
    let url = fields.text("url", 2_048);
    let message = fields.text("type", 100);
    if !message.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) {
        fields.fault("type", "takes letters, digits, '.', '_' and '-': deployment.finished");
    }
    let timestamp = fields.parsed::<DateTime<Utc>>("timestamp");
    Action::Webhook(Webhook { url, message, timestamp, data: fields.object("data", DATA_BYTES) })
}
