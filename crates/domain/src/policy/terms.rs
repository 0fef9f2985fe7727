//! From a decision to the terms of an approval: times of its own instead of spans, groups with their people.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Decision, Policy};
use crate::approvals::{Escalation, Of, Owed, PolicyRef, Terms};

impl Decision {
    /// What an approval takes that is proposed now. `policy` is the one that decided, or whose groups were meant. None: nobody is asked, and the policy
    /// approves nothing either: it just happens.
    pub fn terms(&self, policy: &Policy, proposed_at: DateTime<Utc>) -> Option<Terms> {
        if !self.requires_approval && !self.auto_approve {
            return None;
        }
        let effect = &self.effect;
        let part = |percent: u8| TimeDelta::seconds(effect.expires.num_seconds() * i64::from(percent) / 100);
        let voters = effect.require.iter().filter_map(|required| match &required.of {
            Of::Group(group) => Some(group),
            Of::Role(_) => None,
        });
        // Who is told later is looked up as well.
        let told = effect.escalate.iter().map(|escalation| &escalation.to);
        let people = |group: &String| Some((group.clone(), policy.groups().get(group)?.iter().cloned().collect()));
        Some(Terms {
            require: effect.require.clone(),
            groups: voters.chain(told).filter_map(people).collect(),
            exclude: effect.exclude.clone(),
            deny_votes: effect.deny_votes,
            reason: effect.reason,
            expires_at: proposed_at + effect.expires,
            remind_at: effect.remind_percent.iter().map(|percent| proposed_at + part(*percent)).collect(),
            escalate: effect
                .escalate
                .iter()
                .map(|escalation| Escalation { at: proposed_at + escalation.after, to: escalation.to.clone() })
                .collect(),
            sticky: effect.sticky,
            auto_approve: effect.auto_approve,
            override_roles: effect.override_roles.iter().cloned().collect(),
            owed: Owed::default(),
            policy: Some(PolicyRef {
                name: self.policy.split_once('@').map_or(policy.name(), |(name, _)| name).to_owned(),
                version: self.policy_version.clone(),
                rule: self.rule.clone(),
            }),
        })
    }
}
