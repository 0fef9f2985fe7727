//! What may happen: the documents that people write about it, and asking them.
//!
//! - [`documents`] reads what `POLICY_PATH` and `RULES_PATH` name, once at start; [`yaml`] is the form that they have.
//! - [`Policies`] is what the processes share: the policy in force is asked here, and nowhere beside it.
//!
//! What a document means is `domain`'s. Nothing here knows the database.

pub mod documents;
pub mod yaml;

use std::sync::Arc;

use boot::Settings;
use chrono::{DateTime, Utc};
use domain::approvals::Terms;
use domain::policy::{Decision, Input, Policy};
use domain::signals::Rules;

pub use documents::DocumentError;

/// The policy and the rules for signals in force. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Policies {
    policy: Arc<Policy>,
    rules: Arc<Rules>,
}

impl Policies {
    /// The documents of the settings; the shipped ones where none are named.
    pub fn read(settings: &Settings) -> Result<Self, DocumentError> {
        let policy = documents::policy(settings.policy_path.as_deref())?;
        let rules = documents::rules(settings.rules_path.as_deref())?;
        Ok(Self { policy: Arc::new(policy), rules: Arc::new(rules) })
    }

    /// The document: for those who try it on what happened. What may happen now is [`Policies::decide`]'s to say.
    pub fn document(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The rules for signals.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// What the policy says about something. It may be asked over the network: never while a transaction is open.
    pub async fn decide(&self, input: &Input) -> Decision {
        self.policy.decide(input)
    }

    /// What an approval takes that follows from a decision of [`Policies::decide`]. None: nobody is asked, and the policy
    /// approves nothing either: it just happens.
    pub fn terms(&self, decision: &Decision, now: DateTime<Utc>) -> Option<Terms> {
        decision.terms(&self.policy, now)
    }
}
