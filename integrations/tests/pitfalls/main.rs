//! Mistakes that other gateways have made, each held by a test of its name. The numbers are those of the list that
//! `docs/pitfalls.md` shows; a test in `cli` holds that none of them is without a test.

mod sources;

use chrono::{DateTime, Utc};
use domain::data::Body;
use domain::event::Draft;
use domain::rules::Rules;
use integrations::{
    Greeting, HeaderFault, Headers, Incoming, Integration, Refusal, SecretSlot, Secrets, Shipment, Verified,
    WhatIsWrong, find, greet, identify, kept_headers, normalize, sign, verify,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: i64 = 1_795_200_247;

type Pair<'a> = (&'a str, &'a [u8]);

fn source(name: &str) -> &'static Integration {
    find(name).expect("a source")
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

fn live(secrets: &[&str]) -> Secrets {
    Secrets::of(secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect())
}

fn check(name: &str, pairs: &[Pair<'_>], body: &[u8], secrets: &Secrets) -> Result<Verified, Refusal> {
    let headers: Headers<'_> = pairs.iter().copied().collect();
    verify(source(name), &Incoming::new(&headers, body), secrets, at(NOW))
}

fn signed(name: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    sign(source(name), &Shipment::of("push", "msg-1", body, SECRET.as_bytes(), at(NOW)))
}

fn pairs<'a>(headers: &'a [(&'static str, String)]) -> Vec<Pair<'a>> {
    headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
}

fn with<'a>(mut pairs: Vec<Pair<'a>>, name: &str, value: &'a [u8]) -> Vec<Pair<'a>> {
    for pair in &mut pairs {
        if pair.0 == name {
            pair.1 = value;
        }
    }
    pairs
}

fn without<'a>(pairs: Vec<Pair<'a>>, name: &str) -> Vec<Pair<'a>> {
    pairs.into_iter().filter(|pair| pair.0 != name).collect()
}

fn drafts(name: &str, kind: &str, body: &[u8]) -> Vec<Draft> {
    normalize(source(name), kind, &Headers::default(), body, &Rules::default())
}

fn reason(drafts: &[Draft]) -> String {
    match drafts {
        [Draft { data: domain::data::Data { body: Body::Unmapped(unmapped), .. }, kind, .. }] if kind.is_unmapped() => {
            unmapped.reason.clone().unwrap_or_default()
        }
        other => panic!("not one unmapped event: {other:?}"),
    }
}

#[test]
fn row_02_a_missing_header_is_refused_also_where_unsigned_is_allowed_but_a_secret_is_set() {
    let secrets = Secrets { allow_unsigned: true, ..live(&[SECRET]) };
    for name in ["github", "generic"] {
        assert_eq!(check(name, &[], b"{}", &secrets), Err(Refusal::Missing), "{name}");
    }
}

#[test]
fn row_03_no_secret_is_closed_unless_unsigned_is_allowed_and_empty_secrets_never_count() {
    for name in ["github", "generic"] {
        let headers = signed(name, b"{}");
        assert_eq!(check(name, &pairs(&headers), b"{}", &live(&[])), Err(Refusal::Unconfigured));
        let open = Secrets { allow_unsigned: true, ..live(&[]) };
        assert_eq!(check(name, &[], b"{}", &open), Ok(Verified { scheme: "none", secret: SecretSlot::None }));
        let empty = Secrets { allow_unsigned: true, ..live(&[""]) };
        let made_with_nothing = sign(source(name), &Shipment::of("push", "msg-1", b"{}", b"", at(NOW)));
        assert_eq!(check(name, &pairs(&made_with_nothing), b"{}", &empty), Err(Refusal::Unconfigured));
        assert!(check(name, &pairs(&made_with_nothing), b"{}", &live(&[SECRET, ""])).is_err());
    }
}

#[test]
fn row_04_an_empty_mac_never_verifies() {
    for value in ["sha256=", "sha256", "", "=", "sha256=00", "sha256=zz"] {
        let outcome = check("github", &[("x-hub-signature-256", value.as_bytes())], b"{}", &live(&[SECRET]));
        assert_eq!(outcome, Err(Refusal::Wrong), "{value}");
    }
    let headers = signed("generic", b"{}");
    for value in ["v1,", "v1", "", " ", "v1,AAAA"] {
        let forged = with(pairs(&headers), "webhook-signature", value.as_bytes());
        assert_eq!(check("generic", &forged, b"{}", &live(&[SECRET])), Err(Refusal::Wrong), "{value}");
    }
}

#[test]
fn row_05_and_06_the_bytes_are_signed_as_they_came_whatever_they_are() {
    for body in
        [&b"{ \"a\" : 1 }\r\n"[..], b"\xef\xbb\xbf{}", b"payload=%7B%7D+", b"\xff\xfe", b"", b"{\"a\":1,\"a\":2}"]
    {
        for name in ["github", "generic"] {
            let headers = signed(name, body);
            assert!(check(name, &pairs(&headers), body, &live(&[SECRET])).is_ok());
        }
    }
    let headers = signed("github", b"payload=%7B%7D");
    assert_eq!(check("github", &pairs(&headers), b"payload={}", &live(&[SECRET])), Err(Refusal::Wrong));
}

#[test]
fn row_11_sha1_is_never_taken() {
    let sha1 = ("x-hub-signature", &b"sha1=d03207e4b030cf234e3447bac4d93add4c6643d8"[..]);
    assert_eq!(check("github", &[sha1], b"{}", &live(&[SECRET])), Err(Refusal::Weaker));
    let disguised = ("x-hub-signature-256", sha1.1);
    assert_eq!(check("github", &[disguised], b"{}", &live(&[SECRET])), Err(Refusal::Wrong));
    let headers = signed("github", b"{}");
    let mut both = pairs(&headers);
    both.push(sha1);
    assert!(check("github", &both, b"{}", &live(&[SECRET])).is_ok());
}

#[test]
fn row_12_a_list_is_read_up_to_its_cap() {
    let headers = signed("generic", b"{}");
    let good = headers.iter().find(|(name, _)| *name == "webhook-signature").expect("a signature").1.clone();
    for (before, ok) in [(15, true), (16, false)] {
        let list = format!("{}{good}", "v1,AAAA ".repeat(before));
        let outcome =
            check("generic", &with(pairs(&headers), "webhook-signature", list.as_bytes()), b"{}", &live(&[SECRET]));
        assert_eq!(outcome.is_ok(), ok, "{before}");
    }
}

#[test]
fn row_14_the_window_is_symmetric_and_the_time_is_read_strictly() {
    for (age, expected) in [(300, None), (301, Some(Refusal::Stale)), (-300, None), (-301, Some(Refusal::Future))] {
        let headers = sign(source("generic"), &Shipment::of("facts", "m", b"{}", SECRET.as_bytes(), at(NOW - age)));
        assert_eq!(check("generic", &pairs(&headers), b"{}", &live(&[SECRET])).err(), expected, "{age}");
    }
    let headers = signed("generic", b"{}");
    for text in ["", "-1", "1e9", " 1795200247", "01795200247", "1795200247x", "1795200247.0", "99999999999999999999"] {
        let forged = with(pairs(&headers), "webhook-timestamp", text.as_bytes());
        assert_eq!(check("generic", &forged, b"{}", &live(&[SECRET])), Err(Refusal::Wrong), "{text}");
    }
}

#[test]
fn row_17_every_signed_header_must_be_there_and_fields_cannot_be_shifted() {
    let headers = signed("generic", b"{}");
    for name in ["webhook-id", "webhook-timestamp"] {
        assert_eq!(check("generic", &without(pairs(&headers), name), b"{}", &live(&[SECRET])), Err(Refusal::Wrong));
    }
    for id in ["", "a.b"] {
        let headers = sign(source("generic"), &Shipment::of("facts", id, b"{}", SECRET.as_bytes(), at(NOW)));
        assert_eq!(check("generic", &pairs(&headers), b"{}", &live(&[SECRET])), Err(Refusal::Wrong), "{id}");
    }
}

#[test]
fn row_17_two_families_of_headers_are_never_mixed() {
    let headers = signed("generic", b"{}");
    let mut mixed = pairs(&headers);
    mixed.push(("svix-id", b"other"));
    assert_eq!(check("generic", &mixed, b"{}", &live(&[SECRET])), Err(Refusal::Wrong));
}

#[test]
fn row_18_and_19_a_deciding_header_sent_twice_or_not_in_ascii_is_malformed() {
    for (name, deciding) in [
        ("github", &["x-hub-signature-256", "x-github-delivery", "x-github-event"][..]),
        ("generic", &["webhook-id", "webhook-timestamp", "webhook-signature"]),
    ] {
        let headers = signed(name, b"{}");
        for header in deciding {
            let mut twice = pairs(&headers);
            let again = *twice.iter().find(|pair| pair.0 == *header).expect("the header");
            twice.push(again);
            let fault = |what| Err(Refusal::Header(HeaderFault { name: (*header).to_owned(), what }));
            assert_eq!(check(name, &twice, b"{}", &live(&[SECRET])), fault(WhatIsWrong::Twice));
            let odd = with(pairs(&headers), header, b"caf\xc3\xa9");
            assert_eq!(check(name, &odd, b"{}", &live(&[SECRET])), fault(WhatIsWrong::NotAscii));
        }
    }
}

#[test]
fn row_19_header_names_are_matched_without_case() {
    let headers = signed("github", b"{}");
    let loud: Vec<(String, &[u8])> =
        headers.iter().map(|(name, value)| (name.to_uppercase(), value.as_bytes())).collect();
    let loud: Vec<Pair<'_>> = loud.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert!(check("github", &loud, b"{}", &live(&[SECRET])).is_ok());
}

#[test]
fn row_35_a_rotation_takes_both_secrets_and_says_which() {
    let headers = signed("github", b"{}");
    let slot =
        |secrets: &[&str]| check("github", &pairs(&headers), b"{}", &live(secrets)).map(|verified| verified.secret);
    assert_eq!(slot(&[SECRET, "next"]), Ok(SecretSlot::Active));
    assert_eq!(slot(&["old", SECRET]), Ok(SecretSlot::Next));
    assert_eq!(slot(&["old", "older"]), Err(Refusal::Wrong));
}

#[test]
fn row_20_duplicates_have_one_key_and_other_updates_another() {
    let key = |pairs: &[Pair<'_>], body: &[u8]| {
        let headers: Headers<'_> = pairs.iter().copied().collect();
        identify(source("github"), &Incoming::new(&headers, body)).key
    };
    let push: Pair<'_> = ("x-github-event", b"push");
    assert_eq!(key(&[push, ("x-github-delivery", b"72d3162e")], b"{}"), "72d3162e");
    assert_eq!(key(&[push], b"{}"), key(&[push], b"{}"));
    assert_ne!(key(&[push], b"{}"), key(&[push], b"{ }"));
    assert_ne!(key(&[push], b"{}"), key(&[("x-github-event", b"star")], b"{}"));
    let long = "x".repeat(201);
    assert_eq!(key(&[("x-github-delivery", long.as_bytes())], b"").len(), "sha256:".len() + 64);
}

#[test]
fn a_ping_is_greeted_and_nothing_else() {
    let answer = |kind: &[u8]| {
        let headers: Headers<'_> = [("x-github-event", kind)].into_iter().collect();
        let incoming = Incoming::new(&headers, b"{}");
        greet(source("github"), &identify(source("github"), &incoming), &incoming)
    };
    assert_eq!(answer(b"ping"), Some(Greeting::Answer(serde_json::json!({"status": "pong"}))));
    assert_eq!(answer(b"push"), None);
}

#[test]
fn row_26_kept_headers_hold_no_proof() {
    let mut headers = signed("github", b"{}");
    headers.push(("authorization", "Bearer abc".to_owned()));
    headers.push(("cookie", "a=b".to_owned()));
    let view: Headers<'_> = pairs(&headers).into_iter().collect();
    let kept: Vec<String> = kept_headers(source("github"), &view).into_iter().map(|(name, _)| name).collect();
    assert_eq!(kept, ["content-type", "user-agent", "x-github-delivery", "x-github-event"]);
}

#[test]
fn row_30_hostile_bodies_become_one_unmapped_event() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let nested = format!(r#"{{"ref":{deep}}}"#);
    let deep_form = format!("payload={nested}");
    let bodies: [&[u8]; 9] = [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe{}",
        br#"{"ref":"a","ref":"b"}"#,
        deep.as_bytes(),
        nested.as_bytes(),
        deep_form.as_bytes(),
    ];
    for body in bodies {
        for kind in ["push", "pull_request", "unheard_of"] {
            if kind != "unheard_of" || !body.starts_with(b"{\"ref\"") {
                assert!(!reason(&drafts("github", kind, body)).is_empty());
            }
        }
    }
    assert!(reason(&drafts("github", "push", b"payload=%7")).contains("hex digits"));
    let deep_fact = format!(r#"{{"kind":"link","incident":{deep}}}"#);
    assert!(!reason(&drafts("generic", "facts", deep_fact.as_bytes())).is_empty());
    assert!(!reason(&drafts("generic", "facts", b"")).is_empty());
}

#[test]
fn row_26_and_30_reasons_and_texts_never_carry_secrets_or_nul() {
    let wrong = br#"{"ref":{"password":"hunter2"},"before":"ghp_0123456789abcdefghijABCD"}"#;
    let said = reason(&drafts("github", "push", wrong));
    assert!(!said.contains("hunter2") && !said.contains("ghp_"), "{said}");
    let body = br#"{"kind":"incident","id":"a\u0000b","opened_at":1,"title":"token=abc\u0000"}"#;
    let event = &drafts("generic", "facts", body)[0];
    assert_eq!(event.subject, "generic:ab");
    assert!(!event.data.to_json().get().contains("\\u0000") && !event.data.to_json().get().contains("abc"));
}
