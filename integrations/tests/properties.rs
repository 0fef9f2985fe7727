//! What must hold for every input.

use chrono::{DateTime, Utc};
use domain::rules::Rules;
use integrations::{
    ALL, Encoding, Field, Headers, Incoming, Integration, KeyFormat, Part, Place, Scheme, Secrets, Signature,
    Timestamp, Token, Unit, greet, identify, kept_headers, normalize, sign, verify,
};
use proptest::prelude::*;

const SECRET: &[u8] = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_200_247, 0).expect("a time")
}

fn secrets() -> Secrets {
    Secrets { live: vec![SECRET.to_vec()], allow_unsigned: false }
}

fn view(headers: &[(&'static str, String)]) -> Vec<(&'static str, Vec<u8>)> {
    headers.iter().map(|(name, value)| (*name, value.clone().into_bytes())).collect()
}

fn passes(integration: &Integration, headers: &[(&'static str, Vec<u8>)], body: &[u8]) -> bool {
    let headers: Headers<'_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    verify(integration, &Incoming { headers: &headers, body }, &secrets(), now()).is_ok()
}

/// A source with one scheme, to hold schemes that no source of ours uses yet.
fn source_with(schemes: &'static [Scheme]) -> Integration {
    Integration {
        name: "test",
        title: "Test",
        schemes,
        weaker_headers: &[],
        kind: Field::Constant("test"),
        key: Field::Headers(&["x-id"]),
        kept_headers: &[],
        max_body_bytes: 1000,
        mapping_version: 1,
        greeting: None,
        normalize: |_, _| Ok(Vec::new()),
        sends: &[],
        samples: &[],
    }
}

/// Slack's, PagerDuty's and Heroku's ways, and every place a token may be shown in.
static SCHEMES: [&[Scheme]; 6] = [
    &[Scheme::Signature(Signature {
        name: "timed",
        header: "x-signature",
        separator: None,
        tag: "v0=",
        encoding: Encoding::Hex,
        key: KeyFormat::Utf8,
        signed: &[Part::Text("v0:"), Part::Header("x-time"), Part::Text(":"), Part::Body],
        timestamp: Some(Timestamp { header: "x-time", unit: Unit::Milliseconds, window_seconds: 300 }),
        foreign: &[],
    })],
    &[Scheme::Signature(Signature {
        name: "list",
        header: "x-signature",
        separator: Some(','),
        tag: "v1=",
        encoding: Encoding::Hex,
        key: KeyFormat::Utf8,
        signed: &[Part::Body],
        timestamp: None,
        foreign: &[],
    })],
    &[Scheme::Signature(Signature {
        name: "bare",
        header: "x-signature",
        separator: None,
        tag: "",
        encoding: Encoding::Base64,
        key: KeyFormat::Utf8,
        signed: &[Part::Body],
        timestamp: None,
        foreign: &[],
    })],
    &[Scheme::Token(Token { name: "bearer", places: &[Place::Bearer, Place::BasicPassword] })],
    &[Scheme::Token(Token { name: "basic", places: &[Place::BasicPassword] })],
    &[Scheme::Token(Token { name: "header", places: &[Place::Header("x-webhook-token")] })],
];

#[test]
fn every_kind_of_scheme_takes_its_own_proof_and_no_other() {
    for schemes in SCHEMES {
        let source = source_with(schemes);
        let name = schemes[0].name();
        let headers = view(&sign(&source, "test", "id-1", b"body", SECRET, now()));
        assert!(passes(&source, &headers, b"body"), "{name}");
        let forged = view(&sign(&source, "test", "id-1", b"body", b"another secret", now()));
        assert!(!passes(&source, &forged, b"body"), "{name}");
        assert!(!passes(&source, &[], b"body"), "{name}");
        let bare: Vec<_> = headers.iter().map(|(header, _)| (*header, Vec::new())).collect();
        assert!(!passes(&source, &bare, b"body"), "{name}");
    }
}

proptest! {
    #[test]
    fn any_flipped_bit_of_the_body_or_the_proof_is_refused(
        body in proptest::collection::vec(any::<u8>(), 1..200),
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        for integration in ALL {
            let headers = view(&sign(integration, "push", "d-1", &body, SECRET, now()));
            prop_assert!(passes(integration, &headers, &body));
            let mut changed = body.clone();
            changed[place.index(body.len())] ^= 1 << bit;
            prop_assert!(!passes(integration, &headers, &changed));
            for (number, (name, value)) in headers.iter().enumerate() {
                if integration.schemes[0].headers().contains(name) {
                    let mut forged = headers.clone();
                    forged[number].1[place.index(value.len())] ^= 1 << bit;
                    prop_assert!(!passes(integration, &forged, &body), "{}", name);
                }
            }
        }
    }

    #[test]
    fn no_input_panics_and_every_body_gives_at_least_an_answer(
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 8),
        kind in "push|pull_request|issues|deployment_status|\\PC{0,20}",
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "payload=[%a-f0-9+{}\\[\\]\"]{0,80}".prop_map(String::into_bytes),
            "[\\[{\":,}\\]0-9a-z\n]{0,80}".prop_map(String::into_bytes),
        ],
    ) {
        for integration in ALL {
            let names = ["x-hub-signature-256", "x-github-event", "x-github-delivery", "webhook-id",
                "webhook-timestamp", "webhook-signature", "svix-signature", "user-agent"];
            let headers: Headers<'_> =
                names.iter().zip(&values).map(|(name, value)| (*name, value.as_slice())).collect();
            let incoming = Incoming { headers: &headers, body: &body };
            prop_assert!(verify(integration, &incoming, &secrets(), now()).is_err());
            let identity = identify(integration, &incoming);
            prop_assert!(identity.key.len() <= 200 && !identity.key.is_empty() && !identity.kind.is_empty());
            greet(integration, &identity, &incoming);
            kept_headers(integration, &headers);
            let once = normalize(integration, &kind, &headers, &body, &Rules::default());
            prop_assert_eq!(once, normalize(integration, &kind, &headers, &body, &Rules::default()));
        }
    }

    #[test]
    fn a_cut_or_changed_fixture_never_panics_and_is_never_lost(
        sample in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        for integration in ALL {
            let (kind, body) = integration.samples[sample.index(integration.samples.len())];
            let mut body = body.to_vec();
            let place = place.index(body.len());
            if cut { body.truncate(place) } else { body[place] = byte }
            let kind = kind.split('.').next().expect("a kind");
            prop_assert!(!normalize(integration, kind, &Headers::default(), &body, &Rules::default()).is_empty());
        }
    }
}
