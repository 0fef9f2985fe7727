//! What happens on the day, and when: six changes of the shop, two of payments, one each of search and the catalog,
//! three deployments of billing by a script, and an outage that the fourth change of the shop brings and the fifth
//! mends. What tools write about it is not known here.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;

use super::answering::{self, Incident};
use super::talking::{self, DEPLOYS, INCIDENTS, Ticket};
use super::world::{ADA, Change, Day, GRACE, LINUS, MANIFESTS, PAYMENTS, Person, Repo, SEARCH, SHOP};
use super::{github, gitlab, pipelines, watching};

/// One delivery of the day.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) source: &'static str,
    /// The vendor's word for it.
    pub(super) kind: &'static str,
    /// Headers beyond those of kind, key and proof.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// When it happened.
    pub(super) at: DateTime<Utc>,
    pub(super) body: Vec<u8>,
}

impl Delivery {
    pub(super) fn new(source: &'static str, kind: &'static str, at: DateTime<Utc>, body: &Value) -> Self {
        Self { source, kind, headers: &[], at, body: body.to_string().into_bytes() }
    }
}

/// The changes of the shop: what they are, who makes them and who merges them.
const SHOP_CHANGES: [(&str, &Person, &Person); 6] = [
    ("Round totals half up", &ADA, &GRACE),
    ("Show taxes in the basket", &GRACE, &LINUS),
    ("Cache the price list", &LINUS, &ADA),
    ("Reserve stock before paying", &ADA, &LINUS),
    ("Give connections of reservations back", &GRACE, &ADA),
    ("Remember the last address", &LINUS, &GRACE),
];
const MINUTES_BETWEEN: i64 = 90;
/// The one that takes the shop down; the next mends it.
const BROKEN: usize = 3;
/// From a change's opening to production.
const MINUTES_TO_MERGE: i64 = 40;
const MINUTES_TO_PRODUCTION: i64 = 52;

/// Everything that is delivered, in the order in which it happened.
pub(super) fn told(date: NaiveDate) -> Vec<Delivery> {
    let day = Day(date);
    let changes: Vec<Change> = shop_changes(day);
    let mut deliveries: Vec<Delivery> = changes.iter().flat_map(shipped_by_github).collect();
    if let Some(broken) = changes.get(BROKEN) {
        deliveries.extend(outage(broken));
    }
    let payments = [("Keep receipts for ten years", &GRACE, 60), ("Retry refunds once", &ADA, 330)];
    for (place, (title, author, minutes)) in (1..).zip(payments) {
        deliveries.extend(shipped_by_gitlab(&change(day, &PAYMENTS, place, title, [author, &LINUS], minutes)));
    }
    deliveries.extend(shipped_by_circleci(&change(day, &SEARCH, 1, "Rank by stock", [&LINUS, &GRACE], 150)));
    deliveries.extend(shipped_by_argocd(&change(day, &MANIFESTS, 1, "Catalog with pictures", [&GRACE, &GRACE], 200)));
    for (place, minutes, status) in [(1, 95, "success"), (2, 260, "failure"), (3, 290, "success")] {
        deliveries.extend(pipelines::by_script(day.number(place), day.at(minutes), status));
    }
    deliveries.sort_by_key(|delivery| delivery.at);
    deliveries
}

fn shop_changes(day: Day) -> Vec<Change> {
    let begins = (0..).map(|place| place * MINUTES_BETWEEN);
    let changes = SHOP_CHANGES.into_iter().zip((1..).zip(begins));
    changes
        .map(|((title, author, by), (place, minutes))| change(day, &SHOP, place, title, [author, by], minutes))
        .collect()
}

fn change(
    day: Day,
    repo: &'static Repo,
    place: u64,
    title: &'static str,
    [author, reviewer]: [&'static Person; 2],
    minutes: i64,
) -> Change {
    Change { repo, number: day.number(place), title, author, reviewer, opened: day.at(minutes) }
}

/// A change of the shop, from its ticket to production.
fn shipped_by_github(change: &Change) -> Vec<Delivery> {
    let ticket = Ticket { change, created: change.at(-30) };
    let (merged, created) = (change.at(MINUTES_TO_MERGE), change.at(47));
    let shipped = change.at(MINUTES_TO_PRODUCTION);
    vec![
        ticket.created(),
        ticket.begun(change.at(-20)),
        github::opened(change),
        github::merged(change, merged),
        github::pushed(change, merged),
        pipelines::quality_gate(change, change.at(44)),
        pipelines::coverage(change, change.at(45)),
        github::built(change, merged, change.at(46)),
        github::deployment_created(change, created),
        github::deployment_state(change, created, change.at(48), "in_progress"),
        github::deployment_state(change, created, shipped, "success"),
        ticket.done(change.at(MINUTES_TO_PRODUCTION + 1)),
        talking::announced(shipped + TimeDelta::seconds(20), &format!("shop: {} is in production", change.headline())),
    ]
}

fn shipped_by_gitlab(change: &Change) -> Vec<Delivery> {
    let merged = change.at(35);
    vec![
        gitlab::opened(change),
        gitlab::merged(change, merged),
        gitlab::pushed(change, merged),
        gitlab::deployment(change, change.at(43), "running"),
        gitlab::deployment(change, change.at(46), "success"),
        gitlab::pipeline(change, change.at(36), change.at(47)),
    ]
}

/// Pushed to the main branch, and then on its own.
fn shipped_by_circleci(change: &Change) -> Vec<Delivery> {
    vec![
        github::pushed(change, change.opened),
        pipelines::deploy_job(change, change.at(8), change.at(12)),
        pipelines::workflow_done(change, change.at(13)),
        talking::said(change.author, DEPLOYS, change.at(15), "search ranks by stock now :tada:"),
    ]
}

fn shipped_by_argocd(change: &Change) -> Vec<Delivery> {
    let started = change.at(2);
    vec![
        github::pushed(change, change.opened),
        pipelines::sync(change, started, None),
        pipelines::sync(change, started, Some(change.at(5))),
    ]
}

/// What the broken change does to the shop, and what is done about it. It ends after the next change is in production.
fn outage(broken: &Change) -> Vec<Delivery> {
    let number = broken.number;
    let after = |minutes: i64| broken.at(MINUTES_TO_PRODUCTION + minutes);
    let mended = |minutes: i64| after(MINUTES_BETWEEN + minutes);
    let incident = Incident { number, opened: after(5), on_call: &ADA };
    let (fired, bug) = (after(3), after(30));
    let say = |by, at, text| talking::said(by, INCIDENTS, at, text);
    vec![
        watching::back_off(number, after(1), after(2), 3),
        watching::error(number, after(2)),
        watching::alert(fired, None),
        incident.triggered(),
        incident.acknowledged(after(8)),
        say(&ADA, after(9), "Checkout answers 500 for one order in five, since the last deployment. I am on it"),
        answering::component(after(11), "operational", "degraded_performance"),
        watching::back_off(number, after(1), after(17), 9),
        answering::flag_off(&ADA, after(23)),
        say(&ADA, after(24), "Stock is no longer reserved: the flag is off. Most orders go through again"),
        github::bug(number, bug, None),
        watching::alert(fired, Some(mended(4))),
        answering::component(mended(6), "degraded_performance", "operational"),
        incident.resolved(mended(8)),
        say(&GRACE, mended(9), "Connections are given back, all orders go through. Thank you, Ada"),
        github::bug(number, bug, Some(mended(12))),
    ]
}
