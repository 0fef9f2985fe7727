//! Issues of Linear, by the time of their last change. What is asked is a constant; what it is asked about goes as variables.
//!
//! <https://linear.app/developers/graphql>

use outbound::Request;
use serde_json::{Value, json};

use super::fetch::{CrawlError, Fetch, proof};
use super::plans::Linear;
use super::{Read, Step};

const SYSTEM: &str = "Linear";
const AT_ONCE: u32 = 50;
const QUERY: &str = "query($first: Int!, $after: String, $filter: IssueFilter) { \
    issues(first: $first, after: $after, filter: $filter, orderBy: updatedAt, includeArchived: true) { \
    nodes { id identifier title description url updatedAt archivedAt trashed state { name } team { key } } \
    pageInfo { hasNextPage endCursor } } }";

pub(super) async fn step(plan: &Linear, fetch: &mut Fetch, state: &mut Value) -> Result<Step, CrawlError> {
    let token = fetch.settings.linear_key.clone().ok_or(CrawlError::Unset("LINEAR_API_KEY"))?;
    let variables = json!({"first": AT_ONCE, "after": state["after"], "filter": filter(plan, state)});
    let body = json!({"query": QUERY, "variables": variables}).to_string();
    let headers = vec![("content-type".to_owned(), "application/json".to_owned()), proof("", &token)];
    let answer =
        fetch.json(SYSTEM, Request::post(fetch.settings.linear_url.clone(), headers, body.into_bytes())).await?;
    let answer = answer.ok_or(CrawlError::Unread { system: SYSTEM, what: "there is nothing at its address" })?;
    let issues = &answer["data"]["issues"];
    let nodes = issues["nodes"].as_array().ok_or(CrawlError::Unread { system: SYSTEM, what: "it names errors" })?;
    let is_gone = |node: &&Value| node["archivedAt"].is_string() || node["trashed"] == json!(true);
    let id = |node: &Value| Some(format!("linear:{}", node["id"].as_str()?));
    let newest = nodes.iter().filter_map(|node| node["updatedAt"].as_str()).chain(state["newest"].as_str()).max();
    let newest = newest.map(str::to_owned);
    let done = issues.pointer("/pageInfo/hasNextPage") != Some(&json!(true));
    *state = match done {
        true => json!({"since": newest}),
        false => json!({"since": state["since"], "newest": newest, "after": issues.pointer("/pageInfo/endCursor")}),
    };
    Ok(Step {
        seen: i32::try_from(nodes.len()).unwrap_or(i32::MAX),
        read: nodes.iter().filter(|node| !is_gone(node)).filter_map(|node| Some(issue(id(node)?, node))).collect(),
        gone: nodes.iter().filter(is_gone).filter_map(id).collect(),
        done,
    })
}

fn filter(plan: &Linear, state: &Value) -> Value {
    let mut filter = json!({});
    if let Some(since) = state["since"].as_str() {
        filter["updatedAt"] = json!({"gte": since});
    }
    if let Some(team) = &plan.team_id {
        filter["team"] = json!({"id": {"eq": team}});
    }
    if !plan.state_ids.is_empty() {
        filter["state"] = json!({"id": {"in": plan.state_ids}});
    }
    filter
}

fn issue(id: String, node: &Value) -> Read {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (name, title) = (text(&node["identifier"]), text(&node["title"]));
    Read {
        id,
        url: node["url"].as_str().map(str::to_owned),
        text: format!("# {name} {title}\n\n{}", text(&node["description"])),
        title: Some(format!("{name} {title}")),
        revision: node["updatedAt"].as_str().map(str::to_owned),
        meta: json!({"identifier": node["identifier"], "state": node.pointer("/state/name"), "team": node.pointer("/team/key")}),
    }
}
