//! A history that is told, and what comes out of it: facts as text, and the numbers that the API shows.

use chrono::{DateTime, Utc};
use domain::dora::Entities;
use domain::ids::TenantId;
use serde_json::Value;
use store::metrics::lead::{self, Unit, Which};
use store::metrics::recovery::{self, Clock};
use store::metrics::{Slice, deployments};
use store::{StoreError, entities, facts};
use testkit::history::History;

use crate::history::{DAY, START};

/// Everything that a history may hold lies before.
pub(crate) const END: i64 = START + 400 * DAY;

pub(crate) struct World {
    pub(crate) history: History,
}

/// The numbers of a slice, and the raw values behind its percentiles, sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Headline {
    pub(crate) deployments: i64,
    pub(crate) redeploys: i64,
    pub(crate) rollbacks: i64,
    pub(crate) failed: i64,
    pub(crate) rework: i64,
    /// Lead times of changes, in seconds.
    pub(crate) leads: Vec<f64>,
    /// Lead times of commits.
    pub(crate) commit_leads: Vec<f64>,
    pub(crate) recoveries: Vec<f64>,
    pub(crate) open: i64,
    pub(crate) restores: Vec<f64>,
}

impl Headline {
    /// What a failure rate is divided by.
    pub(crate) fn judged(&self) -> i64 {
        self.deployments - self.rollbacks
    }

    /// Nothing about incidents that no deployment failed by.
    pub(crate) fn without_restores(self) -> Self {
        Self { restores: Vec::new(), ..self }
    }

    /// Both together.
    pub(crate) fn plus(mut self, other: Self) -> Self {
        self.deployments += other.deployments;
        self.redeploys += other.redeploys;
        self.rollbacks += other.rollbacks;
        self.failed += other.failed;
        self.rework += other.rework;
        self.open += other.open;
        for (mine, theirs) in [
            (&mut self.leads, other.leads),
            (&mut self.commit_leads, other.commit_leads),
            (&mut self.recoveries, other.recoveries),
            (&mut self.restores, other.restores),
        ] {
            mine.extend(theirs);
            mine.sort_by(f64::total_cmp);
        }
        self
    }
}

pub(crate) fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

pub(crate) fn slice(services: &[&str], from: i64, to: i64) -> Slice {
    Slice {
        from: time(from),
        to: time(to),
        tiers: vec!["production".to_owned()],
        services: services.iter().map(|service| (*service).to_owned()).collect(),
        teams: Vec::new(),
        repos: Vec::new(),
        environment: None,
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self { history: History::fresh() }
    }

    /// One where this was told at once.
    pub(crate) fn of(all: &[Value]) -> Self {
        let mut world = Self::new();
        world.tell(all);
        world
    }

    pub(crate) fn tell(&mut self, facts: &[Value]) {
        self.history.then(facts);
    }

    pub(crate) fn facts(&mut self) -> Vec<String> {
        self.history.facts()
    }

    /// The consumer ends before its commit.
    pub(crate) fn take_in_and_die(&mut self, facts: &[Value]) {
        let events = self.history.events(facts);
        let sum = Entities::of(&events).expect("readable");
        let died = store::transaction(&mut self.history.conn, |conn| -> Result<(), StoreError> {
            entities::keep(conn, &sum, time(END))?;
            Err(StoreError::NotFound)
        });
        assert!(matches!(died, Err(StoreError::NotFound)), "{died:?}");
    }

    /// The engine ends before its commit.
    pub(crate) fn reckon_and_die(&mut self) {
        let died = store::transaction(&mut self.history.conn, |conn| -> Result<(), StoreError> {
            facts::take_and_reckon(conn, chrono::TimeDelta::hours(24), 64, time(END))?;
            Err(StoreError::NotFound)
        });
        assert!(matches!(died, Err(StoreError::NotFound)), "{died:?}");
    }

    /// Of these services, or of all; whenever.
    pub(crate) fn headline(&mut self, services: &[&str]) -> Headline {
        self.headline_within(services, START - 400 * DAY, END)
    }

    pub(crate) fn headline_within(&mut self, services: &[&str], from: i64, to: i64) -> Headline {
        let (conn, tenant) = (&mut self.history.conn, TenantId::default());
        let slice = slice(services, from, to);
        let mut sum = Headline::default();
        for slot in deployments::slots(conn, &tenant, &slice).expect("counted") {
            sum.deployments += slot.deployments;
            sum.redeploys += slot.redeploys;
            sum.rollbacks += slot.rollbacks;
            sum.failed += slot.failed;
            sum.rework += slot.rework;
        }
        for (unit, leads) in [(Unit::Change, &mut sum.leads), (Unit::Commit, &mut sum.commit_leads)] {
            let which = Which { unit, exclude_bots: false };
            *leads = lead::each(conn, &tenant, &slice, which).expect("read").iter().map(|times| times.lead_s).collect();
            leads.sort_by(f64::total_cmp);
        }
        for (clock, values) in [(Clock::Finish, &mut sum.recoveries), (Clock::Incident, &mut sum.restores)] {
            *values = recovery::values(conn, &tenant, &slice, clock).expect("read");
            values.sort_by(f64::total_cmp);
        }
        sum.open = recovery::open(conn, &tenant, &slice, Clock::Finish).expect("counted").n;
        sum
    }

    /// The last success in production with a commit: service, environment, repository, SHA.
    pub(crate) fn last_success(&mut self) -> Option<[String; 4]> {
        let found = "select concat_ws(' ', service, environment, heads) as line from dora_deployments
             where tier = 'production' and outcome = 'success' and heads <> ''
             order by at desc, deployment_id desc limit 1";
        let line = self.history.lines(found).pop()?;
        let (names, sha) = line.rsplit_once('@')?;
        let [service, environment, repo] = names.split(' ').collect::<Vec<_>>()[..] else { return None };
        Some([service, environment, repo, sha].map(str::to_owned))
    }

    /// A deployment that failed by an incident, and when it did.
    pub(crate) fn a_failure(&mut self) -> Option<(String, i64)> {
        let found = "select deployment_id || ' ' || extract(epoch from failed_at)::bigint as line from dora_failures order by 1";
        let line = self.history.lines(found).pop()?;
        let (id, at) = line.split_once(' ')?;
        Some((id.to_owned(), at.parse().ok()?))
    }
}
