//! docs/CONFIG.md says what the program reads and exports: every row of both tables, and nothing else.
//!
//! When a test here fails, its message is the text that belongs into the file.

use boot::metrics::METRICS;
use boot::settings::SETTINGS;

const CONFIG: &str = include_str!("../../../docs/CONFIG.md");

/// The rows of the table under a heading, without its two head lines.
fn rows(heading: &str) -> Vec<&'static str> {
    let (_, section) = CONFIG.split_once(&format!("\n## {heading}\n")).expect(heading);
    let section = section.split("\n## ").next().unwrap_or_default();
    section.lines().filter(|line| line.starts_with('|')).skip(2).collect()
}

#[test]
fn every_setting_is_documented_as_the_program_has_it() {
    let wanted: Vec<String> =
        SETTINGS.iter().map(|one| format!("| `{}` | {} | {} |", one.name, one.default, one.meaning)).collect();
    assert_eq!(rows("Settings"), wanted, "the rows should be:\n{}\n", wanted.join("\n"));
}

#[test]
fn every_metric_is_documented_as_the_program_exports_it() {
    let row = |one: &boot::metrics::Metric| {
        let labels = one.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        format!("| `{}` | {} | {labels} | {} |", one.name, one.kind.as_str(), one.help)
    };
    let wanted: Vec<String> = METRICS.iter().map(row).collect();
    assert_eq!(rows("Metrics"), wanted, "the rows should be:\n{}\n", wanted.join("\n"));
}
