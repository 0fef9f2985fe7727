//! Pages of Confluence: the version tells what changed, and only that is read.
//!
//! REST API v1, which Cloud and Data Center both have: <https://docs.atlassian.com/ConfluenceServer/rest/latest/>

use outbound::Request;
use serde_json::{Value, json};

use super::fetch::{CrawlError, Fetch, basic, part, proof};
use super::markup::text_of;
use super::plans::Confluence;
use super::{Known, Read, Step};

const SYSTEM: &str = "Confluence";
const AT_ONCE: usize = 50;

pub(super) async fn step(
    plan: &Confluence,
    fetch: &mut Fetch,
    state: &mut Value,
    known: &Known,
) -> Result<Step, CrawlError> {
    let start = usize::try_from(state["start"].as_u64().unwrap_or(0)).unwrap_or(0);
    let (pages, is_last) = match &plan.space {
        Some(space) => listed(fetch, space, start).await?,
        None => named(fetch, &plan.page_ids, start).await?,
    };
    let mut seen = walked(state, start);
    let mut read = Vec::new();
    for page in &pages {
        let Some(number) = page["id"].as_str() else { continue };
        let id = format!("confluence:{number}");
        let version = page.pointer("/version/number").map(Value::to_string);
        seen.push(id.clone());
        if known.get(&id).is_some_and(|known| *known == version) {
            continue;
        }
        if let Some(whole) =
            get(fetch, &format!("/rest/api/content/{}?expand=body.storage,version", part(number))).await?
        {
            read.push(page_of(id, &whole, fetch));
        }
    }
    // Only who has seen all of them knows which are gone.
    let gone = known.keys().filter(|id| is_last && !seen.contains(id)).cloned().collect();
    *state = if is_last { json!({}) } else { json!({"start": start + AT_ONCE, "seen": seen}) };
    Ok(Step { seen: i32::try_from(pages.len()).unwrap_or(i32::MAX), read, gone, done: is_last })
}

/// The ids that this walk has seen before.
fn walked(state: &Value, start: usize) -> Vec<String> {
    let seen = state["seen"].as_array().filter(|_| start > 0);
    seen.into_iter().flatten().filter_map(|id| Some(id.as_str()?.to_owned())).collect()
}

async fn listed(fetch: &mut Fetch, space: &str, start: usize) -> Result<(Vec<Value>, bool), CrawlError> {
    let query =
        format!("spaceKey={}&type=page&status=current&start={start}&limit={AT_ONCE}&expand=version", part(space));
    let page = get(fetch, &format!("/rest/api/content?{query}")).await?;
    let page = page.ok_or(CrawlError::Unread { system: SYSTEM, what: "there is no such space" })?;
    let results = page["results"].as_array().cloned();
    let results = results.ok_or(CrawlError::Unread { system: SYSTEM, what: "it is no list" })?;
    let is_last = page.pointer("/_links/next").is_none();
    Ok((results, is_last))
}

async fn named(fetch: &mut Fetch, ids: &[String], start: usize) -> Result<(Vec<Value>, bool), CrawlError> {
    let mut pages = Vec::new();
    for id in ids.iter().skip(start).take(AT_ONCE) {
        pages.extend(get(fetch, &format!("/rest/api/content/{id}?expand=version")).await?);
    }
    Ok((pages, start + AT_ONCE >= ids.len()))
}

fn page_of(id: String, page: &Value, fetch: &Fetch) -> Read {
    let base = fetch.settings.confluence_url.as_deref().unwrap_or_default();
    Read {
        id,
        url: page.pointer("/_links/webui").and_then(Value::as_str).map(|path| format!("{base}{path}")),
        title: page["title"].as_str().map(str::to_owned),
        text: text_of(page.pointer("/body/storage/value").and_then(Value::as_str).unwrap_or_default()),
        revision: page.pointer("/version/number").map(Value::to_string),
        meta: json!({"page_id": page["id"], "updated_at": page.pointer("/version/when")}),
    }
}

async fn get(fetch: &mut Fetch, path: &str) -> Result<Option<Value>, CrawlError> {
    let settings = fetch.settings.clone();
    let base = settings.confluence_url.as_ref().ok_or(CrawlError::Unset("CONFLUENCE_BASE_URL"))?;
    let token = settings.confluence_token.as_ref().ok_or(CrawlError::Unset("CONFLUENCE_TOKEN"))?;
    let mut request = Request::get(format!("{base}{path}"));
    request.headers.push(match &settings.confluence_email {
        Some(email) => basic(email, token),
        None => proof("Bearer ", token),
    });
    fetch.json(SYSTEM, request).await
}
