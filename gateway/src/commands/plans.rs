//! `/em onboarding` and `/em okr`: plans with tasks, objectives with key results.

use domain::ids;
use domain::text::clean;
use slack::answers::{Answer, Basis, brief};
use slack::commands::{Okr, Onboarding};
use slack::text::{code, outside};
use store::objectives::{self, KeyResult, Objective};
use store::onboarding::{self, NewTask};
use store::{Connection, StoreError, transaction};
use uuid::Uuid;

use super::Asked;
use crate::state::State;

const LONGEST_TITLE: usize = 255;
/// More is better, as with key results that are told over the API.
const UP: &str = "up";

pub(super) async fn onboarding(state: &State, asked: &Asked, wanted: Onboarding) -> Result<Answer, StoreError> {
    if let Some(refused) = asked.refused("Making plans") {
        return Ok(refused);
    }
    match wanted {
        Onboarding::Plan { title } => plan(state, asked, &title).await,
        Onboarding::Task { plan, title } => task(state, asked, &plan, &title).await,
    }
}

pub(super) async fn okr(state: &State, asked: &Asked, wanted: Okr) -> Result<Answer, StoreError> {
    if let Some(refused) = asked.refused("Making objectives") {
        return Ok(refused);
    }
    match wanted {
        Okr::Objective { title } => objective(state, asked, &title).await,
        Okr::KeyResult { objective, title } => key_result(state, asked, &objective, &title).await,
    }
}

async fn plan(state: &State, asked: &Asked, title: &str) -> Result<Answer, StoreError> {
    let (tenant, now, id) = (asked.tenant.clone(), asked.now, new_id(asked));
    let title = clean(title, LONGEST_TITLE);
    let kept = title.clone();
    let work = move |conn: &mut Connection| onboarding::create(conn, &tenant, id, &kept, now);
    state.store.call("onboarding_plan_create", work).await?;
    let next = format!("Add to it: `/em onboarding task {id} <title>`");
    Ok(made(asked, "Onboarding plan", &title, id, &next))
}

async fn task(state: &State, asked: &Asked, plan: &str, title: &str) -> Result<Answer, StoreError> {
    let Ok(plan) = Uuid::try_parse(plan) else { return Ok(unknown("plan", plan)) };
    let (tenant, now, id) = (asked.tenant.clone(), asked.now, new_id(asked));
    let title = clean(title, LONGEST_TITLE);
    let task = NewTask { id, title: title.clone(), assignee: None, due_date: None };
    let work =
        move |conn: &mut Connection| transaction(conn, |conn| onboarding::add_task(conn, &tenant, plan, &task, now));
    match state.store.call("onboarding_task_add", work).await {
        Err(StoreError::NotFound) => Ok(unknown("plan", &plan.to_string())),
        done => done.map(|()| made(asked, "Task", &title, id, "")),
    }
}

async fn objective(state: &State, asked: &Asked, title: &str) -> Result<Answer, StoreError> {
    let (tenant, now, id) = (asked.tenant.clone(), asked.now, new_id(asked));
    let title = clean(title, LONGEST_TITLE);
    let objective = Objective { id, title: title.clone(), owner: None, period: None, created_at: now, updated_at: now };
    let work = move |conn: &mut Connection| objectives::create(conn, &tenant, &objective);
    state.store.call("objective_create", work).await?;
    let next = format!("Add to it: `/em okr kr {id} <title>`");
    Ok(made(asked, "Objective", &title, id, &next))
}

async fn key_result(state: &State, asked: &Asked, objective: &str, title: &str) -> Result<Answer, StoreError> {
    let Ok(objective) = Uuid::try_parse(objective) else { return Ok(unknown("objective", objective)) };
    let (tenant, id) = (asked.tenant.clone(), new_id(asked));
    let title = clean(title, LONGEST_TITLE);
    let row = plain_key_result(asked, objective, id, &title);
    let work = move |conn: &mut Connection| transaction(conn, |conn| objectives::add(conn, &tenant, &row));
    match state.store.call("key_result_add", work).await {
        Err(StoreError::NotFound) => Ok(unknown("objective", &objective.to_string())),
        done => done.map(|()| made(asked, "Key result", &title, id, "")),
    }
}

/// Whose numbers people tell later.
fn plain_key_result(asked: &Asked, objective: Uuid, id: Uuid, title: &str) -> KeyResult {
    KeyResult {
        tenant_id: asked.tenant.as_str().to_owned(),
        id,
        objective_id: objective,
        title: title.to_owned(),
        baseline: None,
        target: None,
        current: None,
        unit: None,
        direction: UP.to_owned(),
        metric: None,
        service: None,
        team: None,
        percentile: None,
        window_days: None,
        created_at: asked.now,
        updated_at: asked.now,
    }
}

fn new_id(asked: &Asked) -> Uuid {
    ids::row(asked.now, Uuid::new_v4().into_bytes())
}

fn made(asked: &Asked, what: &str, title: &str, id: Uuid, next: &str) -> Answer {
    let first = format!("*{}* {}", outside(title, LONGEST_TITLE), code(&id.to_string(), 40));
    let sections: Vec<String> = [first, next.to_owned()].into_iter().filter(|text| !text.is_empty()).collect();
    let basis = Basis { as_of: Some(asked.now), ..Basis::default() };
    Answer::privately(brief(&format!("{what} made"), &sections, &basis))
}

fn unknown(what: &str, id: &str) -> Answer {
    Answer::private(&format!("There is no {what} {}.", code(id, 60)))
}
