//! Questions answered from what the installation knows, with tools that only read.
//!
//! In order: [`asked`] reads a question by its words; [`rules`] chooses tools and tells what they found. Where
//! `AGENT_PLANNER_MODE` is `llm` and a model is set up, [`model`] has it choose the tools and word the answer, which then has
//! to hold: what it says is proved by lines that tools returned. Whatever fails on the way, rules answer, and `why` says so.
//!
//! Every answer names the events and documents that it rests on. Nothing here writes, and nothing that a model says
//! decides about anything.

mod asked;
pub mod conversations;
mod fetch;
mod held;
pub mod jobs;
mod model;
mod prompts;
pub mod proposals;
mod rules;
pub mod schema;
mod summary;
pub mod tools;
mod window;
mod wishes;
mod words;

use std::sync::Arc;

use boot::settings::{AskSettings, ModelSettings, Planner};
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use domain::inert::inert;
use knowledge::Knowledge;
use models::{Models, Reply};
use serde::Serialize;
use serde_json::Value;
use store::conversations::Message;
use store::{Connection, Store, StoreError, catalogs, services};
use uuid::Uuid;

use asked::{Asked, Known};
use model::{Asking, Failed};
use proposals::Candidate;
use rules::Planned;
use tools::{Document, Found, Line, Reach, Scope, Tool, ToolError};

/// Services that a question may name.
const MOST_SERVICES: i64 = 2_000;
/// Events that an answer names.
const MOST_CITATIONS: usize = 50;
const MODEL_NAME: usize = 80;
/// Why rules answered a run that broke off.
const BEGUN: &str = "the run broke off while a model may have been asked; it is not asked again";
/// Why rules answered where nobody wanted anything else.
const BY_SETTING: &str = "the planner works by rules (AGENT_PLANNER_MODE)";

/// Who worded an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Model,
    Rules,
}

/// A question, and by whom.
#[derive(Clone, Debug)]
pub struct Question {
    pub tenant: TenantId,
    pub text: String,
    /// What was said before it in the same conversation, oldest first.
    pub before: Vec<Message>,
    /// The conversation: what its answers cost is counted for it.
    pub session: Uuid,
    /// What marks data in prompts: nobody may guess it.
    pub random: u128,
    pub now: DateTime<Utc>,
}

/// A tool that was used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    pub tool: String,
    pub arguments: Value,
    /// How many things it found.
    pub found: usize,
    /// Why it found nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What models were asked for an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    pub model: String,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_micro_usd: i64,
}

impl Spent {
    fn add(&mut self, reply: &Reply) {
        self.model = inert(&reply.model, MODEL_NAME);
        self.input_tokens += reply.tokens.input;
        self.output_tokens += reply.tokens.output;
        self.cost_micro_usd += reply.cost_micro_usd;
    }
}

/// An answer, with what proves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Plain text, a line for each thing. Who shows it makes it harmless.
    pub lines: Vec<Line>,
    pub steps: Vec<Step>,
    pub by: By,
    /// Why rules answered.
    pub why: Option<String>,
    /// What models were asked for it, whoever worded it in the end.
    pub spent: Option<Spent>,
}

impl Answer {
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The events that it rests on, in the order of its lines.
    pub fn citations(&self) -> Vec<Uuid> {
        let mut all: Vec<Uuid> = Vec::new();
        for event in self.lines.iter().flat_map(|line| &line.events) {
            if !all.contains(event) && all.len() < MOST_CITATIONS {
                all.push(*event);
            }
        }
        all
    }

    pub fn documents(&self) -> Vec<Document> {
        let mut all: Vec<Document> = Vec::new();
        for document in self.lines.iter().flat_map(|line| &line.documents) {
            if !all.contains(document) {
                all.push(document.clone());
            }
        }
        all
    }
}

/// Answers questions. Cheap to clone.
#[derive(Clone)]
pub struct Ask {
    reach: Reach,
    models: Models,
    sources: Arc<[String]>,
    planner: Planner,
    /// Hosts that runs of agents may fetch from.
    fetch_allow: Arc<[String]>,
    /// Tokens of a conversation that a prompt holds.
    token_budget: u32,
}

impl Ask {
    /// `store` works as the application; `sources` are the names of all integrations.
    pub fn of(
        store: Store,
        models: Models,
        knowledge: Knowledge,
        sources: impl IntoIterator<Item = String>,
        (settings, model_settings): (&AskSettings, &ModelSettings),
    ) -> Self {
        let reach = Reach { store, knowledge };
        let sources = sources.into_iter().collect();
        let fetch_allow = settings.fetch_allow.iter().cloned().collect();
        let (planner, token_budget) = (settings.planner, model_settings.token_budget);
        Self { reach, models, sources, planner, fetch_allow, token_budget }
    }

    /// Answers.
    pub async fn answer(&self, question: &Question) -> Result<Answer, StoreError> {
        self.answer_or_propose(question, false).await.map(|(answer, _)| answer)
    }

    /// Answers, with what the model wants proposed where it may want something.
    pub(crate) async fn answer_or_propose(
        &self,
        question: &Question,
        may_propose: bool,
    ) -> Result<(Answer, Vec<Candidate>), StoreError> {
        let scope = Scope { tenant: question.tenant.clone(), sources: self.sources.to_vec(), now: question.now };
        if self.planner == Planner::Rules {
            return Ok((self.by_rules(question, &scope, BY_SETTING.to_owned()).await?, Vec::new()));
        }
        let mut asking = Asking::new(self, question, &scope).proposing(may_propose);
        let answered = asking.answer().await;
        let wishes = asking.wishes();
        let (steps, spent) = (asking.steps, asking.spent);
        let mut answer = match answered {
            Ok(lines) => Answer { lines, steps, by: By::Model, why: None, spent },
            Err(Failed::Store(error)) => return Err(error),
            Err(Failed::Why(why)) => Answer { spent, ..self.by_rules(question, &scope, why).await? },
        };
        answer.lines.extend(wishes.iter().map(wishes::told));
        Ok((answer, wishes))
    }

    /// Answers by rule what may have been answered before.
    pub(crate) async fn again(&self, question: &Question) -> Result<Answer, StoreError> {
        let why = if self.planner == Planner::Rules { BY_SETTING } else { BEGUN };
        let scope = Scope { tenant: question.tenant.clone(), sources: self.sources.to_vec(), now: question.now };
        self.by_rules(question, &scope, why.to_owned()).await
    }

    async fn by_rules(&self, question: &Question, scope: &Scope, why: String) -> Result<Answer, StoreError> {
        let known = self.known(scope).await?;
        let before = question.before.iter().rev().find(|message| message.said_by == "user");
        let before = before.map(|message| message.text.as_str());
        let asked = Asked::read(&question.text, before, &known, question.now);
        let (mut steps, mut all) = (Vec::new(), Vec::new());
        for Planned { tool, arguments } in rules::plan(&asked) {
            let (step, found) = self.step(scope, tool, arguments).await?;
            steps.push(step);
            all.extend(found);
        }
        Ok(Answer { lines: rules::answer(&asked, &all), steps, by: By::Rules, why: Some(why), spent: None })
    }

    /// Uses one tool. What it cannot do is told in the step.
    async fn step(&self, scope: &Scope, name: &str, arguments: Value) -> Result<(Step, Option<Found>), StoreError> {
        let done = match Tool::named(name) {
            Ok(tool) => tool.run(&self.reach, scope, arguments.clone()).await,
            Err(unknown) => Err(unknown),
        };
        let (found, error) = match done {
            Ok(found) => (Some(found), None),
            Err(ToolError::Store(error)) => return Err(error),
            Err(refused) => (None, Some(refused.to_string())),
        };
        let count = found.as_ref().map_or(0, |found| found.count);
        Ok((Step { tool: name.to_owned(), arguments, found: count, error }, found))
    }

    async fn known(&self, scope: &Scope) -> Result<Known, StoreError> {
        let tenant = scope.tenant.clone();
        let look = move |conn: &mut Connection| {
            let catalog = catalogs::current(conn, &tenant)?;
            let given: Vec<String> = catalog.services().map(str::to_owned).collect();
            let services = services::names(conn, &tenant, &given, "", MOST_SERVICES)?;
            Ok(Known { services, teams: catalog.teams().map(|team| team.name.to_owned()).collect() })
        };
        self.reach.store.look("ask_known", look).await
    }
}
