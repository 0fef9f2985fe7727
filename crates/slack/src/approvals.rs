//! An approval as people see it in Slack: the message with its buttons, its modals, and what is told to whom.
//!
//! One function makes the message for the whole life of an approval: posted while it waits, updated after each vote,
//! and without buttons once it is decided. Who may decide is not known here. A button's value is the approval's id and
//! nothing else: whoever is told of a press looks everything up.

pub mod modals;
pub mod private;

use chrono::{DateTime, TimeDelta, Utc};

use crate::blocks::{Block, Button, Confirm, Mrkdwn, Plain, Style};
use crate::fit::{self, Message};
use crate::text::{code, cut, cut_plain, duration, escape, link, mention, moment, outside, plain};

pub const APPROVE: &str = "approval.approve";
pub const REJECT: &str = "approval.reject";
pub const DETAILS: &str = "approval.details";

/// What is shown of an approval. Texts are as they came: they are made harmless here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// The whole id, which the buttons carry.
    pub id: String,
    /// Counts every change of the approval, so that an updated message has buttons with a new id.
    pub version: u32,
    pub subject: String,
    pub action: String,
    /// Why it is asked for.
    pub reason: Option<String>,
    pub requested_by: Option<Person>,
    pub requested_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// The policy and what it demands, in words: "prod-deploy v4: 2 of sre, not the author".
    pub policy: Option<String>,
    pub needs: Vec<Need>,
    /// What follows from the approval, in words: "checkout c3d4 goes to production".
    pub effect: Option<String>,
    /// What else to know: the change, its checks, open incidents.
    pub facts: Vec<Fact>,
    pub votes: Vec<Vote>,
    pub reasons: Reasons,
    /// What exactly is approved, as it will be carried out. Shown under "Details".
    pub payload: Option<serde_json::Value>,
    /// How it ended; nothing while it waits.
    pub outcome: Option<Outcome>,
    /// The approval's page in the console.
    pub page: Option<String>,
}

/// Somebody. With an id of Slack the name is a mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub slack_id: Option<String>,
    pub name: String,
}

impl Person {
    fn shown(&self) -> String {
        self.slack_id.as_deref().map_or_else(|| outside(&self.name, 64), mention)
    }
}

/// How many of whom must approve, and how many have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// A group or role.
    pub who: String,
    pub votes: u32,
    pub given: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: String,
    pub value: String,
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    pub who: Person,
    pub decision: Decision,
    pub at: DateTime<Utc>,
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Reject,
}

/// Where the policy demands a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    pub approve: bool,
    pub reject: bool,
}

/// How an approval ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub ending: Ending,
    /// Nobody where a deadline or a policy decided; then `how` says so.
    pub by: Option<Person>,
    /// "by policy docs-only v4", "overridden", "in the console".
    pub how: Option<String>,
    pub at: DateTime<Utc>,
    pub reason: Option<String>,
    /// What was done then: "Deployment resumed". It may come later than the decision.
    pub done: Option<Done>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Approved,
    Rejected,
    Expired,
    Cancelled,
}

impl Ending {
    /// In the middle of a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Approved => "✅ Approved",
            Self::Rejected => "⛔ Rejected",
            Self::Expired => "⌛ Expired",
            Self::Cancelled => "🚫 Cancelled",
        }
    }
}

/// What became of the effect. Decided and done are two things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub worked: bool,
    pub what: String,
}

/// The message of an approval as it stands: with buttons while it waits, with its end once it is decided.
pub fn message(shown: &Shown) -> Message {
    let (title, line) = title_and_line(shown);
    let mut blocks = vec![Block::header(title), Block::fields(fields(shown))];
    blocks.extend(shown.reason.as_deref().map(|reason| Block::section(quoted(reason))));
    match &shown.outcome {
        None => {
            blocks.push(Block::context(format!("{} · {}", standing(shown), footer(shown))));
            blocks.push(Block::actions(format!("approval:{}:{}", shown.id, shown.version), buttons(shown)));
        }
        Some(outcome) => {
            blocks.push(Block::section(ended(shown, outcome)));
            let voters = if shown.votes.is_empty() { String::new() } else { format!("{} · ", standing(shown)) };
            blocks.push(Block::context(format!("{voters}{}", footer(shown))));
        }
    }
    Message::new(&line, blocks, shown.page.as_deref())
}

/// A line for the thread while it waits. It names nobody: who has voted needs no reminder.
pub fn reminder(shown: &Shown, now: DateTime<Utc>) -> Message {
    let waited = duration(now - shown.requested_at);
    let left = shown.expires_at.map(|end| format!("; it expires in {}", duration(end - now))).unwrap_or_default();
    let needed = match needed(shown) {
        needed if needed.is_empty() => String::new(),
        needed => format!(" {needed}."),
    };
    Message::words(&format!("⏰ Still waiting for approval: {} ({waited}{left}).{needed}", what(shown)))
}

/// A line for the thread, and for the channel, once it is decided.
pub fn conclusion(shown: &Shown) -> Option<Message> {
    let outcome = shown.outcome.as_ref()?;
    Some(Message::words(&format!(
        "{}: {}. {}",
        outcome.ending.title(),
        what(shown),
        ended(shown, outcome).replace('\n', " ")
    )))
}

fn title_and_line(shown: &Shown) -> (String, String) {
    let title = shown.outcome.as_ref().map_or("Approval needed", |outcome| outcome.ending.title());
    let named = plain(&format!("{}: {} {}", title, shown.action, shown.subject), fit::HEADER);
    (cut_plain(&named, fit::HEADER), format!("{title}: {}", what(shown)))
}

/// What it is about: action and subject.
fn what(shown: &Shown) -> String {
    format!("{} {}", outside(&shown.action, 64), outside(&shown.subject, 255))
}

fn fields(shown: &Shown) -> Vec<String> {
    let mut fields = Vec::new();
    let mut add = |name: &str, value: String| fields.push(format!("*{}*\n{}", outside(name, 64), cut(&value, 600)));
    if let Some(person) = &shown.requested_by {
        add("Requested by", person.shown());
    }
    for fact in shown.facts.iter().take(fit::FIELDS - 4) {
        let value = fact.url.as_deref().map_or_else(|| outside(&fact.value, 500), |url| link(url, &fact.value));
        add(&fact.name, value);
    }
    if let Some(policy) = &shown.policy {
        add("Policy", outside(policy, 300));
    }
    match (&shown.outcome, shown.expires_at) {
        (None, Some(end)) => add("Expires", moment(end)),
        _ => add("Requested", moment(shown.requested_at)),
    }
    fields
}

/// A reason on lines of its own, as a quotation.
fn quoted(reason: &str) -> String {
    format!(">{}", outside(reason, 1_000))
}

/// "0 of 2 approvals of sre · approved by ada".
fn standing(shown: &Shown) -> String {
    let parts: Vec<String> = [needed(shown), voters(shown)].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "Nobody has voted yet".to_owned() } else { parts.join(" · ") }
}

fn needed(shown: &Shown) -> String {
    let need = |need: &Need| {
        let noun = if need.votes == 1 { "approval" } else { "approvals" };
        format!("{} of {} {noun} of {}", need.given.min(need.votes), need.votes, outside(&need.who, 64))
    };
    shown.needs.iter().map(need).collect::<Vec<_>>().join(" · ")
}

fn voters(shown: &Shown) -> String {
    let who = |decision: Decision, word: &str| {
        let votes = shown.votes.iter().filter(|vote| vote.decision == decision);
        let people: Vec<String> = votes.map(|vote| vote.who.shown()).collect();
        (!people.is_empty()).then(|| format!("{word} {}", people.join(", ")))
    };
    let parts = [who(Decision::Approve, "approved by"), who(Decision::Reject, "rejected by")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The id to type, and the way to the console.
fn footer(shown: &Shown) -> String {
    let page = shown.page.as_deref().map(|page| format!(" · {}", link(page, "Open in console")));
    format!("{}{}", code(&shown.id, 64), page.unwrap_or_default())
}

/// Who decided, when, after how long, why, and what came of it.
fn ended(shown: &Shown, outcome: &Outcome) -> String {
    let mut line = format!("*{}*", capitalized(outcome.ending.word()));
    if let Some(person) = &outcome.by {
        line = format!("{line} by {}", person.shown());
    }
    if let Some(how) = &outcome.how {
        line = format!("{line} {}", outside(how, 200));
    }
    let waited = duration((outcome.at - shown.requested_at).max(TimeDelta::zero()));
    let mut lines = vec![format!("{line} {}, after {waited}", moment(outcome.at))];
    lines.extend(outcome.reason.as_deref().map(quoted));
    lines.extend(outcome.done.as_ref().map(|done| {
        let mark = if done.worked { "→" } else { "⚠️" };
        format!("{mark} {}", outside(&done.what, 500))
    }));
    lines.join("\n")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn buttons(shown: &Shown) -> Vec<Button> {
    let approve = if shown.reasons.approve {
        // A reason is asked for in a modal, which is question enough.
        Button::new(APPROVE, "Approve…", &shown.id)
    } else {
        Button::new(APPROVE, "Approve", &shown.id).confirmed(question(shown))
    };
    vec![
        approve.styled(Style::Primary),
        Button::new(REJECT, "Reject…", &shown.id).styled(Style::Danger),
        Button::new(DETAILS, "Details", &shown.id),
    ]
}

/// Asks by saying what will happen.
fn question(shown: &Shown) -> Confirm {
    Confirm {
        title: Plain(cut_plain(&format!("Approve {}?", plain(&shown.action, 64)), fit::CONFIRM_TITLE)),
        text: Mrkdwn(cut(&effect(shown), fit::CONFIRM_TEXT)),
        confirm: Plain::new("Approve"),
        deny: Plain::new("Back"),
        style: Some(Style::Primary),
    }
}

/// What follows from an approval now: the effect, or that more people are needed for it.
fn effect(shown: &Shown) -> String {
    let missing: u32 = shown.needs.iter().map(|need| need.votes.saturating_sub(need.given)).sum();
    let wait = match missing {
        0 | 1 => String::new(),
        2 => " This takes one more approval after yours.".to_owned(),
        more => format!(" This takes {} more approvals after yours.", more - 1),
    };
    let effect = shown.effect.as_deref().map_or_else(|| what(shown), |effect| outside(effect, 200));
    let stop = if effect.ends_with(['.', '!', '…']) { "" } else { "." };
    format!("{effect}{stop}{}", escape(&wait))
}
