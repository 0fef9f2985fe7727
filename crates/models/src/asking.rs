//! One call from its beginning to its end: the models that may answer one after the other; of each what is kept, else what it
//! costs at worst is held, it is asked, and what it really cost is written down.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use store::llm_calls::LlmCall;
use tokio::time::Instant;
use uuid::Uuid;

use crate::books::Held;
use crate::provider::{Answer, Ask};
use crate::table::Prices;
use crate::targets::Target;
use crate::troubles::Trouble;
use crate::{Finish, Purpose, Reply, SetUp, Tokens, Unanswered, estimate, telemetry};

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) purpose: Purpose,
    pub(crate) session: Option<&'a str>,
    pub(crate) prompt: &'a str,
    pub(crate) ask: Ask<'a>,
    /// Tokens that it sends, estimated.
    pub(crate) input: i64,
    pub(crate) most_output: u32,
    pub(crate) cache_key: Option<&'a str>,
}

impl Job<'_> {
    /// What a model must take at once: texts that are embedded are taken one by one.
    fn longest(&self) -> i64 {
        match self.ask {
            Ask::Chat(_) => self.input,
            Ask::Texts(texts) => texts.iter().map(|text| estimate::tokens(text)).max().unwrap_or_default(),
        }
    }
}

/// Until when a model may be tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    /// Another model can be asked after it.
    pub(crate) has_more: bool,
}

/// What a job brought.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Brought {
    pub(crate) reply: Reply,
    pub(crate) vectors: Vec<Vec<f32>>,
}

/// One model's part in a job.
struct Turn<'a> {
    target: &'a Target,
    prices: Prices,
    began_at: DateTime<Utc>,
    began: Instant,
    id: Uuid,
}

impl SetUp {
    /// Does a job with the first model that can. The first trouble is what is told, where none could.
    pub(crate) async fn answer(&self, job: &Job<'_>) -> Result<Brought, Unanswered> {
        let route = self.targets.route(job.purpose);
        let (began, most) = (Instant::now(), self.settings.timeout);
        let mut told = None;
        for (place, target) in route.iter().enumerate() {
            let has_more = place + 1 < route.len();
            // Whoever comes after needs some of the time.
            let at = began + if has_more { most * 2 / 3 } else { most };
            match self.turn(target, job, Deadline { at, has_more }).await {
                Err(full @ Unanswered::Budget { .. }) => return Err(full),
                Err(other) => told = told.or(Some(other)),
                brought => return brought,
            }
        }
        Err(told.unwrap_or(Unanswered::Off))
    }

    async fn turn(&self, target: &Target, job: &Job<'_>, deadline: Deadline) -> Result<Brought, Unanswered> {
        let prices = target.prices.ok_or_else(|| Unanswered::NoPrice { model: target.model.name.clone() })?;
        let turn = Turn { target, prices, began_at: (self.clock)(), began: Instant::now(), id: Uuid::now_v7() };
        if let Some(kept) = self.kept(&turn, job).await {
            return Ok(kept);
        }
        let output = i64::from(target.most_output(job.most_output, job.longest()));
        if job.longest() + output > i64::from(target.abilities.context) {
            telemetry::count(target, Trouble::TooLong.as_str(), 0.0);
            return Err(Unanswered::TooLong);
        }
        let worst = (prices.worst(job.input, output), job.input + output);
        let left = deadline.at.saturating_duration_since(Instant::now());
        let held =
            self.hold(job, turn.id, worst, left).await.inspect_err(|_| telemetry::count(target, "budget", 0.0))?;
        let (tries, result) = self.tries(target, job, deadline).await;
        match result {
            Ok(answer) => self.answered(&turn, job, held, (tries, answer)).await,
            Err(trouble) => Err(self.failed(&turn, job, held, (tries, trouble)).await),
        }
    }

    /// Gives an answer again that was kept.
    async fn kept(&self, turn: &Turn<'_>, job: &Job<'_>) -> Option<Brought> {
        let kept = self.find_kept(job, &turn.target.model.name).await?;
        telemetry::count(turn.target, "cached", turn.began.elapsed().as_secs_f64());
        self.note(job, turn.row(job, ("cached", 0))).await;
        let reply =
            Reply { cost_micro_usd: 0, cached: true, call_id: turn.id, provider: turn.target.provider(), ..kept };
        Some(Brought { reply, vectors: Vec::new() })
    }

    async fn answered(
        &self,
        turn: &Turn<'_>,
        job: &Job<'_>,
        held: Held,
        (tries, answer): (u32, Answer),
    ) -> Result<Brought, Unanswered> {
        let tokens = answer.tokens.unwrap_or_else(|| guessed(job, &answer));
        let cost = turn.prices.cost(tokens);
        let status = status(answer.finish);
        let row = LlmCall {
            input_tokens: tokens.input,
            cached_tokens: tokens.cached,
            output_tokens: tokens.output,
            reasoning_tokens: tokens.reasoning,
            estimated: answer.tokens.is_none(),
            cost_micro_usd: cost,
            ..turn.row(job, (status, tries))
        };
        let reply = Reply {
            text: answer.text,
            calls: answer.calls,
            finish: answer.finish,
            model: answer.model,
            provider: turn.target.provider(),
            tokens,
            cost_micro_usd: cost,
            cached: false,
            call_id: turn.id,
        };
        telemetry::count(turn.target, status, turn.began.elapsed().as_secs_f64());
        telemetry::count_use(turn.target, job.purpose, tokens, cost);
        let keep = (reply.finish == Finish::Done && answer.vectors.is_empty()).then(|| reply.clone());
        self.settle(job, held, row, keep).await;
        if reply.finish == Finish::Refused {
            return Err(Unanswered::Refused);
        }
        Ok(Brought { reply, vectors: answer.vectors })
    }

    async fn failed(&self, turn: &Turn<'_>, job: &Job<'_>, held: Held, (tries, trouble): (u32, Trouble)) -> Unanswered {
        let (model, status) = (&turn.target.model.name, trouble.as_str());
        telemetry::count(turn.target, status, turn.began.elapsed().as_secs_f64());
        tracing::warn!(model, status, tries, purpose = job.purpose.as_str(), "a model gave no answer");
        self.give_back(job, held, turn.row(job, (status, tries))).await;
        match trouble {
            Trouble::TooLong => Unanswered::TooLong,
            Trouble::Filtered => Unanswered::Refused,
            other => Unanswered::Failed { why: format!("{model}: {}", other.words()) },
        }
    }
}

impl Turn<'_> {
    /// Its row, without what it used.
    fn row(&self, job: &Job<'_>, (status, tries): (&str, u32)) -> LlmCall {
        LlmCall {
            id: self.id,
            created_at: self.began_at,
            purpose: job.purpose.as_str().to_owned(),
            model: self.target.model.name.clone(),
            provider: self.target.provider().to_owned(),
            prompt: job.prompt.to_owned(),
            session: job.session.map(str::to_owned),
            input_tokens: 0,
            cached_tokens: 0,
            output_tokens: 0,
            reasoning_tokens: 0,
            estimated: false,
            cost_micro_usd: 0,
            price_version: self.target.price_version.to_owned(),
            latency_ms: milliseconds(self.began.elapsed()),
            tries: i32::try_from(tries).unwrap_or(i32::MAX),
            status: status.to_owned(),
            cache_key: job.cache_key.map(str::to_owned),
            trace_id: telemetry::trace_id(),
        }
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn status(finish: Finish) -> &'static str {
    match finish {
        Finish::Done | Finish::ToolCalls => "ok",
        Finish::CutOff => "cut_off",
        Finish::Refused => "refused",
    }
}

/// What was used where the provider does not say: rather too much, and no more than was held.
fn guessed(job: &Job<'_>, answer: &Answer) -> Tokens {
    let calls: i64 = answer.calls.iter().map(|call| estimate::tokens(&call.arguments.to_string())).sum();
    let output = (estimate::tokens(&answer.text) + calls).min(i64::from(job.most_output));
    Tokens { input: job.input, cached: 0, output, reasoning: 0 }
}
