//! What every normalizer builds its events with: caps of texts, the draft itself, who did it, SHAs that may be short.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Common, Data};
use domain::event::{Draft, EventType};
use domain::rules::Rules;
use domain::text::clean;

use crate::json::{Id, Text};

/// The longest name, login, id or branch.
pub(crate) const NAME: usize = 255;
pub(crate) const TITLE: usize = 300;
pub(crate) const URL: usize = 1000;
/// The longest free text: a reason, a message.
pub(crate) const MESSAGE: usize = 500;
/// The longest label.
pub(crate) const LABEL: usize = 100;
/// More labels than this are cut.
pub(crate) const MOST_LABELS: usize = 100;

/// An event somewhere in a source: `scope` is the repository, project or account.
pub(crate) fn draft(
    kind: &'static str,
    scope: &str,
    subject: String,
    time: Option<DateTime<Utc>>,
    common: Common,
    body: Body,
) -> Draft {
    let scope = if scope.is_empty() { "unknown" } else { scope }.to_owned();
    Draft { kind: EventType::new(kind), scope, subject, time, data: Data { common, body, extra: Default::default() } }
}

/// A text that is there and not empty, fit to leave the delivery's row.
pub(crate) fn text(value: Option<&Text<'_>>, cap: usize) -> Option<String> {
    value.map(|value| value.clean(cap)).filter(|value| !value.is_empty())
}

/// As [`text`], for what is no text of the body.
pub(crate) fn plain(value: Option<&str>, cap: usize) -> Option<String> {
    value.map(|value| clean(value, cap)).filter(|value| !value.is_empty())
}

/// Labels, each cleaned, at most [`MOST_LABELS`].
pub(crate) fn labels<'t>(names: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    names.into_iter().filter_map(|name| plain(Some(name), LABEL)).take(MOST_LABELS).collect()
}

/// A person or bot known by a login alone.
pub(crate) fn actor(login: Option<&str>, rules: &Rules) -> Option<Actor> {
    let login = plain(login, NAME)?;
    let bot = rules.is_bot(&login, false);
    Some(Actor { login: Some(login), bot, ..Actor::default() })
}

/// Whoever it was, by id and name. A machine is what the source says is none of its users.
pub(crate) fn doer(id: Option<&Id>, name: Option<&Text<'_>>, machine: bool, rules: &Rules) -> Option<Actor> {
    let login = text(name, NAME);
    let bot = login.as_deref().map_or(machine, |login| rules.is_bot(login, machine));
    let id = id.map(|id| id.0.clone());
    (id.is_some() || login.is_some()).then_some(Actor { id, login, bot, email: None })
}

/// A commit's SHA in lower case: `None` for what is none, and for all zeros, which stand for "there was none". A short
/// one is kept as it is: whoever joins it to a whole one must do so by prefix.
pub(crate) fn sha(value: Option<&str>) -> Option<String> {
    let value = value?.trim();
    let plain = (7..=64).contains(&value.len()) && value.bytes().all(|c| c.is_ascii_hexdigit());
    (plain && !value.bytes().all(|c| c == b'0')).then(|| value.to_ascii_lowercase())
}

/// Whether a SHA is not whole: whole ones have 40 digits, or 64 in a repository that hashes by SHA-256.
pub(crate) fn is_short(sha: &str) -> bool {
    !matches!(sha.len(), 40 | 64)
}
