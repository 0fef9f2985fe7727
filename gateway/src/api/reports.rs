//! Reports by rule, by EM Agent's paths and fields, and the same posted to Slack.

use actix_web::HttpResponse;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use domain::reports::sprint::SprintHealth;
use domain::reports::standup::Standup;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Connection, StoreError};
use utoipa::ToSchema;

use crate::access::{Caller, Operator, Viewer};
use crate::clock;
use crate::faults::Faults;
use crate::idempotent;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::reports::told::{self, Told};
use crate::reports::{of_sprint, of_standup, posting};
use crate::sent::Sent;
use crate::slack::posting::LONGEST_CHANNEL;
use crate::state::{Shared, State};

const USUAL_OLDER_THAN_HOURS: i64 = 48;
const USUAL_HOURS: i64 = 24;
const USUAL_DAYS: i64 = 14;
/// A year.
const MOST_DAYS: i64 = 366;

/// What a stand-up looks at.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandupAsked {
    /// A change that nobody has moved for so long is stale; 48 unless given.
    older_than_hours: Option<i64>,
    /// What happened in the last so many hours; 24 unless given.
    hours: Option<i64>,
    /// Only where it is posted: `#name` or the id of a channel; SLACK_DEFAULT_CHANNEL unless given.
    channel: Option<String>,
}

/// What a sprint's report looks at.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SprintAsked {
    /// The last so many days; 14 unless given.
    days: Option<i64>,
    /// Only where it is posted: `#name` or the id of a channel; SLACK_DEFAULT_CHANNEL unless given.
    channel: Option<String>,
}

/// What happened in the last hours, and what is stuck.
#[utoipa::path(post, path = "/v1/reports/standup", tag = "reports", request_body = StandupAsked,
    responses(
    (status = 200, description = "`report`: EM Agent's counts, a `headline`, and `sections` of items with the events behind them", body = Object),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn standup(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    show(&state, &caller.tenant, sent.json::<StandupAsked>()?.read()?).await
}

/// What happened in the last hours and what is stuck, posted to Slack.
#[utoipa::path(post, path = "/v1/reports/standup/post", tag = "reports", request_body = StandupAsked,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`posted`: it is in the queue for Slack", body = Object),
    (status = 400, body = ProblemBody),
    (status = 409, description = "Slack is not set up", body = ProblemBody),
))]
pub(crate) async fn post_standup(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    post(&state, &caller, &sent, sent.json::<StandupAsked>()?.read()?).await
}

/// How the last days went.
#[utoipa::path(post, path = "/v1/reports/sprint-health", tag = "reports", request_body = SprintAsked,
    responses(
    (status = 200, description = "`report`: EM Agent's numbers, the five delivery metrics, and `sections` of items with the events behind them", body = Object),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn sprint(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    show(&state, &caller.tenant, sent.json::<SprintAsked>()?.read()?).await
}

/// How the last days went, posted to Slack.
#[utoipa::path(post, path = "/v1/reports/sprint-health/post", tag = "reports", request_body = SprintAsked,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`posted`: it is in the queue for Slack", body = Object),
    (status = 400, body = ProblemBody),
    (status = 409, description = "Slack is not set up", body = ProblemBody),
))]
pub(crate) async fn post_sprint(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    post(&state, &caller, &sent, sent.json::<SprintAsked>()?.read()?).await
}

/// A report of a time that was asked for.
trait Report: Send + 'static {
    type Made: Serialize + Send + 'static;
    /// As posts name it.
    const KIND: &'static str;
    /// As the store names the look.
    const LOOK: &'static str;

    fn made(&self, conn: &mut Connection, tenant: &TenantId) -> Result<Self::Made, StoreError>;
    fn told(made: &Self::Made) -> Told;
    fn channel(&self) -> Option<String>;
    fn now(&self) -> DateTime<Utc>;
}

/// A stand-up, read.
struct OfStandup {
    from: DateTime<Utc>,
    older_than: TimeDelta,
    channel: Option<String>,
    now: DateTime<Utc>,
}

impl StandupAsked {
    fn read(self) -> Result<OfStandup, Problem> {
        let mut faults = Faults::of_body();
        let now = clock::now();
        let older_than = number(&mut faults, "older_than_hours", self.older_than_hours, USUAL_OLDER_THAN_HOURS, 24);
        let hours = number(&mut faults, "hours", self.hours, USUAL_HOURS, 24);
        let channel = faults.line("channel", self.channel.as_deref(), LONGEST_CHANNEL);
        faults.none()?;
        let from = now - TimeDelta::hours(hours);
        Ok(OfStandup { from, older_than: TimeDelta::hours(older_than), channel, now })
    }
}

impl Report for OfStandup {
    type Made = Standup;
    const KIND: &'static str = "standup";
    const LOOK: &'static str = "report_standup";

    fn made(&self, conn: &mut Connection, tenant: &TenantId) -> Result<Standup, StoreError> {
        of_standup(conn, tenant, (self.from, self.older_than), self.now)
    }

    fn told(made: &Standup) -> Told {
        told::of_standup(made)
    }

    fn channel(&self) -> Option<String> {
        self.channel.clone()
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }
}

/// A sprint's report, read.
struct OfSprint {
    days: i64,
    channel: Option<String>,
    now: DateTime<Utc>,
}

impl SprintAsked {
    fn read(self) -> Result<OfSprint, Problem> {
        let mut faults = Faults::of_body();
        let days = number(&mut faults, "days", self.days, USUAL_DAYS, 1);
        let channel = faults.line("channel", self.channel.as_deref(), LONGEST_CHANNEL);
        faults.none()?;
        Ok(OfSprint { days, channel, now: clock::now() })
    }
}

impl Report for OfSprint {
    type Made = SprintHealth;
    const KIND: &'static str = "sprint";
    const LOOK: &'static str = "report_sprint";

    fn made(&self, conn: &mut Connection, tenant: &TenantId) -> Result<SprintHealth, StoreError> {
        of_sprint(conn, tenant, self.days, self.now)
    }

    fn told(made: &SprintHealth) -> Told {
        told::of_sprint(made)
    }

    fn channel(&self) -> Option<String> {
        self.channel.clone()
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }
}

/// A whole number from 1 to a year, in units of which a day has so many.
fn number(faults: &mut Faults, name: &str, value: Option<i64>, usual: i64, a_day: i64) -> i64 {
    faults.within(name, Some(value.unwrap_or(usual)), 1..=MOST_DAYS * a_day).unwrap_or(usual)
}

async fn show<R: Report>(state: &State, tenant: &TenantId, report: R) -> Result<HttpResponse, Problem> {
    let tenant = tenant.clone();
    let made = state.store.look(R::LOOK, move |conn: &mut Connection| report.made(conn, &tenant)).await?;
    Ok(HttpResponse::Ok().json(json!({"report": made})))
}

async fn post<R: Report>(
    state: &State,
    caller: &Caller<Operator>,
    sent: &Sent,
    report: R,
) -> Result<HttpResponse, Problem> {
    let (place, now) = (posting::where_to(state, report.channel())?, report.now());
    let keyed = sent.keyed("reports_post", caller)?;
    let tenant = caller.tenant.clone();
    let work = move |conn: &mut Connection| {
        let messages = R::told(&report.made(conn, &tenant)?).series();
        let posted = posting::ask(conn, &tenant, (R::KIND, &place), &messages, now)?;
        Ok(idempotent::done(json!({"posted": posted})))
    };
    idempotent::answer(state, "report_post", keyed, now, work).await
}
