//! Deciding: the first rule that matches, and why the others did not.
//!
//! A rule whose condition cannot be evaluated might have matched or not. Then the decision asks for all that this rule
//! and the one that would have come next ask for, and at least for one approver: leaving out a fact never gains anything.

use serde::Serialize;

use super::conditions::{Ground, Seen, holds};
use super::effects::Effect;
use super::{Input, Policy, Rule};

/// What the policy says about something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What to do; `block` where it must not happen without an approval.
    pub action: String,
    pub requires_approval: bool,
    /// The policy itself approves.
    pub auto_approve: bool,
    /// For people.
    pub reason: String,
    /// `name@version` of the document.
    pub policy: String,
    /// The whole version of the document.
    pub policy_version: String,
    /// None: the default.
    pub rule: Option<String>,
    /// The parts of conditions that decided: those that were true of the rule that matched, the one that was not of each
    /// rule before.
    pub explanation: Vec<Explained>,
    /// What could not be evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub effect: Effect,
}

impl Decision {
    /// The same, but people are asked first because whoever wants it says so: one approver, where the policy asks nobody.
    pub fn asking(self) -> Self {
        if self.requires_approval {
            return self;
        }
        let effect = self.effect.stricter(&Effect::usual());
        let reason = "whoever asks for this wants it approved first".to_owned();
        Self { action: effect.action.clone(), requires_approval: true, auto_approve: false, reason, effect, ..self }
    }
}

/// A part of a condition and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    pub rule: String,
    pub expression: String,
    /// None: it could not be evaluated.
    pub value: Option<bool>,
}

/// What has been found while going through the rules.
#[derive(Default)]
struct Found<'p> {
    matched: Option<&'p Rule>,
    /// Rules whose conditions could not be evaluated.
    failed: Vec<&'p Rule>,
    error: Option<String>,
    explanation: Vec<Explained>,
}

impl Policy {
    /// Decides about an input.
    pub fn decide(&self, input: &Input) -> Decision {
        let found = self.find(input);
        let otherwise = found.matched.map(|rule| &rule.then).or(self.default.as_ref());
        let usual = Effect::usual();
        let next = otherwise.unwrap_or(&usual);
        let effect = match found.failed.as_slice() {
            [] => next.clone(),
            failed => closed(failed, next),
        };
        let rule = found.failed.first().copied().or(found.matched);
        Decision {
            action: effect.action.clone(),
            requires_approval: effect.requires_approval(),
            auto_approve: effect.auto_approve,
            reason: self.reason(input, &found, &effect),
            policy: self.label(),
            policy_version: self.version.clone(),
            rule: rule.map(|rule| rule.name.clone()),
            explanation: found.explanation,
            error: found.error,
            effect,
        }
    }

    fn find(&self, input: &Input) -> Found<'_> {
        let mut found = Found::default();
        // Made only where a condition asks for it.
        let mut ground = None;
        for rule in self.rules.iter().filter(|rule| rule.is_about(&input.kind)) {
            let Some(condition) = &rule.when else {
                found.matched = Some(rule);
                break;
            };
            let ground = ground.get_or_insert_with(|| Ground::new(input, &self.patterns));
            let held = match ground {
                Ok(ground) => found.explain(rule, &condition.evaluate(ground)),
                Err(error) => Err(error.clone()),
            };
            match held {
                Ok(true) => {
                    found.matched = Some(rule);
                    break;
                }
                Ok(false) => {}
                Err(error) => {
                    found.failed.push(rule);
                    found.error.get_or_insert(error);
                }
            }
        }
        found
    }

    fn reason(&self, input: &Input, found: &Found<'_>, effect: &Effect) -> String {
        let kind = crate::text::clean(&input.kind, 60);
        match (&found.error, found.matched, &effect.message) {
            (Some(error), ..) => {
                let rule = found.failed.first().map_or("", |rule| rule.name.as_str());
                format!("rule `{rule}`: {error}; it needs approval until it can be")
            }
            (None, _, Some(message)) => message.clone(),
            (None, Some(rule), None) => {
                let parts = found.explanation.iter().filter(|part| part.rule == rule.name && part.value == Some(true));
                let parts: Vec<&str> = parts.map(|part| part.expression.as_str()).collect();
                let because = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(" && ")) };
                format!("rule `{}` matches{because}", rule.name)
            }
            (None, None, None) if self.default.is_some() => format!("no rule matches `{kind}`: the default applies"),
            (None, None, None) => format!("no rule matches `{kind}`: it needs approval"),
        }
    }
}

impl Found<'_> {
    fn explain(&mut self, rule: &Rule, seen: &[Seen<'_>]) -> Result<bool, String> {
        let held = holds(seen);
        // What was true of a rule that did not match explains nothing.
        let decided = seen.iter().filter(|part| held != Ok(false) || part.value == Ok(false));
        self.explanation.extend(decided.map(|part| Explained {
            rule: rule.name.clone(),
            expression: part.expression.to_owned(),
            value: part.value.clone().ok(),
        }));
        held
    }
}

/// All that the rules that may have matched ask for.
fn closed(failed: &[&Rule], next: &Effect) -> Effect {
    let asking = failed.iter().map(|rule| &rule.then).chain([next]).filter(|effect| effect.requires_approval());
    let all = asking.fold(None, |all: Option<Effect>, effect| {
        Some(all.map_or_else(|| effect.clone().stricter(effect), |all| all.stricter(effect)))
    });
    Effect { message: None, ..all.unwrap_or_else(Effect::usual) }
}
