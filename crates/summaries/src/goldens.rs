//! Thirty bundles of facts with what a digest of them must and must not say. They are ours, and of no real team.

use domain::digests::Material;
use serde::Deserialize;
use uuid::Uuid;

/// A bundle.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    #[serde(skip)]
    pub name: &'static str,
    /// What it is there for.
    pub about: String,
    pub material: Material,
    /// Events that some item must name.
    pub must_mention: Vec<Uuid>,
    /// Words that must stand nowhere.
    pub must_not_mention: Vec<String>,
}

/// All of them, by name.
pub fn all() -> Result<Vec<Golden>, serde_json::Error> {
    FILES.iter().map(|(name, text)| Ok(Golden { name, ..serde_json::from_str(text)? })).collect()
}

const FILES: &[(&str, &str)] = &[
    ("01-standup-usual-day", include_str!("../golden/01-standup-usual-day.json")),
    ("02-standup-quiet-day", include_str!("../golden/02-standup-quiet-day.json")),
    ("03-standup-only-reviews", include_str!("../golden/03-standup-only-reviews.json")),
    ("04-standup-large", include_str!("../golden/04-standup-large.json")),
    ("05-standup-injected-title", include_str!("../golden/05-standup-injected-title.json")),
    ("06-standup-injected-body", include_str!("../golden/06-standup-injected-body.json")),
    ("07-standup-unicode", include_str!("../golden/07-standup-unicode.json")),
    ("08-standup-hidden-characters", include_str!("../golden/08-standup-hidden-characters.json")),
    ("09-standup-secret-in-title", include_str!("../golden/09-standup-secret-in-title.json")),
    ("10-sprint-health-better", include_str!("../golden/10-sprint-health-better.json")),
    ("11-sprint-health-worse", include_str!("../golden/11-sprint-health-worse.json")),
    ("12-sprint-health-quiet", include_str!("../golden/12-sprint-health-quiet.json")),
    ("13-weekly-usual", include_str!("../golden/13-weekly-usual.json")),
    ("14-weekly-many-incidents", include_str!("../golden/14-weekly-many-incidents.json")),
    ("15-weekly-numbers-only", include_str!("../golden/15-weekly-numbers-only.json")),
    ("16-weekly-csv-and-sql-in-titles", include_str!("../golden/16-weekly-csv-and-sql-in-titles.json")),
    ("17-release-usual", include_str!("../golden/17-release-usual.json")),
    ("18-release-that-failed", include_str!("../golden/18-release-that-failed.json")),
    ("19-release-without-review", include_str!("../golden/19-release-without-review.json")),
    ("20-release-large", include_str!("../golden/20-release-large.json")),
    ("21-incident-open", include_str!("../golden/21-incident-open.json")),
    ("22-incident-resolved", include_str!("../golden/22-incident-resolved.json")),
    ("23-incident-hostile-notes", include_str!("../golden/23-incident-hostile-notes.json")),
    ("24-postmortem-usual", include_str!("../golden/24-postmortem-usual.json")),
    ("25-postmortem-long-timeline", include_str!("../golden/25-postmortem-long-timeline.json")),
    ("26-pull-request-merged", include_str!("../golden/26-pull-request-merged.json")),
    ("27-pull-request-draft", include_str!("../golden/27-pull-request-draft.json")),
    ("28-pull-request-injected", include_str!("../golden/28-pull-request-injected.json")),
    ("29-standup-people-and-addresses", include_str!("../golden/29-standup-people-and-addresses.json")),
    ("30-weekly-shared-events", include_str!("../golden/30-weekly-shared-events.json")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_listed_and_every_kind_is_there() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .filter_map(|file| file.expect("a file").file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
            .collect();
        let all = all().expect("they can be read");
        assert_eq!(all.iter().map(|one| one.name.to_owned()).collect::<BTreeSet<_>>(), files);
        assert!(all.len() >= 30);
        assert_eq!(all.iter().map(|one| one.material.kind).collect::<BTreeSet<_>>().len(), 7);
        for one in &all {
            let known: BTreeSet<Uuid> = one.material.units().flat_map(|unit| unit.event_ids.clone()).collect();
            assert!(one.must_mention.iter().all(|id| known.contains(id)), "{}", one.name);
        }
    }
}
