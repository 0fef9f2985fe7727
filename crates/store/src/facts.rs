//! The facts that the metrics are counted from: reckoned service by service, whenever something that decides about them
//! has changed, and equal at any time to what a rebuild would make of the entities.
//!
//! One step is one transaction ([`step`]):
//!
//! 1. [`take`]: services with dirty rows, the longest waiting first; their tenants' facts are ours alone until the end.
//! 2. [`stretch`]: from the earliest dirty time on, all that decides about their deployments, for all services at once.
//! 3. [`contents`]: the engine reckons what ships; rows that differ are written.
//! 4. [`failures`]: where incidents come from, which deployments failed; rows that differ are written.
//! 5. [`audit`]: what changed and because of which events; then the dirty rows that were read are deleted.
//!
//! Where one service cannot be reckoned, its rows stay and the others are reckoned without it. Nothing here reads the
//! clock, and no fact depends on what came first.

mod ancestors;
mod audit;
mod before;
mod changes;
mod contents;
mod deployments;
mod diff;
mod failures;
mod graph;
mod lanes;
mod rebuild;
mod rows;
mod stretch;
mod table;
mod take;
mod watermark;

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use domain::catalog::Catalog;
use domain::ids::EventId;
use uuid::Uuid;

use crate::StoreError;
use audit::Ledger;
use contents::Shipped;
use stretch::Scope;
use take::{Taken, least};

pub use lanes::settle_in_lanes;
pub use rebuild::{everything_is_dirty, rebuild, settle};
pub use take::ServiceOf;
pub use watermark::{Watermark, backlog, watermark};

/// Plans are for few keys each, however small the tables were when they were made.
const SETTINGS: &str = "set local statement_timeout = '10min'; set local jit = off; set local enable_seqscan = off; \
                        set local enable_mergejoin = off";

/// An event that was kept so long ago is told again, by a replay or a rebuild: nobody waits for it.
const AGAIN: TimeDelta = TimeDelta::hours(1);

/// What a step is to do.
#[derive(Clone, Debug)]
pub struct Step {
    /// How long after a deployment an incident may be put down to it, where the catalog does not say (rule I3).
    pub usual_window: TimeDelta,
    /// Services at most.
    pub limit: i64,
    /// Services that are not to be tried now.
    pub except: HashSet<ServiceOf>,
    pub now: DateTime<Utc>,
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Reckoning {
    /// How many services were reckoned; 0 and nothing failed: nothing is dirty, or others have it.
    pub services: usize,
    pub dirty_rows: usize,
    pub facts_changed: usize,
    /// Services that could not be reckoned, and why. They stay dirty.
    pub failed: Vec<(ServiceOf, String)>,
    /// When the events arrived whose effect is there now.
    pub arrived: Vec<DateTime<Utc>>,
}

/// Catalogs by tenant.
#[derive(Debug, Default)]
struct Catalogs(BTreeMap<String, Arc<Catalog>>);

impl Catalogs {
    fn of(&self, tenant: &str) -> &Catalog {
        static NONE: std::sync::LazyLock<Catalog> = std::sync::LazyLock::new(Catalog::default);
        self.0.get(tenant).map_or(&NONE, AsRef::as_ref)
    }
}

/// Reckons up to `limit` services that are dirty, in one transaction.
pub fn take_and_reckon(
    conn: &mut PgConnection,
    usual_window: TimeDelta,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Reckoning, StoreError> {
    step(conn, &Step { usual_window, limit, except: HashSet::new(), now })
}

/// As [`take_and_reckon`], for those who go on after a failure.
pub fn step(conn: &mut PgConnection, step: &Step) -> Result<Reckoning, StoreError> {
    conn.transaction(|conn| {
        conn.batch_execute(SETTINGS)?;
        let (taken, catalogs) = take::take(conn, step)?;
        let Tried { done, failed, facts_changed } =
            together_or_alone(conn, taken, |conn, some| reckon(conn, step, some, &catalogs))?;
        let dirty_rows = take::settle(conn, &done)?;
        Ok(Reckoning { services: done.len(), dirty_rows, facts_changed, failed, arrived: arrived(&done) })
    })
}

/// What became of some services.
#[derive(Default)]
struct Tried {
    done: Vec<Taken>,
    failed: Vec<(ServiceOf, String)>,
    facts_changed: usize,
}

impl Tried {
    fn add(&mut self, more: Self) {
        self.done.extend(more.done);
        self.failed.extend(more.failed);
        self.facts_changed += more.facts_changed;
    }
}

/// Works on services together; where that fails, on each alone, so that the others go on without those that fail.
fn together_or_alone(
    conn: &mut PgConnection,
    taken: Vec<Taken>,
    work: impl Fn(&mut PgConnection, &[Taken]) -> Result<usize, StoreError>,
) -> Result<Tried, StoreError> {
    let mut tried = Tried::default();
    if let Ok(facts_changed) = attempt(conn, |conn| work(conn, &taken))? {
        return Ok(Tried { done: taken, failed: Vec::new(), facts_changed });
    }
    for one in taken {
        match attempt(conn, |conn| work(conn, std::slice::from_ref(&one)))? {
            Ok(changed) => {
                tried.facts_changed += changed;
                tried.done.push(one);
            }
            Err(error) => tried.failed.push((one.of, story(&error))),
        }
    }
    Ok(tried)
}

/// In a savepoint of its own. The inner error is these services' own; the outer one may pass.
fn attempt<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, StoreError>,
) -> Result<Result<T, StoreError>, StoreError> {
    let guarded = |conn: &mut PgConnection| {
        let reckoned = catch_unwind(AssertUnwindSafe(|| work(conn)));
        reckoned.unwrap_or_else(|_| Err(StoreError::Corrupt("the rules panicked over it".to_owned())))
    };
    match conn.transaction(guarded) {
        Err(error) if error.is_transient() => Err(error),
        done => Ok(done),
    }
}

/// All of it for some services. Returns how many facts changed.
fn reckon(conn: &mut PgConnection, step: &Step, taken: &[Taken], catalogs: &Catalogs) -> Result<usize, StoreError> {
    let mut ledger = Ledger::default();
    let scopes = scopes(step, taken, catalogs);
    let shipped = if scopes.is_empty() { None } else { Some(ship(conn, step, scopes, &mut ledger)?) };
    let judged = judge(conn, step, taken, catalogs, shipped.as_ref(), &mut ledger)?;
    ledger.write(conn, &causes(taken), step.now)?;
    Ok(shipped.map_or(0, |shipped| shipped.len()) + judged)
}

/// The first stage: what is shipped.
fn ship(conn: &mut PgConnection, step: &Step, scopes: Vec<Scope>, ledger: &mut Ledger) -> Result<Shipped, StoreError> {
    let shipped = contents::settle(conn, scopes)?;
    shipped.note(ledger)?;
    take::enqueue(conn, &shipped.left, step.now)?;
    Ok(shipped)
}

/// The second stage: what incidents say about it. Returns how many facts changed.
fn judge(
    conn: &mut PgConnection,
    step: &Step,
    taken: &[Taken],
    catalogs: &Catalogs,
    shipped: Option<&Shipped>,
    ledger: &mut Ledger,
) -> Result<usize, StoreError> {
    let mut incidents_from: BTreeMap<&ServiceOf, DateTime<Utc>> = BTreeMap::new();
    let by_contents = shipped.iter().flat_map(|shipped| shipped.scopes.iter().zip(&shipped.incidents_from));
    let by_contents = by_contents.map(|(scope, from)| (&scope.of, *from));
    for (of, from) in by_contents.chain(taken.iter().map(|one| (&one.of, one.incidents_from))) {
        if let Some(from) = least(incidents_from.get(of).copied(), from) {
            incidents_from.insert(of, from);
        }
    }
    let from = incidents_from.into_iter().map(|(of, from)| (of.clone(), from)).collect();
    failures::settle(conn, catalogs, step.usual_window, &from, shipped, ledger)
}

/// Why each service was taken: (tenant, service) and the events.
fn causes(taken: &[Taken]) -> BTreeMap<(&str, &str), &[Uuid]> {
    taken.iter().map(|one| ((one.of.tenant.as_str(), one.of.service.as_str()), one.causes.as_slice())).collect()
}

/// The stretches of those whose contents are dirty.
fn scopes(step: &Step, taken: &[Taken], catalogs: &Catalogs) -> Vec<Scope> {
    let scope = |one: &Taken| {
        let catalog = catalogs.0.get(one.of.tenant.as_str()).cloned().unwrap_or_default();
        let rules = catalog.rules(&one.of.service, step.usual_window);
        Some(Scope { of: one.of.clone(), since: one.contents_from?, rules, catalog })
    };
    taken.iter().filter_map(scope).collect()
}

fn arrived(done: &[Taken]) -> Vec<DateTime<Utc>> {
    let at = |(created_at, cause): &(DateTime<Utc>, Option<Uuid>)| {
        let arrived = EventId((*cause)?).received_at();
        (*created_at - arrived < AGAIN).then_some(arrived)
    };
    done.iter().flat_map(|one| one.since.iter().filter_map(at)).collect()
}

/// The whole story, for people.
fn story(error: &StoreError) -> String {
    let mut story = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        story.push_str(": ");
        story.push_str(&inner.to_string());
        cause = inner.source();
    }
    story
}
