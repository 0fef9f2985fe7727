//! Which changes ship with a deployment: by the commits that became live with it (rule L2), and pushes that belong to no
//! change.

use std::collections::{BTreeMap, HashMap};

use super::changes::Changes;
use super::history::{History, Node};
use super::scope::{Scope, Touch};
use super::streams::Stream;
use super::walk::Part;
use super::{Change, Ended, leads};
use crate::dora::facts::{ChangeFact, ChangeKind, LinkMethod};

/// What shipping is decided by, the same for all deployments of a stretch.
pub(super) struct Rules<'a> {
    pub(super) history: History<'a>,
    pub(super) changes: Changes<'a>,
    pub(super) scope: Scope<'a>,
}

/// A change that ships: its place, how that is known, and whether it touches the service.
pub(super) struct Shipped {
    pub(super) change: usize,
    pub(super) method: LinkMethod,
    pub(super) touch: Touch,
}

/// The changes that the part carries for the first time. All that it contains never ship again, shipped now or not.
pub(super) fn carried<'a>(rules: &Rules<'a>, part: &Part<'a>, stream: &mut Stream<'a>) -> Vec<Shipped> {
    let mut hits: BTreeMap<usize, Carrier<'a>> = BTreeMap::new();
    for node in &part.news {
        let ships = part.ships(*node);
        let (_, sha) = rules.history.name(*node);
        for change in rules.changes.landed_at(*node) {
            let exactly = part.baseline && part.deployed.contains(node);
            hit(&mut hits, *change, (ships || exactly).then_some((false, sha, *node)));
        }
        for change in source_of(rules, *node).into_iter().flat_map(|source| rules.changes.landed_at(source)) {
            hit(&mut hits, *change, ships.then_some((true, sha, *node)));
        }
    }
    hits.retain(|change, _| stream.contained.insert(*change));
    let branches = branches(rules, part);
    let shipped = hits.into_iter().filter_map(|(change, carrier)| {
        let (picked, _, node) = carrier?;
        let touch = touch(rules, &rules.changes.all[change], Some(node), &branches);
        Some(Shipped { change, method: method(rules, part, node, picked), touch })
    });
    shipped.filter(|one| one.touch != Touch::Outside).collect()
}

/// The commit that ships a change: whether it was picked, and which.
type Carrier<'a> = Option<(bool, &'a str, Node)>;

/// Landing says more than being picked, shipping more than being there.
fn hit<'a>(hits: &mut BTreeMap<usize, Carrier<'a>>, change: usize, carrier: Carrier<'a>) {
    let known = hits.entry(change).or_default();
    *known = match (*known, carrier) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}

/// The commit that this one was picked from.
pub(super) fn source_of(rules: &Rules<'_>, node: Node) -> Option<Node> {
    let picked_from = rules.history.commit(node)?.picked_from.as_ref()?;
    rules.history.find(rules.history.name(node).0, picked_from).filter(|source| *source != node)
}

pub(super) fn method(rules: &Rules<'_>, part: &Part<'_>, node: Node, picked: bool) -> LinkMethod {
    let is_bare = part.baseline || !rules.history.knows(node);
    if part.listed.contains(&node) {
        LinkMethod::Contains
    } else if part.by_image {
        LinkMethod::Image
    } else if picked {
        LinkMethod::CherryPick
    } else if is_bare && part.deployed.contains(&node) {
        LinkMethod::Exact
    } else {
        LinkMethod::Graph
    }
}

/// The part's new commits by the branch that they were seen on; asked for only where files decide.
fn branches<'a>(rules: &Rules<'a>, part: &Part<'a>) -> HashMap<&'a str, Vec<Node>> {
    let mut branches: HashMap<&str, Vec<Node>> = HashMap::new();
    if rules.scope.is_shared(part.repo) {
        for (node, commit) in part.news.iter().filter_map(|node| Some((*node, rules.history.commit(*node)?))) {
            commit.branches.iter().for_each(|branch| branches.entry(branch).or_default().push(node));
        }
    }
    branches
}

/// By the files of the commit that carries it, else by those of its branch's commits.
pub(super) fn touch(
    rules: &Rules<'_>,
    change: &Change,
    carrier: Option<Node>,
    branches: &HashMap<&str, Vec<Node>>,
) -> Touch {
    let landed = change.landed_sha.as_ref().and_then(|sha| rules.history.find(&change.repo, sha));
    let of = |node: Node| {
        let files = rules.history.commit(node).and_then(|commit| commit.files.as_deref());
        rules.scope.touch(&change.repo, files)
    };
    let own = landed.into_iter().chain(carrier).map(of).find(|touch| *touch != Touch::Unknown);
    own.unwrap_or_else(|| {
        let theirs = change.head.as_deref().and_then(|head| branches.get(head));
        together(theirs.into_iter().flatten().map(|node| of(*node)))
    })
}

/// One inside is enough, one unknown leaves it open.
fn together(all: impl Iterator<Item = Touch>) -> Touch {
    let mut all = all.peekable();
    if all.peek().is_none() {
        return Touch::Unknown;
    }
    all.fold(Touch::Outside, |sum, one| match (sum, one) {
        (Touch::Inside, _) | (_, Touch::Inside) => Touch::Inside,
        (Touch::Unknown, _) | (_, Touch::Unknown) => Touch::Unknown,
        _ => Touch::Outside,
    })
}

/// The fact of a change that ships. None: nobody says when it began.
pub(super) fn fact(rules: &Rules<'_>, ended: &Ended, part: &Part<'_>, shipped: &Shipped) -> Option<ChangeFact> {
    let change = &rules.changes.all[shipped.change];
    let landed = change.landed_sha.as_ref().and_then(|sha| rules.history.find(&change.repo, sha));
    let landed = landed.and_then(|node| rules.history.commit(node));
    let start_at = leads::start(change, landed)?;
    Some(ChangeFact {
        environment: ended.environment.clone(),
        repo: change.repo.clone(),
        number: change.number.clone(),
        deployment: ended.deployment.clone(),
        tier: ended.tier,
        team: None,
        kind: ChangeKind::Change,
        at: part.at,
        deployed_at: ended.finished_at,
        start_at,
        first_commit_at: change.first_commit_at,
        opened_at: change.opened_at,
        first_review_at: change.first_review_at,
        approved_at: change.approved_at,
        merged_at: change.merged_at,
        lead_s: leads::seconds(start_at, part.at),
        phases: leads::phases(change, start_at, part.at),
        is_bot: change.is_bot,
        is_revert: rules.changes.is_revert(change, landed),
        is_hotfix: rules.changes.is_hotfix(change),
        link_method: shipped.method,
        files_known: shipped.touch != Touch::Unknown,
    })
}
