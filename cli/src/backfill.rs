//! `em-agent backfill`: fetches what a source's webhooks never brought, repository by repository.
//!
//! Each repository is a job of its own (`GET /v1/jobs`), which an interrupted command leaves open and the next one takes
//! up. What is fetched goes the way of a delivery from the ledger on; the relay of any gateway or worker publishes it.

mod print;

use std::sync::Arc;
use std::time::Duration;

use ::worker::backfill::{BackfillError, Ended, Means, Report, Source, Wall, run};
use boot::{Settings, stop};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use domain::ids::TenantId;
use outbound::Outbound;
use store::Role;
use store::jobs::Backfill as Asked;

use crate::failure::Failure;
use crate::renormalize::require_tenant;
use crate::replay::time;
use crate::{connections, settings};

const TIMEOUT: Duration = Duration::from_secs(60);
/// Of one page of a hundred objects.
const ANSWER_BYTES: usize = 32 << 20;
const MINUTE: u64 = 60;

const EXAMPLES: &str = "\
Examples:
  GITHUB_TOKEN=… em-agent backfill github --repo acme/shop --since 2026-08-01
  GITHUB_TOKEN=… em-agent backfill github --repo acme/shop --repo acme/search --since 2026-08-01 --json
  GITLAB_TOKEN=… GITLAB_API_URL=https://gitlab.acme.example/api/v4 \\
    em-agent backfill gitlab --repo acme/platform/payments --since 2026-08-01 --max-wait 5";

/// Fetch history that webhooks never brought: of a new installation, or of a gap
///
/// Commits of the default branch, pull or merge requests with their reviews, deployments, releases and incidents, as the
/// events that webhooks would have made. What is known already adds nothing. Ended early (Ctrl-C, a rate limit), the
/// same command goes on where it stopped. Needs DATABASE_URL, the rules (PRODUCTION_PATTERNS, INCIDENT_LABELS, …) that
/// gateways have, and GITHUB_TOKEN or GITLAB_TOKEN. Exits with 1 when something is left to fetch.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Backfill {
    /// Whose history
    source: Whose,
    /// The repository: owner/name, or the whole path of a GitLab project. May be given several times
    #[arg(long = "repo", required = true, value_parser = repository)]
    repos: Vec<String>,
    /// What happened at or after this time (RFC 3339, or a date)
    #[arg(long, value_parser = time)]
    since: DateTime<Utc>,
    /// Whose deliveries they become
    #[arg(long, default_value = TenantId::DEFAULT)]
    tenant: TenantId,
    /// The longest wait for the API's rate limit, in minutes; a longer one ends the command
    #[arg(long, default_value_t = 65, value_parser = clap::value_parser!(u16).range(0..=1440))]
    max_wait: u16,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Whose {
    Github,
    Gitlab,
}

impl From<Whose> for Source {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Github => Self::Github,
            Whose::Gitlab => Self::Gitlab,
        }
    }
}

/// `owner/name`: it becomes part of a URL.
fn repository(text: &str) -> Result<String, &'static str> {
    let plain = |part: &str| {
        let letters = part.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.+".contains(&c));
        !part.is_empty() && letters && part.bytes().any(|c| c != b'.')
    };
    let parts: Vec<&str> = text.split('/').collect();
    (parts.len() >= 2 && parts.iter().all(|part| plain(part)))
        .then(|| text.to_owned())
        .ok_or("write a repository like acme/shop, without the host")
}

impl Backfill {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let source = Source::from(self.source);
        if self.since > Utc::now() {
            return Err(Failure::Usage("--since must be in the past".to_owned()));
        }
        if let Some(long) = self.repos.iter().find(|repo| source == Source::Github && repo.matches('/').count() != 1) {
            return Err(Failure::Usage(format!("--repo: got '{long}', takes owner/name")));
        }
        let settings = settings::load_for_tool()?;
        let means = self.means(source, &settings)?;
        require_tenant(&means.store, &self.tenant).await?;
        let mut reports = Vec::new();
        for repo in &self.repos {
            let asked = Asked { source: source.name().to_owned(), repo: repo.clone(), since: self.since };
            let report = run(&means, source, &asked).await.map_err(|error| unfinished(repo, error))?;
            self.tell(repo, &report);
            let goes_on = matches!(report.ended, Ended::Done | Ended::Lost);
            reports.push((repo.clone(), report));
            if !goes_on {
                break;
            }
        }
        if self.json {
            println!("{}", print::json(source, self.since, &reports));
        }
        let all = reports.len() == self.repos.len() && reports.iter().all(|(_, report)| report.ended == Ended::Done);
        if all { Ok(()) } else { Err(Failure::Told) }
    }

    fn means(&self, source: Source, settings: &Settings) -> Result<Means, Failure> {
        let apis = &settings.apis;
        let (api_url, token) = match source {
            Source::Github => (apis.github_url.clone(), apis.github_token.clone()),
            Source::Gitlab => (apis.gitlab_url.clone(), apis.gitlab_token.clone()),
        };
        if token.is_none() {
            let name = source.token_setting();
            eprintln!("em-agent: {name} is not set: only what is public is seen, and few requests are allowed");
        }
        Ok(Means {
            store: connections::store(settings, &settings::database_url(settings)?, Role::App)?,
            tenant: self.tenant.clone(),
            rules: settings.rules.clone(),
            outbound: Outbound::new(TIMEOUT, ANSWER_BYTES)?,
            api_url,
            token,
            clock: Arc::new(Wall),
            stop: stop::on_signals()?,
            max_wait: Duration::from_secs(u64::from(self.max_wait) * MINUTE),
            say: Arc::new(|words: &str| eprintln!("em-agent: {words}")),
        })
    }

    fn tell(&self, repo: &str, report: &Report) {
        if !self.json {
            print!("{}", print::table(repo, report));
        }
        match report.ended {
            Ended::Done => {}
            Ended::Stopped => eprintln!("em-agent: stopped; the same command goes on from here"),
            Ended::TooLong { pause, why } => {
                let minutes = pause.as_secs().div_ceil(MINUTE);
                eprintln!(
                    "em-agent: {why}: it ends in {minutes} minutes, which is longer than --max-wait; the same command goes on from here"
                );
            }
            Ended::Lost => eprintln!("em-agent: the job {} was ended by somebody, or taken over", report.job),
        }
    }
}

fn unfinished(repo: &str, error: BackfillError) -> Failure {
    let context = format!("{repo} (what was fetched is kept, the same command goes on from there)");
    Failure::Failed(anyhow::Error::new(error).context(context))
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[test]
    fn a_repository_is_a_path_and_nothing_that_leads_elsewhere() {
        for good in ["acme/shop", "a.b/c-d_e", "acme/platform/payments"] {
            assert_eq!(repository(good).as_deref(), Ok(good));
        }
        for bad in
            ["shop", "acme/", "/acme/shop", "acme/..", "acme/shop?x=1", "https://github.com/acme/shop", "a b/c", "ä/b"]
        {
            assert!(repository(bad).is_err_and(|said| said.contains("acme/shop")), "{bad}");
        }
    }
}
