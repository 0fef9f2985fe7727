//! What people type after `/em`: read into a [`Command`], forgivingly, or into a [`Misread`] that says what to type.
//!
//! Letter case, spaces and quotation marks do not matter; the command's own name may be repeated. A word that is nearly
//! a command is answered with that command, never run as it: a slip must not approve anything. [`COMMANDS`] is the only
//! list: the parser, the help and the manifest's hint are made from it.

mod near;
mod read;
mod table;
mod words;

pub use table::{COMMANDS, Entry, help, usage_hint};

use crate::fit::Message;
use crate::text::{code, outside};
use near::nearest;
use words::Words;

/// Our slash command.
pub const NAME: &str = "/em";

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Of one command, or of all.
    Help(Option<&'static Entry>),
    Status,
    /// Of one kind, or of all.
    Signals(Option<String>),
    Approvals(Whose),
    /// Posts what waits, with buttons.
    PostApprovals(Place),
    Approve {
        id: String,
        reason: Option<String>,
    },
    Reject {
        id: String,
        reason: Option<String>,
    },
    Standup {
        hours: Option<u32>,
        post: Option<Place>,
    },
    Sprint {
        days: Option<u32>,
        post: Option<Place>,
    },
    Dora {
        service: Option<String>,
        window: Option<Window>,
    },
    Triage {
        post: Option<Place>,
    },
    Incident(Incident),
    Ask(String),
    Search(String),
    Digest {
        kind: Option<&'static str>,
        subject: Option<String>,
        window: Option<Window>,
        post: Option<Place>,
    },
    Link {
        provider: Provider,
        login: String,
    },
    Subscribe {
        service: String,
        place: Place,
    },
    Unsubscribe {
        service: String,
        place: Place,
    },
    Onboarding(Onboarding),
    Okr(Okr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Mine,
    All,
}

/// A conversation of Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where the command was typed.
    Here,
    /// By id, as Slack writes `#channel` for us.
    Id(String),
    /// By name, without its `#`.
    Name(String),
}

/// The last so many hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub hours: u32,
}

impl Window {
    /// "30 days", "12 hours".
    pub fn words(self) -> String {
        let (count, unit) = if self.hours.is_multiple_of(24) { (self.hours / 24, "day") } else { (self.hours, "hour") };
        format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    List,
    Start { title: String },
    Note { id: String, text: String },
    Close { id: String },
    Severity { id: String, severity: Severity },
    Post { id: String, place: Place },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Where a login belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    Github,
    Gitlab,
    Jira,
    Email,
}

impl Provider {
    /// As `external_type` of an identity.
    pub fn word(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Jira => "jira",
            Self::Email => "email",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Onboarding {
    Plan { title: String },
    Task { plan: String, title: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Okr {
    Objective { title: String },
    KeyResult { objective: String, title: String },
}

/// What was typed is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misread {
    /// No command has this name; perhaps this one was meant.
    Unknown { typed: String, meant: Option<&'static Entry> },
    /// A command whose words do not fit. `what` is a whole sentence.
    Unfit { entry: &'static Entry, what: String },
}

/// Reads what was typed after the command's name, as Slack sends it. Nothing typed is a call for help.
pub fn parse(text: &str) -> Result<Command, Misread> {
    let mut words = Words::new(text);
    let Some(mut name) = words.next() else { return Ok(Command::Help(None)) };
    if name.eq_ignore_ascii_case(NAME) {
        let Some(next) = words.next() else { return Ok(Command::Help(None)) };
        name = next;
    }
    let typed = name.to_lowercase();
    match table::find(&typed) {
        Some(entry) => (entry.read)(&mut words).map_err(|unfit| Misread::Unfit { entry, what: unfit.0 }),
        None => Err(Misread::Unknown { meant: nearest(&typed, table::names()).and_then(table::find), typed: name }),
    }
}

impl Misread {
    /// What to type instead.
    pub fn message(&self) -> Message {
        match self {
            Self::Unknown { typed, meant: Some(entry) } => Message::words(&format!(
                "There is no {}. Did you mean {}? {}.",
                code(&format!("{NAME} {typed}"), 60),
                code(&format!("{NAME} {}", entry.usage), 200),
                outside(entry.does, 200)
            )),
            Self::Unknown { typed, meant: None } => {
                let line = format!("There is no {}. This is what I can do:", code(&format!("{NAME} {typed}"), 60));
                help(&line)
            }
            Self::Unfit { entry, what } => Message::words(&format!(
                "{} Usage: {}",
                outside(what, 300),
                code(&format!("{NAME} {}", entry.usage), 200)
            )),
        }
    }
}

#[cfg(test)]
mod tests;
