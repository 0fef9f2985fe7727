//! What a question asks for, by its words: which numbers or lists, of whom, of which time. Pure: what services and teams
//! there are comes from the caller. Nothing here answers; [`crate::rules`] chooses the tools.

pub(crate) mod windows;

use chrono::{DateTime, Utc};
use windows::Window;

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Intent {
    /// One of the metrics, by its name.
    Metric(&'static str),
    /// All five.
    Delivery,
    Changed,
    /// One of them, as it went.
    Timeline,
    Incidents,
    Signals,
    /// How things are done here.
    Knowledge,
    Search,
}

/// Phrases and what they ask for. A phrase stands between words; `*` at its end takes any ending.
const PHRASES: &[(Intent, &[&str])] = &[
    (
        Intent::Metric("deployment_frequency"),
        &[
            "deployment frequency",
            "deploy frequency",
            "how often",
            "how many deploy*",
            "number of deploy*",
            "deploys per",
            "deployments per",
        ],
    ),
    (
        Intent::Metric("lead_time"),
        &["lead time*", "cycle time*", "how long does it take", "how fast do we", "how long until"],
    ),
    (
        Intent::Metric("change_failure_rate"),
        &[
            "failure rate",
            "fail rate",
            "cfr",
            "how many deployments fail*",
            "how many deploys fail*",
            "share of fail*",
            "how often do deploy* fail*",
            "deployments failed",
        ],
    ),
    (
        Intent::Metric("recovery_time"),
        &["recovery time", "time to recover*", "fdrt", "recover from fail*", "how fast do we recover"],
    ),
    (Intent::Metric("rework_rate"), &["rework*"]),
    (
        Intent::Metric("restore_time"),
        &[
            "restore time",
            "time to restore",
            "mttr",
            "time to resolve",
            "how long do incidents",
            "how long did incidents",
        ],
    ),
    (
        Intent::Delivery,
        &[
            "dora",
            "delivery performance",
            "delivery metrics",
            "the metrics",
            "how are we doing",
            "how do we deliver",
            "how is delivery",
        ],
    ),
    (
        Intent::Changed,
        &[
            "what changed",
            "what has changed",
            "what was changed",
            "what did change",
            "what was deployed",
            "what did we deploy",
            "what got deployed",
            "what was shipped",
            "what did we ship",
            "what shipped",
            "what was released",
            "what did we release",
            "what was merged",
            "what did we merge",
            "what got merged",
            "went out",
            "latest deploy*",
            "last deploy*",
            "recent deploy*",
            "recent changes",
            "merged changes",
            "list deploy*",
            "which deploy*",
            "show deploy*",
            "what is new",
        ],
    ),
    (
        Intent::Timeline,
        &[
            "timeline",
            "latest incident",
            "last incident",
            "what happened in the incident",
            "what happened during the incident",
            "current incident",
            "the incident",
            "the outage",
            "latest outage",
            "last outage",
        ],
    ),
    (
        Intent::Incidents,
        &[
            "incidents",
            "outages",
            "any incident",
            "open incident",
            "how many incident*",
            "is anything down",
            "anything broken",
            "what is down",
            "on fire",
        ],
    ),
    (
        Intent::Signals,
        &[
            "signal*",
            "stale",
            "stuck",
            "firing",
            "needs attention",
            "need attention",
            "waiting for review",
            "without review",
            "no review",
            "too much work",
            "at risk",
            "blocked",
        ],
    ),
    (
        Intent::Knowledge,
        &[
            "how do we",
            "how do i",
            "how to",
            "how can i",
            "how should",
            "runbook*",
            "documentation",
            "where is documented",
            "docs",
            "guide",
            "playbook*",
            "where do i",
            "what is our",
        ],
    ),
    (Intent::Search, &["search*", "find", "look for", "events"]),
];

/// Words that ask for what a number is made of.
const WHY: &[&str] = &[
    "why",
    "explain*",
    "behind",
    "breakdown",
    "made of",
    "which changes",
    "slowest",
    "longest",
    "cause*",
    "because of",
];

/// A question as it was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) intents: Vec<Intent>,
    /// Also what is behind a number.
    pub(crate) why: bool,
    pub(crate) services: Vec<String>,
    /// Said to be services; nobody knows them.
    pub(crate) unknown: Vec<String>,
    pub(crate) team: Option<String>,
    pub(crate) window: Option<Window>,
    /// `acme/shop#12`, `PAY-7`: what events are about.
    pub(crate) subjects: Vec<String>,
    /// `pagerduty:Q1`.
    pub(crate) incidents: Vec<String>,
    /// What else may be looked for, as it stands.
    pub(crate) words: Vec<String>,
}

/// The services and teams that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) services: Vec<String>,
    pub(crate) teams: Vec<String>,
}

impl Asked {
    /// Reads a question. What it leaves open is taken from the one `before` it, where it is a follow-up.
    pub(crate) fn read(question: &str, before: Option<&str>, known: &Known, now: DateTime<Utc>) -> Self {
        let asked = Self::alone(question, known, now);
        let Some(before) = before.filter(|_| asked.follows()) else { return asked };
        let earlier = Self::alone(before, known, now);
        let services = if asked.services.is_empty() { earlier.services } else { asked.services };
        Self {
            intents: earlier.intents,
            why: asked.why || earlier.why,
            services,
            team: asked.team.or(earlier.team),
            window: asked.window.or(earlier.window),
            ..asked
        }
    }

    /// Whether it means nothing without the question before it.
    fn follows(&self) -> bool {
        let named = !self.services.is_empty() || self.window.is_some() || self.team.is_some() || self.why;
        self.intents.is_empty() && named && self.subjects.is_empty() && self.incidents.is_empty()
    }

    fn alone(question: &str, known: &Known, now: DateTime<Utc>) -> Self {
        let tokens: Vec<&str> = tokens(question).collect();
        let lowered: Vec<String> = tokens.iter().map(|token| token.to_lowercase()).collect();
        let words: Vec<&str> = lowered.iter().map(|word| word.trim_end_matches("'s")).collect();
        let text = format!(" {} ", words.join(" "));
        let mut asked = Self { window: windows::read(&words, now), why: any(&text, WHY), ..Self::default() };
        asked.intents = PHRASES.iter().filter(|(_, phrases)| any(&text, phrases)).map(|(intent, _)| *intent).collect();
        asked.names(&tokens, &words, known);
        asked.subjects = tokens.iter().filter(|token| is_subject(token)).map(|token| (*token).to_owned()).collect();
        asked.incidents = tokens.iter().filter(|token| is_outside(token)).map(|token| (*token).to_owned()).collect();
        asked.words = telling(&tokens, &asked);
        asked.settle(&text);
        asked
    }

    fn names(&mut self, tokens: &[&str], words: &[&str], known: &Known) {
        for (place, word) in words.iter().enumerate() {
            let before = place.checked_sub(1).map_or("", |place| words[place]);
            let next = words.get(place + 1).copied().unwrap_or_default();
            let same = |name: &&String| name.to_lowercase() == *word;
            let team = known.teams.iter().find(same);
            match (known.services.iter().find(same), team) {
                (_, Some(team)) if before == "team" || next == "team" => self.team = Some(team.clone()),
                (Some(service), _) if !self.services.contains(service) => self.services.push(service.clone()),
                (None, Some(team)) => self.team = Some(team.clone()),
                (None, None) if before == "service" => self.unknown.push(tokens[place].to_owned()),
                _ => {}
            }
        }
    }

    /// What is meant where two things were heard, and where nothing was.
    fn settle(&mut self, text: &str) {
        let has = |intent: Intent, all: &[Intent]| all.contains(&intent);
        if has(Intent::Metric("change_failure_rate"), &self.intents) {
            self.intents.retain(|intent| *intent != Intent::Metric("deployment_frequency"));
        }
        let numbers = self.intents.iter().any(|intent| matches!(intent, Intent::Metric(_) | Intent::Delivery));
        if numbers {
            // "How do we deliver" asks for numbers, and "which deployments" is behind one.
            let behind = self.why || any(text, &["which deploy*"]);
            self.why = behind;
            self.intents.retain(|intent| !matches!(intent, Intent::Knowledge | Intent::Search));
            if behind {
                self.intents.retain(|intent| *intent != Intent::Changed);
            }
        }
        if !self.incidents.is_empty() || has(Intent::Timeline, &self.intents) {
            self.intents.retain(|intent| *intent != Intent::Incidents);
            if !has(Intent::Timeline, &self.intents) {
                self.intents.push(Intent::Timeline);
            }
        }
        if !numbers
            && !has(Intent::Incidents, &self.intents)
            && any(text, &["incident", "outage"])
            && self.incidents.is_empty()
        {
            let timeline = has(Intent::Timeline, &self.intents);
            self.intents.extend((!timeline).then_some(Intent::Incidents));
        }
    }
}

/// Pieces between spaces, without what stands around them.
fn tokens(question: &str) -> impl Iterator<Item = &str> {
    let around = |one: char| !(one.is_alphanumeric() || one == '#');
    question.split_whitespace().map(move |piece| piece.trim_matches(around)).filter(|piece| !piece.is_empty())
}

fn any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| match phrase.split_once('*') {
        Some((start, "")) => text.contains(&format!(" {start}")),
        Some((start, rest)) => text.contains(&format!(" {start}")) && text.contains(rest.trim_end_matches('*')),
        None => text.contains(&format!(" {phrase} ")),
    })
}

/// `acme/shop#12`, `#12`, `PAY-7`.
fn is_subject(token: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    if let Some((_, number)) = token.rsplit_once('#') {
        return digits(number);
    }
    let key = |key: &str| key.len() >= 2 && key.bytes().all(|one| one.is_ascii_uppercase() || one.is_ascii_digit());
    token.split_once('-').is_some_and(|(project, number)| key(project) && digits(number) && !digits(project))
}

/// `pagerduty:Q1`: an id outside. No time of day, no address.
fn is_outside(token: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-');
    token.split_once(':').is_some_and(|(source, id)| {
        plain(source) && source.bytes().any(|one| one.is_ascii_alphabetic()) && !id.is_empty() && !id.starts_with('/')
    })
}

const MOST_WORDS: usize = 4;
/// Shorter words tell nothing.
const SHORTEST: usize = 4;
/// Words that stand in every question.
const USUAL: &[&str] = &[
    "what",
    "when",
    "where",
    "which",
    "does",
    "have",
    "were",
    "with",
    "from",
    "that",
    "this",
    "there",
    "about",
    "after",
    "before",
    "since",
    "last",
    "many",
    "much",
    "show",
    "tell",
    "today",
    "week",
    "month",
    "year",
    "days",
    "hours",
    "yesterday",
    "happened",
    "happen",
    "find",
    "search",
    "look",
    "events",
    "event",
    "between",
    "please",
    "could",
    "would",
    "should",
    "your",
    "ours",
    "they",
    "them",
    "been",
    "into",
    "past",
    "anything",
    "something",
    "service",
    "team",
    "know",
    "list",
    "give",
    "explain",
    "runbook",
    "runbooks",
    "documentation",
    "guide",
    "playbook",
    "latest",
    "recent",
    "than",
    "then",
    "also",
];

/// The words of a question that tell something, as they stand.
fn telling(tokens: &[&str], asked: &Asked) -> Vec<String> {
    let named = |word: &str| {
        let named = asked.services.iter().chain(&asked.team).chain(&asked.subjects).chain(&asked.incidents);
        named.into_iter().any(|name| name.eq_ignore_ascii_case(word))
    };
    let tells = |word: &&str| {
        let has_number = word.chars().any(|one| one.is_ascii_digit());
        (word.chars().count() >= SHORTEST || has_number)
            && !USUAL.contains(&word.to_lowercase().as_str())
            && !named(word)
            && word.parse::<chrono::NaiveDate>().is_err()
    };
    let mut told: Vec<String> = tokens.iter().copied().filter(tells).map(str::to_owned).collect();
    told.dedup();
    told.truncate(MOST_WORDS);
    told
}

#[cfg(test)]
mod tests;
