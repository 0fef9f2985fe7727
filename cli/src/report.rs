//! `em-agent report`: the five DORA metrics at a glance, as the API tells them: text, JSON, or a picture for a README.
//!
//! Nothing is reckoned here: what a gateway answers is drawn.

mod headlines;
mod picture;
mod words;

use std::io::Write;

use clap::{Args, Subcommand};
use outbound::Request;

use crate::failure::Failure;
use crate::{client, settings};

/// Reports for people: text, JSON or a picture
#[derive(Args)]
pub(crate) struct Report {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Dora(Dora),
}

/// The five DORA metrics at a glance: text, or with --svg a picture, with --json what the API answered
#[derive(Args)]
#[command(
    after_help = "Examples:\n  em-agent report dora --days 90 --service shop\n  em-agent report dora --svg > dora.svg"
)]
struct Dora {
    /// A picture that stands by itself: no scripts, no fonts, light and dark
    #[arg(long, conflicts_with = "json")]
    svg: bool,
    /// What the API answered
    #[arg(long)]
    json: bool,
    /// How many days, up to now
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// Only of these services, separated by commas
    #[arg(long)]
    service: Option<String>,
    /// Only of these teams, separated by commas
    #[arg(long)]
    team: Option<String>,
    /// Only of these repositories, separated by commas
    #[arg(long)]
    repo: Option<String>,
    /// production when left out
    #[arg(long)]
    tier: Option<String>,
    /// Which bands: 2024m, 2023 or 2021
    #[arg(long)]
    scheme: Option<String>,
    /// The gateway's URL; HOST and PORT when left out
    #[arg(long)]
    url: Option<String>,
}

impl Report {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let What::Dora(dora) = self.what;
        let answer = dora.ask().await?;
        let told = if dora.json {
            format!("{answer:#}\n")
        } else {
            let headlines = headlines::read(&answer);
            let title = dora.title();
            if dora.svg { picture::draw(&title, &headlines) } else { words::list(&title, &headlines) }
        };
        Ok(std::io::stdout().write_all(told.as_bytes())?)
    }
}

impl Dora {
    async fn ask(&self) -> Result<serde_json::Value, Failure> {
        let settings = settings::load_for_tool()?;
        let url = match &self.url {
            Some(url) => client::named_url("--url", url)?,
            None => client::local_url(&settings),
        };
        let request = Request {
            headers: client::operator_headers(&settings)?,
            ..Request::get(format!("{url}/v1/metrics/dora?{}", self.query()))
        };
        let answer = client::outbound()?.send(request).await?;
        if !answer.status.is_success() {
            eprintln!("em-agent: refused ({}): {}", answer.status, answer.text());
            return Err(Failure::Told);
        }
        Ok(answer.json())
    }

    /// What is asked for: only what was said.
    fn query(&self) -> String {
        let days = self.days.to_string();
        let said = [
            ("days", Some(&days)),
            ("service", self.service.as_ref()),
            ("team", self.team.as_ref()),
            ("repo", self.repo.as_ref()),
            ("tier", self.tier.as_ref()),
            ("scheme", self.scheme.as_ref()),
        ];
        let said = said.into_iter().filter_map(|(name, value)| Some((name, value?)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish()
    }

    fn title(&self) -> String {
        let of = [&self.service, &self.team, &self.repo].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        let of = if of.is_empty() { String::new() } else { format!(" of {of}") };
        let days = if self.days == 1 { "day".to_owned() } else { format!("{} days", self.days) };
        // More would not stand on one line.
        let of: String = if of.chars().count() > 90 { of.chars().take(90).chain(['…']).collect() } else { of };
        format!("DORA{of}, last {days}")
    }
}
