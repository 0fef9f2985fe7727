//! How each command's words are read. A function per row of the list; each says in a sentence what is wrong.

use super::table::{Unfit, find};
use super::words::Words;
use super::{Command, Incident, Okr, Onboarding, Place, Provider, Severity, Whose, Window, nearest};

type Read = Result<Command, Unfit>;

/// Kinds of digests.
const DIGESTS: &[&str] = &["standup", "sprint_health", "weekly", "release", "incident", "postmortem", "pull_request"];

/// Ten years.
const LONGEST_HOURS: u32 = 24 * 3_660;

fn unfit<T>(what: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit(what.into()))
}

pub(super) fn help(words: &mut Words<'_>) -> Read {
    let about = words.next().map(|name| name.trim_start_matches('/').to_lowercase());
    Ok(Command::Help(about.as_deref().and_then(find)))
}

pub(super) fn signals(words: &mut Words<'_>) -> Read {
    Ok(Command::Signals(words.next().map(|kind| kind.to_lowercase().replace('-', "_"))))
}

pub(super) fn approvals(words: &mut Words<'_>) -> Read {
    let Some(whose) = words.next() else { return Ok(Command::Approvals(Whose::Mine)) };
    match whose.to_lowercase().as_str() {
        "mine" | "me" | "my" => Ok(Command::Approvals(Whose::Mine)),
        "all" | "everybody" | "list" => Ok(Command::Approvals(Whose::All)),
        "post" => Ok(Command::PostApprovals(place(words)?)),
        _ => unfit(format!("'{whose}' is neither mine, all nor post.")),
    }
}

pub(super) fn approve(words: &mut Words<'_>) -> Read {
    let id = approval_id(words)?;
    Ok(Command::Approve { id, reason: words.rest() })
}

/// Whether a reason must be given is the policy's to say.
pub(super) fn reject(words: &mut Words<'_>) -> Read {
    let id = approval_id(words)?;
    Ok(Command::Reject { id, reason: words.rest() })
}

fn approval_id(words: &mut Words<'_>) -> Result<String, Unfit> {
    match id(words) {
        Some(id) => Ok(id.to_lowercase()),
        None => unfit("Which one? /em approvals shows what waits and its id."),
    }
}

/// An id as people type or paste it: with a number sign or back ticks around it.
fn id(words: &mut Words<'_>) -> Option<String> {
    let typed = words.next()?;
    let id = typed.trim_matches(['`', '#', ',', '.', ';', ':']);
    (!id.is_empty()).then(|| id.to_owned())
}

pub(super) fn triage(words: &mut Words<'_>) -> Read {
    let post = posted(words)?;
    Ok(Command::Triage { post })
}

pub(super) fn standup(words: &mut Words<'_>) -> Read {
    let (hours, post) = number_and_post(words, 1)?;
    Ok(Command::Standup { hours, post })
}

pub(super) fn sprint(words: &mut Words<'_>) -> Read {
    let (hours, post) = number_and_post(words, 24)?;
    Ok(Command::Sprint { days: hours.map(|hours| hours.div_ceil(24)), post })
}

/// A time back, in units of so many hours when none is named, and where to post, in either order.
fn number_and_post(words: &mut Words<'_>, unit_hours: u32) -> Result<(Option<u32>, Option<Place>), Unfit> {
    let mut back = take_window(words, unit_hours);
    let post = posted(words)?;
    if back.is_none() {
        back = take_window(words, unit_hours);
    }
    match words.next() {
        Some(word) => unfit(format!("'{word}' is no time and no place.")),
        None => Ok((back.map(|window| window.hours), post)),
    }
}

/// `post [#channel]`, if it is there.
fn posted(words: &mut Words<'_>) -> Result<Option<Place>, Unfit> {
    if !words.peek().is_some_and(|word| word.eq_ignore_ascii_case("post")) {
        return Ok(None);
    }
    words.next();
    let has_place = words.peek().is_some_and(|word| window(word, 1).is_none());
    if has_place { place(words).map(Some) } else { Ok(Some(Place::Here)) }
}

/// A channel, or nothing for where we are.
fn place(words: &mut Words<'_>) -> Result<Place, Unfit> {
    let Some(word) = words.next() else { return Ok(Place::Here) };
    if word.eq_ignore_ascii_case("here") {
        return Ok(Place::Here);
    }
    // Slack writes channels as <#C123|name>.
    if let Some(inside) = word.strip_prefix("<#").and_then(|rest| rest.strip_suffix('>')) {
        return Ok(Place::Id(inside.split('|').next().unwrap_or_default().to_owned()));
    }
    let name = word.trim_start_matches('#').to_lowercase();
    let is_name = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_' | '.');
    if (1..=80).contains(&name.chars().count()) && name.chars().all(is_name) {
        return Ok(Place::Name(name));
    }
    unfit(format!("'{word}' is no channel."))
}

pub(super) fn dora(words: &mut Words<'_>) -> Read {
    let mut back = take_window(words, 24);
    let service = words.next();
    if back.is_none() {
        back = take_window(words, 24);
    }
    match words.next() {
        Some(word) if back.is_none() => unfit(format!("'{word}' is no time. Say 7d, 12h, 4w or today.")),
        Some(word) => unfit(format!("'{word}' is too much: one service and one time are enough.")),
        None => Ok(Command::Dora { service, window: back }),
    }
}

pub(super) fn digest(words: &mut Words<'_>) -> Read {
    let mut window = take_window(words, 24);
    let kind = words.peek().and_then(digest_kind);
    if kind.is_some() {
        words.next();
    }
    window = window.or_else(|| take_window(words, 24));
    let mut post = posted(words)?;
    let subject = if post.is_some() { None } else { words.next() };
    window = window.or_else(|| take_window(words, 24));
    if post.is_none() {
        post = posted(words)?;
    }
    match words.next() {
        Some(word) => unfit(format!("'{word}' is too much. Kinds are {}.", DIGESTS.join(", "))),
        None => Ok(Command::Digest { kind, subject, window, post }),
    }
}

fn digest_kind(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase().replace('-', "_");
    let known = match word.as_str() {
        "sprint" => "sprint_health",
        "week" => "weekly",
        "pr" => "pull_request",
        other => other,
    };
    DIGESTS.iter().copied().find(|kind| *kind == known)
}

fn take_window(words: &mut Words<'_>, unit_hours: u32) -> Option<Window> {
    let found = words.peek().and_then(|word| window(word, unit_hours))?;
    words.next();
    Some(found)
}

/// `30d`, `12h`, `2w`, `today`, `week`, or a bare number of the usual unit.
fn window(word: &str, unit_hours: u32) -> Option<Window> {
    let word = word.to_lowercase();
    let hours = match word.as_str() {
        "today" | "day" => 24,
        "week" => 24 * 7,
        "month" => 24 * 30,
        _ => {
            let digits = word.find(|one: char| !one.is_ascii_digit()).unwrap_or(word.len());
            let unit = match &word[digits..] {
                "" => unit_hours,
                "h" | "hour" | "hours" => 1,
                "d" | "day" | "days" => 24,
                "w" | "week" | "weeks" => 24 * 7,
                _ => return None,
            };
            word[..digits].parse::<u32>().ok()?.checked_mul(unit)?
        }
    };
    (1..=LONGEST_HOURS).contains(&hours).then_some(Window { hours })
}

pub(super) fn incident(words: &mut Words<'_>) -> Read {
    let Some(verb) = words.next() else { return Ok(Command::Incident(Incident::List)) };
    let incident = match verb.to_lowercase().as_str() {
        "list" | "open" => Incident::List,
        "start" | "new" | "declare" => {
            Incident::Start { title: words.rest().unwrap_or_else(|| "Untitled Incident".to_owned()) }
        }
        "note" => {
            let id = incident_id(words)?;
            let Some(text) = words.rest() else { return unfit("What should the note say?") };
            Incident::Note { id, text }
        }
        "close" | "resolve" => Incident::Close { id: incident_id(words)? },
        "sev" | "severity" => Incident::Severity { id: incident_id(words)?, severity: severity(words)? },
        "post" => Incident::Post { id: incident_id(words)?, place: place(words)? },
        other => {
            let verbs = ["start", "note", "close", "sev", "post", "list"];
            let meant =
                nearest(other, verbs.into_iter()).map(|verb| format!(" Did you mean {verb}?")).unwrap_or_default();
            return unfit(format!("An incident cannot '{verb}'.{meant}"));
        }
    };
    Ok(Command::Incident(incident))
}

fn incident_id(words: &mut Words<'_>) -> Result<String, Unfit> {
    match id(words) {
        Some(id) => Ok(id),
        None => unfit("Which incident? /em incident lists those that are open."),
    }
}

/// Our words, or the S0 to S3 and P1 to P4 that people are used to.
fn severity(words: &mut Words<'_>) -> Result<Severity, Unfit> {
    let word = words.next().unwrap_or_default();
    match word.to_lowercase().as_str() {
        "critical" | "s0" | "sev0" | "p1" => Ok(Severity::Critical),
        "high" | "s1" | "sev1" | "p2" => Ok(Severity::High),
        "medium" | "s2" | "sev2" | "p3" => Ok(Severity::Medium),
        "low" | "s3" | "sev3" | "p4" => Ok(Severity::Low),
        _ => unfit("A severity is low, medium, high or critical (or S3 to S0)."),
    }
}

pub(super) fn ask(words: &mut Words<'_>) -> Read {
    words.rest().map(Command::Ask).ok_or(Unfit("What do you want to know?".to_owned()))
}

pub(super) fn search(words: &mut Words<'_>) -> Read {
    words.rest().map(Command::Search).ok_or(Unfit("Which words shall I look for?".to_owned()))
}

pub(super) fn link(words: &mut Words<'_>) -> Read {
    let first = words.next().unwrap_or_default();
    let provider = match first.to_lowercase().as_str() {
        "github" => Provider::Github,
        "gitlab" => Provider::Gitlab,
        "jira" => Provider::Jira,
        "email" | "mail" | "e-mail" => Provider::Email,
        _ => return unfit("Say where: github, gitlab, jira or email."),
    };
    let Some(login) = words.next() else { return unfit(format!("What is your login at {}?", provider.word())) };
    // Slack writes addresses as <mailto:a@b|a@b>.
    let plain = login.strip_prefix("<mailto:").and_then(|rest| rest.split(['|', '>']).next()).unwrap_or(&login);
    let login = plain.trim_start_matches('@');
    let is_login = (1..=254).contains(&login.len()) && !login.contains(['<', '>', '|', '`']);
    if !is_login || (provider == Provider::Email) != login.contains('@') {
        return unfit(format!("'{plain}' is no login of {}.", provider.word()));
    }
    Ok(Command::Link { provider, login: login.to_owned() })
}

pub(super) fn subscribe(words: &mut Words<'_>) -> Read {
    let (service, place) = service_and_place(words)?;
    Ok(Command::Subscribe { service, place })
}

pub(super) fn unsubscribe(words: &mut Words<'_>) -> Read {
    let (service, place) = service_and_place(words)?;
    Ok(Command::Unsubscribe { service, place })
}

fn service_and_place(words: &mut Words<'_>) -> Result<(String, Place), Unfit> {
    let Some(service) = words.next() else { return unfit("Which service?") };
    Ok((service, place(words)?))
}

pub(super) fn onboarding(words: &mut Words<'_>) -> Read {
    match words.next().unwrap_or_default().to_lowercase().as_str() {
        "plan" => match words.rest() {
            Some(title) => Ok(Command::Onboarding(Onboarding::Plan { title })),
            None => unfit("What is the plan called?"),
        },
        "task" => match (id(words), words.rest()) {
            (Some(plan), Some(title)) => Ok(Command::Onboarding(Onboarding::Task { plan, title })),
            _ => unfit("Say the plan's id and what is to be done."),
        },
        _ => unfit("Say plan or task."),
    }
}

pub(super) fn okr(words: &mut Words<'_>) -> Read {
    match words.next().unwrap_or_default().to_lowercase().as_str() {
        "new" | "objective" => match words.rest() {
            Some(title) => Ok(Command::Okr(Okr::Objective { title })),
            None => unfit("What is the objective?"),
        },
        "kr" => match (id(words), words.rest()) {
            (Some(objective), Some(title)) => Ok(Command::Okr(Okr::KeyResult { objective, title })),
            _ => unfit("Say the objective's id and the key result."),
        },
        _ => unfit("Say new or kr."),
    }
}
