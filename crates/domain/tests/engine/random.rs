//! Worlds by chance: few names, few minutes, and everything that may go wrong in a history.

use std::collections::BTreeSet;

use domain::data::Tier;
use domain::dora::engine::{Change, Component};
use proptest::prelude::*;

use crate::world::{World, at, component, named};

const REPOS: [&str; 2] = ["acme/shop", "acme/web"];
const BRANCHES: [&str; 3] = ["main", "develop", "feature"];
const TITLES: [&str; 5] = ["Add X", "Add Y", "Revert \"Add X\"", "Revert \"Add Y\"", "hotfix: crash"];
const WORDS: [&str; 4] = ["rollback", "hotfix", "redeploy", "forward"];

/// Bytes that one thing is made of; each decision takes the next one.
type Bytes = [u8; 16];

struct Dice(std::array::IntoIter<u8, 16>);

impl Dice {
    fn of(bytes: Bytes) -> Self {
        Self(bytes.into_iter())
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().unwrap_or_default()) % bound.max(1)
    }

    /// Once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    fn pick<'l>(&mut self, list: &[&'l str]) -> &'l str {
        list[self.below(list.len())]
    }
}

pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let some = |most| prop::collection::vec(any::<Bytes>(), 1..most);
    (some(14), some(10), some(10), any::<u8>()).prop_map(|(commits, changes, deployments, shared)| {
        let mut world = World::new();
        if shared % 4 == 3 {
            world.rules.paths.insert(REPOS[0].to_owned(), vec!["shop".to_owned()]);
        }
        commits.iter().enumerate().for_each(|(place, bytes)| commit(&mut world, place, Dice::of(*bytes)));
        changes
            .iter()
            .enumerate()
            .for_each(|(place, bytes)| change(&mut world, place, commits.len(), Dice::of(*bytes)));
        let many = commits.len();
        deployments.iter().enumerate().for_each(|(place, bytes)| deployment(&mut world, place, many, Dice::of(*bytes)));
        world
    })
}

/// Commits have places; the repository follows from the place, so that names never cross.
fn repo(place: usize) -> &'static str {
    REPOS[usize::from(place % 4 == 3)]
}

fn sha(place: usize) -> String {
    format!("c{place:02}")
}

fn commit(world: &mut World, place: usize, mut dice: Dice) {
    let repo = repo(place);
    let key = named(repo, &sha(place));
    let older: Vec<usize> = (0..place).filter(|other| self::repo(*other) == repo).collect();
    let parents = if dice.once_in(6) { 0 } else { 1 + usize::from(dice.once_in(4)) };
    let parents: BTreeSet<String> = (0..parents.min(older.len()))
        .map(|back| sha(older[older.len() - 1 - (back + dice.below(2)).min(older.len() - 1)]))
        .collect();
    if !parents.is_empty() {
        world.graph.parents.insert(key.clone(), parents);
    }
    if dice.once_in(6) {
        return;
    }
    let word = |dice: &mut Dice| (!older.is_empty()).then(|| sha(older[dice.below(older.len())]));
    let written = place as i64 * 4;
    let commit = world.graph.commits.entry(key).or_default();
    commit.authored_at = (!dice.once_in(8)).then(|| at(written));
    commit.is_merge = dice.once_in(5);
    commit.picked_from = if dice.once_in(5) { word(&mut dice) } else { None };
    commit.reverts = if dice.once_in(5) { word(&mut dice) } else { None };
    commit.files = [None, Some(vec!["shop/a".to_owned()]), Some(vec!["cart/a".to_owned()])][dice.below(3)].clone();
    if dice.once_in(3) {
        let after = sha(place + 4 * dice.below(2));
        commit.pushed_to_default = Some((at(written + 1), after));
    }
    if dice.once_in(4) {
        commit.branches.insert(BRANCHES[1 + dice.below(2)].to_owned());
    }
}

fn change(world: &mut World, place: usize, commits: usize, mut dice: Dice) {
    let landed = dice.below(commits);
    let merged = landed as i64 * 4 + dice.below(30) as i64 + 1;
    let reverts = match dice.below(8) {
        0 => Some(format!("#{}", dice.below(6))),
        1 => Some(sha(dice.below(commits))),
        _ => None,
    };
    world.changes.push(Change {
        repo: repo(landed).to_owned(),
        number: place.to_string(),
        title: Some(dice.pick(&TITLES).to_owned()),
        base: Some(dice.pick(&BRANCHES).to_owned()),
        head: Some(dice.pick(&BRANCHES).to_owned()),
        landed_sha: (!dice.once_in(5)).then(|| sha(landed)),
        reverts,
        first_commit_at: dice.once_in(2).then(|| at(merged - 9)),
        opened_at: dice.once_in(2).then(|| at(merged - 6)),
        first_review_at: dice.once_in(2).then(|| at(merged - 4)),
        approved_at: dice.once_in(2).then(|| at(merged - 2)),
        merged_at: (!dice.once_in(8)).then(|| at(merged)),
        ..Change::default()
    });
}

fn deployment(world: &mut World, place: usize, commits: usize, mut dice: Dice) {
    // Half of them move on with time, the others go anywhere, also back.
    let ahead = (place * commits / 8 + dice.below(3)).min(commits.saturating_sub(1));
    let first = if dice.once_in(2) { dice.below(commits) } else { ahead };
    let mut parts = vec![part(first, &mut dice)];
    if dice.once_in(3) {
        parts.push(part(dice.below(commits), &mut dice));
    }
    let minute = 5 + place as i64 * 8 + dice.below(3) as i64 * 4;
    let ended = world.deploy_parts(&format!("d{place:02}"), minute, parts);
    if dice.once_in(4) {
        ended.environment = "staging".to_owned();
        ended.tier = Tier::Staging;
    }
    if dice.once_in(4) {
        ended.outcome = "failure".to_owned();
    }
    if dice.once_in(4) {
        let listed = dice.below(commits);
        ended.contains.insert(named(repo(listed), &sha(listed)));
    }
    ended.explicit_kind = dice.once_in(6).then(|| dice.pick(&WORDS).to_owned());
    if dice.once_in(6) {
        ended.fixes = vec![format!("d{:02}", dice.below(10))];
    }
}

fn part(place: usize, dice: &mut Dice) -> Component {
    let mut part = match dice.below(8) {
        0 => component(repo(place), None),
        1 => component(repo(place), Some("unheard-of")),
        _ => component(repo(place), Some(&sha(place))),
    };
    if dice.once_in(2) {
        part.branch = Some(dice.pick(&BRANCHES[..2]).to_owned());
    }
    part.by_image = dice.once_in(6);
    part
}
