//! How reports read in Slack: texts from outside made harmless, what is not known said as "no data".

use chrono::{DateTime, TimeDelta, Utc};
use domain::metrics::Band;
use domain::reports::sprint::SprintHealth;
use domain::reports::standup::Standup;
use domain::reports::{Item, Number, Section, Severity};
use slack::answers::{Basis, brief, report};
use slack::fit::Message;
use slack::text::{code, duration, link, outside};

/// A line's text.
const LINE: usize = 300;
/// Said where nothing is known.
pub(crate) const NO_DATA: &str = "no data";

/// What is said: a title, sections of markup, and what it rests on.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) title: String,
    pub(crate) sections: Vec<String>,
    pub(crate) basis: Basis,
}

impl Told {
    /// In one message, for one person.
    pub(crate) fn brief(&self) -> Message {
        brief(&self.title, &self.sections, &self.basis)
    }

    /// As many messages as it needs.
    pub(crate) fn series(&self) -> Vec<Message> {
        report(&self.title, &self.sections, &self.basis)
    }
}

/// "last 24 hours", "last 14 days".
pub(crate) fn window(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let hours = u32::try_from((to - from).num_hours()).unwrap_or(u32::MAX);
    format!("last {}", slack::commands::Window { hours }.words())
}

pub(crate) fn of_standup(made: &Standup) -> Told {
    let waits = format!(
        "{} · {} open changes, {} of them without a review for 12 h",
        outside(&made.headline, LINE),
        made.wip_open_prs,
        made.pr_without_review_count
    );
    let mut sections = vec![waits];
    sections.extend(made.sections.iter().map(section));
    let counted = format!("{} deployments succeeded in the last 24 hours", made.deployments_last_24h);
    let basis =
        Basis { window: Some(window(made.from, made.to)), counted: Some(counted), as_of: Some(made.to), page: None };
    Told { title: "Stand-up".to_owned(), sections, basis }
}

pub(crate) fn of_sprint(made: &SprintHealth) -> Told {
    let wip = match (made.latest_wip, made.avg_wip) {
        (Some(latest), Some(mean)) => format!("{latest} open changes now, {mean:.1} on average"),
        _ => format!("Open changes: {NO_DATA}"),
    };
    let mut sections = vec![numbers(&made.numbers), wip];
    sections.extend(made.sections.iter().map(section));
    let basis = Basis {
        window: Some(window(made.from, made.to)),
        counted: Some(format!("{} deployments to production", made.total_deploys)),
        as_of: Some(made.to),
        page: None,
    };
    Told { title: "Sprint health".to_owned(), sections, basis }
}

/// `count` of them there are.
pub(crate) fn of_triage(items: &[Item], count: usize, now: DateTime<Utc>) -> Told {
    let section = if items.is_empty() { "Nothing needs anybody now.".to_owned() } else { lines(items, count) };
    let counted = format!("{count} things");
    let basis = Basis { window: None, counted: Some(counted), as_of: Some(now), page: None };
    Told { title: "Triage".to_owned(), sections: vec![section], basis }
}

fn section(section: &Section) -> String {
    format!("*{}* ({})\n{}", section.title, section.count, of_items(section))
}

/// Deployments are shown by service: the items are not what is counted.
fn of_items(section: &Section) -> String {
    let shown = section.items.len();
    let count = if section.kind == "deployments" { shown } else { section.count };
    lines(&section.items, count)
}

fn lines(items: &[Item], count: usize) -> String {
    let mut lines: Vec<String> = items.iter().map(line).collect();
    if count > items.len() {
        lines.push(format!("… and {} more", count - items.len()));
    }
    lines.join("\n")
}

fn line(item: &Item) -> String {
    let mark = match item.severity {
        Severity::Critical => "🔴",
        Severity::Warning => "🟠",
        Severity::Info => "•",
    };
    let name = match &item.url {
        Some(url) => link(url, &item.subject),
        None => code(&item.subject, 100),
    };
    format!("{mark} {} · {name}", outside(&item.text, LINE))
}

/// A line for each metric.
pub(crate) fn numbers(numbers: &[Number]) -> String {
    let line = |number: &Number| {
        let name = sentence(&number.name.replace('_', " "));
        let band = number.band.map(word).unwrap_or_default();
        let before = number.previous.map_or(NO_DATA.to_owned(), |value| shown(value, &number.unit));
        match number.value {
            Some(value) => format!("*{name}* {}{band} · n {} · before {before}", shown(value, &number.unit), number.n),
            None => format!("*{name}* {NO_DATA} · before {before}"),
        }
    };
    numbers.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn word(band: Band) -> &'static str {
    match band {
        Band::Elite => " · elite",
        Band::High => " · high",
        Band::Medium => " · medium",
        Band::Low => " · low",
        Band::Unknown => "",
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A value with its unit, as people say it.
fn shown(value: f64, unit: &str) -> String {
    match unit {
        "seconds" => duration(TimeDelta::milliseconds((value * 1000.0) as i64)),
        "ratio" => format!("{:.1} %", value * 100.0),
        _ => format!("{value:.2} a day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(name: &str, unit: &str, value: Option<f64>, previous: Option<f64>) -> Number {
        Number {
            name: name.to_owned(),
            value,
            previous,
            unit: unit.to_owned(),
            n: i64::from(value.is_some()),
            band: Some(if value.is_some() { Band::High } else { Band::Unknown }),
        }
    }

    #[test]
    fn nothing_known_is_never_zero() {
        let all = [
            number("lead_time", "seconds", Some(7_500.0), None),
            number("change_failure_rate", "ratio", None, Some(0.25)),
            number("deployment_frequency", "per_day", Some(0.0), Some(1.5)),
        ];
        let expected = "*Lead time* 2 h 5 min · high · n 1 · before no data\n\
                        *Change failure rate* no data · before 25.0 %\n\
                        *Deployment frequency* 0.00 a day · high · n 1 · before 1.50 a day";
        assert_eq!(numbers(&all), expected);
    }

    #[test]
    fn what_people_wrote_stays_what_they_wrote() {
        let item = Item {
            subject: "acme/shop#1".to_owned(),
            text: "Fix <!channel> & `x`".to_owned(),
            severity: Severity::Warning,
            at: DateTime::UNIX_EPOCH,
            url: Some("https://a.example/1".to_owned()),
            event_ids: Vec::new(),
            of: Vec::new(),
        };
        let bare = Item { url: Some("javascript:alert(1)".to_owned()), severity: Severity::Info, ..item.clone() };
        let expected = "🟠 Fix &lt;!channel&gt; &amp; `x` · <https://a.example/1|acme/shop#1>\n\
                        • Fix &lt;!channel&gt; &amp; `x` · acme/shop#1\n… and 3 more";
        assert_eq!(lines(&[item, bare], 5), expected);
    }
}
