//! `/em status`: whether it runs, and what waits.

use chrono::{DateTime, Utc};
use slack::answers::{Answer, Basis, brief};
use slack::text::{duration, moment, outside};
use store::StoreError;
use store::standing::{Standing, standing};

use super::Asked;
use crate::state::State;

pub(super) async fn say(state: &State, asked: &Asked) -> Result<Answer, StoreError> {
    let (tenant, now) = (asked.tenant.clone(), asked.now);
    let known = state.store.look("standing", move |conn| standing(conn, &tenant, now)).await?;
    let owed = state.store.call("outbox_backlog", store::outbox::backlog).await?;
    let bus = state.bus.health();
    let bus = if bus.ok { "connected".to_owned() } else { format!("not connected: {}", outside(&bus.details, 200)) };
    let running = format!(
        "Version {} · database answers · bus {bus} · {} commits wait for the bus",
        env!("CARGO_PKG_VERSION"),
        owed.rows
    );
    let basis = Basis { as_of: Some(now), ..Basis::default() };
    Ok(Answer::privately(brief("Status", &[running, waiting(&known), heard(&known, now)], &basis)))
}

fn waiting(known: &Standing) -> String {
    let rows = [
        (known.approvals_pending, "approvals wait", "`/em approvals all`"),
        (known.incidents_open, "incidents are open", "`/em incident`"),
        (known.failures_open, "failed deployments are not put right", "`/em triage`"),
        (known.dead_letters, "events could not be processed", "the log of the worker says why"),
    ];
    let rows = rows.into_iter().filter(|(count, ..)| *count > 0);
    let lines: Vec<String> = rows.map(|(count, what, how)| format!("*{count}* {what} · {how}")).collect();
    if lines.is_empty() { "Nothing waits.".to_owned() } else { lines.join("\n") }
}

fn heard(known: &Standing, now: DateTime<Utc>) -> String {
    match known.last_event_at {
        Some(at) => format!("Last event {} ago, {}", duration(now - at), moment(at)),
        None => "No event yet: no data. Point a webhook at this gateway.".to_owned(),
    }
}
