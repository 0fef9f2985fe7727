//! Delivery metrics in words: each with its unit, what it is counted from, its time and the time before.

use chrono::{DateTime, TimeDelta, Utc};
use domain::data::Tier;
use domain::metrics::Band;
use serde::Deserialize;
use serde_json::{Value, json};
use store::metrics::Slice;
use store::metrics::current::{Current, Followed, METRICS, during};
use store::{Connection, StoreError};

use super::{Found, Line, Scope, ToolError, explain, object, of, read, text, window, with_window};
use crate::words;

const USUAL: TimeDelta = TimeDelta::days(30);
const MEDIAN: i64 = 50;
/// Without a name the five are told: the last of [`METRICS`] is none of them.
const FIVE: usize = 5;
/// Rows whose events stand for the number.
const PROOFS: i64 = 5;

#[derive(Debug, Deserialize)]
struct Arguments {
    metric: Option<String>,
    service: Option<String>,
    team: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

/// The names of the metrics, as a schema.
pub(super) fn metric() -> Value {
    let names = METRICS.map(|(name, _)| name);
    json!({"type": "string", "enum": names, "description": "Which metric; recovery_time is of failed deployments, restore_time of incidents"})
}

pub(super) fn arguments() -> Value {
    let members = [("metric", metric()), ("service", text("One service")), ("team", text("The services of a team"))];
    object(&with_window(&members, "30 days"), &[])
}

pub(super) fn run(conn: &mut Connection, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
    let asked: Arguments = read(arguments)?;
    let range = window((asked.from, asked.to), USUAL, scope.now)?;
    let wanted: Vec<(&str, &str)> = match &asked.metric {
        Some(metric) => METRICS.into_iter().filter(|(name, _)| name == metric).collect(),
        None => METRICS.into_iter().take(FIVE).collect(),
    };
    let mut lines = Vec::new();
    for (name, unit) in wanted {
        lines.push(line(conn, scope, &asked, (name, unit), range)?);
    }
    Ok(Found { count: lines.len(), lines })
}

fn line(
    conn: &mut Connection,
    scope: &Scope,
    asked: &Arguments,
    (name, unit): (&str, &str),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Line, StoreError> {
    let followed = Followed {
        metric: name.to_owned(),
        service: asked.service.clone(),
        team: asked.team.clone(),
        percentile: MEDIAN,
        window_days: 0,
    };
    let found = during(conn, &scope.tenant, &followed, (from, to))?;
    let before = during(conn, &scope.tenant, &followed, (from - (to - from), from))?.value;
    let slice = production((asked.service.as_ref(), asked.team.as_ref()), (from, to));
    let mut proofs = explain::rows(conn, scope, name, &slice, PROOFS)?;
    if proofs.is_empty() && found.n > 0 {
        // A rate of nothing is proved by what did not happen to fail.
        proofs = explain::rows(conn, scope, "deployment_frequency", &slice, PROOFS)?;
    }
    let about = format!(
        "{}{}, {}",
        words::sentence(name),
        of(asked.service.as_ref(), asked.team.as_ref()),
        words::window(from, to)
    );
    let before = before.map_or_else(|| "no data".to_owned(), |value| words::value(value, unit));
    let said = match found.value {
        Some(value) => {
            format!("{about}: {}{}. The time before: {before}.", counted(name, unit, value, &found), band(&found))
        }
        None => format!("{about}: no data. The time before: {before}."),
    };
    Ok(Line::new(said, proofs.into_iter().flat_map(|proof| proof.line.events)))
}

/// Production, as the metrics are told unless something else is asked for.
pub(super) fn production(
    (service, team): (Option<&String>, Option<&String>),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Slice {
    Slice {
        from,
        to,
        tiers: vec![Tier::Production.as_str().to_owned()],
        services: service.cloned().into_iter().collect(),
        teams: team.cloned().into_iter().collect(),
        repos: Vec::new(),
        environment: None,
    }
}

fn counted(name: &str, unit: &str, value: f64, found: &Current) -> String {
    let (value, n) = (words::value(value, unit), found.n);
    match name {
        "deployment_frequency" => format!("{value}, {}", words::counted(n, "deployment")),
        "lead_time" => format!("{value} at the median of {}", words::counted(n, "change")),
        "recovery_time" => format!("{value} at the median of {}", words::counted(n, "failed deployment")),
        "restore_time" => format!("{value} at the median of {}", words::counted(n, "incident")),
        _ => format!("{value} of {}", words::counted(n, "deployment")),
    }
}

fn band(found: &Current) -> &'static str {
    match found.band {
        Some(Band::Elite) => " (elite)",
        Some(Band::High) => " (high)",
        Some(Band::Medium) => " (medium)",
        Some(Band::Low) => " (low)",
        Some(Band::Unknown) | None => "",
    }
}
