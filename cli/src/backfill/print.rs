//! How the end of a backfill looks: a table for people, or one JSON object.

use std::fmt::Write;

use ::worker::backfill::{Ended, Report, Source};
use chrono::{DateTime, Utc};
use domain::event::rfc3339;
use serde_json::{Value, json};

pub(super) fn json(source: Source, since: DateTime<Utc>, reports: &[(String, Report)]) -> Value {
    let one = |(repo, report): &(String, Report)| {
        let ended = match report.ended {
            Ended::Done => "done",
            Ended::Stopped => "stopped",
            Ended::TooLong { .. } => "rate_limited",
            Ended::Lost => "lost",
        };
        json!({"repo": repo, "job": report.job, "ended": ended, "progress": report.progress})
    };
    let repos: Vec<Value> = reports.iter().map(one).collect();
    json!({"source": source.name(), "since": rfc3339(since), "repos": repos})
}

pub(super) fn table(repo: &str, report: &Report) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{repo:<30}{:>10}{:>10}{:>10}{:>10}", "seen", "new", "known", "refused");
    for (name, counts) in &report.progress.resources {
        let name = name.replace('_', " ");
        let (seen, kept, known, refused) = (counts.seen, counts.kept, counts.known, counts.refused);
        let _ = writeln!(text, "  {name:<28}{seen:>10}{kept:>10}{known:>10}{refused:>10}");
    }
    let (requests, waited) = (report.progress.requests, report.progress.waited_seconds);
    let _ = writeln!(text, "  {requests} requests, {waited} s waited for limits, job {}", report.job);
    text
}
