//! Passages of the knowledge base.

use knowledge::{Knowledge, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Document, Found, Line, Scope, ToolError, object, read, text, told};
use crate::words;

const USUAL: usize = 5;

#[derive(Debug, Deserialize)]
struct Arguments {
    text: String,
    limit: Option<usize>,
    collection: Option<String>,
}

pub(super) fn arguments() -> Value {
    let limit =
        json!({"type": "integer", "minimum": 1, "maximum": 10, "description": "How many passages; 5 unless given"});
    let members =
        [("text", text("What is looked for")), ("limit", limit), ("collection", text("Only this collection"))];
    object(&members, &["text"])
}

pub(super) async fn run(knowledge: &Knowledge, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
    let Arguments { text, limit, collection } = read(arguments)?;
    let query = Query { text: text.clone(), top_k: limit.unwrap_or(USUAL), collection };
    let hits = knowledge.search(&scope.tenant, &query).await.map_err(ToolError::Knowledge)?;
    let number = words::counted(i64::try_from(hits.len()).unwrap_or(i64::MAX), "passage");
    let mut lines = vec![Line::new(format!("Documents about \"{}\": {number}.", told(&text, 100)), [])];
    for hit in &hits {
        let title = told(&hit.title, 160);
        let said = Line::new(format!("{title}: \"{}\"", told(&hit.snippet, 300)), []);
        let document = Document { id: hit.id.clone(), title, url: hit.url.clone() };
        lines.push(Line { documents: vec![document], ..said });
    }
    Ok(Found { lines, count: hits.len() })
}
