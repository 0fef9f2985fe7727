//! Every fixture of every source, against the events that are expected of it. The code is one loop: a new fixture
//! needs no new test, and a snapshot without a fixture fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::event::{Draft, Event};
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{ALL, Headers, Integration, normalize};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

fn sealed(integration: &Integration, drafts: Vec<Draft>) -> serde_json::Value {
    let received = "2026-11-21T12:00:00Z".parse().expect("a time");
    let delivery = DeliveryId::new(received, [7; 16]);
    let events = Event::seal(drafts, integration.name, &TenantId::default(), delivery, None);
    // Through text, because the data is kept as text: the snapshot shows its fields.
    serde_json::to_string(&events).and_then(|text| serde_json::from_str(&text)).expect("JSON")
}

#[test]
fn every_fixture_gives_its_events_and_every_snapshot_has_its_fixture() {
    for integration in ALL {
        for folder in entries(&fixtures().join(integration.name)).iter().filter(|path| path.is_dir()) {
            let files = entries(folder);
            let (snapshots, bodies): (Vec<_>, Vec<_>) = files
                .iter()
                .partition(|file| name(file).ends_with(".events.snap") || name(file).ends_with(".snap.new"));
            let mut expected = BTreeSet::new();
            for file in bodies {
                let case = file.file_stem().expect("a name").to_string_lossy().into_owned();
                expected.insert(format!("{case}.events.snap"));
                let body = fs::read(file).expect("a body");
                let drafts = normalize(integration, &name(folder), &Headers::default(), &body, &Rules::default());
                insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
                    insta::assert_json_snapshot!(format!("{case}.events"), sealed(integration, drafts));
                });
            }
            let orphans: Vec<String> =
                snapshots.iter().map(|file| name(file)).filter(|file| !expected.contains(file)).collect();
            assert!(orphans.is_empty(), "{}: no fixture for {orphans:?}", folder.display());
        }
    }
}

#[test]
fn every_source_has_fixtures_vectors_and_samples_that_mean_something() {
    for integration in ALL {
        let folder = fixtures().join(integration.name);
        assert!(entries(&folder).iter().any(|path| path.is_dir()), "{} has no fixtures", integration.name);
        assert!(folder.join("vectors.toml").is_file(), "{} has no vectors", integration.name);
        assert!(!integration.samples.is_empty(), "{} has no samples", integration.name);
        assert_eq!(integrations::find(integration.name).map(|found| found.name), Some(integration.name));
        for (kind, body) in integration.samples.iter().filter(|(kind, _)| *kind != "ping") {
            let kind = kind.split('.').next().expect("a kind");
            let drafts = normalize(integration, kind, &Headers::default(), body, &Rules::default());
            assert!(drafts.iter().all(|draft| !draft.kind.is_unmapped()), "{}: {kind}", integration.name);
        }
    }
    let named: BTreeSet<String> = ALL.iter().map(|integration| integration.name.to_owned()).collect();
    let folders: BTreeSet<String> = entries(&fixtures()).iter().map(|path| name(path)).collect();
    assert_eq!(named, folders);
}
