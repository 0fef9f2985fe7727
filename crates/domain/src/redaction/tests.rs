//! A sample of each rule is found, prose is left alone. Samples are put together here, so that nobody's scanner cries.

use proptest::prelude::*;

use super::*;

/// `|` is left out; `{a36}` is 36 letters and digits, `{x8}` hex, `{X9}` capitals and digits, `{d4}` digits.
const SAMPLES: &[(&str, &str)] = &[
    ("slack-config-token", "xo|xe.xoxb-1-{a40}"),
    ("slack-bot-token", "xo|xb-{d12}-{d12}-{a24}"),
    ("slack-user-token", "xo|xp-{d12}-{d12}-{a24}"),
    ("slack-legacy-token", "xo|xs-{d12}-{a24}"),
    ("slack-app-token", "xa|pp-1-A{X10}-{d12}-{x64}"),
    ("slack-webhook", "https://hooks.sl|ack.com/services/T{X8}/B{X8}/{a24}"),
    ("discord-webhook", "https://dis|cord.com/api/webhooks/{d18}/{a68}"),
    ("discord-bot-token", "dis|cord token is M{a23}.{a6}.{a30}"),
    ("teams-webhook", "https://x.webhook.off|ice.com/webhookb2/{x32}@{x32}/IncomingWebhook/{x32}"),
    ("telegram-bot-token", "{d9}|:AA{a33}"),
    ("twilio-api-key", "S|K{x32}"),
    ("sendgrid-api-key", "S|G.{a22}.{a43}"),
    ("mailgun-key", "ke|y-{x32}"),
    ("mailchimp-key", "{x32}|-us12"),
    ("github-fine-grained-pat", "github|_pat_{a22}_{a59}"),
    ("github-pat", "gh|p_{a36}"),
    ("github-oauth", "gh|o_{a36}"),
    ("github-app-token", "gh|s_{a36}"),
    ("github-refresh-token", "gh|r_{a36}"),
    ("gitlab-pat-routable", "gl|pat-{a27}.01{x7}"),
    ("gitlab-pat", "gl|pat-{a20}"),
    ("gitlab-runner-token", "gl|rt-{a20}"),
    ("gitlab-runner-registration", "GR|1348941{a20}"),
    ("gitlab-deploy-token", "gl|dt-{a20}"),
    ("gitlab-job-token", "gl|cbt-{a20}"),
    ("gitlab-trigger-token", "gl|ptt-{a40}"),
    ("gitlab-feed-token", "gl|ft-{a20}"),
    ("gitlab-mail-token", "gl|imt-{a25}"),
    ("gitlab-agent-token", "gl|agent-{a50}"),
    ("gitlab-oauth-secret", "gl|oas-{a64}"),
    ("gitlab-scim-token", "gl|soat-{a20}"),
    ("bitbucket-app-password", "AT|BB{a32}"),
    ("atlassian-token", "ATA|TT3{a60}={X8}"),
    ("npm-token", "np|m_{a36}"),
    ("pypi-token", "py|pi-AgEIcHlwaS5vcmc{a60}"),
    ("rubygems-key", "ruby|gems_{x48}"),
    ("crates-io-token", "ci|o{a32}"),
    ("docker-hub-token", "dckr|_pat_{a27}"),
    ("artifactory-key", "AK|Cp{a69}"),
    ("sonar-token", "sq|p_{x40}"),
    ("buildkite-token", "bk|ua_{x40}"),
    ("circleci-token", "CCI|PAT_{a22}_{x40}"),
    ("postman-key", "PM|AK-{x24}-{x34}"),
    ("figma-token", "fi|gd_{a40}"),
    ("aws-access-key", "AK|IA{X16}"),
    ("aws-secret-key", "aws_secret_access|_key = {a40}"),
    ("aws-bedrock-key", "AB|SK{a100}"),
    ("gcp-api-key", "AI|za{a35}"),
    ("google-oauth-token", "ya|29.{a60}"),
    ("google-oauth-secret", "GOC|SPX-{a28}"),
    ("azure-client-secret", "{a3}8|Q~{a34}"),
    ("azure-storage-key", "Account|Key={a86}=="),
    ("azure-shared-signature", "https://a.example/b?sv=1&si|g={a44}"),
    ("digitalocean-token", "do|p_v1_{x64}"),
    ("heroku-key", "HR|KU-{x36}"),
    ("cloudflare-origin-key", "v1|.0-{x24}-{x146}"),
    ("fly-token", "fm|2_{a60}"),
    ("planetscale-token", "psc|ale_tkn_{a43}"),
    ("supabase-token", "sb|p_{x40}"),
    ("databricks-token", "da|pi{x32}"),
    ("pulumi-token", "pu|l-{x40}"),
    ("terraform-token", "{a14}.atl|asv1.{a67}"),
    ("vault-token", "hv|s.{a90}"),
    ("doppler-token", "dp|.pt.{a43}"),
    ("onepassword-token", "op|s_eyJ{a80}"),
    ("grafana-cloud-token", "gl|c_{a50}"),
    ("grafana-service-account", "gl|sa_{a32}_{x8}"),
    ("sentry-org-token", "snt|rys_{a60}"),
    ("sentry-user-token", "snt|ryu_{x64}"),
    ("linear-api-key", "lin|_api_{a40}"),
    ("linear-oauth-token", "lin|_oauth_{x64}"),
    ("datadog-key", "DATADOG_API|_KEY: {x32}"),
    ("newrelic-key", "NR|AK-{X27}"),
    ("pagerduty-key", "pagerduty_tok|en: {a20}"),
    ("dynatrace-token", "dt|0c01.{X24}.{X64}"),
    ("notion-token", "nt|n_{a46}"),
    ("stripe-key", "sk|_live_{a24}"),
    ("webhook-secret", "wh|sec_{a32}"),
    ("shopify-token", "sh|pat_{x32}"),
    ("square-token", "sq|0atp-{a22}"),
    ("anthropic-key", "sk|-ant-api03-{a93}"),
    ("openai-key", "sk|-proj-{a48}"),
    ("openrouter-key", "sk|-or-v1-{x64}"),
    ("huggingface-token", "hf|_{a34}"),
    ("groq-key", "gs|k_{a52}"),
    ("xai-key", "xa|i-{a80}"),
    ("perplexity-key", "pp|lx-{a48}"),
    ("replicate-token", "r8|_{a37}"),
    ("private-key", "-----BEGIN RSA PRI|VATE KEY-----\n{a64}\n-----END RSA PRI|VATE KEY-----"),
    ("age-secret-key", "AGE-SEC|RET-KEY-1{X58}"),
    ("json-web-token", "e|yJ{a20}.eyJ{a30}.{a43}"),
    ("login-in-address", "postgres://bob:{a12}|@db.example/x"),
    ("authorization", "Authorization: Bea|rer {a30}"),
    ("assigned-secret", "db_pass|word={a6}"),
    ("named-secret", "client_sec|ret: \"{a24}\""),
];

fn made(sample: &str) -> String {
    let mut out = String::new();
    let mut rest = sample;
    while let Some((before, after)) = rest.split_once('{') {
        let (kind, after) = after.split_once('}').expect("closed");
        out.push_str(&before.replace('|', ""));
        let letters: Vec<char> = match &kind[..1] {
            "a" => ('a'..='z').chain('A'..='Z').chain('0'..='9').collect(),
            "x" => ('a'..='f').chain('0'..='9').collect(),
            "X" => ('A'..='Z').chain('2'..='7').collect(),
            _ => ('0'..='9').collect(),
        };
        let many: usize = kind[1..].parse().expect("a number");
        // Any order will do that does not repeat itself soon.
        out.extend((0..many).map(|place| letters[(place * 31 + place * place * 7 + many + 3) % letters.len()]));
        rest = after;
    }
    out + &rest.replace('|', "")
}

#[test]
fn every_rule_finds_its_sample_and_nothing_of_it_is_left() {
    assert!(secrets::are_built() && personal::are_built());
    let rules: Vec<&str> = secrets::RULES.iter().map(|rule| rule.name).collect();
    assert!(rules.len() > 90, "{}", rules.len());
    let named: Vec<&str> = SAMPLES.iter().map(|(name, _)| *name).collect();
    assert_eq!(rules, named, "each rule has a sample, in the order of the table");
    for (name, sample) in SAMPLES {
        let sample = made(sample);
        let mut redactor = Redactor::new();
        let text = redactor.redact(&format!("see {sample} there"));
        assert!(text.contains("<SECRET:"), "{name}: {text}");
        assert!(
            redactor.counts().keys().any(|kind| kind == &format!("SECRET:{name}")),
            "{name}: {:?}",
            redactor.counts()
        );
        let long = |word: &&str| word.len() >= 12 && word.bytes().any(|byte| byte.is_ascii_digit());
        for word in sample.split(|one: char| !one.is_ascii_alphanumeric()).filter(long) {
            assert!(!text.contains(word), "{name}: {word} is left in {text}");
        }
        assert_eq!(Redactor::new().redact(&text), text, "{name}: twice");
    }
}

#[test]
fn people_have_the_same_name_each_time() {
    let mut redactor = Redactor::new();
    let text = redactor.redact("Ada@x.example wrote to bob@y.example and ada@X.example");
    assert_eq!(text, "<EMAIL_1> wrote to <EMAIL_2> and <EMAIL_1>");
    assert_eq!(redactor.redact("cc bob@y.example"), "cc <EMAIL_2>");
    assert_eq!(redactor.counts().get("EMAIL"), Some(&4));
    assert_eq!(Redactor::of_secrets().redact("cc bob@y.example"), "cc bob@y.example");
}

#[test]
fn numbers_of_people_are_known_by_their_form() {
    for (text, expected) in [
        ("from 203.0.113.9, twice", "from <IP_1>, twice"),
        ("host 2001:db8::1:2 is down", "host <IP_1> is down"),
        ("2001:db8:0:0:0:0:0:7 and 2001:db8::7", "<IP_1> and <IP_1>"),
        ("call +49 30 1234567.", "call <PHONE_1>."),
        ("call +14155550123 or (415) 555-0123", "call <PHONE_1> or <PHONE_2>"),
        ("or 415-555-0123", "or <PHONE_1>"),
        ("card 4111 1111 1111 1111 ok", "card <CARD_1> ok"),
        ("amex 378282246310005", "amex <CARD_1>"),
        ("iban DE89 3704 0044 0532 0130 00 ok", "iban <IBAN_1> ok"),
        ("GB82WEST12345698765432", "<IBAN_1>"),
    ] {
        assert_eq!(Redactor::new().redact(text), expected);
    }
}

#[test]
fn ids_versions_times_and_prose_stay() {
    for text in [
        "0198f3c2-7d1e-7c3a-9a53-2f1f8a0c4b11 stays",
        "sha 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "SHOP-1234 and acme/shop#12",
        "version 1.2.3.4, v10.20.30.40 and 1.2.3",
        "2026-11-19T14:05:33.123456Z to 2026-11-20 09:00:00+02:00",
        "took 1763647200000 ms, id 1234567890123456",
        "std::fmt::Display and a::b, see Foo::bar",
        "localhost 127.0.0.1, ::1",
        "Fix token: expiry handling",
        "the bearer of news, basic understanding of things",
        "password reset flow; secret: santa",
        "git@github.com:acme/shop.git",
        "ratio 4111 1111 1111 1112",
        "Überall gültig ✓ 東京 +12 -3",
        "https://example.org/a@b?x=1",
    ] {
        assert_eq!(Redactor::new().redact(text), text);
    }
}

#[test]
fn the_worst_texts_end() {
    let size = 1 << 18;
    for piece in ["a", "1", "token=", "ey", "-----BEGIN PRIVATE KEY-----", "a@", "1:", "+1 ", "://", "4111 ", "DE89 "] {
        let text = piece.repeat(size / piece.len());
        let short = Redactor::new().redact(&text);
        assert!(short.len() <= text.len() * 3, "{piece}");
    }
}

proptest! {
    #[test]
    fn prose_is_unchanged(text in "[A-Za-zäöü ,.!?()'-]{0,200}") {
        let has_name = text.contains('@') || text.contains(':') || text.contains('=');
        prop_assume!(!has_name);
        prop_assert_eq!(Redactor::new().redact(&text), text);
    }

    #[test]
    fn a_secret_goes_wherever_it_stands(before in "[a-z ]{0,20}", after in "[a-z ,.]{0,20}", which in 0..SAMPLES.len()) {
        let text = format!("{before} {} {after}", made(SAMPLES[which].1));
        let once = Redactor::new().redact(&text);
        prop_assert!(once.contains("<SECRET:"), "{}", once);
        prop_assert_eq!(Redactor::new().redact(&once), once);
    }

    #[test]
    fn no_text_is_too_strange(text in ".{0,300}") {
        let once = Redactor::new().redact(&text);
        prop_assert_eq!(Redactor::new().redact(&once), once);
    }
}
