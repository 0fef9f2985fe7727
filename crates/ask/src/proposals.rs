//! What agents may ask to be done: a few phrases, each with the open changes that it means. Nothing is done here: every one
//! becomes an approval that people decide, whatever the policy would let through.

use chrono::{DateTime, TimeDelta, Utc};
use domain::approvals::Terms;
use domain::ids::TenantId;
use domain::policy::Input;
use domain::signals::OpenChange;
use policies::Policies;
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::approvals::{self, Approval};
use store::signals::open_changes;
use store::workflows::{self, Start, Started};
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::Ask;
use crate::tools::told;

/// Changes that are looked at, and proposals of one run.
const MOST_CHANGES: i64 = 500;
pub(crate) const MOST_PROPOSALS: usize = 10;
const STALE: TimeDelta = TimeDelta::hours(48);
const UNREVIEWED: TimeDelta = TimeDelta::hours(12);
const LABEL: &str = "needs-ticket";

/// Something that is to be done about changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    Label,
    AssignReviewers,
    CreateTickets,
    Nudge,
    CommentSummary,
}

/// What is proposed about one change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// `acme/shop#12`.
    pub subject: String,
    pub action: &'static str,
    /// What the policy is asked about.
    pub kind: &'static str,
    pub payload: Value,
    /// Why, in the words of a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Who asks for it.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The actor of the audit.
    pub by: String,
    /// Whose proposal it is. None: nobody's, access is open.
    pub requested_by: Option<String>,
}

/// What is asked for by a sentence.
#[derive(Clone, Debug)]
pub struct Wish {
    pub tenant: TenantId,
    pub write: Write,
    /// Only this change.
    pub target: Option<String>,
    pub reviewer: Option<String>,
    pub now: DateTime<Utc>,
}

impl Write {
    /// What a sentence asks to be done, as EM Agent has always understood it. None: it asks a question.
    pub fn of(query: &str) -> Option<Self> {
        let query = query.to_lowercase();
        let has = |words: &[&str]| words.iter().all(|word| query.contains(word));
        let any = |words: &[&str]| words.iter().any(|word| query.contains(word));
        if query.contains('?') || query.starts_with("which") || query.starts_with("what") {
            return None;
        }
        if has(&["label"]) && any(&["no ticket", "without ticket", "without a ticket", "missing ticket"]) {
            Some(Self::Label)
        } else if has(&["assign", "review"]) {
            Some(Self::AssignReviewers)
        } else if has(&["create", "missing", "ticket"]) {
            Some(Self::CreateTickets)
        } else if has(&["nudge"]) {
            Some(Self::Nudge)
        } else if has(&["comment", "summar"]) {
            Some(Self::CommentSummary)
        } else {
            None
        }
    }

    fn is_about(self, change: &OpenChange, now: DateTime<Utc>) -> bool {
        let age = now - change.opened_at;
        let waits = !change.draft && !change.is_bot;
        match self {
            Self::Label | Self::CreateTickets => waits && change.ticket_keys.is_empty(),
            Self::AssignReviewers => waits && change.first_review_at.is_none() && age >= UNREVIEWED,
            Self::Nudge => waits && age >= STALE,
            Self::CommentSummary => false,
        }
    }

    fn candidate(self, change: &OpenChange, reviewer: Option<&str>) -> Candidate {
        let subject = format!("{}#{}", change.repo, change.number);
        let title = told(change.title.as_deref().unwrap_or("no title"), 160);
        let (action, kind, payload) = match self {
            Self::Label => ("label", "no_ticket_link", json!({"labels": [LABEL]})),
            Self::AssignReviewers => {
                let reviewers = reviewer.map_or_else(|| json!({}), |reviewer| json!({"reviewers": [reviewer]}));
                ("assign_reviewer", "pr_without_review", reviewers)
            }
            Self::CreateTickets => {
                let text = format!("{subject} names no ticket: \"{title}\"");
                let payload = json!({"repo": change.repo, "title": format!("Ticket for {subject}"), "text": text});
                ("issue_create", "no_ticket_link", payload)
            }
            Self::Nudge => ("nudge", "stale_pr", json!({"text": format!("{subject} \"{title}\" waits for somebody.")})),
            Self::CommentSummary => {
                let author = change.author.as_deref().map(|author| format!(" by {}", told(author, 80)));
                let opened = change.opened_at.format("%Y-%m-%d %H:%M UTC");
                let reviewed = if change.first_review_at.is_some() { "reviewed" } else { "not reviewed yet" };
                let text = format!("\"{title}\"{}, opened {opened}, {reviewed}.", author.unwrap_or_default());
                ("comment", "comment_summary", json!({"text": text}))
            }
        };
        Candidate { subject, action, kind, payload, reason: None }
    }
}

impl Ask {
    /// What is meant, change by change.
    pub async fn candidates(&self, wish: &Wish) -> Result<Vec<Candidate>, StoreError> {
        let tenant = wish.tenant.clone();
        let look = move |conn: &mut Connection| open_changes(conn, &tenant, MOST_CHANGES);
        let open = self.reach.store.look("agent_candidates", look).await?;
        let meant = |change: &&OpenChange| match &wish.target {
            Some(target) => *target == format!("{}#{}", change.repo, change.number),
            None => wish.write.is_about(change, wish.now),
        };
        let candidate = |change: &OpenChange| wish.write.candidate(change, wish.reviewer.as_deref());
        Ok(open.iter().filter(meant).take(MOST_PROPOSALS).map(candidate).collect())
    }
}

/// Each candidate on the policy's terms. The policy may be asked over the network: not for a transaction.
pub async fn starts(policies: &Policies, asker: &Asker, candidates: &[Candidate], now: DateTime<Utc>) -> Vec<Start> {
    let mut starts = Vec::new();
    for Candidate { subject, action, kind, payload, reason } in candidates.iter().cloned() {
        let input = Input {
            kind: kind.to_owned(),
            subject: Some(subject.clone()),
            action: Some(action.to_owned()),
            team: None,
            service: None,
            environment: None,
            now: Some(now),
            facts: if let Value::Object(facts) = payload.clone() { facts } else { Map::new() },
        };
        let decision = policies.decide(&input).await;
        // Whoever only asked an agent is asked back, also where the policy would let it through.
        let mut terms = policies.terms(&decision, now).unwrap_or_else(|| Terms::usual(now));
        terms.auto_approve = false;
        starts.push(Start {
            random: Uuid::new_v4().into_bytes(),
            kind: kind.to_owned(),
            subject,
            action: action.to_owned(),
            payload,
            reason: match reason {
                Some(said) => format!("{} (an agent says: {said})", decision.reason),
                None => decision.reason,
            },
            policy: decision.policy,
            rule: decision.rule,
            terms: Some(terms),
            requested_by: asker.requested_by.clone(),
            authors: Vec::new(),
            by: asker.by.clone(),
        });
    }
    starts
}

/// What became of proposals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposed {
    /// An approval for each that was asked for, in its order: a new one, or the one that was open.
    pub ids: Vec<Uuid>,
    /// Those that are new. Whoever gets them counts them.
    pub new: Vec<Approval>,
    /// Those that were asked for before and are open: they are not asked for again.
    pub open: Vec<Uuid>,
}

impl Proposed {
    /// As it is told to who asked.
    pub fn told(&self) -> Value {
        json!({"proposed": self.new.len(), "approvals": self.ids, "already_open": self.open})
    }
}

/// Proposes them, in the caller's transaction. What is asked for already is not asked for twice.
pub fn propose(
    conn: &mut Connection,
    tenant: &TenantId,
    starts: &[Start],
    now: DateTime<Utc>,
) -> Result<Proposed, StoreError> {
    // In one order, whatever was asked: two that wait for each other's would wait for ever.
    let mut places: Vec<usize> = (0..starts.len()).collect();
    places.sort_by_key(|place| (&starts[*place].action, &starts[*place].subject));
    let (mut done, mut ids) = (Proposed::default(), vec![Uuid::nil(); starts.len()]);
    for place in places {
        let start = &starts[place];
        if let Some(open) = approvals::open(conn, tenant, (&start.subject, &start.action), now)? {
            ids[place] = open.0;
            done.open.push(open.0);
            continue;
        }
        match workflows::start(conn, tenant, start, now)? {
            Started::Proposed(approval) => {
                ids[place] = approval.id.0;
                done.new.push(*approval);
            }
            Started::Queued(id) => {
                return Err(StoreError::Corrupt(format!("job {id} was queued without being asked for")));
            }
        }
    }
    Ok(Proposed { ids, ..done })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_asks_for_something_is_a_write() {
        for (query, write) in [
            ("label PRs without ticket", Some(Write::Label)),
            ("Assign reviewers", Some(Write::AssignReviewers)),
            ("create missing tickets", Some(Write::CreateTickets)),
            ("nudge stale PRs", Some(Write::Nudge)),
            ("comment a summary on PR acme/shop#1", Some(Write::CommentSummary)),
            ("which PRs have the label needs-ticket but no ticket", None),
            ("who should review this?", None),
            ("lead time of shop", None),
        ] {
            assert_eq!(Write::of(query), write, "{query}");
        }
    }
}
