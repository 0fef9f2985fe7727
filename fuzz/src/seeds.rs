//! Where the fuzzer begins: every sample of the source, as its vendor sends it, with a proof made from a secret that is
//! not the right one, and with the certificates of an authority that did not sign it.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use integrations::{Integration, Sample, Shipment, freshen, sign};
use serde_json::Value;

use crate::inputs::write;
use crate::source;

/// None of the verifier's.
const OTHER_SECRETS: [&str; 2] = ["another-secret-0d1f2e3c", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"];

const CERTIFICATES: [(&str, &str); 2] = [
    ("", include_str!("../../integrations/fixtures/sns/TEST_ONLY_leaf.pem")),
    (
        "http://crt.r2m02.amazontrust.com/r2m02.cer",
        include_str!("../../integrations/fixtures/sns/TEST_ONLY_intermediate.pem"),
    ),
];

/// Writes the seeds of a target into its corpus. An input that cannot be written is one less to begin with.
pub fn write_seeds(target: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let written = fs::create_dir_all(&folder).and_then(|()| {
        let seeds = source(target).samples.iter().flat_map(|sample| seeds(source(target), sample));
        seeds.enumerate().try_for_each(|(number, seed)| fs::write(folder.join(format!("sample-{number}")), seed))
    });
    if let Err(error) = written {
        eprintln!("no seeds in {}: {error}", folder.display());
    }
}

fn seeds(integration: &Integration, sample: &Sample) -> Vec<Vec<u8>> {
    let now = DateTime::from_timestamp(1_795_200_247, 0).unwrap_or_default();
    let body = freshen(integration, sample.body, now);
    let seed = |body: &[u8], secret: &str| {
        let proof = sign(integration, &Shipment::of(sample.kind, "d-1", body, secret.as_bytes(), now));
        let added = sample.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let mut lines: Vec<String> =
            proof.iter().map(|(name, value)| format!("{name}: {value}")).chain(added).collect();
        lines.extend(certificates(integration, body));
        lines.push(format!("={}", sample.kind));
        write(&lines, body)
    };
    vec![seed(sample.body, OTHER_SECRETS[0]), seed(&body, OTHER_SECRETS[1])]
}

/// The certificates for a message of SNS: one at the address that it names, and the one above.
fn certificates(integration: &Integration, body: &[u8]) -> Vec<String> {
    if !integration.takes_sns() {
        return Vec::new();
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(named) = body["SigningCertURL"].as_str() else { return Vec::new() };
    let line = |(url, pem): &(&str, &str)| {
        format!("<{} {}", if url.is_empty() { named } else { url }, pem.trim().replace('\n', "\r"))
    };
    CERTIFICATES.iter().map(line).collect()
}
