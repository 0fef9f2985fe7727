//! Commands about approvals and about who somebody is; every other word of `/em` is [`crate::commands`]'s.

use slack::answers::Answer;
use slack::approvals::{Decision, private};
use slack::commands::{Command, Place, Whose, help, parse};
use slack::fit::Message;
use slack::home;
use store::{Connection, StoreError};

use super::speakers::Speaker;
use super::votes::{Ballot, vote};
use super::{inbox, links, posting};
use crate::access::Role;
use crate::clock;
use crate::commands::{self, Asked};
use crate::state::State;

/// Messages that one command asks for.
const MOST_POSTED: usize = 20;

/// What is said, and whether what was wanted is done.
pub(super) struct Said {
    pub(super) ok: bool,
    pub(super) answer: Answer,
}

impl Said {
    fn done(answer: Answer) -> Self {
        Self { ok: true, answer }
    }

    fn not_done(words: &str) -> Self {
        Self { ok: false, answer: Answer::private(words) }
    }
}

/// Reads what was typed, does it, and says what came of it.
pub(super) async fn answer(state: &State, speaker: &Speaker, text: &str) -> Result<Said, StoreError> {
    let command = match parse(text) {
        Ok(command) => command,
        Err(misread) => return Ok(Said { ok: false, answer: Answer::privately(misread.message()) }),
    };
    match command {
        Command::Help(about) => Ok(Said::done(Answer::privately(about.map_or_else(all, |entry| entry.help())))),
        Command::Approvals(whose) => approvals(state, speaker, whose).await,
        Command::PostApprovals(place) => post(state, speaker, place).await,
        Command::Approve { id, reason } => decide(state, speaker, (id, Decision::Approve, reason)).await,
        Command::Reject { id, reason } => decide(state, speaker, (id, Decision::Reject, reason)).await,
        Command::Link { provider, login } => {
            let now = clock::now();
            links::link(state, speaker, (provider, login), now).await.map(Said::done)
        }
        other => run(state, asked(speaker), other).await,
    }
}

async fn run(state: &State, asked: Asked, command: Command) -> Result<Said, StoreError> {
    let Asked { person, slack_user, channel, role, .. } = &asked;
    tracing::debug!(?command, role = role.as_str(), known = person.is_some(), ?slack_user, ?channel, "asked over /em");
    commands::run(state, asked, command).await.map(Said::done)
}

fn all() -> Message {
    help("This is what I can do:")
}

fn asked(speaker: &Speaker) -> Asked {
    let Speaker { tenant, known, slack_user, channel, role, .. } = speaker.clone();
    Asked { tenant, person: known, slack_user, channel, role, now: clock::now() }
}

async fn approvals(state: &State, speaker: &Speaker, whose: Whose) -> Result<Said, StoreError> {
    let asked = speaker.clone();
    let look = move |conn: &mut Connection| match whose {
        Whose::Mine => inbox::of(conn, &asked).map(|inbox| home::message(&inbox)),
        Whose::All => {
            let lines: Vec<home::Line> = inbox::waiting(conn, &asked.tenant)?.iter().map(inbox::line).collect();
            Ok(home::everything(&lines, None))
        }
    };
    Ok(Said::done(Answer::privately(state.store.look("slack_inbox", look).await?)))
}

/// A typed vote. A caller with a token needs the role that the route needs; in Slack the approval's own terms decide.
async fn decide(
    state: &State,
    speaker: &Speaker,
    (approval, decision, reason): (String, Decision, Option<String>),
) -> Result<Said, StoreError> {
    if speaker.slack_user.is_none() && !speaker.role.includes(Role::Approver) {
        return Ok(Said::not_done("Your vote was not taken: it needs the role approver."));
    }
    let told = vote(state, speaker, Ballot { approval, decision, reason, seen: None }).await;
    Ok(Said { ok: told.is_taken(), answer: private::told(&told) })
}

/// Has what waits posted with its buttons. It speaks to others, so it takes a role.
async fn post(state: &State, speaker: &Speaker, place: Place) -> Result<Said, StoreError> {
    if !(speaker.role.includes(Role::Operator) || speaker.role.includes(Role::Approver)) {
        return Ok(Said::not_done(
            "Posting for everybody takes the role operator or approver; `/em approvals` shows you what waits.",
        ));
    }
    if !state.slack.client.has_token() {
        return Ok(Said::not_done("Nothing can be posted: whoever runs this installation must set SLACK_BOT_TOKEN."));
    }
    let Some(place) = posting::place(state, asked(speaker).place(place)) else {
        return Ok(Said::not_done("Say where to: `/em approvals post #channel`."));
    };
    let (tenant, now) = (speaker.tenant.clone(), clock::now());
    let work = move |conn: &mut Connection| {
        store::transaction(conn, |conn| {
            let all = inbox::waiting(conn, &tenant)?;
            for approval in all.iter().take(MOST_POSTED) {
                posting::ask(conn, &tenant, approval.id, &place, now)?;
            }
            Ok(all.len())
        })
    };
    let words = match state.store.call("slack_post", work).await? {
        0 => "Nothing waits for anybody.".to_owned(),
        1 => "It is posted in a moment.".to_owned(),
        count if count > MOST_POSTED => format!("The newest {MOST_POSTED} of {count} are posted, one a second."),
        count => format!("All {count} are posted, one a second."),
    };
    Ok(Said::done(Answer::private(&words)))
}
