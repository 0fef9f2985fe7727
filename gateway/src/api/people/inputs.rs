//! What the policy is asked about something that somebody wants done.

use chrono::{DateTime, Utc};
use domain::documents::Fault;
use domain::policy::Input;
use serde_json::{Map, Value, json};

use crate::faults::unfit;
use crate::problem::Problem;

/// What the payload may not say: it is said beside it, and the time is ours.
const OURS: [&str; 4] = ["kind", "subject", "action", "now"];

/// The payload as facts; `team`, `service` and `environment` by their names.
pub(super) fn input(
    (kind, subject, action): (&str, &str, Option<&str>),
    payload: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Result<Input, Problem> {
    let mut said = payload.clone();
    said.retain(|name, _| !OURS.contains(&name.as_str()));
    for (name, value) in [("kind", Some(kind)), ("subject", Some(subject)), ("action", action)] {
        said.insert(name.to_owned(), json!(value));
    }
    let place = |fault: Fault| {
        let beside = OURS.iter().any(|name| fault.pointer == format!("/{name}"));
        if beside { fault } else { Fault { pointer: format!("/payload{}", fault.pointer), ..fault } }
    };
    let input = Input::read(&Value::Object(said));
    let input = input.map_err(|faults| unfit(faults.into_iter().map(place).collect()))?;
    Ok(Input { now: Some(now), ..input })
}
