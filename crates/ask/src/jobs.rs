//! Runs of agents, as a worker does them: one tool, or a question, or a wish that becomes proposals.

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde_json::{Value, json};
use store::StoreError;
use uuid::Uuid;

use crate::tools::{Found, Line, Scope, Tool, ToolError};
use crate::{Answer, Ask, Question, schema};

/// The tool that says what it is told.
pub const ECHO: &str = "echo";

/// What a run has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub result: Value,
    pub steps: Value,
}

/// Whether there is such a tool and the input fits it.
pub fn fits(tool: &str, input: &Value) -> Result<(), ToolError> {
    if tool == ECHO {
        return Ok(());
    }
    schema::check(&(Tool::named(tool)?.arguments)(), input).map_err(ToolError::Arguments)
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
        let scope = Scope { tenant: tenant.clone(), sources: self.sources.to_vec(), now };
        let (step, found) = self.step(&scope, tool, input.clone()).await?;
        let Some(Found { lines, count }) = found else { return Ok(Err(step.error.unwrap_or_default())) };
        let line = |line: &Line| json!({"text": line.text, "event_ids": line.events, "documents": line.documents});
        let lines: Vec<Value> = lines.iter().map(line).collect();
        Ok(Ok(Done { result: json!({"lines": lines, "found": count}), steps: json!([step]) }))
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
