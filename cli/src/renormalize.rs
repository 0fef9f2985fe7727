//! `em-agent renormalize`: shows what today's code would read otherwise in stored deliveries, and has it changed.
//!
//! The report is made here, by a walk that writes nothing. With `--apply` the same is queued as a job, which a worker
//! does; this command waits for its end, and the job goes on without it.

mod print;
mod wait;

use std::time::{Duration, Instant};

use ::worker::Reading;
use ::worker::renormalize::{Report, Survey, ask};
use chrono::{DateTime, Utc};
use clap::Args;
use domain::ids::TenantId;
use store::jobs::{Job, Renormalize as Asked};
use store::{Role, Store};

use crate::failure::Failure;
use crate::replay::time;
use crate::send::source;
use crate::{connections, plugins, settings};

/// How often a long walk says how far it is.
const WORD_EVERY: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
Examples:
  em-agent renormalize --source github --from 2026-11-01
  em-agent renormalize --source github --from 2026-11-01 --to 2026-11-08T12:00:00Z --json
  em-agent renormalize --from 2026-11-01 --apply
  em-agent renormalize --source github --from 2026-11-01 --all --apply   after other rules were set";

/// Show what stored deliveries would mean if they came today, and apply it
///
/// Looks at deliveries that another version of their source's mapping has read. Prints which events would be added,
/// removed and altered, and changes nothing. With --apply a worker then changes exactly those, and only they are
/// processed again; the result is as if each delivery had been read so at first. Needs DATABASE_URL, and the
/// rules (PRODUCTION_PATTERNS, …) that gateways and workers have.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Renormalize {
    /// Only of this source; every source when left out
    #[arg(long)]
    source: Option<String>,
    /// Received at or after this time (RFC 3339, or a date)
    #[arg(long, value_parser = time)]
    from: DateTime<Utc>,
    /// Received before this time (RFC 3339, or a date); now when left out
    #[arg(long, value_parser = time)]
    to: Option<DateTime<Utc>>,
    /// Whose deliveries
    #[arg(long, default_value = TenantId::DEFAULT)]
    tenant: TenantId,
    /// Also look at deliveries that today's mapping has read
    #[arg(long)]
    all: bool,
    /// Examples of each kind of change to each type
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=100))]
    examples: u16,
    /// Change it, and wait until that is done
    #[arg(long)]
    apply: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was asked and what came of it.
struct Outcome {
    tenant: TenantId,
    asked: Asked,
    report: Report,
    /// Where something was to be applied.
    job: Option<Job>,
}

impl Renormalize {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let now = Utc::now();
        let to = self.to.unwrap_or(now);
        if self.from >= to {
            return Err(Failure::Usage(match self.to {
                Some(_) => "--from must be before --to".to_owned(),
                None => "--from must be in the past".to_owned(),
            }));
        }
        let settings = settings::load_for_tool()?;
        let (sources, _) = plugins::load(&settings);
        let found = self.source.as_deref().map(|name| source(&sources, name)).transpose()?;
        let name = found.map(|integration| integration.name);
        let store = connections::store(&settings, &settings::database_url(&settings)?, Role::App)?;
        require_tenant(&store, &self.tenant).await?;
        let asked = ask(&sources, name, self.from, to, self.all);
        let report = self.survey(&store, Reading { rules: settings.rules, sources }, &asked).await?;
        let mut outcome = Outcome { tenant: self.tenant.clone(), asked, report, job: None };
        if !self.json {
            print!("{}", print::table(&outcome));
        }
        if self.apply && outcome.report.has_work() {
            outcome.job = Some(wait::apply(&store, &outcome.tenant, &outcome.asked).await?);
        }
        self.tell(&outcome)
    }

    async fn survey(&self, store: &Store, reading: Reading, asked: &Asked) -> Result<Report, Failure> {
        let mut survey = Survey::new(self.tenant.clone(), reading, asked.clone(), usize::from(self.examples));
        let mut last_word = Instant::now();
        while survey.step(store).await? {
            if last_word.elapsed() >= WORD_EVERY {
                last_word = Instant::now();
                let so_far = &survey.report().deliveries;
                eprintln!("em-agent: {} deliveries looked at, {} read again", so_far.seen, so_far.read_again);
            }
        }
        Ok(survey.into_report())
    }

    fn tell(&self, outcome: &Outcome) -> Result<(), Failure> {
        if self.json {
            println!("{}", print::json(outcome));
        } else {
            print!("{}", print::job(outcome));
        }
        match &outcome.job {
            Some(job) if job.status != wait::SUCCEEDED => {
                let why = job.error.as_deref().unwrap_or("it was ended by somebody");
                eprintln!("em-agent: the job {} {}: {why}", job.id, job.status);
                return Err(Failure::Told);
            }
            Some(job) if wait::refused(job) > 0 => {
                let refused = wait::refused(job);
                eprintln!(
                    "em-agent: the database refused {refused} deliveries: they stay as they were, the worker's log says why"
                );
                return Err(Failure::Told);
            }
            Some(_) => {}
            None if !outcome.report.has_work() => eprintln!("em-agent: there is nothing to do"),
            None => eprintln!("em-agent: nothing was changed; --apply changes it"),
        }
        Ok(())
    }
}

pub(crate) async fn require_tenant(store: &Store, tenant: &TenantId) -> Result<(), Failure> {
    let asked = tenant.clone();
    if store.call("tenant_known", move |conn| store::tenants::known(conn, &asked)).await? {
        return Ok(());
    }
    Err(Failure::Usage(format!("--tenant: there is no tenant '{tenant}'")))
}
