//! How a report looks: a table for people, or one JSON object.

use std::fmt::Write;

use ::worker::renormalize::{Counts, Example, What};
use domain::event::rfc3339;
use serde_json::{Value, json};

use super::Outcome;

pub(super) fn json(outcome: &Outcome) -> Value {
    let asked = &outcome.asked;
    let job = outcome.job.as_ref();
    json!({
        "tenant": outcome.tenant, "source": asked.source, "from": rfc3339(asked.from), "to": rfc3339(asked.to), "all": asked.all,
        "mappings": asked.mappings,
        "report": outcome.report,
        "job": job.map(|job| json!({"id": job.id, "status": job.status, "progress": job.progress, "error": job.error})),
    })
}

pub(super) fn table(outcome: &Outcome) -> String {
    let (asked, report) = (&outcome.asked, &outcome.report);
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{name:<30}{value}");
    };
    line("source", &asked.source.as_deref().unwrap_or("every one"));
    line("received from", &rfc3339(asked.from));
    line("received before", &rfc3339(asked.to));
    let deliveries = &report.deliveries;
    line("deliveries", &deliveries.seen);
    line("  read by another mapping", &deliveries.of_another_mapping);
    line("  read again now", &deliveries.read_again);
    line("  that would change", &deliveries.changed);
    line("  of sources we have no more", &deliveries.of_unknown_source);
    let gone = format!("{} ({} events)", deliveries.not_readable, deliveries.not_readable_events);
    line("  cannot be read again", &gone);
    text.push('\n');
    row(&mut text, "type", ["added", "removed", "altered", "unchanged"]);
    for (kind, counts) in &report.types {
        row(&mut text, kind, numbers(counts));
    }
    row(&mut text, "all", numbers(&report.events));
    for example in &report.examples {
        text.push('\n');
        write_example(&mut text, example);
    }
    text
}

fn numbers(counts: &Counts) -> [u64; 4] {
    [counts.added, counts.removed, counts.altered, counts.unchanged]
}

fn row<T: std::fmt::Display>(text: &mut String, name: &str, cells: [T; 4]) {
    let [added, removed, altered, unchanged] = cells;
    let _ = writeln!(text, "{name:<30}{added:>10}{removed:>10}{altered:>10}{unchanged:>10}");
}

fn write_example(text: &mut String, example: &Example) {
    let what = match example.change {
        What::Added => "added",
        What::Removed => "removed",
        What::Altered => "altered",
    };
    let subject = Value::from(example.subject.as_str());
    let _ = writeln!(text, "{what} {} {} {subject}", example.kind, example.id);
    for field in &example.fields {
        let [old, new] = [&field.old, &field.new].map(|value| value.as_deref().unwrap_or("nothing"));
        let _ = writeln!(text, "  {}: {old} → {new}", field.field);
    }
    if example.more_fields > 0 {
        let _ = writeln!(text, "  and {} more fields", example.more_fields);
    }
}

/// The line of a job that has ended.
pub(super) fn job(outcome: &Outcome) -> String {
    let Some(job) = &outcome.job else { return String::new() };
    let count = |name: &str| job.progress.get(name).and_then(Value::as_u64).unwrap_or(0);
    format!(
        "\njob {} {}: {} deliveries read again; {} events added, {} removed, {} altered; {} deliveries refused\n",
        job.id,
        job.status,
        count("deliveries"),
        count("added"),
        count("removed"),
        count("altered"),
        count("refused")
    )
}
