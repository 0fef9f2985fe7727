//! The second stage: where incidents come from, which deployments failed, and how they recovered.
//!
//! 1. Which incidents: those of the services from a time on, and whatever names a deployment or a commit that the first
//!    stage changed ([`incidents`]).
//! 2. The engine attributes each of them; incidents and links that differ are written ([`attribution`]).
//! 3. The engine judges every success that was reckoned, or that such an incident or a remedy speaks of; failures that
//!    differ are written, and whether a deployment failed ([`judgement`]).
//!
//! Incidents and deployments of other services are looked at as well where they are concerned.

mod attribution;
mod causes;
mod incidents;
mod judgement;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use domain::catalog::Catalog;
use domain::data::Tier;
use domain::dora::engine::ServiceRules;
use domain::dora::facts::Outside;

use super::Catalogs;
use super::audit::Ledger;
use super::contents::Shipped;
use super::take::ServiceOf;
use crate::StoreError;

/// (tenant, integration, id): an incident or a deployment.
type Key = (String, String, String);

/// The services whose incidents are looked at, each from a time on.
pub(super) type From = Vec<(ServiceOf, DateTime<Utc>)>;

/// What the catalogs say about services.
struct Rules<'a> {
    catalogs: &'a Catalogs,
    usual_window: TimeDelta,
    known: BTreeMap<(String, String), ServiceRules>,
}

impl Rules<'_> {
    fn catalog(&self, tenant: &str) -> &Catalog {
        self.catalogs.of(tenant)
    }

    fn of(&mut self, tenant: &str, service: &str) -> &ServiceRules {
        let rules = || self.catalogs.of(tenant).rules(service, self.usual_window);
        self.known.entry((tenant.to_owned(), service.to_owned())).or_insert_with(rules)
    }
}

/// Attributes, judges, and writes what differs. Returns how many facts changed.
pub(super) fn settle(
    conn: &mut PgConnection,
    catalogs: &Catalogs,
    usual_window: TimeDelta,
    from: &From,
    shipped: Option<&Shipped>,
    ledger: &mut Ledger,
) -> Result<usize, StoreError> {
    let mut rules = Rules { catalogs, usual_window, known: BTreeMap::new() };
    let concerned = incidents::concerned(conn, from, shipped)?;
    let attributed = attribution::settle(conn, &mut rules, &concerned, ledger)?;
    let judged = judgement::settle(conn, &attributed, shipped, ledger)?;
    Ok(attributed.changed + judged)
}

fn outside(integration: &str, id: &str) -> Outside {
    Outside::new(integration, id)
}

fn tier(word: &str) -> Tier {
    Tier::parse(word).unwrap_or(Tier::Other)
}
