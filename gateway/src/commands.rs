//! What each word of `/em` answers: one function a command, from what is known to an [`Answer`].
//!
//! The door (`slack`) has proved who asks; here is only what is said, and to whom a command is open. Nothing here reads a
//! form or knows how an answer travels. An answer is for the person who asked; what others shall read is queued, and said
//! by the worker. `Err` is what the database could not do: the door logs it once and says that it cannot be answered now.

mod digests;
mod dora;
mod incidents;
mod plans;
mod reports;
mod search;
mod signals;
mod status;
mod subscriptions;

use chrono::{DateTime, Utc};
use domain::approvals::Person;
use domain::ids::TenantId;
use slack::answers::Answer;
use slack::commands::{Command, Place};
use slack::text::{code, outside};
use store::{Connection, StoreError, transaction};

use crate::access::Role;
use crate::reports::posting;
use crate::reports::told::Told;
use crate::state::State;

/// What a command may use.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) tenant: TenantId,
    /// `None`: nobody knows them.
    pub(crate) person: Option<Person>,
    /// Their id in Slack, where the command comes from there.
    pub(crate) slack_user: Option<String>,
    /// The conversation that it was typed in.
    pub(crate) channel: Option<String>,
    pub(crate) role: Role,
    pub(crate) now: DateTime<Utc>,
}

/// Runs one command to its answer.
pub(crate) async fn run(state: &State, asked: Asked, command: Command) -> Result<Answer, StoreError> {
    let asked = &asked;
    match command {
        Command::Status => status::say(state, asked).await,
        Command::Signals(kind) => signals::say(state, asked, kind).await,
        Command::Triage { post } => reports::triage(state, asked, post).await,
        Command::Standup { hours, post } => reports::standup(state, asked, hours, post).await,
        Command::Sprint { days, post } => reports::sprint(state, asked, days, post).await,
        Command::Digest { kind, subject, window, post } => {
            digests::say(state, asked, (kind, subject, window), post).await
        }
        Command::Dora { service, window } => dora::say(state, asked, service, window).await,
        Command::Incident(incident) => incidents::run(state, asked, incident).await,
        Command::Ask(question) => search::ask(state, asked, &question).await,
        Command::Search(words) => search::find(state, asked, words).await,
        Command::Subscribe { service, place } => subscriptions::subscribe(state, asked, service, place).await,
        Command::Unsubscribe { service, place } => subscriptions::unsubscribe(state, asked, service, place).await,
        Command::Onboarding(wanted) => plans::onboarding(state, asked, wanted).await,
        Command::Okr(wanted) => plans::okr(state, asked, wanted).await,
        // The door's own.
        Command::Help(_)
        | Command::Approvals(_)
        | Command::PostApprovals(_)
        | Command::Approve { .. }
        | Command::Reject { .. }
        | Command::Link { .. } => Ok(Answer::private("`/em help` shows what I can do.")),
    }
}

impl Asked {
    /// Whose word it is: the person, else what Slack calls them.
    fn name(&self) -> String {
        let known = self.person.as_ref().map(|person| person.id.clone());
        known
            .unwrap_or_else(|| self.slack_user.as_ref().map_or_else(|| "anyone".to_owned(), |id| format!("slack:{id}")))
    }

    /// Why somebody who does not operate anything may not do this. None: they may.
    fn refused(&self, what: &str) -> Option<Answer> {
        let why = "takes the role operator; an administrator gives it with `POST /v1/identities`.";
        (!self.role.includes(Role::Operator)).then(|| Answer::private(&format!("{what} {why}")))
    }

    /// A place as the queue takes it. None: `here`, and nobody knows where that is.
    pub(crate) fn place(&self, place: Place) -> Option<String> {
        match place {
            Place::Here => self.channel.clone(),
            Place::Id(id) => Some(id),
            Place::Name(name) => Some(format!("#{name}")),
        }
    }
}

/// Tells the person who asked, or has others told.
async fn tell(
    state: &State,
    asked: &Asked,
    (kind, post): (&'static str, Option<Place>),
    told: Told,
) -> Result<Answer, StoreError> {
    let Some(place) = post else { return Ok(Answer::privately(told.brief())) };
    let place = match open_place(state, asked, place) {
        Ok(place) => place,
        Err(why) => return Ok(why),
    };
    let (tenant, now, messages) = (asked.tenant.clone(), asked.now, told.series());
    let work = move |conn: &mut Connection| {
        transaction(conn, |conn| posting::ask(conn, &tenant, (kind, &place), &messages, now))
    };
    let posted = state.store.call("command_post", work).await?;
    Ok(Answer::private(&format!("It is posted to {} in a moment.", shown_place(&posted.channel))))
}

/// Where they may have something posted; else why not.
fn open_place(state: &State, asked: &Asked, place: Place) -> Result<String, Answer> {
    if !(asked.role.includes(Role::Operator) || asked.role.includes(Role::Approver)) {
        let words = "Posting for everybody takes the role operator or approver; without `post` you alone see it.";
        return Err(Answer::private(words));
    }
    posting::where_to(state, asked.place(place))
        .map_err(|cannot| Answer::private(&format!("It cannot be posted: {}.", outside(cannot.why(), 200))))
}

/// A channel as people see it: Slack makes a link of its id.
fn shown_place(place: &str) -> String {
    let is_id = place.starts_with(['C', 'G', 'D']) && place.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_id { format!("<#{place}>") } else { code(place, 100) }
}
