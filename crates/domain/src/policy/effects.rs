//! What a rule asks for, and how two of them become one that lets through less.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::Serialize;

/// How long an approval waits unless the policy says so.
const USUAL_WAIT: TimeDelta = TimeDelta::days(7);
const ADMIN: &str = "admin";
/// What an action is called that must not happen by itself.
pub(super) const BLOCK: &str = "block";
pub(super) const ALLOW: &str = "allow";
pub(super) const APPROVER: &str = "approver";

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
    pub exclude: BTreeSet<Excluded>,
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

/// So many votes of those.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Requirement {
    pub votes: u32,
    #[serde(flatten)]
    pub of: Voters,
}

/// Whose votes count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Voters {
    /// Of the document.
    Group(String),
    /// `viewer`, `operator`, `approver` or `admin`.
    Role(String),
}

/// Who may not vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Excluded {
    /// Who asked.
    Requester,
    /// Who wrote what it is about.
    Authors,
    Bots,
}

impl Excluded {
    pub(super) const ALL: [(Self, &'static str); 3] =
        [(Self::Requester, "requester"), (Self::Authors, "authors"), (Self::Bots, "bots")];
}

/// Whom to ask as well when nobody has decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Escalation {
    #[serde(rename = "after_seconds", serialize_with = "seconds")]
    pub after: TimeDelta,
    /// `#channel`, `@person` or a group of the document.
    pub to: String,
}

/// Which votes need a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reasons {
    pub approve: bool,
    pub reject: bool,
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
            exclude: Excluded::ALL.iter().map(|(who, _)| *who).collect(),
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
        Self { require: vec![Requirement::usual()], ..Self::of(BLOCK) }
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
        self.exclude.extend(other.exclude.iter().copied());
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

impl Requirement {
    pub(super) fn usual() -> Self {
        Self { votes: 1, of: Voters::Role(APPROVER.to_owned()) }
    }
}
