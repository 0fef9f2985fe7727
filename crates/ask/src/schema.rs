//! Holds arguments against their JSON Schema: the part of it that our tools use. Whoever sent them, a person or a model, is
//! told what does not fit.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Whether `value` fits. The error is for who sent it.
pub fn check(schema: &Value, value: &Value) -> Result<(), String> {
    check_at(schema, value, "the arguments")
}

fn check_at(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let kind = schema["type"].as_str().unwrap_or_default();
    if !is(kind, value) {
        return Err(format!("{place}: must be of type {kind}"));
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return Err(format!("{place}: must be one of {}", words.join(", ")));
    }
    match value {
        Value::String(text) => string(schema, text, place),
        Value::Number(_) => number(schema, value, place),
        Value::Object(members) => object(schema, members, place),
        _ => Ok(()),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        _ => false,
    }
}

fn string(schema: &Value, text: &str, place: &str) -> Result<(), String> {
    let length = text.chars().count() as u64;
    let (least, most) = (schema["minLength"].as_u64().unwrap_or(0), schema["maxLength"].as_u64().unwrap_or(u64::MAX));
    if !(least..=most).contains(&length) || text.contains('\0') {
        return Err(format!("{place}: must have {least} to {most} characters"));
    }
    if schema["format"] == "date-time" && text.parse::<DateTime<Utc>>().is_err() {
        return Err(format!("{place}: must be a time like 2026-11-22T10:00:00Z"));
    }
    Ok(())
}

fn number(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let (least, most) =
        (schema["minimum"].as_i64().unwrap_or(i64::MIN), schema["maximum"].as_i64().unwrap_or(i64::MAX));
    let fits = value.as_i64().is_some_and(|number| (least..=most).contains(&number));
    if fits { Ok(()) } else { Err(format!("{place}: must be a number from {least} to {most}")) }
}

fn object(schema: &Value, members: &serde_json::Map<String, Value>, place: &str) -> Result<(), String> {
    let known = schema["properties"].as_object();
    for (name, value) in members {
        let shown: String = name.chars().take(64).collect();
        match known.and_then(|known| known.get(name)) {
            Some(schema) => check_at(schema, value, &format!("`{shown}`"))?,
            None if schema["additionalProperties"] == false => return Err(format!("{place}: there is no `{shown}`")),
            None => {}
        }
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match required.into_iter().find(|name| !members.contains_key(*name)) {
        Some(missing) => Err(format!("{place}: `{missing}` is required")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tools::TOOLS;

    #[test]
    fn what_does_not_fit_is_named() {
        let schema = json!({"type": "object", "additionalProperties": false, "required": ["text"], "properties": {
            "text": {"type": "string", "minLength": 1, "maxLength": 3}, "limit": {"type": "integer", "minimum": 1, "maximum": 5},
            "kind": {"type": "string", "enum": ["a", "b"]}, "at": {"type": "string", "format": "date-time"},
            "open": {"type": "boolean"}}});
        let fits = json!({"text": "abc", "limit": 5, "kind": "a", "at": "2026-11-22T10:00:00Z", "open": true});
        assert_eq!(check(&schema, &fits), Ok(()));
        for (wrong, why) in [
            (json!([]), "must be of type object"),
            (json!({}), "`text` is required"),
            (json!({"text": ""}), "must have 1 to 3"),
            (json!({"text": "abcd"}), "must have 1 to 3"),
            (json!({"text": "a\u{0}"}), "must have 1 to 3"),
            (json!({"text": 3}), "type string"),
            (json!({"text": "a", "limit": 6}), "from 1 to 5"),
            (json!({"text": "a", "limit": 1.5}), "type integer"),
            (json!({"text": "a", "kind": "c"}), "one of a, b"),
            (json!({"text": "a", "at": "yesterday"}), "a time like"),
            (json!({"text": "a", "open": "yes"}), "type boolean"),
            (json!({"text": "a", "tenant": "other"}), "there is no `tenant`"),
        ] {
            let refused = check(&schema, &wrong).expect_err("refused");
            assert!(refused.contains(why), "{wrong}: {refused}");
        }
    }

    #[test]
    fn every_tool_says_what_it_takes_and_takes_nothing_else() {
        for tool in TOOLS {
            let schema = (tool.arguments)();
            assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
            assert!(schema["properties"].get("tenant").is_none(), "{}", tool.name);
            assert!(check(&schema, &json!({"tenant": "other"})).is_err(), "{}", tool.name);
            assert!(tool.description.ends_with('.'), "{}", tool.name);
        }
    }
}
