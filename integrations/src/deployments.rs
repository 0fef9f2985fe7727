//! A deployment that its source itself tells of: one state of it, as an event.

use domain::data::{Body, Common, Deployment};
use domain::event::Draft;
use domain::rules::Rules;

use crate::drafts::draft;

/// One state of a deployment. All texts are cleaned already.
pub(crate) struct Told {
    /// Where it is in the source.
    pub(crate) scope: String,
    /// It is under way; otherwise it is finished when it has an outcome, and else anything in between.
    pub(crate) began: bool,
    /// With an id that no other deployment of the source has.
    pub(crate) fact: Deployment,
    /// With service and environment; tier and revision are set here where they are left out.
    pub(crate) common: Common,
}

impl Told {
    pub(crate) fn draft(self, rules: &Rules) -> Draft {
        let Self { scope, began, fact, mut common } = self;
        let kind = match (fact.outcome.is_some(), began) {
            (true, _) => "deployment.finished",
            (false, true) => "deployment.started",
            (false, false) => "deployment.updated",
        };
        if common.environment_tier.is_none() {
            common.environment_tier = common.environment.as_deref().map(|name| rules.tier(name, None));
        }
        common.revision = common.revision.or(fact.at);
        let subject = format!(
            "{}/{}:{}",
            common.service.as_deref().unwrap_or_default(),
            common.environment.as_deref().unwrap_or_default(),
            fact.deployment_id.as_deref().unwrap_or_default(),
        );
        let at = fact.at;
        draft(kind, &scope, subject, at, common, Body::Deployment(fact))
    }
}
