//! A decision that something else made (OPA), read as strictly as a document: what does not fit is no decision.
//!
//! It has the members of `then`; beside them EM Agent's `allow`, `requires_approval`, and `reason` as a text. A member that is
//! not known is a fault: `requires_aproval` must not let anything through.

use serde_json::{Map, Value};

use super::decide::Decision;
use super::effects::{ALLOW, BLOCK};
use super::{Policy, hash};
use crate::documents::{Fault, Place, Reader};

/// What is said for people and for logs, and asks for nothing.
const SAID: &[&str] = &["allow", "requires_approval", "policy", "rule", "opa", "decision_id"];
const LONGEST_NAME: usize = 64;

impl Policy {
    /// The decision that `by` made. Groups are those of this document.
    pub fn told(&self, by: &str, answer: &Value) -> Result<Decision, Vec<Fault>> {
        let mut reader = Reader::default();
        let then = match answer {
            Value::Bool(allowed) => Map::from_iter([("allow".to_owned(), Value::Bool(*allowed))]),
            Value::Object(members) => members.clone(),
            _ => Map::new(),
        };
        let flag = |name: &str| then.get(name).and_then(Value::as_bool);
        let (allow, asks) = (flag("allow"), flag("requires_approval"));
        for name in ["allow", "requires_approval"] {
            if then.get(name).is_some_and(|value| !value.is_boolean()) {
                reader.faults.push(fault(&format!("/{name}"), "true or false belongs here"));
            }
        }
        let document = effect(&then, allow, asks);
        let read = reader.effect(&Place::root(&document), &self.groups);
        let Some(effect) = read.filter(|_| reader.faults.is_empty()) else { return Err(reader.faults) };
        if asks == Some(false) && effect.requires_approval() || allow == Some(true) && effect.action == BLOCK {
            return Err(vec![fault("", "it says both that people are asked and that they are not")]);
        }
        let version = hash(answer);
        let text = |name: &str| then.get(name).and_then(Value::as_str);
        let name = text("policy").map_or(by, |policy| policy);
        let label = format!("{}@{}", crate::text::clean(name, LONGEST_NAME), version.get(..12).unwrap_or_default());
        Ok(Decision {
            action: effect.action.clone(),
            requires_approval: effect.requires_approval(),
            auto_approve: effect.auto_approve,
            reason: effect.message.clone().unwrap_or_else(|| format!("{by} decided so")),
            policy: label,
            policy_version: version,
            rule: text("rule").map(|rule| crate::text::clean(rule, LONGEST_NAME)),
            explanation: Vec::new(),
            error: None,
            effect,
        })
    }

    /// Nobody could be asked: what is sure is that people can.
    pub fn unanswered(&self, by: &str, why: &str) -> Decision {
        let effect = super::Effect::usual();
        Decision {
            action: effect.action.clone(),
            requires_approval: true,
            auto_approve: false,
            reason: format!("{by} {why}; it needs approval until it can be asked"),
            policy: self.label(),
            policy_version: self.version.clone(),
            rule: None,
            explanation: Vec::new(),
            error: Some(format!("{by} {why}")),
            effect,
        }
    }
}

/// The members as `then` has them.
fn effect(said: &Map<String, Value>, allow: Option<bool>, asks: Option<bool>) -> Value {
    let mut then: Map<String, Value> =
        said.iter().filter(|(name, _)| !SAID.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect();
    if then.get("reason").is_some_and(Value::is_string)
        && let Some(reason) = then.remove("reason")
    {
        then.entry("message").or_insert(reason);
    }
    let asked = then.contains_key("require") || then.get("auto_approve") == Some(&Value::Bool(true));
    // Whether, where it is not said what.
    if !then.contains_key("action") && !asked {
        match (allow, asks) {
            (Some(false), _) | (_, Some(true)) => drop(then.insert("action".to_owned(), BLOCK.into())),
            (Some(true), _) => drop(then.insert("action".to_owned(), ALLOW.into())),
            (None, _) => {}
        }
    }
    // It is not allowed, whatever else is to be done; somebody has to be asked.
    if (allow == Some(false) || asks == Some(true)) && !then.contains_key("require") {
        then.insert("require".to_owned(), serde_json::json!([{"votes": 1, "role": "approver"}]));
    }
    Value::Object(then)
}

fn fault(pointer: &str, detail: &str) -> Fault {
    Fault { pointer: pointer.to_owned(), detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(answer: &Value) -> Result<Decision, Vec<Fault>> {
        let policy = json!({"version": 1, "groups": {"sre": ["github:ada", "github:grace"]}, "rules": []});
        Policy::read(&policy).expect("a policy").told("OPA", answer)
    }

    #[test]
    fn what_opa_says_is_a_decision() {
        for (answer, action, asks) in [
            (json!(true), "allow", false),
            (json!(false), "block", true),
            (json!({"allow": true}), "allow", false),
            (json!({"allow": false}), "block", true),
            (json!({"allow": true, "action": "nudge", "reason": "stale", "opa": true}), "nudge", false),
            (json!({"allow": false, "action": "block"}), "block", true),
            (json!({"allow": false, "action": "escalate"}), "escalate", true),
            (json!({"action": "label"}), "label", false),
            (json!({"requires_approval": true}), "block", true),
            (json!({"requires_approval": false, "action": "comment"}), "comment", false),
            (json!({"require": [{"votes": 2, "group": "sre"}], "expires": "2h"}), "block", true),
        ] {
            let decision = told(&answer).unwrap_or_else(|faults| panic!("{answer}: {faults:?}"));
            assert_eq!((decision.action.as_str(), decision.requires_approval), (action, asks), "{answer}");
        }
        let asked = told(&json!({"allow": false, "reason": "a freeze", "rule": "freeze", "policy": "deploys"}))
            .expect("a decision");
        assert_eq!((asked.reason.as_str(), asked.rule.as_deref()), ("a freeze", Some("freeze")));
        assert!(asked.policy.starts_with("deploys@"), "{}", asked.policy);
        let at = "2026-11-20T00:00:00Z".parse().expect("a time");
        let terms = asked.terms(&Policy::shipped(), at).expect("terms").policy.expect("a policy");
        assert_eq!((terms.name.as_str(), terms.version == asked.policy_version), ("deploys", true));
        assert!(told(&json!({"auto_approve": true})).expect("a decision").auto_approve);
    }

    #[test]
    fn what_does_not_fit_is_no_decision() {
        for answer in [
            json!(null),
            json!("allow"),
            json!([]),
            json!({}),
            json!({"reason": "why not"}),
            json!({"action": 5}),
            json!({"allow": "yes"}),
            json!({"action": "nudge", "requires_aproval": true}),
            json!({"allow": true, "action": "block"}),
            json!({"requires_approval": false, "require": [{"votes": 1, "role": "approver"}]}),
            json!({"requires_approval": true, "auto_approve": true}),
            json!({"require": [{"votes": 1, "group": "nobody"}]}),
        ] {
            assert!(told(&answer).is_err(), "{answer}: {:?}", told(&answer));
        }
    }

    #[test]
    fn who_cannot_be_asked_lets_nothing_through() {
        let decision = Policy::shipped().unanswered("OPA", "does not answer");
        assert!(decision.requires_approval && decision.reason.starts_with("OPA does not answer; it needs approval"));
    }
}
