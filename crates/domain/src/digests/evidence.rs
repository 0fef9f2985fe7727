//! What the cited units prove: their words, names and numbers, and which of them are ours.
//!
//! A unit's text is made by rule, but titles of other people stand in it. What a unit shows that happened is told by the
//! part of it that is ours ([`Evidence::trusted`]); words of others prove only that somebody wrote them.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, Utc};

use super::cuts::{whole_words, without, without_quotes};
use super::numbers::{Measure, Quantity, quantities};
use super::words::{self, is_negation, stem, stems, tokens};
use super::{About, Material, Number, Unit, said};
use crate::inert::BODY;

/// More units than this are not compared with each other for the time between them.
const PAIRED: usize = 40;
/// So many words of others in a row are a quotation.
const RUN: usize = 4;

/// A number that may be said, and the words that it counts.
pub(super) struct Figure {
    pub(super) measure: Measure,
    pub(super) value: f64,
    /// It stands in a name, as in `shop#12`: it counts nothing.
    pub(super) in_name: bool,
}

#[derive(Default)]
pub(super) struct Evidence {
    /// All texts, in lower case.
    pub(super) texts: Vec<String>,
    pub(super) names: HashSet<String>,
    pub(super) stems: HashSet<String>,
    pub(super) trusted: HashSet<String>,
    pub(super) negates: bool,
    /// Words of numbers that are 0.
    pub(super) zeros: HashSet<String>,
    pub(super) figures: Vec<Figure>,
    /// Runs of words that others wrote.
    pub(super) runs: HashSet<String>,
    pub(super) dates: Vec<DateTime<Utc>>,
    /// What the units are of: subjects and groups.
    pub(super) subjects: Vec<String>,
}

impl Evidence {
    /// Of the units that an item cites.
    pub(super) fn of(material: &Material, units: &[&Unit]) -> Self {
        let mut evidence = Self::shared(material, units);
        for unit in units {
            evidence.take(&ours(unit));
            evidence.hear(&said(&unit.text, BODY));
            for (name, value) in unit.details.iter().filter(|(name, _)| !is_ours(name)) {
                let value = said(value, BODY);
                evidence.hear(&value);
                evidence.hear(&said(name, BODY));
                evidence.runs.extend(runs(&value));
            }
            for (_, value) in unit.details.iter().filter(|(name, _)| is_ours(name)) {
                evidence.take(&said(value, BODY));
            }
        }
        evidence
    }

    /// Of everything, for the headline: only what is ours, for nobody knows whose words a headline has.
    pub(super) fn of_all(material: &Material) -> Self {
        let units: Vec<&Unit> = material.units().collect();
        let mut evidence = Self::shared(material, &units);
        for unit in &units {
            evidence.take(&ours(unit));
        }
        evidence
    }

    fn shared(material: &Material, units: &[&Unit]) -> Self {
        let mut evidence = Self { dates: vec![material.from, material.to], ..Self::default() };
        for unit in units {
            let ours = ours(unit);
            evidence.trusted.extend(stems(&ours));
            evidence.trusted.extend(stems(label(unit.about)).collect::<Vec<_>>());
            evidence.negates |= tokens(&ours).iter().any(|token| is_negation(token.text));
            evidence.name(&said(&unit.subject, BODY));
            evidence.dates.push(unit.at);
        }
        let groups = material
            .groups
            .iter()
            .filter(|group| group.units.iter().any(|one| units.iter().any(|unit| std::ptr::eq(one, *unit))));
        for name in groups.map(|group| &group.name).chain(&material.subject) {
            evidence.name(&said(name, BODY));
        }
        evidence.count(units);
        evidence.measure(&material.numbers);
        evidence.since(units, material.to);
        evidence
    }

    /// What a unit is of.
    fn name(&mut self, text: &str) {
        self.take(text);
        self.subjects.extend(Some(text.to_lowercase()).filter(|text| !text.is_empty()));
    }

    /// Words of others: their names and words may be said, their numbers count nothing.
    fn hear(&mut self, text: &str) {
        let lower = text.to_lowercase();
        self.stems.extend(stems(&lower));
        self.names.extend(tokens(&lower).iter().map(|token| token.text.to_owned()));
        self.texts.push(lower);
    }

    /// Words of ours, with their numbers.
    fn take(&mut self, text: &str) {
        self.hear(text);
        let lower = text.to_lowercase();
        let all = tokens(&lower);
        let found = quantities(&all);
        self.figures.extend(found.iter().map(|one| Figure { measure: one.measure, value: one.value, in_name: false }));
        for token in all
            .iter()
            .enumerate()
            .filter(|(place, _)| !found.iter().any(|one| one.covers(*place)))
            .map(|(_, token)| token)
        {
            let digits = token.text.split(|one: char| !one.is_ascii_digit()).filter_map(|part| part.parse().ok());
            self.figures.extend(digits.map(|value| Figure { measure: Measure::Plain, value, in_name: true }));
        }
    }

    /// How many there are of what is cited.
    fn count(&mut self, units: &[&Unit]) {
        let of = |about: About| units.iter().filter(|unit| unit.about == about).count();
        let abouts: HashSet<About> = units.iter().map(|unit| unit.about).collect();
        let subjects: HashSet<&str> = units.iter().map(|unit| unit.subject.as_str()).collect();
        let severe = |severity| units.iter().filter(|unit| unit.severity == severity).count();
        let mut counts = vec![units.len(), subjects.len()];
        counts.extend(abouts.into_iter().map(of));
        counts.extend([super::Severity::Warn, super::Severity::High].map(severe));
        let plain = |count: usize| Figure { measure: Measure::Plain, value: count as f64, in_name: false };
        self.figures.extend(counts.into_iter().filter(|count| *count > 0).map(plain));
    }

    /// The numbers that were reckoned, their former values, and by how much they changed.
    fn measure(&mut self, numbers: &[Number]) {
        for number in numbers {
            let words: Vec<String> = stems(&number.name.replace('_', " ")).collect();
            self.stems.extend(words.iter().cloned());
            self.zeros.extend(words.iter().filter(|_| number.value == 0.0).cloned());
            self.trusted.extend(words);
            for value in std::iter::once(number.value).chain(number.previous).filter(|value| value.is_finite()) {
                self.figures.extend(forms(&number.unit, value));
            }
            if let Some(previous) = number.previous.filter(|previous| *previous != 0.0) {
                let times = number.value / previous;
                let plain = |measure, value| Figure { measure, value, in_name: false };
                self.figures.push(plain(Measure::Percent, (times - 1.0).abs() * 100.0));
                self.figures
                    .extend((times.fract() == 0.0 || (times - 0.5).abs() < 0.05).then(|| plain(Measure::Plain, times)));
                self.figures.extend(forms(&number.unit, (number.value - previous).abs()));
            }
        }
    }

    /// The time between any two of them, and to the end of what is summed up.
    fn since(&mut self, units: &[&Unit], to: DateTime<Utc>) {
        let moments: Vec<DateTime<Utc>> = units.iter().take(PAIRED).map(|unit| unit.at).chain([to]).collect();
        for (place, one) in moments.iter().enumerate() {
            let seconds = moments[place + 1..].iter().map(|other| (*other - *one).num_seconds().abs() as f64);
            self.figures.extend(seconds.filter(|value| *value > 0.0).map(|value| Figure {
                measure: Measure::Seconds,
                value,
                in_name: false,
            }));
        }
    }

    /// Whether words stand here as a name: by themselves, not within another word.
    pub(super) fn has_name(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.names.contains(&name) || self.says(&name) || self.dates.iter().any(|at| is_date(&name, *at))
    }

    /// Whether these words stand in one of the texts.
    pub(super) fn says(&self, words: &str) -> bool {
        let words = words.to_lowercase();
        !words.is_empty() && self.texts.iter().any(|text| !whole_words(text, &words).is_empty())
    }

    pub(super) fn knows(&self, word: &str) -> bool {
        let stem = stem(word);
        let near = |other: &String| {
            let (short, long) = if other.len() < stem.len() { (other, &stem) } else { (&stem, other) };
            short.chars().count() >= 5 && long.starts_with(short.as_str())
        };
        self.stems.contains(&stem) || self.trusted.contains(&stem) || self.stems.iter().any(near)
    }

    /// Whether a word is one of ours, or of the name of what the unit is of.
    pub(super) fn is_ours(&self, word: &str) -> bool {
        self.trusted.contains(&stem(word))
    }

    /// Whether a text names what it is of.
    pub(super) fn is_named_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.subjects.iter().any(|subject| !whole_words(&text, subject).is_empty())
    }

    /// Whether what a word claims is claimed by what is ours.
    pub(super) fn proves(&self, group: usize) -> bool {
        self.trusted.iter().any(|stem| words::claim(stem) == Some(group))
    }
}

impl Quantity {
    pub(super) fn covers(&self, place: usize) -> bool {
        (self.from..self.to).contains(&place)
    }
}

/// Runs of words as long as a quotation.
pub(super) fn runs(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = tokens(&lower).into_iter().map(|token| token.text).collect();
    words.windows(RUN).map(|run| run.join(" ")).collect()
}

/// A number in the forms in which it may be said.
fn forms(unit: &str, value: f64) -> Vec<Figure> {
    let figure = |measure, value| Figure { measure, value, in_name: false };
    match unit {
        "seconds" => vec![figure(Measure::Seconds, value)],
        "minutes" => vec![figure(Measure::Seconds, value * 60.0)],
        "hours" => vec![figure(Measure::Seconds, value * 3_600.0)],
        "days" => vec![figure(Measure::Seconds, value * 86_400.0)],
        "ratio" => vec![figure(Measure::Percent, value * 100.0), figure(Measure::Plain, value)],
        "percent" => vec![figure(Measure::Percent, value)],
        _ => vec![figure(Measure::Plain, value)],
    }
}

/// Whether it is a date or a time of day, written in a usual way.
fn is_date(name: &str, at: DateTime<Utc>) -> bool {
    let forms =
        ["%Y-%m-%d", "%H:%M", "%H:%M:%S", "%Y-%m-%dt%H:%M", "%Y-%m-%dt%H:%M:%Sz", "%H:%Mz", "%d.%m.%Y", "%m-%d"];
    forms.iter().any(|form| at.format(form).to_string() == name)
        || name == at.weekday().to_string().to_lowercase()
        || name == at.format("%A").to_string().to_lowercase()
        || name.parse() == Ok(at.year())
}

/// The part of a unit's text that we wrote: without quotations and without what its details bring.
fn ours(unit: &Unit) -> String {
    let mut text = without_quotes(&said(&unit.text, BODY));
    // `A title (by ada): merged`: where nobody says what is whose, all before the state is somebody else's.
    if !unit.details.iter().any(|(name, _)| !is_ours(name))
        && let Some((_, after)) = text.rsplit_once(" (by ")
    {
        text = after.split_once(')').map_or("", |(_, state)| state).to_owned();
    }
    for (_, value) in unit.details.iter().filter(|(name, _)| !is_ours(name)) {
        text = without(&text, &said(value, BODY));
    }
    text
}

/// Whether a detail is a word of our own choosing. Everything else is what somebody wrote, also who they say they are.
fn is_ours(name: &str) -> bool {
    ["status", "outcome", "service", "environment", "severity", "state", "kind"].contains(&name)
}

/// What a unit is by its section.
fn label(about: About) -> &'static str {
    match about {
        About::Shipped => "shipped",
        About::Incident => "incident",
        About::Risk => "risk",
        About::Review => "review",
        About::PeopleBlocked => "waiting blocked",
        About::Timeline => "timeline",
        About::Cause => "cause",
        About::FollowUp => "follow-up",
    }
}
