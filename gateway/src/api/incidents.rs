//! Incidents across tools: lists, one with its timeline, what was shipped before it, and what people say of it.
//!
//! An incident's id is `integration:id` (`pagerduty:Q2X`, `em-agent:019…` for those that people opened); the part behind the
//! colon is enough where no other integration has the same. docs/INCIDENTS.md tells the whole story.

pub(crate) mod before;
pub(crate) mod links;
pub(crate) mod merges;
pub(crate) mod said;
pub(crate) mod saying;
pub(crate) mod shown;
pub(crate) mod timeline;

use domain::dora::facts::Outside;
use domain::event::OURSELVES;
use domain::ids::TenantId;
use store::{Connection, StoreError, named};

use crate::problem::Problem;
use crate::state::State;

/// More meanings of an id are not listed.
pub(crate) const MOST_MEANINGS: usize = 5;
const WHAT: &str = "incident";

/// The incident that a word of the path means.
async fn meant(state: &State, tenant: &TenantId, word: &str) -> Result<Outside, Problem> {
    one_of(found(state, tenant, word).await?, "/path/id", word)?.ok_or_else(|| Problem::not_found(WHAT))
}

/// All that a word may mean.
pub(crate) async fn found(state: &State, tenant: &TenantId, word: &str) -> Result<Vec<Outside>, StoreError> {
    // PostgreSQL's texts cannot hold it.
    if word.contains('\0') {
        return Ok(Vec::new());
    }
    let (tenant, word, names) = (tenant.clone(), word.to_owned(), sources(state));
    let look = move |conn: &mut Connection| named::incidents(conn, &tenant, &names, &word);
    state.store.call("incident_named", look).await
}

/// All that tells of incidents: the tools, and people through us.
fn sources(state: &State) -> Vec<&'static str> {
    let mut names = state.sources.names();
    names.push(OURSELVES);
    names
}

/// The only meaning of a word, or none.
fn one_of(mut meant: Vec<Outside>, pointer: &str, word: &str) -> Result<Option<Outside>, Problem> {
    if meant.len() < 2 {
        return Ok(meant.pop());
    }
    Err(Problem::unfit(pointer, ambiguous(word, &meant)))
}

fn ambiguous(word: &str, meant: &[Outside]) -> String {
    let all: Vec<String> = meant.iter().take(MOST_MEANINGS).map(Outside::to_string).collect();
    format!("`{word}` may mean {}: write the one that you mean", all.join(", "))
}
