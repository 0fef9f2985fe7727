//! Every fixture of every source, against the events that are expected of it. The code is one loop: a new fixture
//! needs no new test, and a snapshot without a fixture fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::event::{Draft, Event};
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{ALL, Headers, Incoming, Integration, Sample, Shipment, identify, normalize, sign};

/// Folders of fixtures that belong to no single source.
const SHARED: &[&str] = &["sns", "emitted.json"];

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

/// The headers that a sample comes with, without a proof.
fn headers(integration: &Integration, sample: &Sample) -> Vec<(&'static str, String)> {
    let now = "2026-11-21T12:00:00Z".parse().expect("a time");
    let shipment = Shipment::of(sample.kind, "key-1", sample.body, b"", now);
    let mut headers = sign(integration, &shipment);
    headers.retain(|(name, _)| !sample.headers.iter().any(|(other, _)| other == name));
    headers.extend(sample.headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    headers
}

fn drafts(integration: &Integration, sample: &Sample) -> Vec<Draft> {
    let headers = headers(integration, sample);
    let headers: Headers<'_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    normalize(integration, sample.kind, &headers, sample.body, &Rules::default())
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
        for sample in integration.samples {
            let folder = fixtures().join(sample.path).parent().expect("a folder").to_path_buf();
            let events = sealed(integration, drafts(integration, sample));
            insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true, sort_maps => true }, {
                insta::assert_json_snapshot!(format!("{}.events", sample.case()), events);
            });
        }
    }
}

#[test]
fn every_file_is_a_sample_or_the_snapshot_of_one() {
    for integration in ALL {
        let paths: BTreeSet<&str> = integration.samples.iter().map(|sample| sample.path).collect();
        assert_eq!(paths.len(), integration.samples.len(), "{}: a sample is listed twice", integration.name);
        let mut found = BTreeSet::new();
        for folder in entries(&fixtures().join(integration.name)).iter().filter(|path| path.is_dir()) {
            let files = entries(folder);
            found.extend(files.iter().map(|file| format!("{}/{}/{}", integration.name, name(folder), name(file))));
        }
        // Snapshots of new fixtures are being written beside this test: that each is there, the test of fixtures says.
        let (snapshots, bodies): (BTreeSet<String>, BTreeSet<String>) =
            found.into_iter().partition(|file| file.ends_with(".snap"));
        let listed = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(bodies, listed, "{}: list every fixture in its samples, and remove what has none", integration.name);
        let of_samples: BTreeSet<String> = integration
            .samples
            .iter()
            .map(|sample| format!("{}/{}/{}.events.snap", integration.name, sample.folder(), sample.case()))
            .collect();
        let left: Vec<&String> = snapshots.difference(&of_samples).collect();
        assert!(left.is_empty(), "{}: remove the snapshots of no fixture: {left:?}", integration.name);
    }
}

#[test]
fn a_sample_is_of_the_kind_that_it_says() {
    for integration in ALL {
        for sample in integration.samples {
            let headers = headers(integration, sample);
            let headers: Headers<'_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let identity = identify(integration, &Incoming::new(&headers, sample.body));
            assert_eq!(identity.kind, sample.kind, "{}", sample.path);
        }
    }
}

#[test]
fn every_source_has_fixtures_vectors_and_samples_that_mean_something() {
    for integration in ALL {
        let name = integration.name;
        assert!(fixtures().join(name).join("vectors.toml").is_file(), "{name} has no vectors");
        let understood = |sample: &&Sample| drafts(integration, sample).iter().all(|draft| !draft.kind.is_unmapped());
        assert!(
            integration.samples.iter().any(|sample| understood(&sample)),
            "{name} has no sample that means something"
        );
        assert_eq!(integrations::find(name).map(|found| found.name), Some(name));
        let setup = integration.setup;
        let told = [integration.title, setup.paste, setup.ticks, setup.docs, integration.secret_setting];
        assert!(told.iter().all(|text| !text.is_empty()), "{name} does not say how it is set up");
        assert!(!integration.schemes.is_empty(), "{name} cannot prove itself");
    }
    let named: BTreeSet<String> = ALL.iter().map(|integration| integration.name.to_owned()).collect();
    let folders =
        entries(&fixtures()).iter().map(|path| name(path)).filter(|name| !SHARED.contains(&&**name)).collect();
    assert_eq!(named, folders);
}
