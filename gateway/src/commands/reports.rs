//! `/em standup`, `sprint` and `triage`: reports by rule, told or posted.

use chrono::TimeDelta;
use slack::answers::Answer;
use slack::commands::Place;
use store::{Connection, StoreError};

use super::{Asked, tell};
use crate::reports::told::{self, Told};
use crate::reports::{of_sprint, of_standup, of_triage};
use crate::state::State;

const USUAL_HOURS: u32 = 24;
const USUAL_DAYS: u32 = 14;
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
