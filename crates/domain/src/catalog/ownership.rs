//! Which team owned a service when (rule T1). A service has one owner at a time.

use chrono::{DateTime, Utc};

use super::Fault;
use super::document::{Document, Owned};
use crate::documents::pointer;
use crate::dora::engine::Ownership;

/// All owners of a service in the order of their time.
pub(super) fn owners(document: &Document, service: &str) -> Vec<Ownership> {
    let mut owners: Vec<Ownership> = of(document, service)
        .map(|(team, owned)| Ownership { team: team.to_owned(), from: owned.from, to: owned.until })
        .collect();
    // No beginning comes first.
    owners.sort_by(|a, b| (a.from, &a.team).cmp(&(b.from, &b.team)));
    owners
}

/// The team that owned a service at a time.
pub(super) fn team_at<'a>(document: &'a Document, service: &str, at: DateTime<Utc>) -> Option<&'a str> {
    let then = |owned: &Owned| owned.from.is_none_or(|from| from <= at) && owned.until.is_none_or(|until| at < until);
    of(document, service).find(|(_, owned)| then(owned)).map(|(team, _)| team)
}

fn of<'a>(document: &'a Document, service: &str) -> impl Iterator<Item = (&'a str, &'a Owned)> {
    document.teams.iter().flat_map(move |(name, team)| {
        team.owns.iter().filter(move |owned| owned.service == service).map(move |owned| (name.as_str(), owned))
    })
}

/// Services with two owners at a time.
pub(super) fn conflicts(document: &Document) -> Vec<Fault> {
    let all: Vec<(&str, &Owned)> =
        document.teams.iter().flat_map(|(name, team)| team.owns.iter().map(|owned| (name.as_str(), owned))).collect();
    let mut faults = Vec::new();
    for (place, (team, owned)) in all.iter().enumerate() {
        let other = all[..place].iter().find(|(_, earlier)| earlier.service == owned.service && meet(earlier, owned));
        if let Some((other, _)) = other {
            let detail = format!(
                "`{}` is owned by `{other}` in the same time: a service has one owner; give both `from` and `to`",
                owned.service
            );
            faults.push(Fault { pointer: pointer(&["teams", team, "owns"]), detail });
        }
    }
    faults
}

fn meet(a: &Owned, b: &Owned) -> bool {
    let before = |a: &Owned, b: &Owned| a.until.zip(b.from).is_some_and(|(until, from)| until <= from);
    !before(a, b) && !before(b, a)
}
