//! Random histories: steps that a team takes, told as facts of the generic source.
//!
//! Each step is one or two facts. Indexes are taken modulo what is there, so that every list of steps is a history and
//! a shorter list is a smaller one.

use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) const SERVICES: [&str; 3] = ["checkout", "search", "billing"];
/// `checkout` and `search` share the first repository.
const REPO_OF: [&str; 3] = ["acme/mono", "acme/mono", "acme/billing"];
const ENVIRONMENTS: [(&str, &str); 3] = [("prod", "production"), ("prod-eu", "production"), ("staging", "staging")];
/// 2026-01-05 00:00 UTC, a Monday.
pub(crate) const START: i64 = 1_767_571_200;
pub(crate) const DAY: i64 = 86_400;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A commit on top of another; sometimes of two.
    Commit {
        repo: usize,
        parent: usize,
        second: Option<usize>,
        picks: Option<usize>,
        bot: bool,
    },
    /// A change that landed as a commit.
    Land {
        commit: usize,
        style: Style,
        bot: bool,
    },
    Deploy {
        service: usize,
        environment: usize,
        commit: usize,
        outcome: usize,
        minutes: i64,
        extra: Extra,
    },
    Incident {
        service: Option<usize>,
        caused_by: Option<usize>,
        ends: Option<i64>,
    },
    /// A later word about an incident.
    Mend {
        incident: usize,
        ends: i64,
    },
    Link {
        incident: usize,
        deployment: usize,
        removed: bool,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Style {
    Plain,
    Hotfix,
    Reverts(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Extra {
    None,
    Fixes(usize),
    Unplanned,
    Contains(usize),
    Rollback,
}

/// Steps with the minutes that pass before each.
pub(crate) type Steps = Vec<(i64, Step)>;

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Steps> {
    proptest::collection::vec((0i64..400, step()), 1..most)
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0usize..1000;
    let rarely = |chance| prop::option::weighted(chance, index());
    prop_oneof![
        5 => (0usize..2, 0usize..4, rarely(0.15), rarely(0.1), prop::bool::weighted(0.1))
            .prop_map(|(repo, parent, second, picks, bot)| Step::Commit { repo, parent, second, picks, bot }),
        4 => (0usize..6, style(), prop::bool::weighted(0.2)).prop_map(|(commit, style, bot)| Step::Land { commit, style, bot }),
        6 => (0usize..3, 0usize..3, 0usize..6, 0usize..6, 0i64..90, extra()).prop_map(
            |(service, environment, commit, outcome, minutes, extra)| {
                Step::Deploy { service, environment, commit, outcome, minutes, extra }
            }
        ),
        2 => (prop::option::weighted(0.9, 0usize..3), rarely(0.2), prop::option::weighted(0.7, 1i64..600))
            .prop_map(|(service, caused_by, ends)| Step::Incident { service, caused_by, ends }),
        1 => (index(), 1i64..900).prop_map(|(incident, ends)| Step::Mend { incident, ends }),
        1 => (index(), index(), any::<bool>())
            .prop_map(|(incident, deployment, removed)| Step::Link { incident, deployment, removed }),
    ]
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![5 => Just(Style::Plain), 1 => Just(Style::Hotfix), 2 => (0usize..1000).prop_map(Style::Reverts)]
}

fn extra() -> impl Strategy<Value = Extra> {
    prop_oneof![
        12 => Just(Extra::None),
        1 => (0usize..1000).prop_map(Extra::Fixes),
        1 => Just(Extra::Unplanned),
        1 => (0usize..1000).prop_map(Extra::Contains),
        1 => Just(Extra::Rollback),
    ]
}

/// What happened so far.
#[derive(Default)]
struct Past {
    minute: i64,
    /// Repository and SHA.
    commits: Vec<(String, String)>,
    /// Repository and number.
    changes: Vec<(String, usize)>,
    deployments: usize,
    /// When each began.
    incidents: Vec<i64>,
    facts: Vec<Value>,
}

/// The facts of a history, in the order in which they happened. `shift` moves every time by so many seconds.
pub(crate) fn facts(steps: &Steps, shift: i64) -> Vec<Value> {
    let mut past = Past::default();
    for (number, (minutes, step)) in steps.iter().enumerate() {
        past.minute += minutes;
        past.take(number, step, START + shift);
    }
    past.facts
}

impl Past {
    fn take(&mut self, number: usize, step: &Step, start: i64) {
        let now = start + self.minute * 60;
        match step {
            Step::Commit { repo, parent, second, picks, bot } => {
                self.commit(number, ["acme/mono", "acme/billing"][*repo], (*parent, *second, *picks), *bot, now);
            }
            Step::Land { commit, style, bot } => self.land(*commit, style, *bot, now),
            Step::Deploy { service, environment, commit, outcome, minutes, extra } => {
                let begun = now - minutes * 60;
                self.deploy((*service, *environment), *commit, *outcome, (begun, now), extra);
            }
            Step::Incident { service, caused_by, ends } => {
                self.incidents.push(now);
                let mut fact =
                    json!({"kind": "incident", "id": format!("i{}", self.incidents.len()), "opened_at": now});
                set(&mut fact, "service", service.map(|service| SERVICES[service].into()));
                set(&mut fact, "resolved_at", ends.map(|minutes| (now + minutes * 60).into()));
                let sha = caused_by.and_then(|index| self.commits.get(index % self.commits.len().max(1)));
                set(&mut fact, "caused_by", sha.map(|(_, sha)| json!({"sha": sha})));
                self.facts.push(fact);
            }
            Step::Mend { incident, ends } => {
                let Some(place) = incident.checked_rem(self.incidents.len()) else { return };
                let begun = self.incidents[place];
                let ended = begun + ends * 60;
                self.facts.push(json!({"kind": "incident", "id": format!("i{}", place + 1), "opened_at": begun,
                    "resolved_at": ended, "updated_at": now.max(ended)}));
            }
            Step::Link { incident, deployment, removed } => {
                let (Some(incident), Some(deployment)) =
                    (incident.checked_rem(self.incidents.len()), deployment.checked_rem(self.deployments))
                else {
                    return;
                };
                self.facts.push(json!({"kind": "link", "incident": format!("i{}", incident + 1),
                    "deployment": format!("d{}", deployment + 1), "removed": removed, "updated_at": now}));
            }
        }
    }

    /// The SHA so many commits back in a repository.
    fn back(&self, repo: &str, steps: usize) -> Option<&str> {
        self.commits.iter().rev().filter(|(of, _)| of == repo).nth(steps).map(|(_, sha)| sha.as_str())
    }

    fn commit(
        &mut self,
        number: usize,
        repo: &str,
        (parent, second, picks): (usize, Option<usize>, Option<usize>),
        bot: bool,
        now: i64,
    ) {
        let sha = format!("{number:04x}");
        let parents: Vec<&str> = [Some(parent), second.map(|index| index % 6)]
            .into_iter()
            .flatten()
            .filter_map(|steps| self.back(repo, steps))
            .collect();
        let picked = picks.and_then(|index| self.back(repo, index % 8));
        let trailer = picked.map_or_else(String::new, |sha| format!("\n\n(cherry picked from commit {sha})"));
        self.facts.push(json!({"kind": "commit", "repo": repo, "sha": sha, "parents": parents, "committed_at": now,
            "bot": bot, "msg": format!("step {number}{trailer}")}));
        self.commits.push((repo.to_owned(), sha));
    }

    fn land(&mut self, back: usize, style: &Style, bot: bool, now: i64) {
        let Some((repo, sha)) = self.commits.iter().rev().nth(back).cloned() else { return };
        let number = self.changes.len() + 1;
        let mut fact = json!({"kind": "change", "repo": repo, "id": number, "title": format!("Change {number}"), "bot": bot,
            "opened_at": now - 7200, "first_commit_at": now - 9000, "first_review_at": now - 3600, "merged_at": now,
            "landed_sha": sha});
        match style {
            Style::Plain => {}
            Style::Hotfix => fact["labels"] = json!(["hotfix"]),
            Style::Reverts(index) => {
                let reverted = index.checked_rem(self.changes.len()).and_then(|place| self.changes.get(place));
                set(&mut fact, "reverts", reverted.filter(|(of, _)| *of == repo).map(|(_, number)| (*number).into()));
            }
        }
        self.facts.push(fact);
        self.changes.push((repo, number));
    }

    fn deploy(
        &mut self,
        (service, environment): (usize, usize),
        back: usize,
        outcome: usize,
        (begun, ended): (i64, i64),
        extra: &Extra,
    ) {
        let repo = REPO_OF[service];
        let (environment, tier) = ENVIRONMENTS[environment];
        let status = ["success", "success", "success", "success", "failure", "in_progress"][outcome];
        let components: Vec<Value> =
            self.back(repo, back).map(|sha| json!({"repo": repo, "sha": sha})).into_iter().collect();
        let mut fact = json!({"kind": "deployment", "id": format!("d{}", self.deployments + 1), "env": environment,
            "service": SERVICES[service], "tier": tier, "status": status, "started_at": begun, "at": ended,
            "components": components});
        match extra {
            Extra::None => {}
            Extra::Fixes(index) => {
                let other = index.checked_rem(self.deployments).map(|place| json!([format!("d{}", place + 1)]));
                set(&mut fact, "fixes", other);
            }
            Extra::Unplanned => fact["unplanned"] = json!(true),
            Extra::Contains(index) => {
                let sha = self.back(repo, index % 5).map(|sha| json!([[repo, sha]]));
                set(&mut fact, "contains", sha);
            }
            Extra::Rollback => fact["explicit_kind"] = json!("rollback"),
        }
        self.facts.push(fact);
        self.deployments += 1;
    }
}

fn set(fact: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        fact[name] = value;
    }
}
