//! Messages of Amazon SNS, signed under authorities that tests alone have, and twins of them that must be refused.
//! The certificates are asked for one after the other, as the gateway would fetch them.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use integrations::{Fetched, Headers, Incoming, Options, Refusal, SecretSlot, Secrets, Verified, verify};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// More rounds than any chain needs.
const MOST_ROUNDS: usize = 6;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sns")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).expect("a certificate")
}

fn messages() -> Vec<toml::Table> {
    let text = fs::read_to_string(folder().join("messages.toml")).expect("messages");
    let table: toml::Table = text.parse().expect("TOML");
    let list = table["message"].as_array().expect("a list of messages");
    list.iter().map(|message| message.as_table().expect("a table").clone()).collect()
}

fn text<'a>(message: &'a toml::Table, key: &str) -> &'a str {
    message[key].as_str().expect("a text")
}

fn texts(message: &toml::Table, key: &str) -> Vec<String> {
    let list = message.get(key).and_then(toml::Value::as_array);
    list.into_iter().flatten().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

fn named(name: &str) -> toml::Table {
    messages().into_iter().find(|message| text(message, "name") == name).expect("a message of that name")
}

fn options(message: &toml::Table) -> Options {
    let set = message.get("options").and_then(toml::Value::as_table);
    let root = CertificateDer::from_pem_slice(&read("TEST_ONLY_root.pem")).expect("a certificate").to_vec();
    Options {
        topics: texts(message, "topics"),
        allow_sha1: set.and_then(|set| set.get("allow_sha1")).and_then(toml::Value::as_bool).unwrap_or_default(),
        authorities: vec![root],
        ..Options::default()
    }
}

/// What came of a message, and the addresses that were asked for.
struct Outcome {
    verdict: Result<Verified, Refusal>,
    asked: Vec<String>,
}

/// Verifies a message, giving the certificates in the order in which they are asked for.
fn outcome(message: &toml::Table, body: &[u8], options: &Options) -> Outcome {
    let now: DateTime<Utc> =
        DateTime::from_timestamp(message["now"].as_integer().expect("seconds"), 0).expect("a time");
    let headers = message["headers"].as_table().expect("headers");
    let pairs: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect();
    let headers: Headers<'_> = pairs.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let secrets = Secrets { options: options.clone(), ..Secrets::default() };
    let given = texts(message, "certificates");
    let source = integrations::find("cloudwatch").expect("the source");
    let mut fetched: Vec<Fetched> = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let incoming = Incoming { certificates: &fetched, ..Incoming::new(&headers, body) };
        let verdict = verify(source, &incoming, &secrets, now);
        let asked = || fetched.iter().map(|fetched| fetched.url.clone()).collect();
        let Err(Refusal::Need(url)) = &verdict else { return Outcome { asked: asked(), verdict } };
        let Some(name) = given.get(fetched.len()) else { return Outcome { asked: asked(), verdict } };
        fetched.push(Fetched { url: url.clone(), bytes: read(name) });
    }
    panic!("{}: it goes on asking for certificates", text(message, "name"));
}

fn verdict(message: &toml::Table) -> Result<Verified, Refusal> {
    outcome(message, text(message, "body").as_bytes(), &options(message)).verdict
}

#[test]
fn messages_of_our_topics_verify_and_their_twins_do_not() {
    for message in messages() {
        let verdict = verdict(&message);
        let said = verdict.as_ref().map_or_else(|refusal| refusal.reason(), |verified| verified.scheme);
        assert_eq!(said, text(&message, "expect"), "{}", text(&message, "name"));
        assert!(verdict.is_err() || verdict.is_ok_and(|verified| verified.secret == SecretSlot::None));
    }
}

#[test]
fn certificates_are_asked_for_where_amazon_keeps_them_the_signing_one_first() {
    let message = named("an alarm with a subject");
    let Outcome { asked, verdict } = outcome(&message, text(&message, "body").as_bytes(), &options(&message));
    assert!(verdict.is_ok());
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].starts_with("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-"), "{asked:?}");
    let host = asked[1].split('/').nth(2).expect("a host");
    assert!(host.starts_with("crt.") && host.ends_with(".amazontrust.com"), "{asked:?}");
}

/// The body with another certificate's address. The signature does not cover it.
fn with_address(body: &str, url: &str) -> String {
    let start = body.find("\"SigningCertURL\": \"").expect("an address") + "\"SigningCertURL\": \"".len();
    let end = start + body[start..].find('"').expect("its end");
    format!("{}{url}{}", &body[..start], &body[end..])
}

#[test]
fn row_22_no_address_but_amazons_own_is_asked_for() {
    let message = named("an alarm with a subject");
    let file = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
    for address in [
        format!("http://sns.eu-central-1.amazonaws.com/{file}"),
        format!("https://sns.eu-west-1.amazonaws.com/{file}"),
        format!("https://sns.eu-central-1.amazonaws.com.evil.example/{file}"),
        format!("https://sns.eu-central-1.amazonaws.com.cn/{file}"),
        format!("https://sns.eu-central-1.amazonaws.com:443/{file}"),
        format!("https://sns.eu-central-1.amazonaws.com@evil.example/{file}"),
        format!("https://user@sns.eu-central-1.amazonaws.com/{file}"),
        format!("https://sns.eu-central-1.amazonaws.com/{file}?x=1"),
        format!("https://sns.eu-central-1.amazonaws.com/{file}#x"),
        format!("https://sns.eu-central-1.amazonaws.com/x/../{file}"),
        format!("https://sns.eu-central-1.amazonaws.com//{file}"),
        format!("https://SNS.eu-central-1.amazonaws.com/{file}"),
        format!("https://sns.s3-us-west-2.amazonaws.com/{file}"),
        format!("https://sns.execute-api.amazonaws.com/{file}"),
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-short.pem".to_owned(),
        "https://sns.eu-central-1.amazonaws.com/evil.pem".to_owned(),
        "file:///etc/passwd".to_owned(),
        String::new(),
    ] {
        let body = with_address(text(&message, "body"), &address);
        let Outcome { verdict, asked } = outcome(&message, body.as_bytes(), &options(&message));
        assert_eq!((verdict, asked), (Err(Refusal::Wrong), Vec::new()), "{address}");
    }
}

#[test]
fn row_11_and_24_nothing_is_asked_for_before_the_topic_and_the_version_are_ours() {
    let message = named("an alarm with a subject");
    let body = text(&message, "body");
    let other = Options { topics: vec!["arn:aws:sns:eu-central-1:444455556666:other".to_owned()], ..options(&message) };
    let Outcome { verdict, asked } = outcome(&message, body.as_bytes(), &other);
    assert_eq!((verdict, asked), (Err(Refusal::Wrong), Vec::new()));
    for version in ["\"1\"", "\"3\"", "\"\"", "2"] {
        let body = body.replace("\"SignatureVersion\": \"2\"", &format!("\"SignatureVersion\": {version}"));
        let Outcome { verdict, asked } = outcome(&message, body.as_bytes(), &options(&message));
        assert_eq!((verdict, asked), (Err(Refusal::Wrong), Vec::new()), "{version}");
    }
}

#[test]
fn row_22_amazons_own_authorities_do_not_vouch_for_another_chain() {
    let message = named("an alarm with a subject");
    let amazons = Options { authorities: Vec::new(), ..options(&message) };
    let verdict = outcome(&message, text(&message, "body").as_bytes(), &amazons).verdict;
    assert!(matches!(verdict, Err(Refusal::Wrong | Refusal::Need(_))), "{verdict:?}");
}

#[test]
fn row_22_what_is_no_certificate_is_refused_and_not_asked_for_again() {
    let message = named("an alarm with a subject");
    let headers: Headers<'_> = [("x-amz-sns-message-type", b"Notification".as_slice())].into_iter().collect();
    let secrets = Secrets { options: options(&message), ..Secrets::default() };
    let source = integrations::find("cloudwatch").expect("the source");
    let now = DateTime::from_timestamp(message["now"].as_integer().expect("seconds"), 0).expect("a time");
    let body = text(&message, "body").as_bytes();
    let Err(Refusal::Need(url)) = verify(source, &Incoming::new(&headers, body), &secrets, now) else {
        panic!("it asks for no certificate");
    };
    let leaf = read("TEST_ONLY_leaf.pem");
    let empty = b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    for bytes in [&b""[..], b"<html>not here</html>", b"\x30\x82", empty, &leaf[..leaf.len() / 2]] {
        let fetched = [Fetched { url: url.clone(), bytes: bytes.to_vec() }];
        let incoming = Incoming { certificates: &fetched, ..Incoming::new(&headers, body) };
        assert_eq!(verify(source, &incoming, &secrets, now), Err(Refusal::Wrong));
    }
}
