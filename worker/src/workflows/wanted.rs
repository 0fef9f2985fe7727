//! What a piece of work asks for: an action that we know, a plan of it, or nothing that we do.
//!
//! What the payload holds beside what the action takes was for the policy: it is passed over, and the result names it.

use actions::effects::{Action, Fault, KINDS};
use domain::approvals::Status;
use domain::text;
use serde_json::{Map, Value, json};
use store::approvals::Approval;
use store::jobs::Workflow;

use super::taken::Taken;

/// Of a status that a protection rule shows.
const STATUS_CHARS: usize = 1_024;
const PROTECTION: &str = "deployment_protection";

/// What is asked for.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Nothing is done here, and why.
    Nothing(String),
    Unreadable(Vec<Fault>),
    Act(Box<Asked>),
}

/// An action that can be done.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) action: Action,
    /// Only to be described.
    pub(super) is_dry: bool,
    /// Members of the payload that the action does not take.
    pub(super) passed_over: Vec<String>,
    /// Nobody may wait for the answer any more: then a refusal is no failure.
    pub(super) may_be_late: bool,
}

/// Reads what is asked for. `channel` is where nudges go that name no place.
pub(super) fn wanted(taken: &Taken, channel: Option<&str>) -> Wanted {
    match taken {
        Taken::Job(job) => match serde_json::from_value::<Workflow>(job.params.clone()) {
            Ok(job) => of_job(&job, channel),
            Err(_) => unreadable("", "the job's parameters cannot be read; ask for it again"),
        },
        Taken::Effect(approval) => of_approval(approval, channel),
    }
}

fn of_job(job: &Workflow, channel: Option<&str>) -> Wanted {
    let usual = format!("{}: {}", job.subject, job.kind);
    read((&job.action, &job.subject), &job.payload, (&usual, channel), false)
}

fn of_approval(approval: &Approval, channel: Option<&str>) -> Wanted {
    let Approval { action, subject, status, .. } = approval;
    if !KINDS.iter().any(|(name, _)| name == action) {
        return Wanted::Nothing(format!("nothing is done here: `{action}` is a word of your own; read the approval"));
    }
    if action == PROTECTION {
        let may_be_late = *status == Status::Cancelled;
        return read((action, subject), &answer(approval), (subject, channel), may_be_late);
    }
    if *status != Status::Approved {
        return Wanted::Nothing(format!("nothing is done: it is {status}"));
    }
    let usual = format!("{subject}: {}", approval.kind.as_deref().unwrap_or(action));
    read((action, subject), &approval.payload, (&usual, channel), false)
}

/// What GitHub is told about a deployment that waits: the decision, and by whom.
fn answer(approval: &Approval) -> Value {
    let mut payload = approval.payload.clone();
    let state = if approval.status == Status::Approved { "approved" } else { "rejected" };
    let by = approval.decided_by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = approval.decision_reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let (given, needed) = approval.standing().sum();
    let mut word = approval.status.as_str().to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let comment = format!("{word}{by}{reason} ({given} of {needed} approvals)");
    if let Some(members) = payload.as_object_mut() {
        members.insert("state".to_owned(), json!(state));
        members.insert("comment".to_owned(), json!(text::clean(&comment, STATUS_CHARS)));
    }
    payload
}

fn read(
    (action, subject): (&str, &str),
    payload: &Value,
    (usual, channel): (&str, Option<&str>),
    may_be_late: bool,
) -> Wanted {
    let Some((_, known)) = KINDS.iter().find(|(name, _)| *name == action) else {
        let kinds: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
        return unreadable("/action", &format!("no action is called so: {}", kinds.join(", ")));
    };
    let empty = Map::new();
    let members = match payload {
        Value::Object(members) => members,
        Value::Null => &empty,
        _ => return unreadable("", "the payload is no object"),
    };
    let is_dry = match members.get("dry_run") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(is_dry)) => *is_dry,
        Some(_) => return unreadable("/dry_run", "takes true or false"),
    };
    let (mut taken, passed_over) = parted(members, known);
    if action == "nudge" {
        complete(&mut taken, usual, channel);
    }
    match Action::read(action, subject, &Value::Object(taken)) {
        Ok(action) => Wanted::Act(Box::new(Asked { action, is_dry, passed_over, may_be_late })),
        Err(faults) => Wanted::Unreadable(faults),
    }
}

/// What the action takes, and the names of the rest.
fn parted(members: &Map<String, Value>, known: &[&str]) -> (Map<String, Value>, Vec<String>) {
    let mut taken = members.clone();
    let mut passed_over: Vec<String> = Vec::new();
    taken.retain(|name, _| {
        let is_known = known.contains(&name.as_str());
        if !is_known && name != "dry_run" {
            passed_over.push(text::clean(name, 60));
        }
        is_known
    });
    (taken, passed_over)
}

/// A nudge that names no place goes to the usual channel; one without words says what it is about.
fn complete(taken: &mut Map<String, Value>, usual: &str, channel: Option<&str>) {
    if let Some(channel) = channel.filter(|_| !taken.contains_key("channel") && !taken.contains_key("user")) {
        taken.insert("channel".to_owned(), json!(channel));
    }
    taken.entry("text").or_insert_with(|| json!(usual));
}

fn unreadable(pointer: &str, detail: &str) -> Wanted {
    Wanted::Unreadable(vec![Fault { pointer: pointer.to_owned(), detail: detail.to_owned() }])
}
