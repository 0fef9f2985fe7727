//! Incidents of PagerDuty with what people noted: how trouble was seen and ended before.
//!
//! <https://developer.pagerduty.com/api-reference/>

use outbound::Request;
use serde_json::{Value, json};

use super::fetch::{CrawlError, Fetch, part, proof};
use super::plans::PagerDuty;
use super::{Known, Read, Step};

const SYSTEM: &str = "PagerDuty";
const AT_ONCE: u64 = 50;
/// It gives no more than that, however often it is asked.
const FARTHEST: u64 = 10_000;

pub(super) async fn step(
    plan: &PagerDuty,
    fetch: &mut Fetch,
    state: &mut Value,
    known: &Known,
) -> Result<Step, CrawlError> {
    let offset = state["offset"].as_u64().unwrap_or(0);
    let statuses: String = plan.statuses.iter().map(|status| format!("&statuses%5B%5D={status}")).collect();
    let range = format!("limit={AT_ONCE}&offset={offset}&sort_by=created_at%3Adesc&date_range=all");
    let page = get(fetch, &format!("/incidents?{range}{statuses}")).await?;
    let page = page.ok_or(CrawlError::Unread { system: SYSTEM, what: "there is nothing at its address" })?;
    let incidents = page["incidents"].as_array().ok_or(CrawlError::Unread { system: SYSTEM, what: "it is no list" })?;
    let newest = state["newest"].as_str().or_else(|| incidents.first()?["created_at"].as_str()).map(str::to_owned);
    let is_old = |incident: &Value| old(incident, newest.as_deref(), plan.days);
    let mut read = Vec::new();
    for incident in incidents.iter().filter(|incident| !is_old(incident)) {
        let Some(number) = incident["id"].as_str() else { continue };
        let id = format!("pagerduty:{number}");
        let revision = incident["last_status_change_at"].as_str().map(str::to_owned);
        if known.get(&id).is_some_and(|known| *known == revision) {
            continue;
        }
        let notes = get(fetch, &format!("/incidents/{}/notes", part(number))).await?;
        read.push(incident_of(id, revision, incident, notes.as_ref()));
    }
    let is_last = page["more"] != json!(true) || offset + AT_ONCE >= FARTHEST || incidents.iter().any(is_old);
    *state = if is_last { json!({}) } else { json!({"offset": offset + AT_ONCE, "newest": newest}) };
    Ok(Step { seen: i32::try_from(incidents.len()).unwrap_or(i32::MAX), read, gone: Vec::new(), done: is_last })
}

/// Whether it is so many days older than the newest.
fn old(incident: &Value, newest: Option<&str>, days: u32) -> bool {
    let time = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().ok();
    let (Some(at), Some(newest)) = (incident["created_at"].as_str().and_then(time), newest.and_then(time)) else {
        return false;
    };
    newest - at > chrono::TimeDelta::days(i64::from(days))
}

fn incident_of(id: String, revision: Option<String>, incident: &Value, notes: Option<&Value>) -> Read {
    let title = incident["title"].as_str().unwrap_or_default();
    let service = incident.pointer("/service/summary").and_then(Value::as_str).unwrap_or_default();
    let notes = notes.and_then(|notes| notes["notes"].as_array());
    let notes = notes.into_iter().flatten().filter_map(|note| note["content"].as_str());
    let notes: String = notes.map(|note| format!("\n- {note}")).collect();
    Read {
        id,
        url: incident["html_url"].as_str().map(str::to_owned),
        title: Some(title.to_owned()),
        text: format!("# {title}\n\nService: {service}\n{notes}"),
        revision,
        meta: json!({"service": incident.pointer("/service/summary"), "status": incident["status"], "urgency": incident["urgency"]}),
    }
}

async fn get(fetch: &mut Fetch, path: &str) -> Result<Option<Value>, CrawlError> {
    let token = fetch.settings.pagerduty_token.clone().ok_or(CrawlError::Unset("PAGERDUTY_API_TOKEN"))?;
    let mut request = Request::get(format!("{}{path}", fetch.settings.pagerduty_url));
    request.headers.push(("accept".to_owned(), "application/vnd.pagerduty+json;version=2".to_owned()));
    request.headers.push(proof("Token token=", &token));
    fetch.json(SYSTEM, request).await
}
