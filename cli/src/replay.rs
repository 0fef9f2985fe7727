//! `em-agent replay`: has stored deliveries normalized and processed again, as `POST /v1/replay` does.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
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
    /// Received at or after this time (RFC 3339, or a date)
    #[arg(long, value_parser = time)]
    from: DateTime<Utc>,
    /// Received before this time (RFC 3339, or a date)
    #[arg(long, value_parser = time)]
    to: DateTime<Utc>,
    /// Only of this source
    #[arg(long)]
    source: Option<String>,
    /// The gateway's URL; HOST and PORT when left out
    #[arg(long)]
    url: Option<String>,
}

/// A date is its first moment in UTC.
pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let moment = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let day = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    moment.or_else(day).ok_or("write a time like 2026-11-20T18:44:07Z, or a date")
}

impl Replay {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        if self.from >= self.to {
            return Err(Failure::Usage("--from must be before --to".to_owned()));
        }
        let settings = settings::load_for_tool()?;
        let url = match &self.url {
            Some(url) => client::named_url("--url", url)?,
            None => client::local_url(&settings),
        };
        let mut body = serde_json::json!({"from": self.from, "to": self.to});
        if let Some(source) = self.source {
            body["source"] = source.into();
        }
        let mut headers = client::operator_headers(&settings)?;
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let request = Request::post(format!("{url}/v1/replay"), headers, body.to_string().into_bytes());
        let answer = client::outbound()?.send(request).await?;
        if !answer.status.is_success() {
            eprintln!("em-agent: refused ({}): {}", answer.status, answer.text());
            return Err(Failure::Told);
        }
        println!("{}", answer.text());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_date_is_its_first_moment_and_anything_else_is_told_what_a_time_looks_like() {
        assert_eq!(time("2026-11-20"), time("2026-11-20T00:00:00Z"));
        assert_eq!(time("2026-11-20T01:00:00+01:00"), time("2026-11-20T00:00:00Z"));
        assert!(time("yesterday").is_err_and(|said| said.contains("2026-11-20T18:44:07Z")));
    }
}
