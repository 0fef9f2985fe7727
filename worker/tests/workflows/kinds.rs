//! Every kind of action on a stage of its own: where it writes, what goes wrong there, and how often it was done.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::approvals::{Choice, Owed, Terms};
use serde_json::{Value, json};
use testkit::github::{Fault, PAT, Playing};
use testkit::listening::{Asked, Listening, Reply};
use uuid::Uuid;

use crate::world::{World, calling};

/// An action, and the request by which it writes; empty where it writes to our own database.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) action: &'static str,
    pub(crate) writes: &'static str,
}

pub(crate) const KINDS: [Kind; 9] = [
    Kind { action: "comment", writes: "POST /repos/acme/shop/issues/7/comments" },
    Kind { action: "label", writes: "POST /repos/acme/shop/issues/7/labels" },
    Kind { action: "assign_reviewer", writes: "POST /repos/acme/shop/pulls/7/requested_reviewers" },
    Kind { action: "issue_create", writes: "POST /repos/acme/shop/issues" },
    Kind { action: "dispatch_workflow", writes: "POST /repos/acme/shop/actions/workflows/deploy%2Eyml/dispatches" },
    Kind {
        action: "deployment_protection",
        writes: "POST /repos/acme/shop/actions/runs/79/deployment_protection_rule",
    },
    Kind { action: "nudge", writes: "" },
    Kind { action: "page", writes: "POST /v2/enqueue" },
    Kind { action: "webhook", writes: "POST /hook" },
];

/// PagerDuty, and a receiver of webhooks.
#[derive(Default)]
struct Elsewhere {
    heard: usize,
    /// What it has taken, which it may be told twice.
    taken: Vec<Asked>,
    faults: VecDeque<Fault>,
}

impl Elsewhere {
    fn answer(&mut self, asked: Asked) -> Reply {
        self.heard += 1;
        match self.faults.pop_front() {
            Some(Fault::Instead(reply)) => return reply,
            Some(Fault::Done(reply)) => {
                self.taken.push(asked);
                return reply;
            }
            None => self.taken.push(asked),
        }
        Reply::json(202, &json!({}))
    }

    /// So many different things were asked of it.
    fn distinct(&self, id: impl Fn(&Asked) -> String) -> usize {
        self.taken.iter().map(id).collect::<BTreeSet<_>>().len()
    }
}

fn locked(elsewhere: &Mutex<Elsewhere>) -> MutexGuard<'_, Elsewhere> {
    elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A world in which one kind acts.
pub(crate) struct Stage {
    pub(crate) world: World,
    kind: &'static Kind,
    elsewhere: Arc<Mutex<Elsewhere>>,
    listening: Listening,
}

impl Stage {
    pub(crate) async fn of(kind: &'static Kind) -> Self {
        let github = Playing::start().await;
        let elsewhere: Arc<Mutex<Elsewhere>> = Arc::default();
        let served = elsewhere.clone();
        let listening = Listening::start(move |asked| locked(&served).answer(asked)).await;
        let (github_url, url) = (github.url(), listening.url());
        let calling = calling(&[
            ("GITHUB_API_URL", github_url.as_str()),
            ("GITHUB_TOKEN", PAT),
            ("SLACK_BOT_TOKEN", "xoxb-not-real"),
            ("SLACK_DEFAULT_CHANNEL", "#team"),
            ("PAGERDUTY_ROUTING_KEY", "R0UT1NGKEY"),
            ("PAGERDUTY_EVENTS_URL", url.as_str()),
            ("OUTGOING_WEBHOOK_SECRETS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            ("WEBHOOKS_ALLOW_NETWORKS", "127.0.0.0/8"),
        ]);
        Self { world: World::with(github, calling).await, kind, elsewhere, listening }
    }

    fn is_elsewhere(&self) -> bool {
        ["page", "webhook"].contains(&self.kind.action)
    }

    /// The next request by which it writes meets the fault.
    pub(crate) fn fault(&self, fault: Fault) {
        if self.is_elsewhere() {
            locked(&self.elsewhere).faults.push_back(fault);
        } else if !self.kind.writes.is_empty() {
            self.world.github.fault(self.kind.writes, fault);
        }
    }

    pub(crate) fn heal(&self) {
        self.world.github.heal();
        locked(&self.elsewhere).faults.clear();
    }

    /// How many of those requests have arrived.
    pub(crate) fn heard(&self) -> usize {
        let github = self.world.github.state().asked.iter().filter(|one| one.line() == self.kind.writes).count();
        github + locked(&self.elsewhere).heard
    }

    fn payload(&self, approved: bool) -> Value {
        match self.kind.action {
            "label" => json!({"labels": ["stale"]}),
            "assign_reviewer" => json!({"reviewers": ["grace"]}),
            "issue_create" => json!({"repo": "acme/shop", "title": "Close or merge 7", "text": "Still needed?"}),
            "dispatch_workflow" => json!({"workflow": "deploy.yml", "ref": "main", "key_input": "em_agent"}),
            // How it was decided is said by the approval's end.
            "deployment_protection" if approved => {
                json!({"repo": "acme/shop", "run_id": 79, "environment": "production"})
            }
            "deployment_protection" => json!({"repo": "acme/shop", "run_id": 79, "environment": "production",
                "state": "approved", "comment": "2 of 2 approved"}),
            "page" => json!({"summary": "checkout is down", "severity": "critical"}),
            "webhook" => json!({"url": format!("{}/hook", self.listening.url()), "type": "change.stale"}),
            _ => json!({"text": "Still needed?"}),
        }
    }

    /// Has it done: asked for as a job, or as what follows from an approval.
    pub(crate) async fn asked(&self, approved: bool) -> Uuid {
        let (world, action) = (&self.world, self.kind.action);
        if !approved {
            return world.asked(action, self.payload(false)).await;
        }
        let owed = if action == "deployment_protection" { Owed::Answer } else { Owed::Approval };
        let terms = Terms { owed, ..Terms::usual(world.now()) };
        let id = world.proposed(action, self.payload(true), terms).await;
        world.voted(id, Choice::Approve).await;
        world.approval(id).await.job_id.expect("a job")
    }

    /// How often it was done, as the other side tells such things apart.
    pub(crate) async fn done(&self) -> usize {
        let is_ours = |one: &&Value| one["body"].to_string().contains("em-agent:");
        match self.kind.action {
            "comment" => self.world.comments(),
            "label" => self.world.github.state().labels.iter().filter(|label| *label == "stale").count(),
            "assign_reviewer" => self.world.github.state().users.len(),
            "issue_create" => self.world.github.state().issues.iter().filter(is_ours).count(),
            "dispatch_workflow" => self.world.github.state().runs.len(),
            "deployment_protection" => self.world.github.state().approvals.len(),
            "nudge" => usize::try_from(self.world.notes().await).unwrap_or_default(),
            "page" => locked(&self.elsewhere).distinct(|one| one.json()["dedup_key"].to_string()),
            _ => locked(&self.elsewhere).distinct(|one| one.header("webhook-id").to_owned()),
        }
    }
}

#[test]
fn every_kind_that_there_is_has_its_stage() {
    let staged: BTreeSet<&str> = KINDS.iter().map(|kind| kind.action).collect();
    let known: BTreeSet<&str> = actions::effects::KINDS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(staged, known, "the others are done by nobody in any order");
}
