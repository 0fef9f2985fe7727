//! Signatures that others published, and twins of them that must fail.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use integrations::{ALL, Headers, Incoming, SecretSlot, Secrets, sign, verify};

fn vectors(source: &str) -> Vec<toml::Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(source).join("vectors.toml");
    let table: toml::Table = fs::read_to_string(path).expect("vectors").parse().expect("TOML");
    let list = table["vector"].as_array().expect("a list of vectors");
    list.iter().map(|vector| vector.as_table().expect("a table").clone()).collect()
}

fn text<'a>(vector: &'a toml::Table, key: &str) -> &'a str {
    vector[key].as_str().expect("a text")
}

#[test]
fn published_signatures_verify_and_their_twins_do_not() {
    for integration in ALL {
        let vectors = vectors(integration.name);
        let mut outcomes = Vec::new();
        for vector in &vectors {
            let now = DateTime::from_timestamp(vector["now"].as_integer().expect("seconds"), 0).expect("a time");
            let headers = vector["headers"].as_table().expect("headers");
            let pairs: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect();
            let view: Headers<'_> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let secrets = Secrets { live: vec![text(vector, "secret").into()], allow_unsigned: false };
            let incoming = Incoming { headers: &view, body: text(vector, "body").as_bytes() };
            let outcome = match verify(integration, &incoming, &secrets, now) {
                Ok(verified) => verified.scheme,
                Err(refusal) => refusal.reason(),
            };
            assert_eq!(outcome, text(vector, "expect"), "{}: {}", integration.name, text(vector, "name"));
            outcomes.push(outcome);
        }
        for scheme in integration.schemes {
            assert!(outcomes.contains(&scheme.name()), "no vector proves {}", scheme.name());
        }
        assert!(outcomes.contains(&"wrong"), "no twin of {} must fail", integration.name);
    }
}

#[test]
fn what_we_sign_we_verify_and_say_with_which_secret() {
    let now = DateTime::from_timestamp(1_795_200_247, 0).expect("a time");
    let old = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_vec();
    let new = b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_vec();
    let secrets = Secrets { live: vec![old.clone(), new.clone()], allow_unsigned: false };
    for integration in ALL {
        for (secret, slot) in [(&old, SecretSlot::Active), (&new, SecretSlot::Next)] {
            let signed = sign(integration, "push", "d-1", b"{}", secret, now);
            let headers: Headers<'_> = signed.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let verified = verify(integration, &Incoming { headers: &headers, body: b"{}" }, &secrets, now);
            assert_eq!(verified.map(|verified| verified.secret), Ok(slot), "{}", integration.name);
        }
    }
}
