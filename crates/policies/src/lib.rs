//! What may happen: the documents that people write about it, and asking them.
//!
//! - [`documents`] reads what `POLICY_PATH` and `RULES_PATH` name, once at start; [`yaml`] is the form that they have.
//! - [`opa`] asks an Open Policy Agent in their place, where `OPA_URL` names one.
//! - [`Policies`] is what the processes share: the policy in force is asked here, and nowhere beside it.
//!
//! What a document means is `domain`'s. Nothing here knows the database.

pub mod documents;
mod opa;
pub mod yaml;

use std::sync::Arc;

use boot::Settings;
use chrono::{DateTime, Utc};
use domain::approvals::Terms;
use domain::policy::{Decision, Input, Policy};
use domain::signals::Rules;

pub use documents::DocumentError;
use opa::Opa;
use outbound::OutboundError;

/// What may happen cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("no client for OPA")]
    Client(#[from] OutboundError),
}

/// The policy and the rules for signals in force. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Policies {
    policy: Arc<Policy>,
    rules: Arc<Rules>,
    opa: Option<Opa>,
}

impl Policies {
    /// The documents of the settings; the shipped ones where none are named.
    pub fn read(settings: &Settings) -> Result<Self, PolicyError> {
        let policy = documents::policy(settings.policy_path.as_deref())?;
        let rules = documents::rules(settings.rules_path.as_deref())?;
        let opa = settings.opa.as_ref().map(Opa::new).transpose()?;
        Ok(Self { policy: Arc::new(policy), rules: Arc::new(rules), opa })
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
        match &self.opa {
            Some(opa) => opa.decide(&self.policy, input).await,
            None => self.policy.decide(input),
        }
    }

    /// What an approval takes that follows from a decision of [`Policies::decide`]. None: nobody is asked, and the policy
    /// approves nothing either: it just happens.
    pub fn terms(&self, decision: &Decision, now: DateTime<Utc>) -> Option<Terms> {
        decision.terms(&self.policy, now)
    }
}
