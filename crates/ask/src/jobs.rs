//! Runs of agents, as a worker does them: one tool, or a question, or a wish that becomes proposals.

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde_json::{Value, json};
use store::StoreError;
use uuid::Uuid;

use crate::fetch::{self, Fetching};
use crate::summary;
use crate::tools::{Found, Line, Scope, Tool, ToolError};
use crate::{Answer, Ask, Question, schema};

/// The tool that says what it is told.
pub const ECHO: &str = "echo";
/// The tool that fetches a text.
pub const FETCH: &str = "fetch";
/// The tool that makes a text short.
pub const SUMMARIZE: &str = "summarize";

/// What a run has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub result: Value,
    pub steps: Value,
}

/// Whether there is such a tool and the input fits it.
pub fn fits(tool: &str, input: &Value) -> Result<(), ToolError> {
    let arguments = match tool {
        ECHO => return Ok(()),
        FETCH => fetch::arguments(),
        SUMMARIZE => summary::arguments(),
        tool => (Tool::named(tool)?.arguments)(),
    };
    schema::check(&arguments, input).map_err(ToolError::Arguments)
}

/// An answer as runs tell it.
pub fn told(answer: &Answer) -> Value {
    json!({
        "answer": answer.text(), "citations": answer.citations(), "documents": answer.documents(),
        "generated_by": answer.by, "why": answer.why, "spent": answer.spent,
    })
}

impl Ask {
    /// Uses one tool. `Err` inside: why it cannot, for who asked.
    pub async fn use_tool(
        &self,
        tenant: &TenantId,
        (tool, input): (&str, &Value),
        now: DateTime<Utc>,
    ) -> Result<Result<Done, String>, StoreError> {
        if tool == ECHO {
            return Ok(Ok(Done {
                result: input.clone(),
                steps: json!([{"tool": ECHO, "arguments": input, "found": 1}]),
            }));
        }
        if matches!(tool, FETCH | SUMMARIZE) {
            if let Err(refused) = fits(tool, input) {
                return Ok(Err(refused.to_string()));
            }
            return Ok(self.text_tool(tool, input).await);
        }
        let scope = Scope { tenant: tenant.clone(), sources: self.sources.to_vec(), now };
        let (step, found) = self.step(&scope, tool, input.clone()).await?;
        let Some(Found { lines, count }) = found else { return Ok(Err(step.error.unwrap_or_default())) };
        let line = |line: &Line| json!({"text": line.text, "event_ids": line.events, "documents": line.documents});
        let lines: Vec<Value> = lines.iter().map(line).collect();
        Ok(Ok(Done { result: json!({"lines": lines, "found": count}), steps: json!([step]) }))
    }

    /// Fetches, or makes short.
    async fn text_tool(&self, tool: &str, input: &Value) -> Result<Done, String> {
        let member = |name: &str| input.get(name).and_then(Value::as_str).map(str::to_owned);
        let text = match (member("url"), member("text")) {
            (Some(url), None) => {
                let fetching = Fetching::of(&self.fetch_allow).map_err(|error| error.to_string())?;
                fetching.fetch(&url).await?
            }
            (None, Some(text)) => text,
            _ => return Err("give `text` or `url`".to_owned()),
        };
        let result = if tool == FETCH {
            json!({"text": text})
        } else {
            let most = input.get("sentences").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
            json!({"summary": summary::extract(&text, most).join(" "), "generated_by": "rules"})
        };
        Ok(Done { result, steps: json!([{"tool": tool, "arguments": input, "found": 1}]) })
    }

    /// Answers a question. `spends`: a model may be asked; a run that was begun before is not paid twice.
    pub async fn run(
        &self,
        tenant: &TenantId,
        (job, question): (Uuid, &str),
        spends: bool,
        now: DateTime<Utc>,
    ) -> Result<Done, StoreError> {
        let question = Question {
            tenant: tenant.clone(),
            text: question.to_owned(),
            before: Vec::new(),
            session: job,
            random: Uuid::new_v4().as_u128(),
            now,
        };
        let answer = if spends { self.answer(&question).await? } else { self.again(&question).await? };
        Ok(Done { result: told(&answer), steps: json!(answer.steps) })
    }
}
