//! An approval as people see it in Slack: the message with its buttons, its modals, and what is told to whom.
//!
//! One function makes the message for the whole life of an approval: posted while it waits, updated after each vote,
//! and without buttons once it is decided. Who may decide is not known here. A button's value is the approval's id and
//! nothing else: whoever is told of a press looks everything up.

pub mod modals;
pub mod private;
mod shown;

pub use shown::{Decision, Done, Ending, Fact, Need, Outcome, Person, Reasons, Shown, Vote};

use chrono::{DateTime, TimeDelta, Utc};

use crate::blocks::{Block, Button, Confirm, Mrkdwn, Plain, Style};
use crate::fit::{self, Message};
use crate::payloads::Action;
use crate::text::{code, cut, cut_plain, duration, escape, link, moment, outside, plain, width};

pub const APPROVE: &str = "approval.approve";
pub const REJECT: &str = "approval.reject";
pub const DETAILS: &str = "approval.details";

/// In a field; the rest of an address this long is only for machines.
const LONGEST_LINK: usize = 600;

/// What a button of ours asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    Approve,
    Reject,
    Details,
}

/// Which button it was, and of which approval. `None` when it is no button of an approval.
pub fn pressed(action: &Action) -> Option<(Press, &str)> {
    let press = match action.action_id.as_str() {
        APPROVE => Press::Approve,
        REJECT => Press::Reject,
        DETAILS => Press::Details,
        _ => return None,
    };
    action.value.as_deref().filter(|id| !id.is_empty()).map(|id| (press, id))
}

/// The hash of the content that the message showed to whoever pressed.
pub fn seen(action: &Action) -> Option<&str> {
    action.block_id.strip_prefix("approval:")?.splitn(3, ':').nth(2).filter(|hash| !hash.is_empty())
}

/// The message of an approval as it stands: with buttons while it waits, with its end once it is decided.
pub fn message(shown: &Shown) -> Message {
    let (title, line) = title_and_line(shown);
    let mut blocks = vec![Block::header(title), Block::fields(fields(shown))];
    blocks.extend(shown.reason.as_deref().map(|reason| Block::section(quoted(reason))));
    match &shown.outcome {
        None => {
            blocks.push(Block::context(format!("{} · {}", standing(shown), footer(shown))));
            blocks.push(Block::actions(block_id(shown), buttons(shown)));
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
    let mut add = |name: &str, value: String| fields.push(format!("*{}*\n{value}", outside(name, 64)));
    if let Some(person) = &shown.requested_by {
        add("Requested by", person.shown());
    }
    for fact in shown.facts.iter().take(fit::FIELDS - 4) {
        // A link that is too long would be cut out whole.
        let linked = fact.url.as_deref().map(|url| link(url, &fact.value)).filter(|link| width(link) <= LONGEST_LINK);
        add(&fact.name, linked.unwrap_or_else(|| outside(&fact.value, 300)));
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

fn block_id(shown: &Shown) -> String {
    let hash = shown.content_hash.as_deref().map(|hash| format!(":{hash}")).unwrap_or_default();
    format!("approval:{}:{}{hash}", shown.id, shown.version)
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
