//! Evaluates rules for signals on what is known now. Nothing is opened, closed or sent: it is a look.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use chrono::Utc;
use domain::documents::Fault;
use domain::event::rfc3339;
use domain::ids::TenantId;
use domain::signals::{Finding, Rules, evaluate};
use policies::yaml;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Connection;
use store::signals::Known;
use utoipa::ToSchema;

use super::aside;
use crate::access::{Caller, Viewer};
use crate::faults::{Faults, unfit};
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::{Shared, State};

/// Rules as JSON, or as YAML in a text; those in force where neither is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evaluation {
    /// docs/SIGNALS.md says what a rule may hold.
    #[schema(value_type = Option<Vec<Object>>)]
    rules: Option<Value>,
    yaml: Option<String>,
}

/// What each rule found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Evaluated {
    /// Rows by the rule's name, the oldest first.
    #[schema(value_type = Object)]
    results: BTreeMap<String, Vec<Finding>>,
    evaluated_at: String,
}

/// What rules find now.
#[utoipa::path(post, path = "/v1/signals/evaluate", tag = "signals", request_body = Evaluation,
    responses(
    (status = 200, body = Evaluated),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn look(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let rules = sent.json::<Evaluation>()?.rules(&state)?;
    let (now, tenant, asked) = (Utc::now(), caller.tenant.clone(), rules.clone());
    let set_up = set_up(&state, &tenant);
    let read = move |conn: &mut Connection| Known::read(conn, &tenant, &asked, &set_up, now);
    let known = state.store.look("signal_facts", read).await?;
    let found =
        move || rules.rules.iter().map(|rule| (rule.name.clone(), evaluate(rule, &known.facts(), now))).collect();
    let results = aside(found).await?;
    Ok(HttpResponse::Ok().json(Evaluated { results, evaluated_at: rfc3339(now) }))
}

impl Evaluation {
    fn rules(self, state: &State) -> Result<Arc<Rules>, Problem> {
        let mut faults = Faults::of_body();
        let (document, under) = match (self.rules, self.yaml) {
            (None, None) => return Ok(state.policies.rules().clone()),
            (Some(rules), None) => (json!({"rules": rules}), ""),
            (None, Some(text)) => {
                let read = yaml::read(&text).map_err(|error| faults.add("yaml", error.to_string())).unwrap_or_default();
                (if read.is_array() { json!({"rules": read}) } else { read }, "/yaml")
            }
            (Some(_), Some(_)) => {
                faults.add("yaml", "either `rules` or `yaml`, not both");
                (Value::Null, "")
            }
        };
        faults.none()?;
        let place = |fault: Fault| Fault { pointer: format!("{under}{}", fault.pointer), ..fault };
        let read = Rules::read(&document);
        read.map(Arc::new).map_err(|faults| unfit(faults.into_iter().map(place).collect()))
    }
}

/// The sources that are taken and can prove themselves.
fn set_up(state: &State, tenant: &TenantId) -> Vec<&'static str> {
    let all = state.sources.all();
    let taken = all.iter().filter(|one| {
        let secrets = state.door.secrets(tenant, one);
        state.settings.sources.enabled(one.name) && one.schemes.iter().any(|scheme| secrets.can_use(scheme))
    });
    taken.map(|one| one.name).collect()
}
