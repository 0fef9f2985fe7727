//! A model chooses tools and words the answer. In order: it is shown the question and what was said before; it calls tools, a
//! few, whose arguments are held against their schemas; what they found is given back as data; then it words an answer from
//! those lines alone, which has to hold ([`crate::held`]), or is asked once more with what does not. It never sees secrets,
//! addresses of people, or tools that do anything; in a run of an agent it may ask for proposals ([`crate::wishes`]).

use domain::inert::{Fence, inert};
use domain::redaction::Redactor;
use models::prompts::Prompt;
use models::{Call, Message, Purpose, Reply, Said, Schema, ToolCall, Unanswered, estimated_tokens};
use serde_json::{Value, json};
use store::StoreError;

use crate::held::{Seen, schema};
use crate::prompts::{ANSWER, PLAN};
use crate::proposals::{Candidate, MOST_PROPOSALS};
use crate::tools::{Found, Line, Scope, TOOLS};
use crate::wishes::{self, PROPOSE};
use crate::{Ask, Question, Spent, Step, window};

/// Tools that one question uses.
const MOST_STEPS: usize = 6;
/// Lines of all tools together that an answer is worded from.
const MOST_LINES: usize = 80;
const MOST_PLAN_TOKENS: u32 = 800;
const MOST_ANSWER_TOKENS: u32 = 2_000;
/// Of the room for a prompt, how much of it what was said before may take up: one part in so many.
const SHARE_OF_HISTORY: u32 = 4;
const LONGEST_MESSAGE: usize = 4_000;
pub(crate) const ANSWER_SHOWN: usize = 8_000;

/// Why a model's answer is not told.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Rules answer; for people.
    Why(String),
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unanswered> for Failed {
    fn from(why: Unanswered) -> Self {
        Self::Why(why.to_string())
    }
}

/// One question on its way.
pub(crate) struct Asking<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) question: &'a Question,
    pub(crate) scope: &'a Scope,
    redactor: Redactor,
    fence: Fence,
    pub(crate) steps: Vec<Step>,
    found: Vec<Line>,
    /// What it wants proposed. None: it may not.
    wishes: Option<Vec<Candidate>>,
    /// What the calls cost so far. None: nobody answered yet.
    pub(crate) spent: Option<Spent>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(ask: &'a Ask, question: &'a Question, scope: &'a Scope) -> Self {
        let fence = Fence::new(question.random);
        Self {
            ask,
            question,
            scope,
            redactor: Redactor::new(),
            fence,
            steps: Vec::new(),
            found: Vec::new(),
            wishes: None,
            spent: None,
        }
    }

    /// Whether it may ask for proposals.
    pub(crate) fn proposing(self, may: bool) -> Self {
        Self { wishes: may.then(Vec::new), ..self }
    }

    /// What it wants proposed. Of a plan that broke off nothing is.
    pub(crate) fn wishes(&mut self) -> Vec<Candidate> {
        self.wishes.take().unwrap_or_default()
    }

    /// The answer, line by line.
    pub(crate) async fn answer(&mut self) -> Result<Vec<Line>, Failed> {
        if let Err(failed) = self.look().await {
            self.wishes = None;
            return Err(failed);
        }
        if self.found.is_empty() {
            if self.wishes.as_ref().is_some_and(|wishes| !wishes.is_empty()) {
                return Ok(Vec::new());
            }
            return Err(Failed::Why("the model looked nothing up".to_owned()));
        }
        let lines = std::mem::take(&mut self.found);
        let lines =
            lines.into_iter().take(MOST_LINES).map(|line| Line { text: self.redactor.redact(&line.text), ..line });
        let seen = Seen::of(lines.collect::<Vec<_>>());
        self.word(&seen).await
    }

    /// Lets the model use tools until it knows enough.
    async fn look(&mut self) -> Result<(), Failed> {
        let mut messages = vec![message(Said::User, self.asked())];
        let most = if self.wishes.is_some() { MOST_STEPS + MOST_PROPOSALS } else { MOST_STEPS };
        while self.steps.len() < most {
            let reply = self.call(PLAN, Purpose::Plan, messages.clone()).await?;
            if reply.calls.is_empty() {
                return Ok(());
            }
            messages.push(Message {
                calls: reply.calls.clone(),
                ..message(Said::Assistant, inert(&reply.text, ANSWER_SHOWN))
            });
            for call in reply.calls {
                let told = if self.steps.len() < most { self.used(&call).await? } else { "no more tools".to_owned() };
                messages.push(Message { call_id: Some(call.id), ..message(Said::Tool, told) });
            }
        }
        Ok(())
    }

    /// Uses a tool and says what it found, as data.
    async fn used(&mut self, call: &ToolCall) -> Result<String, StoreError> {
        if call.name == PROPOSE && self.wishes.is_some() {
            return Ok(self.wanted(&call.arguments));
        }
        let (step, found) = self.ask.step(self.scope, &call.name, call.arguments.clone()).await?;
        let told = match (&step.error, &found) {
            (Some(error), _) => json!({"error": inert(error, 300)}).to_string(),
            (None, Some(Found { lines, .. })) => {
                let lines: Vec<String> = lines.iter().map(|line| self.redactor.redact(&line.text)).collect();
                lines.join("\n")
            }
            (None, None) => String::new(),
        };
        self.steps.push(step);
        self.found.extend(found.into_iter().flat_map(|found| found.lines));
        Ok(self.fence.around(&told))
    }

    /// Notes what it wants proposed, and says how that stands.
    fn wanted(&mut self, arguments: &Value) -> String {
        let count = self.wishes.as_ref().map_or(0, Vec::len);
        let read = if count < MOST_PROPOSALS {
            wishes::read(&mut self.redactor, arguments)
        } else {
            Err(format!("a run proposes {MOST_PROPOSALS} things at most"))
        };
        let (told, error) = match &read {
            Ok(candidate) => (json!({"noted": wishes::told(candidate).text}), None),
            Err(error) => (json!({"error": inert(error, 300)}), Some(error.clone())),
        };
        let found = usize::from(read.is_ok());
        self.steps.push(Step { tool: PROPOSE.to_owned(), arguments: arguments.clone(), found, error });
        self.wishes.iter_mut().for_each(|wishes| wishes.extend(read.clone().ok()));
        self.fence.around(&told.to_string())
    }

    /// Has the answer worded, and mended once.
    async fn word(&mut self, seen: &Seen) -> Result<Vec<Line>, Failed> {
        let question = self.redactor.redact(&inert(&self.question.text, LONGEST_MESSAGE));
        let data = format!("{}\n{}", json!({"question": question}), seen.told());
        let mut messages = vec![message(Said::User, self.fence.around(&data))];
        let reply = self.call(ANSWER, Purpose::Answer, messages.clone()).await?;
        let faults = match seen.held(&reply.text, self.question.now) {
            Ok(lines) => return Ok(lines),
            Err(faults) => faults,
        };
        let mend = format!("This does not hold:\n- {}\nAnswer again, as a whole.", faults.join("\n- "));
        messages.extend([
            message(Said::Assistant, inert(&reply.text, ANSWER_SHOWN)),
            message(Said::User, self.fence.around(&mend)),
        ]);
        let reply = self.call(ANSWER, Purpose::Answer, messages).await?;
        seen.held(&reply.text, self.question.now).map_err(|faults| Failed::Why(did_not_hold(&faults)))
    }

    /// The question, with what was said before as far as there is room.
    fn asked(&mut self) -> String {
        let room = self.ask.models.room(Purpose::Plan).min(self.ask.token_budget) / SHARE_OF_HISTORY;
        let before = window::newest(&self.question.before, i64::from(room), estimated_tokens);
        let mut lines: Vec<String> = Vec::new();
        for said in before {
            let text = self.redactor.redact(&inert(&said.text, LONGEST_MESSAGE));
            lines.push(json!({"said_by": said.said_by, "text": text}).to_string());
        }
        let question = self.redactor.redact(&inert(&self.question.text, LONGEST_MESSAGE));
        lines.push(json!({"question": question, "now": self.question.now}).to_string());
        self.fence.around(&lines.join("\n"))
    }

    async fn call(&mut self, prompt: Prompt, purpose: Purpose, messages: Vec<Message>) -> Result<Reply, Unanswered> {
        let plans = purpose == Purpose::Plan;
        let marks = format!("\n\nThe marks of this conversation are {} and {}.", self.fence.open(), self.fence.close());
        let tool = |tool: &crate::tools::Tool| models::Tool {
            name: tool.name,
            description: tool.description,
            arguments: (tool.arguments)(),
        };
        let propose = self.wishes.as_ref().map(|_| models::Tool {
            name: PROPOSE,
            description: wishes::DESCRIPTION,
            arguments: wishes::arguments(),
        });
        let call = Call {
            tenant: self.question.tenant.clone(),
            purpose,
            session: Some(self.question.session.to_string()),
            prompt: prompt.version,
            system: prompt.text().to_owned() + &marks,
            messages,
            schema: (!plans).then(|| Schema { name: "answer", json: schema() }),
            tools: if plans { TOOLS.iter().map(tool).chain(propose).collect() } else { Vec::new() },
            most_output_tokens: if plans { MOST_PLAN_TOKENS } else { MOST_ANSWER_TOKENS },
            cache_key: None,
        };
        let reply = self.ask.models.ask(call).await?;
        self.spent.get_or_insert_default().add(&reply);
        Ok(reply)
    }
}

/// In our words: what stands in a fault's brackets is the model's.
pub(crate) fn did_not_hold(faults: &[String]) -> String {
    let first = faults.first().and_then(|fault| fault.split(" (").next()).unwrap_or("it could not be read");
    format!("the answer did not hold: {}", inert(first, 200))
}

pub(crate) fn message(by: Said, text: String) -> Message {
    Message { by, text, calls: Vec::new(), call_id: None }
}
