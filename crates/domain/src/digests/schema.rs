//! The JSON Schema of an answer, in the strict form that providers hold their models to: every member is required, and no
//! other is allowed. It is a help for the model; what holds is decided by [`super::check`].

use serde_json::{Value, json};

use super::rules::order;
use super::{HEADLINE, Kind, TEXT};

/// The shape of the answer for one kind of digest.
pub fn schema(kind: Kind) -> Value {
    let text = |what: &str, most: usize| json!({"type": "string", "description": format!("{what}, at most {most} characters")});
    let item = object(&json!({
        "text": text("One plain sentence without links", TEXT),
        "event_ids": {"type": "array", "items": {"type": "string"}, "description": "ids of the material that prove the sentence"},
        "severity": {"type": "string", "enum": ["info", "warn", "high"]},
    }));
    let section = object(&json!({
        "kind": {"type": "string", "enum": order(kind)},
        "items": {"type": "array", "items": item},
    }));
    object(&json!({
        "headline": text("What matters most, in plain words", HEADLINE),
        "sections": {"type": "array", "items": section},
    }))
}

fn object(members: &Value) -> Value {
    let required: Vec<&String> = members.as_object().map(|all| all.keys().collect()).unwrap_or_default();
    json!({"type": "object", "properties": members, "required": required, "additionalProperties": false})
}
