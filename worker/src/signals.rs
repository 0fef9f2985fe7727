//! Looks at every tenant's signals by the clock: what opened, what is over, and what follows from it.
//!
//! One worker of the whole installation looks at a tenant at a time (`store::signals::looks`). A look reads the facts,
//! asks the rules what they find, asks the policy about what fires, and then keeps what was found together with the jobs and
//! approvals that follow: all of a rule, or nothing. The policy is asked before the transaction; what fires meanwhile waits
//! for the next look. What the jobs do is done elsewhere.

pub(crate) mod counts;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use boot::settings::SourceSettings;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::approvals::Person;
use domain::ids::TenantId;
use domain::policy::Input;
use domain::signals::{Finding, Rule, evaluate, follow};
use futures::stream::{self, StreamExt};
use integrations::Sources;
use policies::Policies;
use store::signals::looks::{self, Look};
use store::signals::states::{self, Follows, Kept};
use store::signals::{self as facts};
use store::workflows::Start;
use store::{Connection, Store, StoreError, identities};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often is looked whether a look is due.
const PAUSE: Duration = Duration::from_secs(5);
/// Longer than any look takes: a worker that is gone is not waited for longer than this.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// After a look that failed.
const AGAIN: Duration = Duration::from_secs(30);
/// So much of a rule fires in one look; the rest in the next ones.
const MOST_FIRES: usize = 100;
/// Questions to the policy at the same time: it may be elsewhere.
const ASKED_AT_ONCE: usize = 8;
/// The actor of the audit.
const BY: &str = "signals";

/// What a look needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Looking {
    pub policies: Policies,
    pub sources: Sources,
    pub settings: Arc<SourceSettings>,
    /// Where people are told who have no better place.
    pub default_channel: Option<String>,
    /// From one look to the next.
    pub interval: Duration,
}

/// What a look came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub opened: usize,
    pub closed: usize,
    /// Of which something followed, or would have if the policy had said so.
    pub fired: usize,
}

/// Looks until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, looking: Looking, stop: CancellationToken) {
    counts::begin();
    while !stop.is_cancelled() {
        let looked = look_once(&store, &looking, Utc::now()).await;
        if let Err(error) = &looked {
            tracing::warn!(error = error as &dyn Error, "signals are not looked at; it is tried again");
        }
        counts::measure(&store).await;
        if let Ok(Some(_)) = looked {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Looks at the tenant that is due; `None`: none is, or another worker looks.
pub async fn look_once(store: &Store, looking: &Looking, now: DateTime<Utc>) -> Result<Option<Looked>, StoreError> {
    let (started, now) = (Instant::now(), now.trunc_subsecs(6));
    let taken = store.call("signal_look_take", move |conn| looks::take(conn, now, LEASE)).await?;
    let Some(look) = taken else { return Ok(None) };
    let looked = look_at(store, looking, &look, now).await;
    let (well, next_at) = (looked.is_ok(), now + if looked.is_ok() { looking.interval } else { AGAIN });
    let ended = store.call("signal_look_end", move |conn| looks::end(conn, &look, well, now, next_at)).await;
    let looked = looked?;
    ended?;
    counts::looked(started.elapsed());
    Ok(Some(looked))
}

async fn look_at(store: &Store, looking: &Looking, look: &Look, now: DateTime<Utc>) -> Result<Looked, StoreError> {
    let found = find(store, looking, &look.tenant, now).await?;
    let mut looked = Looked::default();
    for (rule, findings) in found {
        let follows = answers(store, looking, &look.tenant, &rule, &findings, now).await?;
        let (look, kind, rule) = (look.clone(), rule.kind, rule);
        let keep = move |conn: &mut Connection| states::keep(conn, &look, &rule, &findings, &follows, now);
        // Another worker has it: this one was too slow, and is done.
        let Some(kept) = store.call("signal_keep", keep).await? else { return Ok(looked) };
        counts::kept(kind, &kept);
        let Kept { opened, closed, fired, .. } = kept;
        looked = Looked { opened: looked.opened + opened, closed: looked.closed + closed, fired: looked.fired + fired };
    }
    let (look, rules) = (look.clone(), looking.policies.rules().clone());
    let tidy = move |conn: &mut Connection| {
        let names: BTreeSet<&str> = rules.rules.iter().map(|rule| rule.name.as_str()).collect();
        states::tidy(conn, &look, &names, now)
    };
    looked.closed += store.call("signal_tidy", tidy).await?;
    Ok(looked)
}

/// What each rule finds.
async fn find(
    store: &Store,
    looking: &Looking,
    tenant: &TenantId,
    now: DateTime<Utc>,
) -> Result<Vec<(Rule, Vec<Finding>)>, StoreError> {
    let (tenant, rules, set_up) = (tenant.clone(), looking.policies.rules().clone(), set_up(looking, tenant));
    let read = {
        let rules = rules.clone();
        move |conn: &mut Connection| facts::Known::read(conn, &tenant, &rules, &set_up, now)
    };
    let known = store.look("signal_facts", read).await?;
    let found = move || {
        let facts = known.facts();
        rules.rules.iter().map(|rule| (rule.clone(), evaluate(rule, &facts, now))).collect()
    };
    tokio::task::spawn_blocking(found).await.map_err(|_| StoreError::Stopped)
}

/// The sources that are taken and may prove themselves.
fn set_up(looking: &Looking, tenant: &TenantId) -> Vec<&'static str> {
    let settings = &looking.settings;
    let can = |name: &str| !settings.secrets(name).is_empty() || settings.allows_unsigned(name);
    let taken = |name: &str| tenant.as_str() == TenantId::DEFAULT && settings.enabled(name) && can(name);
    looking.sources.all().iter().map(|one| one.name).filter(|name| taken(name)).collect()
}

/// What the policy says about what fires now, by subject.
async fn answers(
    store: &Store,
    looking: &Looking,
    tenant: &TenantId,
    rule: &Rule,
    findings: &[Finding],
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, Follows>, StoreError> {
    let (owner, of_rule, all) = (tenant.clone(), rule.clone(), findings.to_vec());
    let known = move |conn: &mut Connection| states::known(conn, &owner, &of_rule, &all);
    let known = store.call("signal_known", known).await?;
    let steps = follow(rule, &known, findings, now);
    let firing = steps.into_iter().filter(|step| step.fires).filter_map(|step| step.finding).take(MOST_FIRES);
    let firing: Vec<Finding> = firing.collect();
    let people = people(store, tenant, &firing).await?;
    let answers: Vec<_> = firing.iter().map(|finding| answer(looking, rule, finding, &people, now)).collect();
    Ok(stream::iter(answers).buffer_unordered(ASKED_AT_ONCE).collect().await)
}

async fn people(store: &Store, tenant: &TenantId, firing: &[Finding]) -> Result<Vec<Person>, StoreError> {
    let authors: BTreeSet<String> = firing.iter().filter_map(words::author).map(str::to_owned).collect();
    if authors.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = tenant.clone();
    let read = move |conn: &mut Connection| {
        let names = authors.iter().flat_map(|author| words::HOSTS.map(|host| (host, author.as_str())));
        identities::people_of(conn, &tenant, &names.collect::<Vec<_>>())
    };
    store.call("signal_people", read).await
}

async fn answer(
    looking: &Looking,
    rule: &Rule,
    finding: &Finding,
    people: &[Person],
    now: DateTime<Utc>,
) -> (String, Follows) {
    let decision = looking.policies.decide(&input(rule, finding, now)).await;
    let terms = looking.policies.terms(&decision, now);
    let place = words::Place { author: words::known(finding, people), channel: looking.default_channel.as_deref() };
    let job = words::job(rule, finding, &decision, &place);
    let start = job.map(|(action, payload)| Start {
        random: Uuid::new_v4().into_bytes(),
        kind: rule.kind.name.to_owned(),
        subject: finding.subject.clone(),
        action,
        payload,
        reason: decision.reason.clone(),
        policy: decision.policy.clone(),
        rule: decision.rule.clone(),
        terms,
        requested_by: None,
        authors: words::author(finding).map(str::to_owned).into_iter().collect(),
        by: BY.to_owned(),
    });
    let follows = Follows { action: decision.action, reason: decision.reason, policy: decision.policy, start };
    (finding.subject.clone(), follows)
}

/// What the policy is asked: the signal's kind, its subject, its row as facts, and the rule's name among them.
fn input(rule: &Rule, finding: &Finding, now: DateTime<Utc>) -> Input {
    let mut facts = finding.row.clone();
    facts.insert("rule".to_owned(), rule.name.clone().into());
    let text = |name: &str| finding.row.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    // A repository may be several teams': then none of them is the one.
    let only = || match finding.row.get("teams").and_then(|teams| teams.as_array()).map(Vec::as_slice) {
        Some([team]) => team.as_str().map(str::to_owned),
        _ => None,
    };
    Input {
        kind: rule.kind.name.to_owned(),
        subject: Some(finding.subject.clone()),
        action: None,
        team: text("team").or_else(only),
        service: text("service"),
        environment: text("environment"),
        now: Some(now),
        facts,
    }
}
