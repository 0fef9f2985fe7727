//! What the tenant used today of what it may: messages, searches, and language models.

use actix_web::HttpResponse;
use boot::settings::usd;
use chrono::{NaiveDate, Utc};
use models::Budget;
use serde::Serialize;
use serde_json::{Number, json};
use store::usage::{RAG_SEARCHES, SLACK_POSTS};
use store::{Connection, StoreError};
use utoipa::ToSchema;

use crate::access::{Caller, Viewer};
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::state::{Shared, State};

/// What was used of a limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counted {
    used: i64,
    limit: u32,
}

/// What was asked of models for one purpose.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForPurpose {
    /// `digest`, `extract`, `answer`, `plan`, `summarize` or `embed`.
    purpose: String,
    requests: i64,
    tokens: i64,
    #[schema(value_type = f64)]
    cost_usd: Number,
}

/// A budget in the window that is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BudgetUse {
    /// `day` or `month` (of the installation), `tenant` or `purpose`.
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    /// `2026-11-22` or `2026-11`.
    period: String,
    /// `usd` or `tokens`.
    unit: &'static str,
    #[schema(value_type = f64)]
    used: Number,
    #[schema(value_type = f64)]
    limit: Number,
}

/// Language models.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelUse {
    /// The day in the time zone of the tenant's catalog.
    day: String,
    requests: i64,
    /// Of input and output together.
    tokens: i64,
    #[schema(value_type = f64)]
    cost_usd: Number,
    /// What a day may cost at most: the lowest cap of the installation and the tenant.
    #[schema(value_type = f64)]
    budget_usd: Number,
    by_purpose: Vec<ForPurpose>,
    budgets: Vec<BudgetUse>,
}

/// What the tenant used today.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// The day (UTC) of messages and searches.
    day: NaiveDate,
    slack_posts: Counted,
    searches: Counted,
    llm: ModelUse,
}

/// What the tenant used today, and what it may.
#[utoipa::path(get, path = "/v1/usage", tag = "operations",
    responses(
    (status = 200, body = Usage),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn today(caller: Caller<Viewer>, state: Shared, _: NoQuery) -> Result<HttpResponse, Problem> {
    let (day, slack_posts, searches) = counted(&caller, &state).await?;
    let used = models::usage(&state.settings.models, &state.store, &caller.tenant, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(Usage { day, slack_posts, searches, llm: ModelUse::of(used) }))
}

/// The day's messages and searches, for clients of EM Agent 1.
#[utoipa::path(get, path = "/v1/metrics/quotas", tag = "metrics",
    responses(
    (status = 200, body = serde_json::Value),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn quotas(caller: Caller<Viewer>, state: Shared, _: NoQuery) -> Result<HttpResponse, Problem> {
    let (_, slack_posts, searches) = counted(&caller, &state).await?;
    let limits = json!({"max_daily_slack_posts": slack_posts.limit, "max_daily_rag_searches": searches.limit});
    let quota = json!({"slack_posts": slack_posts.used, "rag_searches": searches.used, "limits": limits});
    Ok(HttpResponse::Ok().json(json!({"ok": true, "quota": quota})))
}

async fn counted(caller: &Caller<Viewer>, state: &State) -> Result<(NaiveDate, Counted, Counted), StoreError> {
    let (tenant, day) = (caller.tenant.clone(), Utc::now().date_naive());
    let read = move |conn: &mut Connection| {
        let used = |conn: &mut Connection, what| store::usage::used(conn, &tenant, (day, what));
        Ok((used(conn, SLACK_POSTS)?, used(conn, RAG_SEARCHES)?))
    };
    let (posts, searches) = state.store.call("usage_today", read).await?;
    let posts = Counted { used: posts, limit: state.settings.slack.max_daily_posts };
    let searches = Counted { used: searches, limit: state.settings.knowledge.max_daily_searches };
    Ok((day, posts, searches))
}

impl ModelUse {
    fn of(usage: models::Usage) -> Self {
        let models::Usage { day, by_purpose, budget_micro_usd, budgets } = usage;
        let sum = |of: fn(&store::llm_calls::Used) -> i64| by_purpose.iter().map(of).sum::<i64>();
        Self {
            day: day.name,
            requests: sum(|used| used.requests),
            tokens: sum(|used| used.input_tokens + used.output_tokens),
            cost_usd: dollars(sum(|used| used.cost_micro_usd)),
            budget_usd: dollars(budget_micro_usd),
            budgets: budgets.into_iter().map(BudgetUse::of).collect(),
            by_purpose: by_purpose.into_iter().map(ForPurpose::of).collect(),
        }
    }
}

impl ForPurpose {
    fn of(used: store::llm_calls::Used) -> Self {
        Self {
            requests: used.requests,
            tokens: used.input_tokens + used.output_tokens,
            cost_usd: dollars(used.cost_micro_usd),
            purpose: used.purpose,
        }
    }
}

impl BudgetUse {
    fn of(budget: Budget) -> Self {
        let Budget { scope, purpose, period, unit, used, most } = budget;
        let amount = |amount: i64| if unit == "usd" { dollars(amount) } else { amount.into() };
        Self { scope, purpose, period, unit, used: amount(used), limit: amount(most) }
    }
}

/// Dollars as a number of JSON, to the millionth.
fn dollars(micro_usd: i64) -> Number {
    usd(micro_usd).parse().unwrap_or_else(|_| Number::from(0))
}
