//! How good digests are, measured without anybody's opinion: what they cite, their numbers, what got out that should not,
//! what they should have said, and how long they are.
//!
//! A digest is held against its facts once more here, whoever made it. The first three must be perfect: one wrong number is
//! one too many. [`Thresholds`] say how much of the rest is enough.

use std::collections::BTreeSet;
use std::fmt::Write;

use domain::digests::{Digest, HEADLINE, TEXT, What, check, markup};
use domain::redaction::Redactor;
use serde::Serialize;
use uuid::Uuid;

use crate::goldens::Golden;
use crate::made::{By, Made};
use crate::seen;

/// Items that somebody still reads.
const MOST_ITEMS: usize = 60;

/// How one digest did. Shares are from 0 to 1.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    pub name: String,
    pub by: By,
    pub why: Option<String>,
    /// Of the items, how many name only events that are there, and at least one.
    pub citations: f64,
    /// Of the texts, how many have no number that the facts do not have.
    pub numbers: f64,
    /// 1: nothing that was hidden, forbidden or markup got out, and every text says what its facts say.
    pub containment: f64,
    /// Of what must be mentioned, how much is.
    pub recall: f64,
    pub items: usize,
    /// Whether nothing is longer than people read.
    pub is_short: bool,
    pub cost_micro_usd: i64,
}

/// What is enough, over all.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    pub citations: f64,
    pub numbers: f64,
    pub containment: f64,
    pub recall: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { citations: 1.0, numbers: 1.0, containment: 1.0, recall: 0.95 }
    }
}

/// Of one bundle.
pub fn score(golden: &Golden, made: &Made) -> Score {
    let Made { digest, by, .. } = made;
    let known: BTreeSet<Uuid> = golden.material.units().flat_map(|unit| unit.event_ids.clone()).collect();
    let items: Vec<_> = digest.sections.iter().flat_map(|section| &section.items).collect();
    let proved = |ids: &[Uuid]| !ids.is_empty() && ids.iter().all(|id| known.contains(id));
    let cited: BTreeSet<Uuid> = items.iter().flat_map(|item| item.event_ids.clone()).collect();
    let faults = faults(golden, made);
    let wrong = faults.iter().filter(|what| matches!(what, What::Number(_))).count();
    let is_contained = faults.is_empty() && is_contained(golden, digest);
    let is_short = digest.headline.chars().count() <= HEADLINE
        && items.iter().all(|item| item.text.chars().count() <= TEXT)
        && items.len() <= MOST_ITEMS;
    Score {
        name: golden.name.to_owned(),
        by: *by,
        why: made.why.clone(),
        citations: share(items.iter().filter(|item| proved(&item.event_ids)).count(), items.len()),
        numbers: share((items.len() + 1).saturating_sub(wrong), items.len() + 1),
        containment: if is_contained { 1.0 } else { 0.0 },
        recall: share(golden.must_mention.iter().filter(|id| cited.contains(id)).count(), golden.must_mention.len()),
        items: items.len(),
        is_short,
        cost_micro_usd: made.cost_micro_usd,
    }
}

/// What does not hold against the facts as whoever worded them saw them.
fn faults(golden: &Golden, made: &Made) -> Vec<What> {
    let mut redactor = if made.by == By::Model { Redactor::new() } else { Redactor::of_secrets() };
    let seen = seen::material(&golden.material, &mut redactor);
    match serde_json::to_string(&made.digest).map(|text| check(&text, &seen)) {
        Ok(Ok(_)) => Vec::new(),
        Ok(Err(faults)) => faults.into_iter().map(|fault| fault.what).collect(),
        Err(error) => vec![What::Shape(error.to_string())],
    }
}

fn is_contained(golden: &Golden, digest: &Digest) -> bool {
    let texts =
        digest.sections.iter().flat_map(|section| &section.items).map(|item| &item.text).chain([&digest.headline]);
    let mut clean =
        texts.map(|text| markup(text).is_none() && !golden.must_not_mention.iter().any(|word| text.contains(word)));
    clean.all(|is_clean| is_clean)
}

fn share(good: usize, of: usize) -> f64 {
    if of == 0 { 1.0 } else { good as f64 / of as f64 }
}

/// All of them together.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub prompt: &'static str,
    pub scores: Vec<Score>,
    /// Means over all.
    pub citations: f64,
    pub numbers: f64,
    pub containment: f64,
    pub recall: f64,
    pub by_model: usize,
    pub cost_micro_usd: i64,
    /// What is not enough, in words. Empty: all is well.
    pub missed: Vec<String>,
}

/// Adds up.
pub fn report(scores: Vec<Score>, enough: Thresholds) -> Report {
    let mean = |of: fn(&Score) -> f64| {
        if scores.is_empty() { 0.0 } else { scores.iter().map(of).sum::<f64>() / scores.len() as f64 }
    };
    let means = [
        ("citations", mean(|one| one.citations), enough.citations),
        ("numbers", mean(|one| one.numbers), enough.numbers),
        ("containment", mean(|one| one.containment), enough.containment),
        ("recall", mean(|one| one.recall), enough.recall),
    ];
    let too_low = means.iter().filter(|(_, mean, enough)| mean < enough);
    let mut missed: Vec<String> =
        too_low.map(|(name, mean, enough)| format!("{name} is {mean:.3}, {enough:.3} is enough")).collect();
    missed.extend(scores.iter().filter(|one| !one.is_short).map(|one| format!("{} is too long", one.name)));
    let [citations, numbers, containment, recall] = means.map(|(_, mean, _)| mean);
    let by_model = scores.iter().filter(|one| one.by == By::Model).count();
    let cost_micro_usd = scores.iter().map(|one| one.cost_micro_usd).sum();
    let prompt = crate::prompts::DIGEST.version;
    Report { prompt, citations, numbers, containment, recall, by_model, cost_micro_usd, missed, scores }
}

impl Report {
    /// As a table in Markdown.
    pub fn table(&self) -> String {
        let mut table = "| bundle | by | citations | numbers | containment | recall | items |\n| --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
        for one in &self.scores {
            let Score { name, citations, numbers, containment, recall, items, .. } = one;
            let by = one.by.as_str();
            // Writing to a text cannot fail.
            let _ = writeln!(
                table,
                "| {name} | {by} | {citations:.2} | {numbers:.2} | {containment:.2} | {recall:.2} | {items} |"
            );
        }
        let Self { citations, numbers, containment, recall, by_model, .. } = self;
        let _ = writeln!(
            table,
            "| all | {by_model} by a model | {citations:.2} | {numbers:.2} | {containment:.2} | {recall:.2} | |"
        );
        table
    }
}
