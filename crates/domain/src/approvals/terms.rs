//! What an approval takes. A policy makes the terms when the approval is proposed; they are kept with it, so that a
//! policy that changes later changes nothing about what was asked before.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Status;

/// How long an approval waits unless its policy says otherwise.
const USUAL_DAYS: i64 = 7;
/// The role that decides unless the policy says otherwise.
const USUAL_ROLE: &str = "approver";

/// What is required, who is left out, and until when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// All of them must be met, each by other people. None at all means one vote of an `approver`.
    #[serde(default)]
    pub require: Vec<Requirement>,
    /// Members of the groups that are named, as they were when it was proposed: people's ids or `github:alice`.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    #[serde(default = "everybody_involved")]
    pub exclude: Vec<Excluded>,
    /// So many people have to reject it until it is rejected. 0 means 1.
    #[serde(default = "one")]
    pub deny_votes: u32,
    #[serde(default)]
    pub reason: Reasons,
    pub expires_at: DateTime<Utc>,
    /// When people are reminded, while it is pending.
    #[serde(default)]
    pub remind_at: Vec<DateTime<Utc>>,
    #[serde(default)]
    pub escalate: Vec<Escalation>,
    /// Votes stay good when what is asked for changes.
    #[serde(default)]
    pub sticky: bool,
    /// The policy allows it by itself.
    #[serde(default)]
    pub auto_approve: bool,
    /// Who may end it alone, with a reason.
    #[serde(default = "admins")]
    pub override_roles: Vec<String>,
    /// Which ends have an effect.
    #[serde(default)]
    pub owed: Owed,
    /// Where these terms come from; none: they are the usual ones.
    #[serde(default)]
    pub policy: Option<PolicyRef>,
}

/// So many votes of some kind of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// 0 means 1.
    #[serde(default = "one")]
    pub votes: u32,
    #[serde(flatten)]
    pub of: Of,
}

/// Whose vote meets a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    Group(String),
    Role(String),
}

/// Who may not decide, whatever groups and roles they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Excluded {
    Requester,
    Authors,
    Bots,
}

/// Which votes need a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reasons {
    pub approve: bool,
    pub reject: bool,
}

/// Who is told when nobody answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    pub at: DateTime<Utc>,
    /// `#channel`, `@person` or a group.
    pub to: String,
}

/// Which ends have an effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owed {
    /// The action is done when it is allowed, else nothing is.
    #[default]
    Approval,
    /// Somebody waits for an answer, whatever it is (a deployment that GitHub holds back).
    Answer,
}

/// The policy that made the terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    pub name: String,
    /// Its number, or the hash of its document.
    pub version: String,
    /// The rule that matched; none: the policy's default.
    #[serde(default)]
    pub rule: Option<String>,
}

impl PolicyRef {
    /// How decisions of the policy itself are signed.
    pub fn signature(&self) -> String {
        format!("policy:{}@{}", self.name, self.version)
    }
}

impl Terms {
    /// One vote of an `approver` who neither asked for it nor wrote it, within a week.
    pub fn usual(proposed_at: DateTime<Utc>) -> Self {
        Self {
            require: vec![Requirement { votes: 1, of: Of::Role(USUAL_ROLE.to_owned()) }],
            groups: BTreeMap::new(),
            exclude: everybody_involved(),
            deny_votes: 1,
            reason: Reasons::default(),
            expires_at: proposed_at + TimeDelta::days(USUAL_DAYS),
            remind_at: Vec::new(),
            escalate: Vec::new(),
            sticky: false,
            auto_approve: false,
            override_roles: admins(),
            owed: Owed::default(),
            policy: None,
        }
    }

    /// What is required: never nothing.
    pub fn requirements(&self) -> Vec<Requirement> {
        let usual = [Requirement { votes: 1, of: Of::Role(USUAL_ROLE.to_owned()) }];
        let given = if self.require.is_empty() { &usual[..] } else { &self.require };
        given.iter().map(|one| Requirement { votes: one.votes.max(1), of: one.of.clone() }).collect()
    }

    /// Whether this end has an effect.
    pub fn owes(&self, status: Status) -> bool {
        match self.owed {
            Owed::Approval => status == Status::Approved,
            Owed::Answer => status.is_end(),
        }
    }

    /// The next time after `now` at which people are reminded or somebody more is told.
    pub fn next_reminder(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let escalations = self.escalate.iter().map(|one| one.at);
        self.remind_at.iter().copied().chain(escalations).filter(|at| *at > now && *at < self.expires_at).min()
    }

    /// Who decides, in words: "2 of @sre and 1 approver".
    pub fn in_words(&self) -> String {
        let words = |one: &Requirement| match &one.of {
            Of::Group(group) => format!("{} of @{}", one.votes, group.trim_start_matches('@')),
            Of::Role(role) if one.votes == 1 => format!("1 {role}"),
            Of::Role(role) => format!("{} {role}s", one.votes),
        };
        self.requirements().iter().map(words).collect::<Vec<_>>().join(" and ")
    }
}

fn one() -> u32 {
    1
}

fn admins() -> Vec<String> {
    vec!["admin".to_owned()]
}

fn everybody_involved() -> Vec<Excluded> {
    vec![Excluded::Requester, Excluded::Authors, Excluded::Bots]
}
