//! What must hold for every input.

use chrono::{DateTime, Utc};
use domain::rules::Rules;
use integrations::{
    ALL, Headers, Incoming, Integration, Scheme, Secrets, Shipment, freshen, greet, identify, kept_headers, normalize,
    sign, verify,
};
use proptest::prelude::*;

const SECRET: &[u8] = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_200_247, 0).expect("a time")
}

fn secrets() -> Secrets {
    Secrets::of(vec![SECRET.to_vec()])
}

fn view(headers: &[(&'static str, String)]) -> Vec<(&'static str, Vec<u8>)> {
    headers.iter().map(|(name, value)| (*name, value.clone().into_bytes())).collect()
}

fn passes(integration: &Integration, headers: &[(&'static str, Vec<u8>)], body: &[u8]) -> bool {
    let headers: Headers<'_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    verify(integration, &Incoming::new(&headers, body), &secrets(), now()).is_ok()
}

/// A body as this source sends some: where a signed time stands in the body, it is in this one.
fn body_of(integration: &Integration, body: &[u8]) -> Vec<u8> {
    let fresh = freshen(integration, integration.samples[0].body, now());
    if fresh == integration.samples[0].body { body.to_vec() } else { fresh }
}

/// Whether the proof that we make for this source covers the body: a token does not.
fn signs_bodies(integration: &Integration) -> bool {
    let usable =
        integration.schemes.iter().find(|scheme| !matches!(scheme, Scheme::Sns(_)) && secrets().can_use(scheme));
    matches!(usable, Some(Scheme::Signature(_)))
}

/// The headers that prove a delivery to this source; the secret fits each of its schemes.
fn proof(integration: &Integration, headers: &[(&'static str, Vec<u8>)]) -> Vec<&'static str> {
    let sent =
        |scheme: &Scheme| scheme.headers().into_iter().filter(|name| headers.iter().any(|(other, _)| other == name));
    let first =
        integration.schemes.iter().find(|scheme| !matches!(scheme, Scheme::Sns(_)) && sent(scheme).next().is_some());
    first.map(|scheme| sent(scheme).collect()).unwrap_or_default()
}

proptest! {
    #[test]
    fn any_flipped_bit_of_the_body_or_the_proof_is_refused(
        body in proptest::collection::vec(any::<u8>(), 1..200),
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        for integration in ALL {
            let body = body_of(integration, &body);
            let headers = view(&sign(integration, &Shipment::of("push", "d-1", &body, SECRET, now())));
            prop_assert!(passes(integration, &headers, &body), "{}", integration.name);
            let proof = proof(integration, &headers);
            prop_assert!(!proof.is_empty(), "{}", integration.name);
            if signs_bodies(integration) {
                let mut changed = body.clone();
                changed[place.index(body.len())] ^= 1 << bit;
                prop_assert!(!passes(integration, &headers, &changed), "{}", integration.name);
            }
            for (number, (name, value)) in headers.iter().enumerate() {
                if proof.contains(name) {
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
            let incoming = Incoming::new(&headers, &body);
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
            let sample = &integration.samples[sample.index(integration.samples.len())];
            let mut body = sample.body.to_vec();
            let place = place.index(body.len().max(1));
            if cut { body.truncate(place) } else if let Some(there) = body.get_mut(place) { *there = byte }
            let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let drafts = |body: &[u8]| normalize(integration, sample.kind, &headers, body, &Rules::default());
            // An empty list of facts says nothing, and nothing of it is lost.
            prop_assert!(drafts(sample.body).is_empty() || !drafts(&body).is_empty(), "{}", sample.path);
        }
    }
}
