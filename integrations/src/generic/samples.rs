//! Example deliveries: every fixture, the plainest of each kind first.

use crate::integration::{Sample, sample};

#[rustfmt::skip]
pub(super) static SAMPLES: &[Sample] = &[
    sample!("generic/facts/a_number.json", "facts"),
    sample!("generic/facts/array_with_misfits.json", "facts"),
    sample!("generic/facts/change.json", "facts"),
    sample!("generic/facts/commit.json", "facts"),
    sample!("generic/facts/deployment.json", "facts"),
    sample!("generic/facts/deployment_states.json", "facts"),
    sample!("generic/facts/empty_array.json", "facts"),
    sample!("generic/facts/image.json", "facts"),
    sample!("generic/facts/incident.json", "facts"),
    sample!("generic/facts/lines.ndjson", "facts"),
    sample!("generic/facts/link.json", "facts"),
    sample!("generic/facts/no_json.txt", "facts"),
    sample!("generic/facts/words_and_times.json", "facts"),
];
