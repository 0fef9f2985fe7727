//! Whether a text says what its evidence says: names, numbers, claims, and the words themselves.
//!
//! It is strict on purpose. A good sentence that is refused costs a second call, or the words of rules; a bad one that
//! passes is believed.

use super::cuts::{quotes, without_quotes};
use super::evidence::{Evidence, runs};
use super::faults::What;
use super::numbers::{Measure, Quantity, month, quantities};
use super::words::{Token, claim, is_linking, is_negation, stem, tokens};

/// Words before a number that make it a name: `PR 12`.
const NAMED: [&str; 17] = [
    "pr",
    "pull",
    "request",
    "change",
    "issue",
    "ticket",
    "number",
    "no",
    "incident",
    "build",
    "version",
    "release",
    "run",
    "job",
    "deployment",
    "sprint",
    "mr",
];

/// Points that tie an item to what it cites, where it does not name it.
const TIED: usize = 2;

/// What is told only in the words of others may be said, but not alone: an item names what it is of, or has words or
/// numbers of ours beside them.
pub(super) fn loose(text: &str, evidence: &Evidence) -> Option<What> {
    let rest = without_quotes(text);
    let words = tokens(&rest);
    let ours = words.iter().filter(|token| !is_linking(token.text) && evidence.is_ours(token.text)).count();
    let is_tied = evidence.is_named_in(&rest) || ours + quantities(&words).len() * TIED >= TIED;
    (!is_tied).then_some(What::Loose)
}

/// Everything in a text that the evidence does not bear.
pub(super) fn faults(text: &str, evidence: &Evidence) -> Vec<What> {
    let mut found = Vec::new();
    let all = quotes(text);
    found.extend(all.iter().filter(|quote| !is_quoted(quote, evidence)).map(|quote| What::Quote(quote.clone())));
    let rest = without_quotes(text);
    let words = tokens(&rest);
    let numbers = quantities(&words);
    found.extend(numbers.iter().filter(|one| !is_figure(one, &words, evidence)).map(|one| {
        let said: Vec<&str> = words[one.from..one.to].iter().map(|token| token.text).collect();
        What::Number(said.join(" "))
    }));
    let others: Vec<(usize, Token<'_>)> =
        words.iter().copied().enumerate().filter(|(place, _)| !numbers.iter().any(|one| one.covers(*place))).collect();
    found.extend(unknown_names(&others, evidence));
    found.extend(unproved(&words, evidence));
    let copied = runs(&rest).into_iter().find(|run| evidence.runs.contains(run));
    found.extend(copied.map(What::Unquoted));
    found.extend(ungrounded(&others, &words, &all, evidence));
    found
}

/// What is quoted stands there word by word, between edges of words.
fn is_quoted(quote: &str, evidence: &Evidence) -> bool {
    let inner = quote.trim_matches(|one| matches!(one, '"' | '“' | '”' | '„' | '«' | '»'));
    let inner = inner.trim().trim_end_matches(['.', ',', '…']);
    evidence.says(inner.trim())
}

fn is_figure(one: &Quantity, words: &[Token<'_>], evidence: &Evidence) -> bool {
    let near = |place: Option<usize>| place.and_then(|place| words.get(place)).map(|token| token.text);
    let before = near(one.from.checked_sub(1));
    let after = near(Some(one.to));
    let is_named = before.is_some_and(|word| NAMED.contains(&word.to_lowercase().as_str()));
    let known = |measure, value, in_name: bool| one.is(measure, value) && (!in_name || is_named);
    evidence.figures.iter().any(|figure| known(figure.measure, figure.value, figure.in_name))
        || one.measure == Measure::Plain && is_of_date(one.value, before, after, evidence)
}

/// `19 November`, `Nov 19`, `2026`.
fn is_of_date(value: f64, before: Option<&str>, after: Option<&str>, evidence: &Evidence) -> bool {
    use chrono::Datelike;
    let months: Vec<u32> = [before, after].into_iter().flatten().filter_map(month).collect();
    evidence.dates.iter().any(|at| {
        let is_day = f64::from(at.day()) == value && months.contains(&at.month());
        is_day || f64::from(at.year()) == value
    })
}

/// Whether a word is a name by its form.
fn is_name(token: &Token<'_>) -> bool {
    let word = token.text;
    let inside = word.chars().skip(1).any(|one| matches!(one, '/' | '#' | '_' | '.' | '@' | ':' | '\\'));
    inside || word.starts_with(['#', '@', '/']) || word.chars().any(char::is_numeric)
}

fn is_capital(token: &Token<'_>) -> bool {
    let starts = token.text.chars().next().is_some_and(char::is_uppercase);
    let shouts = token.text.chars().count() > 1 && !token.text.chars().any(char::is_lowercase);
    starts && (!token.is_first || shouts)
}

fn unknown_names<'a>(words: &'a [(usize, Token<'a>)], evidence: &'a Evidence) -> impl Iterator<Item = What> + 'a {
    let is_known = |token: &Token<'_>| {
        let word = token.text;
        let is_date = month(word).is_some_and(|month| {
            use chrono::Datelike;
            evidence.dates.iter().any(|at| at.month() == month)
        });
        let by_form = is_name(token) && !evidence.has_name(word);
        let by_capital =
            is_capital(token) && !is_linking(word) && !is_date && !evidence.knows(word) && !evidence.has_name(word);
        !(by_form || by_capital)
    };
    words.iter().filter(move |(_, token)| !is_known(token)).map(|(_, token)| What::Name(token.text.to_owned()))
}

/// Claims and denials that what is ours does not make.
fn unproved(words: &[Token<'_>], evidence: &Evidence) -> Vec<What> {
    let mut found = Vec::new();
    for (place, token) in words.iter().enumerate() {
        // `roll-back` and `fail/retry` claim what their parts do.
        for part in token.text.split(['-', '/']).filter(|part| !part.is_empty()) {
            let is_part_of_name = part.len() < token.text.len() && evidence.has_name(token.text);
            let denies = is_negation(part) && !evidence.negates && !is_none_of(&words[place + 1..], evidence);
            let claims = claim(&stem(part)).is_some_and(|group| !evidence.proves(group));
            if !is_part_of_name && (denies || claims) {
                found.push(What::Outcome(part.to_owned()));
            }
        }
    }
    found
}

/// `no incidents`, where the number of incidents is 0.
fn is_none_of(after: &[Token<'_>], evidence: &Evidence) -> bool {
    let counted = after.iter().take(2).map(|token| stem(token.text));
    counted.into_iter().any(|stem| evidence.zeros.contains(&stem))
}

/// More than a third of the words that say something are not in the evidence, or there are none.
fn ungrounded(words: &[(usize, Token<'_>)], all: &[Token<'_>], quoted: &[String], evidence: &Evidence) -> Option<What> {
    let says = |token: &Token<'_>| !is_name(token) && !is_linking(token.text) && !is_negation(token.text);
    let content: Vec<&str> =
        words.iter().map(|(_, token)| token).filter(|token| says(token)).map(|token| token.text).collect();
    let is_known =
        |word: &&&str| evidence.knows(word) || word.split('-').all(|part| is_linking(part) || evidence.knows(part));
    let unknown: Vec<&str> = content.iter().filter(|word| !is_known(word)).copied().collect();
    if unknown.len() * 3 > content.len() {
        return Some(What::Ungrounded(unknown.join(", ")));
    }
    // A quotation alone, or words that only link, say nothing of what is cited.
    let is_empty = content.is_empty() && !all.iter().any(is_name);
    (is_empty && (!quoted.is_empty() || all.iter().all(|token| is_linking(token.text)))).then_some(What::Empty)
}
