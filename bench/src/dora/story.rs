//! A year of teams at work, as facts of the generic source: the same facts for the same seed.
//!
//! Of a hundred facts some forty are commits, thirty are changes (opened, reviewed, merged), twenty-five are deployments
//! (begun, ended) and five are incidents. Every service has a repository of its own and ships to staging and production.

use serde_json::{Value, json};

/// Deployments of one service are an hour or so apart.
const PACE_SECONDS: i64 = 2400;

/// Random numbers that are the same in every run (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }
}

/// What a service has done so far.
struct Service {
    name: String,
    repo: String,
    now: i64,
    commits: u64,
    changes: u64,
    deployments: u64,
    incidents: u64,
}

/// Tells facts without end, service by service.
pub(crate) struct Story {
    dice: Dice,
    services: Vec<Service>,
    next: usize,
    told: Vec<Value>,
}

impl Story {
    /// `start` is the time of the first fact, in seconds; `name` stands before all names, so that no story touches another.
    pub(crate) fn new(name: &str, seed: u64, services: usize, start: i64) -> Self {
        let service = |number| Service {
            name: format!("{name}-service-{number:03}"),
            repo: format!("acme/{name}-repo-{number:03}"),
            now: start + number as i64,
            commits: 0,
            changes: 0,
            deployments: 0,
            incidents: 0,
        };
        Self { dice: Dice::new(seed), services: (0..services).map(service).collect(), next: 0, told: Vec::new() }
    }

    /// The next facts, so many.
    pub(crate) fn facts(&mut self, count: usize) -> Vec<Value> {
        while self.told.len() < count {
            let service = &mut self.services[self.next];
            service.ship(&mut self.dice, &mut self.told);
            self.next = (self.next + 1) % self.services.len();
        }
        let rest = self.told.split_off(count);
        std::mem::replace(&mut self.told, rest)
    }
}

impl Service {
    /// One or two changes, a deployment to staging, one to production, and now and then an incident.
    fn ship(&mut self, dice: &mut Dice, told: &mut Vec<Value>) {
        for _ in 0..=dice.below(2) {
            self.change(dice, told);
        }
        self.deploy("staging", "staging", dice, told);
        self.deploy("production", "production", dice, told);
        if dice.below(3) == 0 {
            self.incident(dice, told);
        }
        self.now += PACE_SECONDS + dice.below(1200) as i64;
    }

    fn sha(&self, number: u64) -> String {
        format!("{:0>8x}{number:0>32x}", self.name.len() as u64 * 31 + number % 97)
    }

    fn change(&mut self, dice: &mut Dice, told: &mut Vec<Value>) {
        self.changes += 1;
        let (opened, reviewed, merged) = (self.now - 7200, self.now - 3600, self.now);
        let change = |merged: Option<i64>, reviewed: Option<i64>, landed: Option<String>| {
            json!({"kind": "change", "repo": self.repo, "id": self.changes, "title": format!("Change {}", self.changes),
                "author": format!("dev-{}", self.changes % 17), "opened_at": opened, "first_review_at": reviewed,
                "merged_at": merged, "landed_sha": landed, "base": "main", "head": format!("branch-{}", self.changes)})
        };
        told.push(change(None, None, None));
        told.push(change(None, Some(reviewed), None));
        let number = self.changes;
        let commits = 2 + dice.below(2);
        for commit in 0..commits {
            let parent = self.sha(self.commits);
            self.commits += 1;
            told.push(json!({"kind": "commit", "repo": self.repo, "sha": self.sha(self.commits), "parents": [parent],
                "committed_at": opened - 600 * (commits - commit) as i64, "author": format!("dev-{}", number % 17)}));
        }
        let landed = Some(self.sha(self.commits));
        told.push(json!({"kind": "change", "repo": self.repo, "id": number, "title": format!("Change {number}"),
            "author": format!("dev-{}", number % 17), "opened_at": opened, "first_review_at": reviewed, "merged_at": merged,
            "landed_sha": landed, "base": "main", "head": format!("branch-{number}")}));
    }

    fn deploy(&mut self, environment: &str, tier: &str, dice: &mut Dice, told: &mut Vec<Value>) {
        self.deployments += 1;
        self.now += 300 + dice.below(300) as i64;
        let id = format!("{}-{}", self.name, self.deployments);
        let outcome = if dice.below(20) == 0 { "failure" } else { "success" };
        let fact = |status: &str, at: i64| {
            json!({"kind": "deployment", "id": id, "service": self.name, "env": environment, "tier": tier, "status": status,
                "at": at, "components": [{"repo": self.repo, "sha": self.sha(self.commits)}]})
        };
        told.push(fact("in_progress", self.now));
        told.push(fact(outcome, self.now + 240));
    }

    fn incident(&mut self, dice: &mut Dice, told: &mut Vec<Value>) {
        self.incidents += 1;
        let opened = self.now + 600;
        let id = format!("{}-incident-{}", self.name, self.incidents);
        told.push(json!({"kind": "incident", "id": id, "service": self.name, "opened_at": opened}));
        told.push(json!({"kind": "incident", "id": id, "service": self.name, "opened_at": opened,
            "resolved_at": opened + 300 + dice.below(7200) as i64}));
    }
}
