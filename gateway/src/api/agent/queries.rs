//! EM Agent 1's own call of an agent: a `query` in plain words. A question is answered by rule or by a model; a wish is proposed.

use actix_web::HttpResponse;
use ask::proposals::{self, Asker as Wisher, Candidate, Wish, Write};
use ask::{Question, jobs};
use serde_json::json;
use store::{Connection, transaction};
use uuid::Uuid;

use super::Run;
use crate::access::{Caller, Role, Viewer};
use crate::api::ask::{LONGEST_QUESTION, new_id};
use crate::api::people::asker::Asker;
use crate::api::people::counted;
use crate::clock;
use crate::faults::Faults;
use crate::problem::{Code, Problem};
use crate::state::State;

/// Of a change and of a person.
const LONGEST_NAME: usize = 255;

/// A query, looked at. `write`: what it would change, if anything.
struct Asked {
    write: Option<Write>,
    /// The change that is meant.
    target: Option<String>,
    reviewer: Option<String>,
}

impl Run {
    fn asked(&self, query: &str) -> Result<Asked, Problem> {
        let mut faults = Faults::of_body();
        if query.is_empty() {
            faults.add("query", "`query` is required");
        }
        faults.words("query", Some(query), LONGEST_QUESTION);
        let others =
            [("tool", self.tool.is_some()), ("input", self.input.is_some()), ("prompt", self.prompt.is_some())];
        for (name, _) in others.into_iter().filter(|(_, is_there)| *is_there) {
            faults.add(name, format!("give `query` or `{name}`, not both"));
        }
        let target = faults.line("target", self.target.as_deref(), LONGEST_NAME);
        let reviewer = faults.line("reviewer", self.reviewer.as_deref(), LONGEST_NAME);
        let write = Write::of(query);
        let named =
            || query.split_whitespace().find(|word| word.contains('/') && word.contains('#')).map(str::to_owned);
        let target = target.or_else(named);
        if write == Some(Write::CommentSummary) && target.is_none() {
            faults.add("target", "`target` like owner/repo#123 is required");
        }
        faults.none()?;
        Ok(Asked { write, target, reviewer })
    }
}

/// What reads is answered, what writes is proposed.
pub(super) async fn answer(
    state: &State,
    caller: &Caller<Viewer>,
    said: &Run,
    query: &str,
) -> Result<HttpResponse, Problem> {
    let Asked { write, target, reviewer } = said.asked(query)?;
    if let Some(write) = write {
        if !caller.role.includes(Role::Operator) {
            return Err(Problem::new(Code::Forbidden, "proposing needs the role operator; ask a question instead"));
        }
        return propose(state, caller, (write, target, reviewer)).await;
    }
    let question = Question {
        tenant: caller.tenant.clone(),
        text: query.to_owned(),
        before: Vec::new(),
        session: new_id(),
        random: Uuid::new_v4().as_u128(),
        now: clock::now(),
    };
    let answer = state.ask.answer(&question).await?;
    let plan: Vec<&str> = answer.steps.iter().map(|step| step.tool.as_str()).collect();
    Ok(HttpResponse::Ok().json(json!({"plan": plan, "result": jobs::told(&answer)})))
}

async fn propose(
    state: &State,
    caller: &Caller<Viewer>,
    (write, target, reviewer): (Write, Option<String>, Option<String>),
) -> Result<HttpResponse, Problem> {
    let asker = Asker::from(caller);
    let person = asker.known(state).await?;
    let requested_by = asker.requester(&person);
    let wisher = Wisher { by: person.id, requested_by };
    let wish = Wish { tenant: caller.tenant.clone(), write, target, reviewer, now: clock::now() };
    let candidates: Vec<Candidate> = state.ask.candidates(&wish).await?;
    let starts = proposals::starts(&state.policies, &wisher, &candidates, wish.now).await;
    let work = move |conn: &mut Connection| {
        transaction(conn, |conn| proposals::propose(conn, &wish.tenant, &starts, wish.now))
    };
    let proposed = state.store.call("agent_propose", work).await?;
    proposed.new.iter().for_each(counted::proposed);
    let mut answer = proposed.told();
    answer["plan"] = json!(["find candidates", "propose"]);
    answer["candidates"] = json!(candidates);
    Ok(HttpResponse::Ok().json(answer))
}
