//! How long a change took, and where the time went (rules L5, M2).

use chrono::{DateTime, Utc};

use super::{Change, Commit};
use crate::dora::facts::Phases;

/// When work on a change began: the earliest of its first commit, its opening and its merge, else the time of the commit
/// that it landed as. None: nobody says any time, and a time that is made up would be counted.
pub(super) fn start(change: &Change, landed: Option<&Commit>) -> Option<DateTime<Utc>> {
    let said = [change.first_commit_at, change.opened_at, change.merged_at];
    said.into_iter().flatten().min().or_else(|| written(landed?))
}

/// When a commit was written.
pub(super) fn written(commit: &Commit) -> Option<DateTime<Utc>> {
    commit.authored_at.or(commit.committed_at)
}

pub(super) fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    let span = to - from;
    span.num_microseconds().map_or(span.num_seconds() as f64, |micros| micros as f64 / 1_000_000.0)
}

/// The phases from the start to the deployment. Each begins where the one before it ended at the earliest and ends with
/// the deployment at the latest, so that together they never exceed the lead time; of a negative one there are none.
pub(super) fn phases(change: &Change, start: DateTime<Utc>, at: DateTime<Utc>) -> Phases {
    if at < start {
        return Phases::default();
    }
    let mut last = start;
    let mut bounded = |time: Option<DateTime<Utc>>| {
        time.map(|time| {
            last = time.clamp(last, at);
            last
        })
    };
    let opened = bounded(change.opened_at);
    let reviewed = bounded(change.first_review_at);
    let approved = bounded(change.approved_at);
    let merged = bounded(change.merged_at);
    let phase = |from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>| Some(seconds(from?, to?));
    Phases {
        coding_s: phase(Some(start), opened),
        pickup_s: phase(opened, reviewed),
        review_s: phase(reviewed, approved.or(merged)),
        merge_s: phase(approved, merged),
        deploy_s: phase(merged, Some(at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).expect("a time")
    }

    fn change(times: [Option<i64>; 5]) -> Change {
        let [first_commit_at, opened_at, first_review_at, approved_at, merged_at] = times.map(|time| time.map(at));
        Change { first_commit_at, opened_at, first_review_at, approved_at, merged_at, ..Change::default() }
    }

    #[test]
    fn work_begins_with_the_earliest_time_that_is_told() {
        assert_eq!(start(&change([Some(5), Some(3), None, None, Some(9)]), None), Some(at(3)));
        assert_eq!(start(&change([None, None, Some(1), None, Some(9)]), None), Some(at(9)));
        let landed = Commit { committed_at: Some(at(7)), ..Commit::default() };
        assert_eq!(start(&change([None; 5]), Some(&landed)), Some(at(7)));
        assert_eq!(start(&change([None; 5]), None), None);
    }

    #[test]
    fn phases_add_up_to_the_lead_time_where_all_is_known() {
        let all = phases(&change([Some(0), Some(10), Some(30), Some(60), Some(100)]), at(0), at(150));
        let minutes = [all.coding_s, all.pickup_s, all.review_s, all.merge_s, all.deploy_s];
        assert_eq!(minutes.map(|one| one.map(|one| one / 60.0)), [10., 20., 30., 40., 50.].map(Some));
    }

    #[test]
    fn a_phase_without_its_ends_is_not_known_and_none_is_negative() {
        let none = phases(&change([Some(0), None, None, None, None]), at(0), at(9));
        assert_eq!(none, Phases::default());
        let odd = phases(&change([Some(5), Some(2), Some(1), None, Some(50)]), at(2), at(9));
        assert_eq!(odd.coding_s, Some(0.0));
        assert_eq!(odd.pickup_s, Some(0.0));
        assert_eq!(odd.review_s, Some(7.0 * 60.0));
        assert_eq!((odd.merge_s, odd.deploy_s), (None, Some(0.0)));
        let negative = phases(&change([Some(20), Some(20), None, None, Some(20)]), at(20), at(9));
        assert_eq!(negative, Phases::default());
    }
}
