//! Every source has its fuzz targets: one for its verifier, one for what follows on the proof.

use std::collections::BTreeSet;
use std::path::Path;

use integrations::ALL;

#[test]
fn the_fuzz_targets_are_two_for_every_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/Cargo.toml");
    let manifest: toml::Table = std::fs::read_to_string(path).expect("fuzz/Cargo.toml").parse().expect("TOML");
    let bins = manifest["bin"].as_array().expect("a list of targets");
    let text = |bin: &toml::Value, key: &str| bin[key].as_str().expect("a text").to_owned();
    let there: BTreeSet<(String, String)> = bins.iter().map(|bin| (text(bin, "name"), text(bin, "path"))).collect();
    let of = |source: &str| {
        ["verify", "normalize"].map(|what| (format!("{what}_{source}"), format!("fuzz_targets/{what}.rs")))
    };
    let needed: BTreeSet<(String, String)> = ALL.iter().flat_map(|integration| of(integration.name)).collect();
    assert_eq!(there.len(), bins.len(), "a target stands in fuzz/Cargo.toml twice");
    assert_eq!(there, needed, "fuzz/Cargo.toml does not have the targets of integrations::ALL");
}
