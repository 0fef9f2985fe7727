//! Signals that are open.

use serde::Deserialize;
use serde_json::Value;
use store::Connection;
use store::signals::states::{Signal, SignalFilter, list};

use super::evidence::Evidence;
use super::{Found, Line, Scope, ToolError, object, read, text, told};
use crate::words;

const MOST_ROWS: i64 = 200;
const SHOWN: usize = 10;

#[derive(Debug, Deserialize)]
struct Arguments {
    kind: Option<String>,
    subject: Option<String>,
}

pub(super) fn arguments() -> Value {
    let members = [("kind", text("One kind, like stale_pr")), ("subject", text("What it is about, like acme/shop#12"))];
    object(&members, &[])
}

pub(super) fn run(conn: &mut Connection, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
    let Arguments { kind, subject } = read(arguments)?;
    let filter = SignalFilter { open: Some(true), kind, subject, rule: None };
    let mut rows = list(conn, &scope.tenant, &filter, None, MOST_ROWS)?;
    // What is so for the longest time first.
    rows.sort_by_key(|row| row.since);
    let proofs = Evidence::of(conn, scope, rows.iter().take(SHOWN).map(|row| &row.subject))?;
    let number = words::counted(i64::try_from(rows.len()).unwrap_or(i64::MAX), "signal");
    let of = filter.kind.as_deref().map(|kind| format!(" of kind {}", told(kind, 64))).unwrap_or_default();
    let more = if rows.len() > SHOWN { format!(", the oldest {SHOWN} of them:") } else { ".".to_owned() };
    let first = Line::new(format!("Open signals{of}: {number}{more}"), []);
    let line = |row: &Signal| {
        let title = row.facts.get("title").and_then(Value::as_str);
        let title = title.map(|title| format!(" \"{}\"", told(title, 160))).unwrap_or_default();
        let (kind, subject) = (told(&row.kind, 64), told(&row.subject, 140));
        let text = format!("{kind}: {subject}{title}, since {}.", words::moment(row.since));
        Line::new(text, proofs.get(Some(&row.subject)))
    };
    let lines = std::iter::once(first).chain(rows.iter().take(SHOWN).map(line)).collect();
    Ok(Found { lines, count: rows.len() })
}
