//! Stories of Shortcut, by the time of their last change.
//!
//! <https://developer.shortcut.com/api/rest/v3#Search-Stories-Old>

use outbound::Request;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::fetch::{CrawlError, Fetch};
use super::plans::Shortcut;
use super::{Read, Step};

const SYSTEM: &str = "Shortcut";

pub(super) async fn step(plan: &Shortcut, fetch: &mut Fetch, state: &mut Value) -> Result<Step, CrawlError> {
    let token = fetch.settings.shortcut_token.clone().ok_or(CrawlError::Unset("SHORTCUT_API_TOKEN"))?;
    let mut asked = json!({"includes_description": true});
    if let Some(since) = state["since"].as_str() {
        asked["updated_at_start"] = json!(since);
    }
    if let Some(iteration) = plan.iteration_id {
        asked["iteration_ids"] = json!([iteration]);
    }
    if !plan.state_ids.is_empty() {
        asked["workflow_state_ids"] = json!(plan.state_ids);
    }
    // Without any of them it would be everything that ever was.
    if asked.as_object().is_some_and(|asked| asked.len() == 1) {
        asked["archived"] = json!(false);
    }
    let headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("shortcut-token".to_owned(), token.expose_secret().to_owned()),
    ];
    let url = format!("{}/stories/search", fetch.settings.shortcut_url);
    let answer = fetch.json(SYSTEM, Request::post(url, headers, asked.to_string().into_bytes())).await?;
    let stories = answer.as_ref().and_then(Value::as_array);
    let stories = stories.ok_or(CrawlError::Unread { system: SYSTEM, what: "it is no list" })?;
    let id = |story: &Value| Some(format!("shortcut:{}", story["id"].as_i64()?));
    let is_gone = |story: &&Value| story["archived"] == json!(true);
    let newest = stories.iter().filter_map(|story| story["updated_at"].as_str()).chain(state["since"].as_str()).max();
    *state = json!({"since": newest});
    Ok(Step {
        seen: i32::try_from(stories.len()).unwrap_or(i32::MAX),
        read: stories
            .iter()
            .filter(|story| !is_gone(story))
            .filter_map(|story| Some(read(id(story)?, story)))
            .collect(),
        gone: stories.iter().filter(is_gone).filter_map(id).collect(),
        done: true,
    })
}

fn read(id: String, story: &Value) -> Read {
    let (name, about) = (story["name"].as_str().unwrap_or_default(), story["description"].as_str().unwrap_or_default());
    Read {
        id,
        url: story["app_url"].as_str().map(str::to_owned),
        title: Some(name.to_owned()),
        text: format!("# {name}\n\n{about}"),
        revision: story["updated_at"].as_str().map(str::to_owned),
        meta: json!({"story_type": story["story_type"], "epic_id": story["epic_id"], "iteration_id": story["iteration_id"]}),
    }
}
