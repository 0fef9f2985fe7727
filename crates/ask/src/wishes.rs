//! What a model may ask to be done in a run of an agent. It only asks: what it wants is held against what the action takes, made
//! harmless, and becomes an approval that people decide. It may not name addresses that we then call.

use actions::effects::{Action, KINDS};
use domain::inert::inert;
use domain::redaction::Redactor;
use serde_json::{Map, Value, json};

use crate::proposals::Candidate;
use crate::schema;
use crate::tools::Line;

/// The tool's name.
pub(crate) const PROPOSE: &str = "propose";
pub(crate) const DESCRIPTION: &str = "Asks people to allow one action on one subject. Nothing is done before they decide. Only where the question asks for it.";
/// Actions that go to an address in their payload: a model's words lead nowhere.
const BARRED: [&str; 2] = ["deployment_protection", "webhook"];
const LONGEST_SUBJECT: usize = 255;
const LONGEST_REASON: usize = 500;
const LONGEST_TEXT: usize = 3_000;
const DEEPEST: usize = 8;

fn allowed() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    KINDS.into_iter().filter(|(name, _)| !BARRED.contains(name))
}

/// JSON Schema of the arguments.
pub(crate) fn arguments() -> Value {
    let names: Vec<&str> = allowed().map(|(name, _)| name).collect();
    let takes: Vec<String> = allowed().map(|(name, members)| format!("{name}: {}", members.join(", "))).collect();
    json!({"type": "object", "additionalProperties": false, "required": ["action", "subject"], "properties": {
        "action": {"type": "string", "enum": names},
        "subject": {"type": "string", "minLength": 1, "maxLength": LONGEST_SUBJECT, "description": "What it is about, like owner/repo#12"},
        "reason": {"type": "string", "maxLength": LONGEST_REASON, "description": "Why, in one sentence"},
        "payload": {"type": "object", "description": format!("What the action takes. {}", takes.join("; "))}}})
}

/// What is wanted; or what does not fit, for the model.
pub(crate) fn read(redactor: &mut Redactor, arguments: &Value) -> Result<Candidate, String> {
    schema::check(&self::arguments(), arguments)?;
    let mut text = |name: &str, cap| arguments[name].as_str().map(|text| redactor.redact(&inert(text, cap)));
    let (wanted, subject, reason) =
        (arguments["action"].as_str(), text("subject", LONGEST_SUBJECT), text("reason", LONGEST_REASON));
    let (Some(wanted), Some(subject)) = (wanted, subject) else {
        return Err("`action` and `subject` are required".to_owned());
    };
    let Some((action, _)) = allowed().find(|(name, _)| *name == wanted) else {
        return Err("there is no such action".to_owned());
    };
    let payload = harmless(redactor, arguments.get("payload").unwrap_or(&json!({})), 0);
    let faults = match Action::read(action, &subject, &placed(action, &payload)) {
        Ok(_) => {
            return Ok(Candidate { subject, action, kind: action, payload, reason });
        }
        Err(faults) => faults,
    };
    let faults: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect();
    Err(format!("`payload`: {}", faults.join("; ")))
}

/// A nudge that names no place goes to the usual channel, which is found when it is done.
fn placed(action: &str, payload: &Value) -> Value {
    let mut payload = payload.clone();
    let is_open = action == "nudge" && payload.get("channel").is_none() && payload.get("user").is_none();
    if let Some(members) = payload.as_object_mut().filter(|_| is_open) {
        members.insert("channel".to_owned(), json!("#usual"));
    }
    payload
}

/// All its words without what looks like a command or a secret.
fn harmless(redactor: &mut Redactor, value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) => json!(redactor.redact(&inert(text, LONGEST_TEXT))),
        Value::Array(_) | Value::Object(_) if depth == DEEPEST => Value::Null,
        Value::Array(all) => all.iter().map(|one| harmless(redactor, one, depth + 1)).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (inert(name, 100), harmless(redactor, value, depth + 1));
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// As the answer tells it.
pub(crate) fn told(candidate: &Candidate) -> Line {
    let Candidate { action, subject, .. } = candidate;
    Line::new(format!("People are asked to allow: {action} of {subject}. Nothing is done before they decide."), [])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_action_takes_is_wanted_and_nothing_else() {
        let mut redactor = Redactor::new();
        let label = json!({"action": "label", "subject": "acme/shop#20", "reason": "no ticket", "payload": {"labels": ["needs-ticket"]}});
        let wanted = read(&mut redactor, &label).expect("it fits");
        assert_eq!(
            (wanted.action, wanted.subject.as_str(), wanted.reason.as_deref()),
            ("label", "acme/shop#20", Some("no ticket"))
        );
        let nudge = json!({"action": "nudge", "subject": "acme/shop#20", "payload": {"text": "Have a look"}});
        assert_eq!(read(&mut redactor, &nudge).expect("it fits").payload, json!({"text": "Have a look"}));
        for (wrong, why) in [
            (json!({"action": "drop_tables", "subject": "x"}), "must be one of"),
            (
                json!({"action": "webhook", "subject": "x", "payload": {"url": "https://evil.example", "type": "a"}}),
                "must be one of",
            ),
            (json!({"action": "label", "subject": "acme/shop#20"}), "labels"),
            (json!({"action": "label", "subject": "no change", "payload": {"labels": ["a"]}}), "target"),
            (
                json!({"action": "label", "subject": "acme/shop#20", "payload": {"labels": ["a"], "auto_approve": true}}),
                "auto_approve",
            ),
            (json!({"action": "label", "subject": "acme/shop#20", "tenant": "acme"}), "there is no `tenant`"),
        ] {
            let refused = read(&mut redactor, &wrong).expect_err("refused");
            assert!(refused.contains(why), "{wrong}: {refused}");
        }
    }
}
