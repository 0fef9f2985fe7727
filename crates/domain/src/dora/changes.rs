//! Pull and merge requests.

use chrono::{DateTime, Utc};

use super::commits::name;
use super::registers::{Register, known, registers};
use super::{Entities, micros, stamp};
use crate::data::{Actor, Change, Common};
use crate::event::Event;

/// Which change. `number` is the source's own id where its changes have no numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeKey {
    pub tenant: String,
    pub repo: String,
    pub number: String,
}

registers! {
    /// What is known of a change. The first commit and the first review are the earliest that any event tells of.
    ChangeFacts {
        latest {
            title: String, author: String, is_bot: bool, base: String, head: String, head_sha: String,
            landed_sha: String, opened_at: DateTime<Utc>, ready_at: DateTime<Utc>, approved_at: DateTime<Utc>,
            merged_at: DateTime<Utc>, closed_at: Option<DateTime<Utc>>, labels: Vec<String>, merge_method: String,
            reverts: String, draft: bool, additions: i64, deletions: i64, files_changed: i64, ticket_keys: Vec<String>,
            url: String, subject: String,
        }
        earliest { first_commit_at: DateTime<Utc>, first_review_at: DateTime<Utc> }
    }
}

impl Entities {
    /// One state of a change. Without a repository or a number there is nothing to key it by.
    pub(super) fn add_change(&mut self, event: &Event, common: Common, change: &Change) {
        let number = change.number.map(|number| number.to_string()).or_else(|| change.id.clone());
        let (Some(repo), Some(number)) = (common.repo.clone(), number) else { return };
        let key = ChangeKey { tenant: event.tenant.to_string(), repo, number };
        self.touched.changes.insert((key.clone(), event.id));
        self.changes.entry(key).or_default().merge(facts(event, &common, change));
    }
}

/// Sources call it a review, too, when authors answer on their own change, and when a bot is done within seconds.
fn is_by_another_human(change: &Change) -> bool {
    let Some(reviewer) = &change.reviewer else { return true };
    let is_author = |author: &Actor| match (&author.id, &reviewer.id) {
        (Some(author), Some(reviewer)) => author == reviewer,
        _ => author.login.is_some() && author.login == reviewer.login,
    };
    !reviewer.bot && !change.author.as_ref().is_some_and(is_author)
}

/// The page of the change: what comes with a review is the review's own.
fn page_of(verb: &str, common: &Common) -> Option<String> {
    common.url.clone().filter(|_| !["reviewed", "approved"].contains(&verb))
}

/// Whether an empty list says that there are none. Lists that are empty are left out of events, and sources without labels
/// leave them out, too; one that tells a request whole (its draft state with its branch) tells its labels with it. What
/// comes with a review is shorter.
fn is_whole(verb: &str, change: &Change) -> bool {
    !["reviewed", "approved"].contains(&verb)
        && change.draft.is_some()
        && change.title.is_some()
        && change.base.is_some()
}

fn facts(event: &Event, common: &Common, change: &Change) -> ChangeFacts {
    let Change { opened_at, ready_at, merged_at, closed_at, first_commit_at, first_review_at, approved_at, .. } =
        *change;
    let verb = event.kind.verb();
    let reviewed = ["reviewed", "approved"].contains(&verb) && is_by_another_human(change);
    let reviewed_at = first_review_at.or_else(|| reviewed.then_some(event.time));
    let approved_at = approved_at.or_else(|| (verb == "approved").then_some(event.time));
    let times = [opened_at, ready_at, merged_at, closed_at, first_commit_at, reviewed_at, approved_at];
    let stamp = stamp(event, common, &times);
    // Reopening takes the end back: the one fact that is said by an absent field.
    let closed = if verb == "reopened" { Some(closed_at) } else { closed_at.map(Some) };
    let whole = is_whole(verb, change);
    let list = |list: &[String]| known(stamp, Some(list.to_vec()).filter(|list| whole || !list.is_empty()));
    ChangeFacts {
        title: known(stamp, change.title.clone()),
        author: known(stamp, change.author.as_ref().and_then(name)),
        is_bot: known(stamp, change.author.as_ref().map(|author| author.bot)),
        base: known(stamp, change.base.clone()),
        head: known(stamp, change.head.clone()),
        head_sha: known(stamp, change.head_sha.clone()),
        landed_sha: known(stamp, change.landed_sha.clone()),
        opened_at: known(stamp, opened_at.map(micros)),
        ready_at: known(stamp, ready_at.map(micros)),
        approved_at: known(stamp, approved_at.map(micros)),
        merged_at: known(stamp, merged_at.map(micros)),
        closed_at: closed.map(|at| Register::new(stamp, at.map(micros))),
        labels: list(&common.labels),
        merge_method: known(stamp, change.merge_method.clone()),
        reverts: known(stamp, change.reverts.clone()),
        draft: known(stamp, change.draft),
        additions: known(stamp, change.additions),
        deletions: known(stamp, change.deletions),
        files_changed: known(stamp, change.files),
        ticket_keys: list(&change.ticket_keys),
        url: known(stamp, page_of(verb, common)),
        subject: known(stamp, Some(event.subject.clone())),
        first_commit_at: first_commit_at.map(micros),
        first_review_at: reviewed_at.map(micros),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(login: &str, bot: bool) -> Option<Actor> {
        Some(Actor { login: Some(login.to_owned()), bot, ..Actor::default() })
    }

    #[test]
    fn only_another_human_reviews_a_change() {
        let by = |reviewer| is_by_another_human(&Change { author: actor("ada", false), reviewer, ..Change::default() });
        assert!(by(actor("bob", false)));
        assert!(!by(actor("ada", false)), "an answer on one's own change");
        assert!(!by(actor("reviewer[bot]", true)));
        assert!(by(None), "a source that does not say who");
    }
}
