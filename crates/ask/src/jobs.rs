//! Runs of agents, as a worker does them: one tool, or a question, or a wish that becomes proposals.

use boot::settings::Planner;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde_json::{Value, json};
use store::StoreError;
use uuid::Uuid;

use crate::fetch::{self, Fetching};
use crate::proposals::Candidate;
use crate::summary::{self, worded::Wording};
use crate::tools::{Found, Line, Scope, Tool, ToolError};
use crate::{Answer, Ask, BEGUN, BY_SETTING, By, Question, schema};

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
    /// What is to be proposed. Only a model asks for it here.
    pub wishes: Vec<Candidate>,
}

/// A run on its way.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub tenant: &'a TenantId,
    pub job: Uuid,
    /// A model may be asked; a run that was begun before is not paid twice.
    pub spends: bool,
    /// Whoever started it may propose.
    pub may_propose: bool,
    pub now: DateTime<Utc>,
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

/// Whether a model may be asked for what a tool does.
pub fn may_spend(tool: &str) -> bool {
    tool == SUMMARIZE
}

impl Done {
    fn of(tool: &str, input: &Value, result: Value) -> Self {
        Self { result, steps: json!([{"tool": tool, "arguments": input, "found": 1}]), wishes: Vec::new() }
    }
}

impl Ask {
    /// Uses one tool. `Err` inside: why it cannot, for who asked.
    pub async fn use_tool(
        &self,
        run: Run<'_>,
        (tool, input): (&str, &Value),
    ) -> Result<Result<Done, String>, StoreError> {
        if tool == ECHO {
            return Ok(Ok(Done::of(ECHO, input, input.clone())));
        }
        if matches!(tool, FETCH | SUMMARIZE) {
            if let Err(refused) = fits(tool, input) {
                return Ok(Err(refused.to_string()));
            }
            return Ok(self.text_tool(run, tool, input).await);
        }
        let scope = Scope { tenant: run.tenant.clone(), sources: self.sources.to_vec(), now: run.now };
        let (step, found) = self.step(&scope, tool, input.clone()).await?;
        let Some(Found { lines, count }) = found else { return Ok(Err(step.error.unwrap_or_default())) };
        let line = |line: &Line| json!({"text": line.text, "event_ids": line.events, "documents": line.documents});
        let lines: Vec<Value> = lines.iter().map(line).collect();
        let result = json!({"lines": lines, "found": count});
        Ok(Ok(Done { result, steps: json!([step]), wishes: Vec::new() }))
    }

    /// Fetches, or makes short.
    async fn text_tool(&self, run: Run<'_>, tool: &str, input: &Value) -> Result<Done, String> {
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
            self.summary(run, &text, most.unwrap_or(summary::USUAL)).await
        };
        Ok(Done::of(tool, input, result))
    }

    /// Makes a text short: by a model where one may be asked and its words hold, else by rule.
    async fn summary(&self, run: Run<'_>, text: &str, most: usize) -> Value {
        let mut wording = Wording {
            models: &self.models,
            tenant: run.tenant,
            session: run.job.to_string(),
            random: Uuid::new_v4().as_u128(),
            now: run.now,
            spent: None,
        };
        let worded = match (self.planner, run.spends) {
            (Planner::Rules, _) => Err(BY_SETTING.to_owned()),
            (Planner::Llm, false) => Err(BEGUN.to_owned()),
            (Planner::Llm, true) => wording.word(text, most).await,
        };
        let spent = wording.spent;
        match worded {
            Ok(summary) => json!({"summary": summary, "generated_by": By::Model, "why": null, "spent": spent}),
            Err(why) => {
                let summary = summary::extract(text, Some(most)).join(" ");
                json!({"summary": summary, "generated_by": By::Rules, "why": why, "spent": spent})
            }
        }
    }

    /// Answers a question.
    pub async fn run(&self, run: Run<'_>, question: &str) -> Result<Done, StoreError> {
        let question = Question {
            tenant: run.tenant.clone(),
            text: question.to_owned(),
            before: Vec::new(),
            session: run.job,
            random: Uuid::new_v4().as_u128(),
            now: run.now,
        };
        let (answer, wishes) = if run.spends {
            self.answer_or_propose(&question, run.may_propose).await?
        } else {
            (self.again(&question).await?, Vec::new())
        };
        Ok(Done { result: told(&answer), steps: json!(answer.steps), wishes })
    }
}
