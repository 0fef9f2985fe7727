//! Asks for reviews: those who are named, or those who own most of what a pull request changes. Who is asked already is
//! left alone, and so is who has reviewed: asking again would call them again.

use chrono::DateTime;

use super::AssignReviewer;
use super::perform::{Performed, Try};
use crate::codeowners::{CodeOwners, Owner};
use crate::github::{GitHub, Made, Pull, Reviewers};
use crate::outcome::Outcome;
use crate::target::Numbered;

pub(super) async fn assign(assign: &AssignReviewer, github: &GitHub, this: Try<'_>) -> Outcome<Performed> {
    let at = &assign.at;
    let pull = match github.pull(at, this.now).await.found() {
        Ok(pull) => pull,
        Err(other) => return other,
    };
    if !pull.is_open {
        return Outcome::refuse(format!("{at} is closed: nobody is asked to review it"));
    }
    let by_owners = assign.reviewers.is_empty();
    let wanted =
        if by_owners { owners(assign, &pull, github, this).await } else { Outcome::Done(named(assign, &pull)) };
    let wanted = match wanted.found() {
        Ok(wanted) if wanted.is_empty() => return Outcome::refuse(nobody(by_owners)),
        Ok(wanted) => wanted,
        Err(other) => return other,
    };
    let left = match without_asked(wanted, by_owners, at, github, this).await.found() {
        Ok(left) => left,
        Err(other) => return other,
    };
    if left.is_empty() {
        return Outcome::Done(Performed::found(format!("{at} has its reviewers"), Made::default()));
    }
    let names: Vec<&str> = left.users.iter().chain(&left.teams).map(String::as_str).collect();
    let what = format!("asked {} to review {at}", names.join(", "));
    github.request_reviewers(at, &left, this.now).await.map(|made| Performed::done(what, made))
}

fn nobody(by_owners: bool) -> &'static str {
    if by_owners {
        "CODEOWNERS names nobody who can be asked: the author, addresses and other organisations' teams are left out"
    } else {
        "the author of a pull request cannot review it: name somebody else"
    }
}

/// Those who were named, without the author.
fn named(assign: &AssignReviewer, pull: &Pull) -> Reviewers {
    let mut wanted = Reviewers::default();
    for owner in assign.reviewers.iter().filter_map(|word| Owner::parse(&format!("@{word}"))) {
        add(owner, &assign.at, pull, &mut wanted);
    }
    wanted
}

/// Those who own most of what is changed, so many as were asked for.
async fn owners(assign: &AssignReviewer, pull: &Pull, github: &GitHub, this: Try<'_>) -> Outcome<Reviewers> {
    let text = match github.codeowners(&assign.at.repo, &pull.base, this.now).await.found() {
        Ok(Some(text)) => text,
        Ok(None) => return Outcome::refuse(format!("{} has no CODEOWNERS file on {}", assign.at.repo, pull.base)),
        Err(other) => return other,
    };
    github.changed_files(&assign.at, this.now).await.map(|files| {
        let most = usize::try_from(assign.most).unwrap_or(usize::MAX);
        let mut wanted = Reviewers::default();
        for (owner, _) in CodeOwners::parse(&text).ranked(files.iter().map(String::as_str)) {
            if wanted.len() < most {
                add(owner, &assign.at, pull, &mut wanted);
            }
        }
        wanted
    })
}

/// Only who can be asked: not the author, no address, no team of somebody else.
fn add(owner: Owner, at: &Numbered, pull: &Pull, wanted: &mut Reviewers) {
    match owner {
        Owner::User(login) if !login.eq_ignore_ascii_case(&pull.author) => wanted.users.push(login),
        Owner::Team { org, team } if org.eq_ignore_ascii_case(at.repo.owner()) => wanted.teams.push(team),
        Owner::User(_) | Owner::Team { .. } | Owner::Email(_) => {}
    }
}

/// Takes out who is asked already, and who has reviewed: ever, when CODEOWNERS chose; since a lost try, when they
/// were named.
async fn without_asked(
    mut wanted: Reviewers,
    by_owners: bool,
    at: &Numbered,
    github: &GitHub,
    this: Try<'_>,
) -> Outcome<Reviewers> {
    let asked = match github.requested(at, this.now).await.found() {
        Ok(asked) => asked,
        Err(other) => return other,
    };
    let since = if by_owners { Some(DateTime::UNIX_EPOCH) } else { this.previous.map(|previous| previous.since) };
    let reviewed = match since {
        None => Vec::new(),
        Some(since) => match github.reviewed(at, since, this.now).await.found() {
            Ok(reviewed) => reviewed,
            Err(other) => return other,
        },
    };
    let is_among = |list: &[String], name: &String| list.iter().any(|one| one.eq_ignore_ascii_case(name));
    wanted.users.retain(|login| !is_among(&asked.users, login) && !is_among(&reviewed, login));
    wanted.teams.retain(|team| !is_among(&asked.teams, team));
    Outcome::Done(wanted)
}
