//! The world of the demo: its people, repositories and services, so that every source names the same ones, and how
//! their ids are made. The same day gives the same ids, another day gives others. What happens is not known here.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};

pub(super) const ORG: &str = "acme";

/// Somebody, by the names that tools have for people.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) login: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) id: u64,
}

pub(super) static ADA: Person = Person { login: "ada", name: "Ada", email: "ada@acme.example", id: 21 };
pub(super) static GRACE: Person = Person { login: "grace", name: "Grace", email: "grace@acme.example", id: 22 };
pub(super) static LINUS: Person = Person { login: "linus", name: "Linus", email: "linus@acme.example", id: 23 };

impl Person {
    /// An id as tools make them that like capitals: `PADA0021`.
    pub(super) fn code(&self, prefix: &str) -> String {
        format!("{prefix}{}{:04}", self.login.to_uppercase(), self.id)
    }
}

/// A repository. Whoever deploys from it calls the service by its whole name unless said otherwise.
#[derive(Debug)]
pub(super) struct Repo {
    pub(super) full_name: &'static str,
    pub(super) name: &'static str,
    pub(super) id: u64,
    /// The first digits of all its commits.
    seed: u32,
}

/// On GitHub, with Actions. Its service is what breaks.
pub(super) static SHOP: Repo = Repo { full_name: "acme/shop", name: "shop", id: 186_853_002, seed: 0xe3a9_ec70 };
/// On GitLab.
pub(super) static PAYMENTS: Repo = Repo { full_name: "acme/payments", name: "payments", id: 4108, seed: 0x40fa_92a7 };
/// On GitHub, built and deployed by CircleCI.
pub(super) static SEARCH: Repo = Repo { full_name: "acme/search", name: "search", id: 186_853_003, seed: 0x4be1_a6f0 };
/// On GitHub: what Argo CD puts into the cluster.
pub(super) static MANIFESTS: Repo =
    Repo { full_name: "acme/manifests", name: "manifests", id: 186_853_004, seed: 0xb4c3_d2e1 };
/// Known only by what a script tells.
pub(super) static BILLING: Repo = Repo { full_name: "acme/billing", name: "billing", id: 0, seed: 0x8c42_d7e1 };

/// The application that Argo CD keeps in step with [`MANIFESTS`].
pub(super) const CATALOG: &str = "catalog";

impl Repo {
    /// A commit of the main branch.
    pub(super) fn sha(&self, number: u64) -> String {
        format!("{:08x}{number:032x}", self.seed)
    }

    /// The last commit of a change's own branch, which is squashed.
    pub(super) fn head_sha(&self, number: u64) -> String {
        format!("{:08x}{number:032x}", !self.seed)
    }

    pub(super) fn on_github(&self) -> String {
        format!("https://github.com/{}", self.full_name)
    }
}

/// One change of a repository, from its ticket to its deployment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) repo: &'static Repo,
    /// Of the pull or merge request; its ticket, commits, runs and deployments are numbered by it as well.
    pub(super) number: u64,
    pub(super) title: &'static str,
    pub(super) author: &'static Person,
    /// Who merges it.
    pub(super) reviewer: &'static Person,
    pub(super) opened: DateTime<Utc>,
}

impl Change {
    pub(super) fn ticket(&self) -> String {
        format!("SHOP-{}", self.number)
    }

    pub(super) fn at(&self, minutes: i64) -> DateTime<Utc> {
        self.opened + TimeDelta::minutes(minutes)
    }

    /// As it stands in the list of changes: with its ticket's key, where it has one.
    pub(super) fn headline(&self) -> String {
        if self.repo.id == SHOP.id { format!("{}: {}", self.ticket(), self.title) } else { self.title.to_owned() }
    }

    pub(super) fn branch(&self) -> String {
        self.title.to_lowercase().replace(' ', "-")
    }

    pub(super) fn sha(&self) -> String {
        self.repo.sha(self.number)
    }

    /// What the main branch was before.
    pub(super) fn sha_before(&self) -> String {
        self.repo.sha(self.number.saturating_sub(1))
    }
}

/// The day that is told, from eight in the morning on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day(pub(super) NaiveDate);

impl Day {
    pub(super) fn at(&self, minutes: i64) -> DateTime<Utc> {
        self.0.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(8) + TimeDelta::minutes(minutes)
    }

    /// Numbers of one day differ from those of any other: there are ten of a kind at most.
    pub(super) fn number(&self, place: u64) -> u64 {
        let days = self.0.num_days_from_ce().abs_diff(FIRST_DAY);
        u64::from(days) * 10 + place
    }
}

/// The last day of 2023, so that numbers are as short as those of a real repository.
const FIRST_DAY: i32 = 738_885;

/// RFC 3339 in whole seconds.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A UUID that a tool would have made at random: of the same thing always the same.
pub(super) fn uuid(kind: u64, number: u64) -> String {
    uuid::Uuid::from_u64_pair(0x0acb_e000_0000_4000 + kind, (1 << 63) | number).to_string()
}
