//! What somebody wants summed up, read and checked: kind, subject, time, and where it goes.

use chrono::{DateTime, TimeDelta, Utc};
use domain::digests::Kind;
use serde::Deserialize;
use store::digests::delivery::Deliver;
use store::digests::kept::kind_of;
use store::digests::{Wanted, is_of_one};
use utoipa::ToSchema;

use crate::access::Role;
use crate::faults::Faults;
use crate::problem::{Code, Problem};
use crate::reports::posting::where_to;
use crate::slack::posting::LONGEST_CHANNEL;
use crate::state::State;

/// As JSON has them.
pub(crate) const KINDS: [&str; 7] =
    ["standup", "sprint_health", "weekly", "release", "incident", "postmortem", "pull_request"];
const LONGEST_SUBJECT: usize = 500;
const LONGEST_URL: usize = 2_048;
/// A year.
const MOST: TimeDelta = TimeDelta::days(366);

/// What is to be summed up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DigestAsked {
    /// `standup`, `sprint_health`, `weekly`, `release`, `incident`, `postmortem` or `pull_request`.
    kind: Option<String>,
    /// Of the first three a service, or everything unless given. Of a release a deployment (`github:1234`), an event of it or a
    /// service, which means its latest; of an incident `pagerduty:Q2X`; of a change `acme/shop#12` or its address.
    subject: Option<String>,
    /// Inclusive; unless given a day, a week or 14 days before `to`, or since it began.
    from: Option<String>,
    /// Exclusive; now unless given.
    to: Option<String>,
    deliver: Option<DeliverAsked>,
}

/// Where a digest goes. It takes the role operator.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliverAsked {
    /// `#name` or the id of a channel.
    pub(crate) slack: Option<String>,
    /// An address; what is sent is signed with OUTGOING_WEBHOOK_SECRETS.
    pub(crate) webhook: Option<String>,
}

impl DigestAsked {
    pub(crate) fn read(self, state: &State, role: Role, now: DateTime<Utc>) -> Result<(Wanted, Deliver), Problem> {
        let mut faults = Faults::of_body();
        let (kind, subject) = of(&mut faults, self.kind.as_deref(), self.subject.as_deref());
        let from = faults.time("from", self.from.as_deref());
        let to = faults.time("to", self.to.as_deref());
        if to.is_some_and(|to| to > now) {
            faults.add("to", "`to` lies in the future");
        }
        if let Some(from) = from {
            let to = to.unwrap_or(now);
            if from >= to || to - from > MOST {
                faults.add("from", "`from` lies before `to`, by a year at most");
            }
        }
        let asked = self.deliver.unwrap_or_default();
        let to_whom = asked.read(&mut faults);
        faults.none()?;
        let deliver = placed(to_whom, state, role)?;
        Ok((Wanted { kind, subject, from, to }, deliver))
    }
}

/// Kind and subject; a kind of one thing needs its name.
pub(crate) fn of(faults: &mut Faults, kind: Option<&str>, subject: Option<&str>) -> (Kind, Option<String>) {
    if kind.is_none() {
        faults.add("kind", format!("`kind` is required: one of {}", KINDS.join(", ")));
    }
    let kind = faults.word("kind", kind, &KINDS).and_then(kind_of).unwrap_or(Kind::Standup);
    let subject = faults.line("subject", subject, LONGEST_SUBJECT);
    if is_of_one(kind) && subject.is_none() {
        faults.add("subject", "`subject` is required: a digest of this kind is of one thing");
    }
    (kind, subject)
}

impl DeliverAsked {
    /// Checks what can be checked without knowing who asks.
    pub(crate) fn read(&self, faults: &mut Faults) -> Deliver {
        let slack = faults.line("deliver/slack", self.slack.as_deref(), LONGEST_CHANNEL);
        let webhook = faults.line("deliver/webhook", self.webhook.as_deref(), LONGEST_URL);
        if webhook.as_deref().is_some_and(|url| !is_address(url)) {
            faults.add("deliver/webhook", "`deliver/webhook` is an address that begins with https://");
        }
        Deliver { slack, webhook }
    }
}

/// Whether it may be an address at all; whether it is let through, the guard says when it is sent.
fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}

/// Whether somebody of this role may have it delivered there, and whether it can be. Channels become what Slack takes.
pub(crate) fn placed(deliver: Deliver, state: &State, role: Role) -> Result<Deliver, Problem> {
    if deliver == Deliver::default() {
        return Ok(deliver);
    }
    if !role.includes(Role::Operator) {
        let detail = "`deliver` takes the role operator; without it the digest is only answered";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    if deliver.webhook.is_some() && state.settings.actions.webhook_secrets.is_empty() {
        return Err(Problem::new(Code::Conflict, "webhooks are signed: set OUTGOING_WEBHOOK_SECRETS"));
    }
    let slack = match deliver.slack {
        Some(place) => Some(where_to(state, Some(place))?),
        None => None,
    };
    Ok(Deliver { slack, ..deliver })
}
