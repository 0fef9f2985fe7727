//! Counting votes: which of them count, which requirement each of them meets, and what they add up to.

use super::{Choice, Excluded, Person, Refusal, Requirement, State, Vote, matching};

/// What the votes add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Pending,
    Approved,
    Rejected,
}

/// How an approval stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub outcome: Outcome,
    /// One for each requirement, in their order.
    pub progress: Vec<Progress>,
    /// Ids of the people who reject it.
    pub rejected_by: Vec<String>,
    /// Ids of people whose vote does not count, and why.
    pub refused: Vec<(String, Refusal)>,
}

/// How far a requirement is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub requirement: Requirement,
    /// Ids of the people who meet it.
    pub people: Vec<String>,
}

impl Progress {
    pub fn is_met(&self) -> bool {
        self.people.len() >= self.requirement.votes as usize
    }
}

impl Standing {
    /// Votes that are given and votes that it takes: "1 of 3".
    pub fn sum(&self) -> (usize, usize) {
        let given = self.progress.iter().map(|one| one.people.len()).sum();
        let taken = self.progress.iter().map(|one| one.requirement.votes as usize).fold(0, usize::saturating_add);
        (given, taken)
    }
}

/// Counts the votes. A person counts once and for one requirement; a rejection that suffices goes before all approvals.
pub fn judge(state: &State) -> Standing {
    let (counted, refused) = sorted(state);
    let of = |choice: Choice| counted.iter().filter(move |vote| vote.choice == choice);
    let rejected_by: Vec<String> = of(Choice::Reject).map(|vote| vote.person.id.clone()).collect();
    let approving: Vec<&Person> = of(Choice::Approve).map(|vote| &vote.person).collect();
    let progress = progress(state, &approving);
    let outcome = if rejected_by.len() >= state.terms.deny_votes.max(1) as usize {
        Outcome::Rejected
    } else if progress.iter().all(Progress::is_met) {
        Outcome::Approved
    } else {
        Outcome::Pending
    };
    Standing { outcome, progress, rejected_by, refused }
}

/// Whether this person's vote would count, whatever it says.
pub fn may_vote(state: &State, person: &Person) -> Result<(), Refusal> {
    let excluded = |who: Excluded| state.terms.exclude.contains(&who);
    if excluded(Excluded::Bots) && person.is_bot {
        return Err(Refusal::Bot);
    }
    if excluded(Excluded::Requester) && state.requested_by.as_ref().is_some_and(|name| person.may_be(name)) {
        return Err(Refusal::Requester);
    }
    if excluded(Excluded::Authors) && state.authors.iter().any(|name| person.may_be(name)) {
        return Err(Refusal::Author);
    }
    let asked = state.terms.requirements().iter().any(|one| person.meets(&one.of, &state.terms.groups));
    if asked { Ok(()) } else { Err(Refusal::NotAsked { takes: state.terms.in_words() }) }
}

/// Votes that count, one a person, and those that do not, with the reason.
fn sorted(state: &State) -> (Vec<&Vote>, Vec<(String, Refusal)>) {
    let mut counted: Vec<&Vote> = Vec::new();
    let mut refused = Vec::new();
    for vote in &state.votes {
        let earlier = counted.iter().find(|earlier| earlier.person.is_same(&vote.person));
        let verdict = match earlier {
            _ if !is_current(state, vote) => Err(Refusal::Changed),
            Some(earlier) => Err(Refusal::Voted { said: earlier.choice }),
            None => may_vote(state, &vote.person),
        };
        match verdict {
            Ok(()) => counted.push(vote),
            Err(refusal) => refused.push((vote.person.id.clone(), refusal)),
        }
    }
    (counted, refused)
}

/// Whether the vote was given for what is asked for now.
pub(super) fn is_current(state: &State, vote: &Vote) -> bool {
    state.terms.sticky || vote.content_hash == state.content_hash
}

fn progress(state: &State, approving: &[&Person]) -> Vec<Progress> {
    let requirements = state.terms.requirements();
    let met = |person: &Person| {
        let fits = |(place, one): (usize, &Requirement)| person.meets(&one.of, &state.terms.groups).then_some(place);
        requirements.iter().enumerate().filter_map(fits).collect()
    };
    let may: Vec<Vec<usize>> = approving.iter().map(|person| met(person)).collect();
    let places: Vec<u32> = requirements.iter().map(|one| one.votes).collect();
    let given = matching::assign(&may, &places);
    let named = |people: Vec<usize>| people.into_iter().map(|place| approving[place].id.clone()).collect();
    let told = requirements.into_iter().zip(given);
    told.map(|(requirement, people)| Progress { requirement, people: named(people) }).collect()
}
