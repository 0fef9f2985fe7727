//! Signatures that others published or made with their own libraries, and twins of them that must fail.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use integrations::{ALL, Headers, Incoming, Options, SecretSlot, Secrets, Shipment, freshen, sign, verify};

fn vectors(source: &str) -> Vec<toml::Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(source).join("vectors.toml");
    let table: toml::Table = fs::read_to_string(path).expect("vectors").parse().expect("TOML");
    let list = table["vector"].as_array().expect("a list of vectors");
    list.iter().map(|vector| vector.as_table().expect("a table").clone()).collect()
}

fn text<'a>(vector: &'a toml::Table, key: &str) -> &'a str {
    vector[key].as_str().expect("a text")
}

fn options(vector: &toml::Table) -> Options {
    let Some(set) = vector.get("options") else { return Options::default() };
    let named = set.get("timestamp_header").and_then(toml::Value::as_str);
    Options {
        token_in_url: set.get("token_in_url").and_then(toml::Value::as_bool).unwrap_or_default(),
        timestamp_header: named.map(|name| &*name.to_owned().leak()),
        ..Options::default()
    }
}

/// The secret of a vector, or its `secrets`.
fn live(vector: &toml::Table) -> Vec<Vec<u8>> {
    match vector.get("secrets").and_then(toml::Value::as_array) {
        Some(list) => list.iter().map(|secret| secret.as_str().expect("a text").into()).collect(),
        None => vec![text(vector, "secret").into()],
    }
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
            let secrets = Secrets { live: live(vector), allow_unsigned: false, options: options(vector) };
            let query_token = vector.get("query_token").and_then(toml::Value::as_str);
            let incoming = Incoming { query_token, ..Incoming::new(&view, text(vector, "body").as_bytes()) };
            let outcome = verify(integration, &incoming, &secrets, now);
            let outcome = outcome.as_ref().map_or_else(|refusal| refusal.reason(), |verified| verified.scheme);
            assert_eq!(outcome, text(vector, "expect"), "{}: {}", integration.name, text(vector, "name"));
            outcomes.push(outcome);
        }
        for scheme in integration.schemes.iter().filter(|scheme| scheme.name() != "sns") {
            assert!(outcomes.contains(&scheme.name()), "{}: no vector proves {}", integration.name, scheme.name());
        }
        assert!(outcomes.contains(&"wrong"), "no twin of {} must fail", integration.name);
    }
}

#[test]
fn what_we_sign_we_verify_and_say_with_which_secret() {
    let now: DateTime<Utc> = DateTime::from_timestamp(1_795_200_247, 0).expect("a time");
    let old = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_vec();
    let new = b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_vec();
    let secrets = Secrets::of(vec![old.clone(), new.clone()]);
    for integration in ALL {
        let sample = &integration.samples[0];
        let body = freshen(integration, sample.body, now);
        for (secret, slot) in [(&old, SecretSlot::Active), (&new, SecretSlot::Next)] {
            let signed = sign(integration, &Shipment::of(sample.kind, "d-1", &body, secret, now));
            let headers: Headers<'_> = signed.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let verified = verify(integration, &Incoming::new(&headers, &body), &secrets, now);
            assert_eq!(verified.map(|verified| verified.secret), Ok(slot), "{}", integration.name);
        }
    }
}
