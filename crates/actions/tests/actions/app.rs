//! As a GitHub App: the proof, tokens with no more than is needed, and what happens when they end.

use std::sync::OnceLock;

use actions::effects::{Clients, Performed, perform};
use actions::github::GitHub;
use actions::outcome::Outcome;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{action, after, done, key, noon, outbound};
use testkit::github::{Fault, Playing};
use testkit::listening::Reply;

fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).expect("a key"))
}

/// The key as GitHub gives it away: PKCS #1, in PEM.
fn pem() -> SecretString {
    let pkcs8 = pair().as_der().expect("a key");
    // What stands before the key itself is as long for every key of this size.
    let text = STANDARD.encode(&pkcs8.as_ref()[26..]);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let text = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", lines.join("\n"));
    SecretString::from(text)
}

/// As GitHub checks a proof at noon.
fn believes(proof: &str) -> bool {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_required_spec_claims(&["iat", "exp", "iss"]);
    let public = DecodingKey::from_rsa_der(pair().public_key().as_ref());
    jsonwebtoken::decode::<Value>(proof, &public, &validation).is_ok_and(|proof| {
        let number = |name: &str| proof.claims[name].as_i64().expect("a number");
        let (from, to) = (number("iat"), number("exp"));
        proof.claims["iss"] == "12345" && to - from <= 600 && to > from
    })
}

async fn playing() -> (Playing, Clients) {
    let github = Playing::start().await;
    github.state().believes = Some(believes);
    let client = GitHub::with_app(outbound(), &github.url(), "12345", &pem()).expect("an app");
    (github, Clients { github: Some(client), ..Clients::default() })
}

async fn comment(clients: &Clients, text: &str, now: DateTime<Utc>) -> Outcome<Performed> {
    let comment = action("comment", &json!({"text": text}));
    perform(&comment, clients, &key(&comment), None, now).await
}

const INSTALLATION: &str = "GET /repos/acme/shop/installation";
const TOKEN: &str = "POST /app/installations/42/access_tokens";
const COMMENT: &str = "POST /repos/acme/shop/issues/7/comments";

#[tokio::test]
async fn a_token_is_taken_for_one_repository_and_one_permission_and_kept() {
    let (github, clients) = playing().await;
    done(comment(&clients, "One.", noon()).await);
    assert_eq!(github.lines(), [INSTALLATION, TOKEN, COMMENT]);
    let token = github.state().tokens["ghs_1"].clone();
    assert_eq!((token.permissions, token.repositories), (json!({"issues": "write"}), json!(["shop"])));
    done(comment(&clients, "Two.", after(60)).await);
    assert_eq!(github.lines(), [COMMENT]);
    // Another permission is another token; where the app lives is known.
    let rule = json!({"repo": "acme/shop", "run_id": 79, "environment": "production", "comment": "waiting"});
    let rule = action("deployment_protection", &rule);
    done(perform(&rule, &clients, &key(&rule), None, after(61)).await);
    let path = "POST /repos/acme/shop/actions/runs/79/deployment_protection_rule";
    assert_eq!(github.lines(), [TOKEN, path]);
    assert_eq!(github.state().tokens["ghs_2"].permissions, json!({"deployments": "write"}));
}

#[tokio::test]
async fn a_token_is_taken_anew_shortly_before_it_ends() {
    let (github, clients) = playing().await;
    done(comment(&clients, "One.", noon()).await);
    github.lines();
    done(comment(&clients, "Two.", after(3_600 - 121)).await);
    assert_eq!(github.lines(), [COMMENT]);
    github.state().now = after(3_600 - 60);
    done(comment(&clients, "Three.", after(3_600 - 60)).await);
    assert_eq!(github.lines(), [TOKEN, COMMENT]);
}

#[tokio::test]
async fn a_token_that_github_does_not_take_any_more_is_taken_anew_once() {
    let (github, clients) = playing().await;
    done(comment(&clients, "One.", noon()).await);
    github.lines();
    // GitHub's clock runs ahead of ours: the token has ended there.
    github.state().now = after(4_000);
    done(comment(&clients, "Two.", after(10)).await);
    assert_eq!(github.lines(), [COMMENT, TOKEN, COMMENT]);
    assert_eq!(github.state().comments.len(), 2);
    // A token that is refused at once is not asked for again and again.
    github.state().tokens.clear();
    for _ in 0..2 {
        let answer = Reply::json(401, &json!({"message": "Bad credentials"}));
        github.fault(COMMENT, Fault::Instead(answer));
    }
    let Outcome::Refused(refused) = comment(&clients, "Three.", after(20)).await else { panic!("refused") };
    assert_eq!(refused.status, Some(401));
    assert_eq!(github.lines(), [COMMENT, TOKEN, COMMENT]);
}

#[tokio::test]
async fn a_token_that_is_not_given_leaves_everything_undone() {
    let (github, clients) = playing().await;
    github.fault(TOKEN, Fault::Done(Reply::Cut));
    let outcome = comment(&clients, "One.", noon()).await;
    assert!(matches!(outcome, Outcome::Unreachable { .. }), "a token that nobody got does no harm: {outcome:?}");
    let denied = json!({"message": "The permissions requested are not granted to this installation."});
    github.fault(TOKEN, Fault::Instead(Reply::json(422, &denied)));
    let Outcome::Refused(refused) = comment(&clients, "One.", noon()).await else { panic!("refused") };
    assert!(refused.message.contains("not granted"), "{refused}");
    // The app was taken out and put in again: its place is looked up anew.
    github.fault(TOKEN, Fault::Instead(Reply::json(404, &json!({"message": "Not Found"}))));
    assert!(matches!(comment(&clients, "One.", noon()).await, Outcome::Refused(_)));
    github.lines();
    done(comment(&clients, "One.", noon()).await);
    assert_eq!(github.lines(), [INSTALLATION, TOKEN, COMMENT]);
}

#[test]
fn a_key_that_is_none_is_said_at_the_start_and_not_shown() {
    let of = |id: &str, key: &str| {
        let key = SecretString::from(key.to_owned());
        GitHub::with_app(outbound(), "https://api.github.com", id, &key).err().map(|error| error.to_string())
    };
    let said = of("12345", "sesame").expect("an error");
    assert!(said.starts_with("GITHUB_APP_PRIVATE_KEY") && !said.contains("sesame"), "{said}");
    assert!(of("", "sesame").expect("an error").starts_with("GITHUB_APP_ID"));
}
