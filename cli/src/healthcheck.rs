//! `em-agent healthcheck`: asks the local gateway whether it takes deliveries. The image has no curl.

use clap::Args;
use outbound::{Request, StatusCode};

use crate::failure::Failure;
use crate::{client, settings};

/// Ask the gateway's /ready; only the exit code answers
#[derive(Args)]
#[command(after_help = "Example:\n  HEALTHCHECK CMD [\"em-agent\", \"healthcheck\"]")]
pub(crate) struct Healthcheck {
    /// The gateway's URL; HOST and PORT when left out
    #[arg(long)]
    to: Option<String>,
}

impl Healthcheck {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let url = match self.to {
            Some(url) => url,
            None => client::local_url(&settings::load_for_tool()?),
        };
        let answer = client::outbound()?.send(Request::get(format!("{}/ready", url.trim_end_matches('/')))).await?;
        if answer.status == StatusCode::OK {
            return Ok(());
        }
        eprintln!("em-agent: not ready ({}): {}", answer.status, answer.text());
        Err(Failure::Told)
    }
}
