//! The one list of commands: names, how they are typed, what they do, and who reads their words.

use super::words::Words;
use super::{Command, NAME, read};
use crate::blocks::Block;
use crate::fit::Message;
use crate::text::{code, escape};

/// A row of the list.
pub struct Entry {
    pub name: &'static str,
    /// Other names that do the same. EM Agent 1.x and other bots used them.
    pub also: &'static [&'static str],
    /// As it is typed after the command's name.
    pub usage: &'static str,
    /// One line, without a full stop.
    pub does: &'static str,
    pub(super) read: fn(&mut Words<'_>) -> Result<Command, Unfit>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Entry {}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The words do not fit: a whole sentence that says why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfit(pub(super) String);

#[rustfmt::skip]
pub static COMMANDS: &[Entry] = &[
    Entry { name: "help", also: &["?", "-h", "--help", "commands"], usage: "help [command]", does: "What I can do", read: read::help },
    Entry { name: "status", also: &["health", "ping"], usage: "status", does: "Is everything running, and what waits", read: |_| Ok(Command::Status) },
    Entry { name: "approvals", also: &["inbox", "pending"], usage: "approvals [mine|all|post [#channel]]", does: "What waits for you, or for anybody", read: read::approvals },
    Entry { name: "approve", also: &["ok", "yes"], usage: "approve <id> [reason]", does: "Approve what waits", read: read::approve },
    Entry { name: "reject", also: &["deny", "decline", "no"], usage: "reject <id> <reason>", does: "Reject what waits, and say why", read: read::reject },
    Entry { name: "signals", also: &["signal"], usage: "signals [kind]", does: "Stale reviews, too much in progress, failed deployments and the like", read: read::signals },
    Entry { name: "triage", also: &[], usage: "triage [post [#channel]]", does: "What needs somebody's attention now", read: read::triage },
    Entry { name: "standup", also: &["daily"], usage: "standup [hours] [post [#channel]]", does: "What happened, what is stuck", read: read::standup },
    Entry { name: "sprint", also: &["sprint-health"], usage: "sprint [days] [post [#channel]]", does: "How the last days went", read: read::sprint },
    Entry { name: "dora", also: &["metrics"], usage: "dora [service] [30d]", does: "The five delivery metrics", read: read::dora },
    Entry { name: "digest", also: &["summary"], usage: "digest [kind] [subject] [today|7d] [post [#channel]]", does: "A summary with its sources", read: read::digest },
    Entry { name: "incident", also: &["incidents"], usage: "incident [start <title> | note <id> <text> | close <id> | sev <id> <severity> | post <id> [#channel]]", does: "Open, follow and close incidents", read: read::incident },
    Entry { name: "ask", also: &["agent"], usage: "ask <question>", does: "Answer a question, with sources", read: read::ask },
    Entry { name: "search", also: &["find"], usage: "search <words>", does: "Find events, changes and documents", read: read::search },
    Entry { name: "link", also: &["connect"], usage: "link <github|gitlab|jira|email> <login>", does: "Say who you are elsewhere, so that your votes count", read: read::link },
    Entry { name: "subscribe", also: &["sub"], usage: "subscribe <service> [here|#channel]", does: "Tell a channel what happens to a service", read: read::subscribe },
    Entry { name: "unsubscribe", also: &["unsub"], usage: "unsubscribe <service> [here|#channel]", does: "And no more", read: read::unsubscribe },
    Entry { name: "onboarding", also: &[], usage: "onboarding plan <title> | onboarding task <plan> <title>", does: "Plans and tasks for people who are new", read: read::onboarding },
    Entry { name: "okr", also: &["okrs"], usage: "okr new <title> | okr kr <objective> <title>", does: "Objectives and their key results", read: read::okr },
];

/// The row with this name, in lower case.
pub(super) fn find(name: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.name == name || entry.also.contains(&name))
}

/// Every name that a command answers to and a person may have meant.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().flat_map(|entry| entry.also.iter().copied().chain([entry.name])).filter(|name| name.len() > 2)
}

/// Every command with its usage, below a line of markup.
pub fn help(line: &str) -> Message {
    let row = |entry: &Entry| format!("{} {}", code(&format!("{NAME} {}", entry.usage), 200), escape(entry.does));
    let rows: Vec<String> = COMMANDS.iter().map(row).collect();
    let blocks = vec![
        Block::section(line),
        Block::section(rows.join("\n")),
        Block::context("Only you see my answers, unless you have me post them."),
    ];
    Message::new(line, blocks, None)
}

impl Entry {
    /// What one command does, how it is typed and what else it is called.
    pub fn help(&self) -> Message {
        let also: Vec<String> = self.also.iter().map(|name| code(name, 40)).collect();
        let also = if also.is_empty() { String::new() } else { format!("\nAlso: {}", also.join(", ")) };
        Message::words(&format!("{}\n{}{also}", code(&format!("{NAME} {}", self.usage), 200), escape(self.does)))
    }
}

/// The hint that Slack shows while somebody types.
pub fn usage_hint() -> String {
    let usages: Vec<&str> = COMMANDS.iter().map(|entry| entry.usage).collect();
    usages.join(" | ")
}
