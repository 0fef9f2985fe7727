//! `/em signals [kind]`: what rules have found and nothing has put right.

use domain::signals::{KINDS, Kind};
use slack::answers::{Answer, Basis, brief};
use slack::text::{code, duration, link, outside};
use store::signals::states::{Signal, SignalFilter, list};
use store::{Connection, StoreError};

use super::Asked;
use crate::state::State;

/// Signals that are counted at most.
const MOST: i64 = 500;
/// Of each kind so many are shown.
const SHOWN: usize = 5;

pub(super) async fn say(state: &State, asked: &Asked, kind: Option<String>) -> Result<Answer, StoreError> {
    if let Some(kind) = kind.as_deref().filter(|kind| Kind::named(kind).is_none()) {
        let known: Vec<String> = KINDS.iter().map(|kind| code(kind.name, 40)).collect();
        let words = format!("There is no kind {}. Kinds are {}.", code(kind, 40), known.join(", "));
        return Ok(Answer::private(&words));
    }
    let (tenant, now) = (asked.tenant.clone(), asked.now);
    let filter = SignalFilter { open: Some(true), kind, ..SignalFilter::default() };
    let look = move |conn: &mut Connection| list(conn, &tenant, &filter, None, MOST);
    let open = state.store.look("signals_open", look).await?;
    let mut sections: Vec<String> = KINDS.iter().filter_map(|kind| of_kind(kind, &open, now)).collect();
    if sections.is_empty() {
        sections.push("No signal is open.".to_owned());
    }
    let counted = format!("{} open", open.len());
    let basis = Basis { counted: Some(counted), as_of: Some(now), ..Basis::default() };
    Ok(Answer::privately(brief("Signals", &sections, &basis)))
}

/// Those of a kind, the longest first.
fn of_kind(kind: &Kind, open: &[Signal], now: chrono::DateTime<chrono::Utc>) -> Option<String> {
    let mut of: Vec<&Signal> = open.iter().filter(|signal| signal.kind == kind.name).collect();
    of.sort_by_key(|signal| signal.since);
    let more = of.len().saturating_sub(SHOWN);
    let mut lines: Vec<String> = of.iter().take(SHOWN).map(|signal| line(signal, now)).collect();
    lines.extend((more > 0).then(|| format!("… and {more} more")));
    (!of.is_empty())
        .then(|| format!("*{}* ({}) {}\n{}", kind.name, of.len(), outside(kind.about, 200), lines.join("\n")))
}

fn line(signal: &Signal, now: chrono::DateTime<chrono::Utc>) -> String {
    let text = |name: &str| signal.facts.get(name).and_then(serde_json::Value::as_str);
    let name = match text("url") {
        Some(url) => link(url, &signal.subject),
        None => code(&signal.subject, 100),
    };
    let title = text("title").map(|title| format!(" {}", outside(title, 160))).unwrap_or_default();
    format!("• {name}{title} · for {}", duration(now - signal.since))
}
