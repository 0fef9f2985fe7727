//! `em-agent replay`: has stored deliveries normalized and processed again, as `POST /v1/replay` does.

use chrono::{DateTime, Utc};
use clap::Args;
use outbound::Request;

use crate::failure::Failure;
use crate::{client, settings};

/// Normalize and process stored deliveries again; results are as if each came once
///
/// Prints the job that does it.
#[derive(Args)]
#[command(
    after_help = "Example:\n  em-agent replay --from 2026-11-01T00:00:00Z --to 2026-11-02T00:00:00Z --source github"
)]
pub(crate) struct Replay {
    /// Received at or after this time (RFC 3339)
    #[arg(long)]
    from: DateTime<Utc>,
    /// Received before this time (RFC 3339)
    #[arg(long)]
    to: DateTime<Utc>,
    /// Only of this source
    #[arg(long)]
    source: Option<String>,
    /// The gateway's URL; HOST and PORT when left out
    #[arg(long)]
    url: Option<String>,
}

impl Replay {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        if self.from >= self.to {
            return Err(Failure::Usage("--from must be before --to".to_owned()));
        }
        let settings = settings::load_for_tool()?;
        let url = self.url.unwrap_or_else(|| client::local_url(&settings));
        let mut body = serde_json::json!({"from": self.from, "to": self.to});
        if let Some(source) = self.source {
            body["source"] = source.into();
        }
        let mut headers = client::operator_headers(&settings)?;
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let request =
            Request::post(format!("{}/v1/replay", url.trim_end_matches('/')), headers, body.to_string().into_bytes());
        let answer = client::outbound()?.send(request).await?;
        if !answer.status.is_success() {
            eprintln!("em-agent: refused ({}): {}", answer.status, answer.text());
            return Err(Failure::Told);
        }
        println!("{}", answer.text());
        Ok(())
    }
}
