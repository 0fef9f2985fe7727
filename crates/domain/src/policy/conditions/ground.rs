//! What a condition is evaluated over: the input as the engine's values, and the functions that are ours.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::extractors::This;
use cel::objects::{Key, Map};
use cel::{Context, Env, ExecutionError, Value};
use serde_json::Value as Json;

use super::fuel::{self, TEXT_BYTES_PER_UNIT};
use super::meter::Patterns;
use super::words::{GO, MATCHES, WEIGH};
use crate::policy::Input;

/// How large the facts may be: their names and texts in bytes, and how deep they are nested.
const LARGEST_FACTS: usize = 64 << 10;
const DEEPEST_FACTS: usize = 32;
/// What a value costs beside its text.
const OF_A_VALUE: usize = 8;

pub(super) static ENGINE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

pub(in crate::policy) struct Ground(pub(super) Context<'static, 'static>);

impl Ground {
    /// What is not known of an input has no variable: a condition that asks for it cannot be evaluated.
    pub(in crate::policy) fn new(input: &Input, patterns: &Arc<Patterns>) -> Result<Self, String> {
        let mut context = Context::with_env(Arc::clone(&ENGINE));
        let texts = [
            ("kind", Some(&input.kind)),
            ("subject", input.subject.as_ref()),
            ("action", input.action.as_ref()),
            ("team", input.team.as_ref()),
            ("service", input.service.as_ref()),
            ("environment", input.environment.as_ref()),
        ];
        let mut room = LARGEST_FACTS;
        take(&mut room, texts.iter().filter_map(|(_, text)| *text).chain(input.facts.keys()).map(String::len).sum())?;
        input.facts.values().try_for_each(|value| fits(value, 1, &mut room))?;
        let mut facts = members(&input.facts);
        for (name, text) in texts {
            if let Some(text) = text {
                let text = Arc::new(text.clone());
                context.add_variable_from_value(name, Value::String(Arc::clone(&text)));
                // `has(facts.environment)` asks whether it is known: there is no other way to ask for a variable.
                facts.entry(Key::String(Arc::new(name.to_owned()))).or_insert(Value::String(text));
            }
        }
        if let Some(now) = input.now {
            context.add_variable_from_value("now", Value::Timestamp(now.fixed_offset()));
        }
        context.add_variable_from_value("facts", Value::Map(Map { map: Arc::new(facts) }));
        functions(&mut context, patterns).map_err(|error| error.to_string())?;
        Ok(Self(context))
    }
}

fn functions(context: &mut Context<'static, 'static>, patterns: &Arc<Patterns>) -> Result<(), cel::DeclarationError> {
    context.add_function(GO, |units: i64| fuel::burn(usize::try_from(units).unwrap_or(usize::MAX)))?;
    context.add_function(WEIGH, |value: Value| -> Result<Value, ExecutionError> {
        if burn(&value) { Ok(value) } else { Err(ExecutionError::function_error("+", "too much is copied")) }
    })?;
    let patterns = Arc::clone(patterns);
    context.add_function(MATCHES, move |This(text): This<Arc<String>>, pattern: Arc<String>| {
        let known = patterns.get(pattern.as_str()).filter(|_| fuel::burn(1 + text.len() / TEXT_BYTES_PER_UNIT));
        known
            .map(|pattern| pattern.is_match(&text))
            .ok_or_else(|| ExecutionError::function_error(MATCHES, "the pattern cannot be asked"))
    })
}

/// Burns fuel for a value and all that it holds.
fn burn(value: &Value) -> bool {
    let text = |bytes: usize| fuel::burn(1 + bytes / TEXT_BYTES_PER_UNIT);
    match value {
        Value::String(it) => text(it.len()),
        Value::Bytes(it) => text(it.len()),
        Value::List(items) => fuel::burn(1) && items.iter().all(burn),
        Value::Map(map) => fuel::burn(1) && map.map.values().all(burn),
        _ => fuel::burn(1),
    }
}

fn take(room: &mut usize, bytes: usize) -> Result<(), String> {
    *room = room.checked_sub(bytes).ok_or_else(|| format!("the facts are larger than {LARGEST_FACTS} bytes"))?;
    Ok(())
}

fn fits(value: &Json, depth: usize, room: &mut usize) -> Result<(), String> {
    let text = match value {
        Json::String(text) => text.len(),
        Json::Object(members) => members.keys().map(String::len).sum(),
        _ => 0,
    };
    take(room, text + OF_A_VALUE)?;
    if depth > DEEPEST_FACTS {
        return Err(format!("the facts are nested more than {DEEPEST_FACTS} deep"));
    }
    match value {
        Json::Array(items) => items.iter().try_for_each(|item| fits(item, depth + 1, room)),
        Json::Object(members) => members.values().try_for_each(|member| fits(member, depth + 1, room)),
        _ => Ok(()),
    }
}

fn members(members: &serde_json::Map<String, Json>) -> HashMap<Key, Value> {
    members.iter().map(|(name, value)| (Key::String(Arc::new(name.clone())), converted(value))).collect()
}

/// A whole number is an `int` wherever it fits.
fn converted(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(said) => Value::Bool(*said),
        Json::Number(number) => number
            .as_i64()
            .map(Value::Int)
            .or_else(|| number.as_u64().map(Value::UInt))
            .or_else(|| number.as_f64().map(Value::Float))
            .unwrap_or(Value::Null),
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(items) => Value::List(Arc::new(items.iter().map(converted).collect())),
        Json::Object(all) => Value::Map(Map { map: Arc::new(members(all)) }),
    }
}
