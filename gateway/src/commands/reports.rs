//! `/em standup`, `sprint`, `triage` and `digest`: reports by rule, told or posted.

use chrono::TimeDelta;
use slack::answers::Answer;
use slack::commands::{Place, Window};
use slack::text::code;
use store::{Connection, StoreError};

use super::{Asked, tell};
use crate::reports::told::{self, Told};
use crate::reports::{numbers, of_sprint, of_standup, of_triage};
use crate::state::State;

const USUAL_HOURS: u32 = 24;
const USUAL_DAYS: u32 = 14;
const WEEK_HOURS: u32 = 24 * 7;
/// A year.
const MOST_HOURS: u32 = 24 * 366;
/// A change that nobody has moved for so long is stale.
const STALE: TimeDelta = TimeDelta::hours(48);

pub(super) async fn standup(
    state: &State,
    asked: &Asked,
    hours: Option<u32>,
    post: Option<Place>,
) -> Result<Answer, StoreError> {
    let told = stand_up(state, asked, hours.unwrap_or(USUAL_HOURS)).await?;
    tell(state, asked, ("standup", post), told).await
}

pub(super) async fn sprint(
    state: &State,
    asked: &Asked,
    days: Option<u32>,
    post: Option<Place>,
) -> Result<Answer, StoreError> {
    let told = sprint_health(state, asked, days.unwrap_or(USUAL_DAYS)).await?;
    tell(state, asked, ("sprint", post), told).await
}

pub(super) async fn triage(state: &State, asked: &Asked, post: Option<Place>) -> Result<Answer, StoreError> {
    let (tenant, now) = (asked.tenant.clone(), asked.now);
    let look = move |conn: &mut Connection| of_triage(conn, &tenant, now);
    let (items, count) = state.store.look("report_triage", look).await?;
    tell(state, asked, ("triage", post), told::of_triage(&items, count, now)).await
}

/// A summary by rule: of those kinds that need no words of a model.
pub(super) async fn digest(
    state: &State,
    asked: &Asked,
    kind: Option<&'static str>,
    subject: Option<String>,
    window: Option<Window>,
) -> Result<Answer, StoreError> {
    let hours = |usual: u32| window.map_or(usual, |window| window.hours);
    let told = match (kind.unwrap_or("standup"), &subject) {
        ("standup", None) => stand_up(state, asked, hours(USUAL_HOURS)).await?,
        ("sprint_health", None) => sprint_health(state, asked, hours(USUAL_DAYS * 24).div_ceil(24)).await?,
        ("weekly", None) => weekly(state, asked, hours(WEEK_HOURS)).await?,
        (kind, None) => return Ok(Answer::private(&not_yet(kind))),
        (kind, Some(subject)) => {
            let words = format!("I can make no digest {} of {} yet. {CAN}", code(kind, 40), code(subject, 100));
            return Ok(Answer::private(&words));
        }
    };
    tell(state, asked, ("digest", None), told).await
}

const CAN: &str = "I can make `standup`, `sprint_health` and `weekly`, of everything.";

fn not_yet(kind: &str) -> String {
    format!("I can make no digest {} yet. {CAN}", code(kind, 40))
}

async fn stand_up(state: &State, asked: &Asked, hours: u32) -> Result<Told, StoreError> {
    let (tenant, now) = (asked.tenant.clone(), asked.now);
    let from = now - TimeDelta::hours(i64::from(hours.min(MOST_HOURS)));
    let look = move |conn: &mut Connection| of_standup(conn, &tenant, (from, STALE), now);
    Ok(told::of_standup(&state.store.look("report_standup", look).await?))
}

async fn sprint_health(state: &State, asked: &Asked, days: u32) -> Result<Told, StoreError> {
    let (tenant, now) = (asked.tenant.clone(), asked.now);
    let days = i64::from(days.min(MOST_HOURS / 24));
    let look = move |conn: &mut Connection| of_sprint(conn, &tenant, days, now);
    Ok(told::of_sprint(&state.store.look("report_sprint", look).await?))
}

/// What happened, with the delivery metrics of the same time.
async fn weekly(state: &State, asked: &Asked, hours: u32) -> Result<Told, StoreError> {
    let (tenant, now) = (asked.tenant.clone(), asked.now);
    let from = now - TimeDelta::hours(i64::from(hours.min(MOST_HOURS)));
    let look = move |conn: &mut Connection| {
        let made = of_standup(conn, &tenant, (from, STALE), now)?;
        Ok((made, numbers(conn, &tenant, None, from, now)?))
    };
    let (made, measured) = state.store.look("report_weekly", look).await?;
    let mut told = told::of_standup(&made);
    told.title = "The week".to_owned();
    told.sections.insert(1, told::numbers(&measured));
    Ok(told)
}
