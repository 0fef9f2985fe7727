//! Tries a policy on what happened: nothing is changed, and nobody is asked.

use std::sync::Arc;

use actix_web::HttpResponse;
use chrono::{TimeDelta, Utc};
use domain::documents::Fault;
use domain::policy::Policy;
use policies::yaml;
use serde::Deserialize;
use serde_json::Value;
use store::{Connection, history};
use utoipa::ToSchema;

use super::aside;
use crate::access::{Caller, Viewer};
use crate::faults::{Faults, unfit};
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::simulate::{MOST_INPUTS, Simulation, simulate};
use crate::state::{Shared, State};

const USUAL_DAYS: i64 = 30;
const MOST_DAYS: i64 = 366;

/// What is tried, and on how much.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// 1 to 366; 30 unless given.
    days: Option<i64>,
    /// A document as JSON, or YAML in a text; the policy in force unless given.
    #[schema(value_type = Option<Object>)]
    policy: Option<Value>,
}

/// What the policy would have said to the deployments and merged changes of the last days.
#[utoipa::path(post, path = "/v1/policy/simulate", tag = "policy", request_body = Trial,
    responses(
    (status = 200, body = Simulation),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn try_out(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let trial = sent.json::<Trial>()?;
    let days = trial.days.unwrap_or(USUAL_DAYS);
    let policy = trial.policy(&state)?;
    let since = Utc::now() - TimeDelta::days(days);
    let read = move |conn: &mut Connection| history::since(conn, &caller.tenant, since, MOST_INPUTS);
    let inputs = state.store.look("policy_history", read).await?;
    Ok(HttpResponse::Ok().json(aside(move || simulate(&policy, inputs)).await?))
}

impl Trial {
    fn policy(self, state: &State) -> Result<Arc<Policy>, Problem> {
        let mut faults = Faults::of_body();
        if let Some(days) = self.days {
            faults.within("days", Some(days), 1..=MOST_DAYS);
        }
        let document = match self.policy {
            Some(Value::String(text)) => {
                yaml::read(&text).map_err(|error| faults.add("policy", error.to_string())).ok()
            }
            given => given,
        };
        faults.none()?;
        let Some(document) = document else { return Ok(state.policies.document().clone()) };
        let place = |fault: Fault| Fault { pointer: format!("/policy{}", fault.pointer), ..fault };
        let read = Policy::read(&document);
        read.map(Arc::new).map_err(|faults| unfit(faults.into_iter().map(place).collect()))
    }
}
