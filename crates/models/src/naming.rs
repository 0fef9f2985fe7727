//! What vectors are of: two texts are near only by the same model.

use crate::{Models, Purpose};

impl Models {
    /// The model that embeds, by its provider and name; `None`: nothing is embedded.
    pub fn embedding_model(&self) -> Option<String> {
        let set_up = self.set_up.as_ref().filter(|_| self.can_embed())?;
        let target = set_up.targets.route(Purpose::Embed).into_iter().next()?;
        Some(format!("{}/{}", target.model.provider.as_str(), target.model.name))
    }
}
