//! `em-agent eval`: digests of bundles that we know, made and scored: by rule, or by the model that is set up.

use std::sync::Arc;

use chrono::Utc;
use clap::Args;
use domain::ids::TenantId;
use models::Models;
use store::Role;
use summaries::scores::{Report, Thresholds, report, score};
use summaries::{compose, goldens};

use crate::failure::Failure;
use crate::{connections, settings};

/// Make digests of known bundles and score them: what they cite, their numbers, what they leave out
///
/// Fails when one is not good enough. Without --live nobody is asked: what is scored are the words of rules.
#[derive(Args)]
#[command(after_help = "Examples:\n  em-agent eval\n  em-agent eval --live\n  em-agent eval --json")]
pub(crate) struct Eval {
    /// Ask the model that is set up; it costs what thirty digests cost. Budgets hold as ever: DATABASE_URL is where they are kept
    #[arg(long)]
    live: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Eval {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let models = if self.live { set_up()? } else { Models::off() };
        let report = scored(&models).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print!("{}", told(&report, self.live));
        }
        for line in &report.missed {
            eprintln!("em-agent: {line}");
        }
        if report.missed.is_empty() { Ok(()) } else { Err(Failure::Told) }
    }
}

fn set_up() -> Result<Models, Failure> {
    let settings = settings::load_for_tool()?;
    let why =
        "postgresql://user:password@host/database: it keeps the budgets that a model is asked within, and what it cost";
    let url = settings::database_url(&settings).map_err(|_| Failure::needs("DATABASE_URL", why))?;
    let store = connections::store(&settings, &url, Role::App)?;
    let models = Models::of(&settings.models, store, Arc::new(Utc::now))?;
    if models.is_on() { Ok(models) } else { Err(Failure::needs("AGENT_LLM_ENABLED", "true, with a provider's key")) }
}

async fn scored(models: &Models) -> Result<Report, Failure> {
    let tenant = TenantId::default();
    let mut scores = Vec::new();
    for golden in goldens::all()? {
        let made = compose(models, &tenant, &golden.material, None, &mut rand::rng()).await;
        scores.push(score(&golden, &made));
    }
    Ok(report(scores, Thresholds::default()))
}

/// A report that can be kept: when it was made, of which prompt, and what it cost.
fn told(report: &Report, is_live: bool) -> String {
    let whose = if is_live { "by the model that is set up" } else { "by rule" };
    let date = Utc::now().format("%Y-%m-%d");
    let reasons =
        report.scores.iter().filter_map(|one| one.why.as_ref().filter(|_| is_live).map(|why| (&one.name, why)));
    let by_rule: String = reasons.map(|(name, why)| format!("{name} was made by rule: {why}\n")).collect();
    let cost = report.cost_micro_usd as f64 / 1e6;
    let head = format!("Digests {whose}, {date}, prompt {}, {cost:.4} USD\n", report.prompt);
    format!("{head}\n{}{}{by_rule}", report.table(), if by_rule.is_empty() { "" } else { "\n" })
}
