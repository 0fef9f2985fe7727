//! Pitfalls of single sources and of what they share.

use chrono::DateTime;
use domain::data::Body;
use integrations::{
    ALL, Greeting, Headers, Incoming, Refusal, Scheme, Secrets, Shipment, freshen, greet, identify, normalize, sign,
    verify,
};

use super::{NOW, Pair, SECRET, at, check, drafts, live, pairs, reason, signed, source, with, without};

#[test]
fn row_01_secrets_are_compared_whole_and_whatever_their_length() {
    let secrets = live(&["a token of some length", SECRET]);
    for shown in
        ["", "a", "a token of some lengt", "a token of some length ", "A token of some length", &"x".repeat(5000)]
    {
        let outcome = check("datadog", &[("x-webhook-token", shown.as_bytes())], b"{}", &secrets);
        assert_eq!(outcome, Err(Refusal::Wrong), "{} characters", shown.len());
    }
    assert!(check("datadog", &[("x-webhook-token", b"a token of some length")], b"{}", &secrets).is_ok());
}

#[test]
fn row_07_bytes_that_are_no_text_fail_as_content_and_never_as_proof() {
    for body in [&b"\xff\xfe{}"[..], b"\xef\xbb\xbf{}", b"{\"a\":\"\xc3\x28\"}"] {
        let headers = signed("github", body);
        assert!(check("github", &pairs(&headers), body, &live(&[SECRET])).is_ok());
        assert!(!reason(&drafts("github", "push", body)).is_empty());
    }
}

#[test]
fn row_08_nothing_is_parsed_before_it_is_proved() {
    let deep = "[".repeat(100_000);
    for integration in ALL {
        let headers = Headers::default();
        let outcome = verify(integration, &Incoming::new(&headers, deep.as_bytes()), &live(&[SECRET]), at(NOW));
        assert_eq!(outcome, Err(Refusal::Missing), "{}", integration.name);
    }
}

#[test]
fn row_13_a_token_is_no_way_around_a_signature() {
    let signing = live(&[SECRET]);
    assert_eq!(check("gitlab", &[("x-gitlab-token", SECRET.as_bytes())], b"{}", &signing), Err(Refusal::Weaker));
    let both = live(&["an old token", SECRET]);
    assert_eq!(check("gitlab", &[("x-gitlab-token", b"an old token")], b"{}", &both), Err(Refusal::Weaker));
    assert!(check("gitlab", &[("x-gitlab-token", b"an old token")], b"{}", &live(&["an old token"])).is_ok());
}

#[test]
fn row_15_what_is_signed_is_the_header_as_it_came() {
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    let shipment = Shipment::of("event_callback", "k", b"{}", secret.as_bytes(), at(NOW));
    let headers = sign(source("slack"), &shipment);
    assert!(check("slack", &pairs(&headers), b"{}", &live(&[secret])).is_ok());
    for other in ["01795200247", " 1795200247", "1795200247.0", "1.795200247e9", "1795200247 "] {
        let forged = with(pairs(&headers), "x-slack-request-timestamp", other.as_bytes());
        assert_eq!(check("slack", &forged, b"{}", &live(&[secret])), Err(Refusal::Wrong), "{other}");
    }
}

#[test]
fn row_16_only_signed_times_decide() {
    let headers = signed("sentry", b"{}");
    let mut long_ago = pairs(&headers);
    long_ago.push(("sentry-hook-timestamp", b"1"));
    assert!(check("sentry", &long_ago, b"{}", &live(&[SECRET])).is_ok());

    let stale = freshen(source("linear"), source("linear").samples[0].body, at(NOW - 61));
    let headers = sign(source("linear"), &Shipment::of("Issue", "k", &stale, SECRET.as_bytes(), at(NOW)));
    let now_in_milliseconds = (NOW * 1000).to_string();
    let mut helped = without(pairs(&headers), "linear-timestamp");
    helped.push(("linear-timestamp", now_in_milliseconds.as_bytes()));
    assert_eq!(check("linear", &helped, &stale, &live(&[SECRET])), Err(Refusal::Stale));
}

#[test]
fn row_21_recursive_hooks_share_an_id_and_are_deliveries_of_their_own() {
    let key = |body: &[u8], more: &[Pair<'_>]| {
        let mut pairs = vec![("x-gitlab-event", &b"Push Hook"[..]), ("x-gitlab-event-uuid", b"13792a34")];
        pairs.extend(more);
        let headers: Headers<'_> = pairs.into_iter().collect();
        identify(source("gitlab"), &Incoming::new(&headers, body)).key
    };
    let (one, other) = (br#"{"object_kind":"push","ref":"a"}"#, br#"{"object_kind":"push","ref":"b"}"#);
    assert_ne!(key(one, &[]), key(other, &[]));
    assert_eq!(key(one, &[]), key(one, &[]));
    assert_eq!(key(one, &[("idempotency-key", b"f5e57dc6")]), "f5e57dc6");
}

#[test]
fn row_25_nothing_in_a_delivery_switches_its_check_off() {
    let tries: [&[Pair<'_>]; 4] = [
        &[("x-skip-verification", b"true")],
        &[("x-amz-sns-message-type", b"Notification"), ("x-amz-sns-rawdelivery", b"true")],
        &[("x-forwarded-for", b"140.82.112.1"), ("x-real-ip", b"140.82.112.1")],
        &[("authorization", b"none"), ("content-type", b"application/cloudevents+json")],
    ];
    for integration in ALL {
        for pairs in tries {
            let headers: Headers<'_> = pairs.iter().copied().collect();
            let outcome = verify(integration, &Incoming::new(&headers, b"{}"), &live(&[SECRET]), at(NOW));
            assert!(outcome.is_err(), "{} {pairs:?}", integration.name);
        }
    }
}

#[test]
fn row_27_a_handshake_says_nothing_before_the_proof_and_keeps_nothing_without_one() {
    let challenge = br#"{"type":"url_verification","challenge":"3eZbrw1a","token":"x"}"#;
    let secret = live(&[SECRET]);
    assert_eq!(check("slack", &[], challenge, &secret), Err(Refusal::Missing));
    let slack = source("slack");
    let headers: Headers<'_> = [("content-type", &b"application/json"[..])].into_iter().collect();
    let incoming = Incoming::new(&headers, challenge);
    let Some(Greeting::Answer(answer)) = greet(slack, &identify(slack, &incoming), &incoming) else {
        panic!("no greeting")
    };
    assert_eq!(answer["challenge"], "3eZbrw1a");
    let smuggled = b"ssl_check=1&payload=%7B%22type%22%3A%22block_actions%22%7D&challenge=x";
    let form: Headers<'_> = [("content-type", &b"application/x-www-form-urlencoded"[..])].into_iter().collect();
    let answer = slack.unsigned_greeting.and_then(|greeting| greeting(&Incoming::new(&form, smuggled)));
    let said = answer.expect("an answer").to_string();
    assert!(!said.contains("block_actions") && !said.contains("challenge"), "{said}");
}

#[test]
fn row_28_a_secret_of_one_source_proves_nothing_to_another() {
    for integration in ALL {
        let sample = &integration.samples[0];
        let body = freshen(integration, sample.body, at(NOW));
        let headers = sign(integration, &Shipment::of(sample.kind, "k", &body, SECRET.as_bytes(), at(NOW)));
        let headers: Headers<'_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let other = Secrets::of(vec![b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_vec()]);
        let outcome = verify(integration, &Incoming::new(&headers, &body), &other, at(NOW));
        assert_eq!(outcome, Err(Refusal::Wrong), "{}", integration.name);
    }
}

#[test]
fn row_29_a_body_is_read_by_its_source_and_not_by_its_content_type() {
    for integration in ALL.iter().filter(|integration| integration.name != "cloudevents") {
        let sample = &integration.samples[0];
        let of_type = |content_type: &'static str| {
            let mut pairs: Vec<(&str, &[u8])> = vec![("content-type", content_type.as_bytes())];
            pairs.extend(
                sample.headers.iter().filter(|(name, _)| *name != "content-type").map(|(n, v)| (*n, v.as_bytes())),
            );
            let headers: Headers<'_> = pairs.into_iter().collect();
            normalize(integration, sample.kind, &headers, sample.body, &Default::default())
        };
        assert_eq!(of_type("application/json"), of_type("text/plain; charset=UTF-8"), "{}", integration.name);
    }
}

#[test]
fn row_31_times_are_read_as_each_source_writes_them() {
    for integration in ALL {
        let mut told = 0;
        for sample in integration.samples {
            let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            let drafts = normalize(integration, sample.kind, &headers, sample.body, &Default::default());
            let (first, last) =
                (DateTime::UNIX_EPOCH + chrono::TimeDelta::days(15_000), at(NOW) + chrono::TimeDelta::days(60));
            for draft in drafts.iter().filter(|draft| !draft.kind.is_unmapped()) {
                if let Some(time) = draft.time {
                    assert!((first..last).contains(&time), "{}: {time}", sample.path);
                    told += 1;
                }
            }
        }
        // A coverage report has only the time of its commit.
        assert!(told > 0 || integration.name == "codecov", "{} tells no time", integration.name);
    }
}

#[test]
fn row_32_short_shas_are_kept_short_and_are_never_taken_for_whole_ones() {
    let is_odd = |sha: &str| !(7..=64).contains(&sha.len()) || !sha.bytes().all(|c| c.is_ascii_hexdigit());
    let mut short = 0;
    for integration in ALL {
        for sample in integration.samples {
            let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            for draft in normalize(integration, sample.kind, &headers, sample.body, &Default::default()) {
                let Body::Change(change) = &draft.data.body else { continue };
                for sha in [&change.head_sha, &change.landed_sha].into_iter().flatten() {
                    assert!(!is_odd(sha), "{}: {sha}", sample.path);
                    short += usize::from(sha.len() == 12);
                }
            }
        }
    }
    assert!(short > 0, "Bitbucket cuts the SHAs of pull requests to twelve digits");
}

#[test]
fn row_33_an_empty_body_is_an_event_nowhere() {
    for integration in ALL {
        let sample = &integration.samples[0];
        let headers = sign(integration, &Shipment::of(sample.kind, "k", b"", SECRET.as_bytes(), at(NOW)));
        let headers: Headers<'_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let incoming = Incoming::new(&headers, b"");
        let identity = identify(integration, &incoming);
        // Some are greeted by the kind that a header names; whose body may be empty is Sentry alone.
        let is_ping = identity.kind.contains("ping");
        let greeted = greet(integration, &identity, &incoming).is_some();
        assert_eq!(greeted && !is_ping, integration.name == "sentry", "{}", integration.name);
        let drafts = normalize(integration, sample.kind, &headers, b"", &Default::default());
        assert!(drafts.iter().all(|draft| draft.kind.is_unmapped()), "{}", integration.name);
    }
}

#[test]
fn row_36_no_address_proves_anything() {
    for integration in ALL {
        let asks = integration.deciding_headers().any(|name| name.contains("forwarded") || name.contains("real-ip"));
        assert!(!asks, "{}", integration.name);
        assert!(
            integration.schemes.iter().all(|scheme| !matches!(scheme, Scheme::Token(token) if token.places.is_empty()))
        );
    }
}

#[test]
fn row_09_a_body_of_many_small_things_does_not_become_as_many_events() {
    for (name, body) in [("generic", format!("[{}0]", "0,".repeat(60_000))), ("prometheus", alerts(60_000))] {
        let drafts = drafts(name, "firing", body.as_bytes());
        assert!(drafts.len() <= 50_001, "{name}: {}", drafts.len());
        let last = drafts.last().map(|draft| draft.data.to_json().get().to_owned()).unwrap_or_default();
        assert!(last.contains("were left out"), "{name}: {last}");
    }
}

fn alerts(number: usize) -> String {
    let alert = r#"{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-11-20T18:44:07Z"}"#;
    format!(r#"{{"status":"firing","alerts":[{}{alert}]}}"#, format!("{alert},").repeat(number))
}
