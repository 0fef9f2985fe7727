//! Whose a deployment or an incident is, where several services could mean it.
//!
//! From the strongest: a selector (the most specific), the thing's own service where the document knows that service,
//! the service whose repository it comes from, its own service, its repository. Ties go by the services' names, so that
//! the answer is the same whatever the order of the document.

use std::collections::{BTreeMap, BTreeSet};

use super::Fault;
use super::document::{Document, Service};
use super::selectors::{Named, Selector};
use crate::documents::pointer;
use crate::patterns::{ByPattern, Pattern, lowered};

/// The document as it is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    services: BTreeSet<String>,
    deployments: Vec<(Selector, String)>,
    incidents: Vec<(Selector, String)>,
    /// Repositories that belong to one service whole.
    whole: ByPattern<String>,
    /// Repositories that only paths of belong to services.
    shared: BTreeMap<String, BTreeSet<String>>,
}

impl Claims {
    pub(super) fn of(document: &Document) -> Self {
        let mut claims = Self { services: document.services.keys().cloned().collect(), ..Self::default() };
        for (name, service) in &document.services {
            for (repo, paths) in &service.repos {
                if paths.is_empty() {
                    claims.whole.0.insert(Pattern::new(repo), name.clone());
                } else {
                    claims.shared.entry(lowered(repo).into_owned()).or_default().insert(name.clone());
                }
            }
        }
        claims.deployments = sorted(document, |service| &service.deployments);
        claims.incidents = sorted(document, |service| &service.incidents);
        claims
    }

    pub(super) fn deployment<'a>(
        &'a self,
        facts: &Named<'_>,
        own: Option<&'a str>,
        repo: Option<&'a str>,
    ) -> Option<&'a str> {
        self.first(&self.deployments, facts, own, repo)
    }

    pub(super) fn incident<'a>(
        &'a self,
        facts: &Named<'_>,
        own: Option<&'a str>,
        repo: Option<&'a str>,
    ) -> Option<&'a str> {
        self.first(&self.incidents, facts, own, repo)
    }

    fn first<'a>(
        &'a self,
        selectors: &'a [(Selector, String)],
        facts: &Named<'_>,
        own: Option<&'a str>,
        repo: Option<&'a str>,
    ) -> Option<&'a str> {
        let selected = selectors.iter().find(|(selector, _)| selector.matches(facts));
        selected
            .map(|(_, service)| service.as_str())
            .or_else(|| own.filter(|own| self.services.contains(*own)))
            .or_else(|| repo.and_then(|repo| self.of_repo(repo)))
            .or(own)
            .or(repo)
    }

    /// The service that has a repository whole, else the only one that has paths of it.
    fn of_repo(&self, repo: &str) -> Option<&str> {
        let repo = lowered(repo);
        let whole = self.whole.best(&repo).map(String::as_str);
        whole.or_else(|| {
            let mut sharing = self.shared.get(&*repo)?.iter();
            sharing.next().filter(|_| sharing.next().is_none()).map(String::as_str)
        })
    }
}

fn sorted(document: &Document, of: impl Fn(&Service) -> &BTreeSet<Selector>) -> Vec<(Selector, String)> {
    let one = |(name, service)| {
        let name: &String = name;
        of(service).iter().map(|selector| (selector.clone(), name.clone()))
    };
    let mut all: Vec<(Selector, String)> = document.services.iter().flat_map(one).collect();
    all.sort_by(|(a, a_name), (b, b_name)| b.specificity(a).then_with(|| (a_name, a).cmp(&(b_name, b))));
    all
}

/// Things that two services claim alike.
pub(super) fn conflicts(document: &Document) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut whole: BTreeMap<Pattern, &str> = BTreeMap::new();
    let mut selected: BTreeMap<(&str, &Selector), &str> = BTreeMap::new();
    for (name, service) in &document.services {
        for repo in service.repos.iter().filter(|(_, paths)| paths.is_empty()).map(|(repo, _)| repo) {
            if let Some(other) = whole.insert(Pattern::new(repo), name) {
                let detail = format!(
                    "`{repo}` belongs to `{other}` whole: name it once, or give both services their paths in it, like {{\"{repo}\": [\"services/{name}/**\"]}}"
                );
                faults.push(Fault { pointer: pointer(&["services", name, "repos"]), detail });
            }
        }
        for (list, selectors) in [("deployments", &service.deployments), ("incidents", &service.incidents)] {
            for selector in selectors {
                if let Some(other) = selected.insert((list, selector), name) {
                    let detail = format!("`{other}` has the same selector: say what tells the two services apart");
                    faults.push(Fault { pointer: pointer(&["services", name, list]), detail });
                }
            }
        }
    }
    faults
}
