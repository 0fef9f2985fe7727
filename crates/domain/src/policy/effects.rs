//! What a rule asks for, and how two of them become one that lets through less.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::Serialize;

use crate::approvals::{Excluded, Of, Reasons, Requirement};

/// How long an approval waits unless the policy says so.
const USUAL_WAIT: TimeDelta = TimeDelta::days(7);
const ADMIN: &str = "admin";
/// What an action is called that must not happen by itself.
pub(super) const BLOCK: &str = "block";
pub(super) const ALLOW: &str = "allow";
const APPROVER: &str = "approver";

/// Who may not vote, by the words of a document.
pub(super) const EXCLUDED: [(Excluded, &str); 3] =
    [(Excluded::Requester, "requester"), (Excluded::Authors, "authors"), (Excluded::Bots, "bots")];

/// What follows where a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// What to do: `allow`, `nudge`, `escalate`, `block`, `label`, `comment`, … or a word of one's own.
    pub action: String,
    /// All of these must be met; none: nobody is asked.
    pub require: Vec<Requirement>,
    /// The policy itself approves: a decision of its own, that is kept.
    pub auto_approve: bool,
    /// Who may not vote: all of them, unless the policy says otherwise.
    pub exclude: Vec<Excluded>,
    #[serde(rename = "expires_seconds", serialize_with = "seconds")]
    pub expires: TimeDelta,
    /// When to remind, in percent of the time until it expires.
    pub remind_percent: BTreeSet<u8>,
    pub escalate: Vec<Escalation>,
    pub reason: Reasons,
    /// So many votes against it reject it.
    pub deny_votes: u32,
    /// Votes stay when what they were about changes.
    pub sticky: bool,
    /// Who may decide alone, with a reason: `admin`, unless the policy says otherwise.
    pub override_roles: BTreeSet<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Whom to ask as well when nobody has decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Escalation {
    #[serde(rename = "after_seconds", serialize_with = "seconds")]
    pub after: TimeDelta,
    /// `#channel`, `@person` or a group of the document.
    pub to: String,
}

fn seconds<S: serde::Serializer>(span: &TimeDelta, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(span.num_seconds())
}

impl Effect {
    /// An action that asks nobody.
    pub(super) fn of(action: &str) -> Self {
        Self {
            action: action.to_owned(),
            require: Vec::new(),
            auto_approve: false,
            exclude: EXCLUDED.iter().map(|(who, _)| *who).collect(),
            expires: USUAL_WAIT,
            remind_percent: BTreeSet::new(),
            escalate: Vec::new(),
            reason: Reasons::default(),
            deny_votes: 1,
            sticky: false,
            override_roles: BTreeSet::from([ADMIN.to_owned()]),
            message: None,
        }
    }

    /// Where nothing else is said: one vote of an approver.
    pub(super) fn usual() -> Self {
        Self { require: vec![one_approver()], ..Self::of(BLOCK) }
    }

    pub fn requires_approval(&self) -> bool {
        !self.require.is_empty()
    }

    /// Asks for all that either of two effects asks for; what only one of them grants is not granted.
    pub(super) fn stricter(mut self, other: &Self) -> Self {
        for required in &other.require {
            match self.require.iter_mut().find(|mine| mine.of == required.of) {
                Some(mine) => mine.votes = mine.votes.max(required.votes),
                None => self.require.push(required.clone()),
            }
        }
        let missing: Vec<Excluded> = other.exclude.iter().copied().filter(|who| !self.exclude.contains(who)).collect();
        self.exclude.extend(missing);
        self.expires = self.expires.min(other.expires);
        self.remind_percent.extend(other.remind_percent.iter().copied());
        self.escalate
            .extend(other.escalate.iter().filter(|one| !self.escalate.contains(one)).cloned().collect::<Vec<_>>());
        self.reason.approve |= other.reason.approve;
        self.reason.reject |= other.reason.reject;
        self.deny_votes = self.deny_votes.min(other.deny_votes);
        self.sticky &= other.sticky;
        self.override_roles.retain(|role| other.override_roles.contains(role));
        self.auto_approve = false;
        BLOCK.clone_into(&mut self.action);
        self
    }
}

/// One vote of an approver.
pub(super) fn one_approver() -> Requirement {
    Requirement { votes: 1, of: Of::Role(APPROVER.to_owned()) }
}
