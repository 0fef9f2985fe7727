//! What is written down of calls: held, settled or given back, the row of each, the answers that are kept, and what people are
//! told of budgets. A database that does not answer holds nothing: then no model is asked.

use std::error::Error;
use std::time::Duration;

use boot::ModelSettings;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use serde_json::{Value, json};
use store::budgets::{self, Standing};
use store::llm_calls::{self, LlmCall};
use store::slack_messages::{Note, say};
use store::{Connection, StoreError, model_cache};
use uuid::Uuid;

use crate::asking::Job;
use crate::levels::{self, Caller, Level, Zones};
use crate::{Finish, Reply, SetUp, Tokens, Unanswered, windows};

/// Holds outlive the deadline of their call by so much.
const GRACE: Duration = Duration::from_secs(60);

/// What is held for a call.
#[derive(Debug)]
pub(crate) struct Held {
    call: Uuid,
    levels: Vec<Level>,
}

impl SetUp {
    /// Holds what a call may cost at worst (millionths of a US dollar, tokens) against every budget that it counts for.
    pub(crate) async fn hold(
        &self,
        job: &Job<'_>,
        call: Uuid,
        (micro_usd, tokens): (i64, i64),
        left: Duration,
    ) -> Result<Held, Unanswered> {
        let now = (self.clock)();
        let until = now + TimeDelta::from_std(left + GRACE).unwrap_or(TimeDelta::MAX);
        let (settings, tenant, purpose) = (self.settings.clone(), job.tenant.clone(), job.purpose);
        let session = job.session.map(str::to_owned);
        let holding = move |conn: &mut Connection| {
            let zones = zones(conn, tenant.as_str())?;
            let caller = Caller { tenant: tenant.as_str(), purpose: purpose.as_str(), session: session.as_deref() };
            let levels = levels::of(&settings, caller, zones, now);
            let lines: Vec<_> = levels.iter().map(|level| level.line(micro_usd, tokens)).collect();
            let Err((place, standing)) = budgets::hold(conn, call, &lines, (now, until))? else {
                return Ok(Ok(levels));
            };
            let level = &levels[place];
            if level.is_told() && standing.told < 100 {
                store::transaction(conn, |conn| tell(conn, &settings, level, (100, standing), now))?;
            }
            Ok(Err(level.scope))
        };
        match self.store.call("budget_hold", holding).await {
            Ok(Ok(levels)) => Ok(Held { call, levels }),
            Ok(Err(scope)) => Err(Unanswered::Budget { scope }),
            Err(error) => {
                tracing::error!(error = &error as &dyn Error, "no budget can be held: no model is asked");
                Err(Unanswered::Failed { why: "the database did not answer, so no budget could be held".to_owned() })
            }
        }
    }

    /// Writes what a call used, and keeps its answer.
    pub(crate) async fn settle(&self, job: &Job<'_>, held: Held, row: LlmCall, keep: Option<Reply>) {
        let now = (self.clock)();
        let (settings, tenant) = (self.settings.clone(), job.tenant.clone());
        let kept = job.cache_key.map(str::to_owned).zip(keep);
        let tokens = row.input_tokens + row.output_tokens;
        let settling = move |conn: &mut Connection| {
            let spent: Vec<_> =
                held.levels.iter().map(|level| (level.key.clone(), level.amount(row.cost_micro_usd, tokens))).collect();
            let standings = budgets::settle(conn, held.call, &spent, now)?;
            llm_calls::add(conn, &tenant, &row)?;
            for (level, standing) in held.levels.iter().zip(standings) {
                if let Some(percent) = level.due(standing) {
                    tell(conn, &settings, level, (percent, standing), now)?;
                }
            }
            match kept {
                Some((key, reply)) => model_cache::keep(conn, &tenant, (&row.model, &key), &form(&reply), now),
                None => Ok(()),
            }
        };
        let settled = self.store.call("budget_settle", move |conn| store::transaction(conn, settling)).await;
        self.complain(settled, "what a call cost is not written down");
    }

    /// A call cost nothing: there was no answer.
    pub(crate) async fn give_back(&self, job: &Job<'_>, held: Held, row: LlmCall) {
        let tenant = job.tenant.clone();
        let back = move |conn: &mut Connection| {
            budgets::release(conn, held.call)?;
            llm_calls::add(conn, &tenant, &row)
        };
        let given = self.store.call("budget_release", move |conn| store::transaction(conn, back)).await;
        self.complain(given, "what was held for a call that failed stays held for a minute");
    }

    /// Writes the row of a call that used nothing.
    pub(crate) async fn note(&self, job: &Job<'_>, row: LlmCall) {
        let tenant = job.tenant.clone();
        let noted = self.store.call("llm_call_add", move |conn| llm_calls::add(conn, &tenant, &row)).await;
        self.complain(noted, "a call is not written down");
    }

    /// The answer that was kept for such a call.
    pub(crate) async fn find_kept(&self, job: &Job<'_>, model: &str) -> Option<Reply> {
        let key = job.cache_key?.to_owned();
        let (tenant, model, now) = (job.tenant.clone(), model.to_owned(), (self.clock)());
        let find = move |conn: &mut Connection| model_cache::find(conn, &tenant, (&model, &key), now);
        self.store.call("model_cache_find", find).await.ok().flatten().and_then(|form| reply(&form))
    }

    fn complain(&self, result: Result<(), StoreError>, what: &'static str) {
        if let Err(error) = result {
            tracing::error!(error = &error as &dyn Error, "{what}");
        }
    }
}

/// The zones of a tenant and of the installation, which keeps the tenant `default`'s.
pub(crate) fn zones(conn: &mut Connection, tenant: &str) -> Result<Zones, StoreError> {
    let own = windows::zone(budgets::zone(conn, tenant)?.as_deref());
    let default = TenantId::default();
    let installation = match tenant == default.as_str() {
        true => own,
        false => windows::zone(budgets::zone(conn, default.as_str())?.as_deref()),
    };
    Ok(Zones { installation, tenant: own })
}

/// Tells people of a threshold, once for each window, where Slack is set up.
fn tell(
    conn: &mut Connection,
    settings: &ModelSettings,
    level: &Level,
    (percent, standing): (i32, Standing),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if !budgets::tell(conn, &level.key, percent)? {
        return Ok(());
    }
    let key = &level.key;
    tracing::warn!(tenant = key.tenant, scope = key.scope, period = key.period, percent, "a budget for models is used");
    let Some(place) = &settings.told_in else { return Ok(()) };
    let message = json!({"text": level.words(percent, standing)});
    let name = format!("budget:{}:{}:{}:{percent}", key.scope, key.period, key.unit);
    // What is everybody's is said in the name of the tenant that there always is.
    let tenant = key.tenant.parse().unwrap_or_default();
    say(conn, &tenant, Note { key: &name, place, thread_ts: None, message: &message }, now)?;
    Ok(())
}

/// An answer as it is kept.
fn form(reply: &Reply) -> Value {
    let Tokens { input, cached, output, reasoning } = reply.tokens;
    json!({"text": reply.text, "model": reply.model, "tokens": [input, cached, output, reasoning]})
}

fn reply(form: &Value) -> Option<Reply> {
    let count = |place: usize| form["tokens"][place].as_i64().unwrap_or_default();
    Some(Reply {
        text: form["text"].as_str()?.to_owned(),
        calls: Vec::new(),
        finish: Finish::Done,
        model: form["model"].as_str()?.to_owned(),
        provider: "",
        tokens: Tokens { input: count(0), cached: count(1), output: count(2), reasoning: count(3) },
        cost_micro_usd: 0,
        cached: true,
        call_id: Uuid::nil(),
    })
}
