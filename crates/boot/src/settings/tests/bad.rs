//! Every row of the table with values that it does not take: a new setting without any fails here.

use super::*;

/// What is known to be refused of a setting.
enum Refused {
    /// These, and the line repeats them.
    Shown(&'static [&'static str]),
    /// These, and the line never repeats them.
    Hidden(&'static [&'static str]),
    /// These, by production; never repeated.
    InProduction(&'static [&'static str]),
    /// Nothing can be said of the text: it is a path, and who opens it says what is wrong (`cli/tests/check.rs`).
    ByWhoOpensIt,
}

use Refused::{ByWhoOpensIt, Hidden, InProduction, Shown};

const NUMBERS: Refused = Shown(&["many", "-1", "1.5", "NaN", "1e3", "0x10", "99999999999999999999"]);
/// As [`NUMBERS`], where 0 is none either.
const ABOVE_ZERO: Refused = Shown(&["0", "many", "-1", "1.5", "NaN", "99999999999999999999"]);
const FLAGS: Refused = Shown(&["2", "perhaps", "truee"]);
const LISTS: Refused = Shown(&["[\"a\"", "[1,2]"]);
const PLACES: Refused =
    Shown(&["h", "h:80", "ftp://h", "https://", "http://:80", "http://h:99999", "https://h/a b", "https://h/#a"]);
const LINES: Refused = Shown(&["two\nlines", "a\u{7}bell"]);
const PROOFS: Refused = Hidden(&["two words", "two\nlines", "schlüssel"]);
const MODELS: Refused = Shown(&["a model", "openai/", "modèle", "m\nn"]);
const DOLLARS: Refused = Shown(&["-1", "NaN", "inf", "1e3", "1,5", "0.0000001", "99999999", "$5"]);

const TABLE: &[(&str, Refused)] = &[
    (
        "DATABASE_URL",
        Hidden(&[
            "h/d",
            "mysql://h/d",
            "postgresql://",
            "postgresql://u:hunter2/x@h/d",
            "postgresql://u:p%zz@h/d",
            "postgresql://h:port/d",
            "postgresql://h/d?sslmode",
        ]),
    ),
    ("NATS_URL", Hidden(&["h:4222", "http://h:4222", "nats://", "nats://h:99999", "nats://u:a/b@h"])),
    ("NATS_CREDS_FILE", ByWhoOpensIt),
    ("NATS_STREAM", Shown(&["a.b", "a b", "a*", "é"])),
    ("NATS_SUBJECT_PREFIX", Shown(&["a..b", ".a", "a.>", "a b"])),
    ("DATA_DIR", ByWhoOpensIt),
    ("ENV", Shown(&["maybe", "staging", "1"])),
    ("HOST", Shown(&["a b", "http://h", "h:80", "h/x"])),
    ("PORT", Shown(&["http", "65536", "-1", "1.5", "NaN"])),
    ("APP_NAME", LINES),
    ("LOG_LEVEL", Shown(&["loud", "info,store=loud", ",", "info,,"])),
    ("LOG_FORMAT", Shown(&["xml", "JSON5"])),
    ("PUBLIC_URL", PLACES),
    ("DB_POOL_SIZE", ABOVE_ZERO),
    ("DB_POOL_TIMEOUT_MS", ABOVE_ZERO),
    ("CORS_ALLOW_ORIGINS", Shown(&["shop.example", "https://shop.example/x", "[\"a\"", "null"])),
    ("CORS_ALLOW_METHODS", Shown(&["GETT", "GET POST", "[\"GET\""])),
    ("CORS_ALLOW_HEADERS", Shown(&["x y", "x:y", "[\"x\""])),
    ("CORS_ALLOW_CREDENTIALS", FLAGS),
    ("CORS_MAX_AGE", NUMBERS),
    ("AUTH_ENABLED", FLAGS),
    (
        "JWT_SECRET_KEY",
        InProduction(&["", "short", "0123456789abcdef0123456789abcde", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]),
    ),
    ("JWT_ALGORITHM", Shown(&["none", "RS256", "hs256"])),
    ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", ABOVE_ZERO),
    ("AGENT_ADMIN_KEY", Hidden(&["two\nlines", "schlüssel"])),
    ("RATE_LIMIT_ENABLED", FLAGS),
    ("RATE_LIMIT_PER_MIN", ABOVE_ZERO),
    ("MAX_PAYLOAD_BYTES", Shown(&["0", "1023", "25MB", "-1", "268435457"])),
    ("INTAKE_RATE_PER_SEC", NUMBERS),
    ("<SOURCE>_WEBHOOK_SECRET", Hidden(&["two\nlines", "a\u{0}b"])),
    ("SLACK_SIGNING_SECRET", Hidden(&["two\nlines"])),
    ("WEBHOOKS_TOKEN_IN_URL", Shown(&["gitub", "*"])),
    (
        "AWS_SNS_TOPIC_ARNS",
        Shown(&["deploys", "arn:aws:sqs:eu-west-1:123456789012:q", "arn:aws:sns:eu-west-1:12:t", "[\"a\""]),
    ),
    ("AWS_SNS_ALLOW_SHA1", FLAGS),
    ("GRAFANA_TIMESTAMP_HEADER", Shown(&["x y", "x:y", "zeit-ä"])),
    ("PLUGINS_DIR", ByWhoOpensIt),
    ("WEBHOOKS_ALLOW_UNSIGNED", Shown(&["gitub"])),
    ("INTEGRATIONS_<SOURCE>_ENABLED", FLAGS),
    ("PRODUCTION_PATTERNS", LISTS),
    ("INCIDENT_LABELS", LISTS),
    ("BOT_LOGINS", LISTS),
    ("INCIDENT_SEVERITIES", LISTS),
    ("DEPLOY_PATTERNS", Shown(&["a:b:c=", "=production", "[\"a\""])),
    ("GITHUB_TOKEN", PROOFS),
    ("GITHUB_API_URL", PLACES),
    ("GITHUB_APP_ID", Shown(&["my app", "12345"])),
    ("GITHUB_APP_PRIVATE_KEY", Hidden(&["hunter2", "-----BEGIN RSA PRIVATE KEY-----"])),
    ("GITLAB_TOKEN", PROOFS),
    ("GITLAB_API_URL", PLACES),
    ("SLACK_BOT_TOKEN", PROOFS),
    ("SLACK_WEBHOOK_URL", Hidden(&["T000/B000", "ftp://hooks.slack.com/x"])),
    ("SLACK_DEFAULT_CHANNEL", Shown(&["the shop", "#", "#a#b"])),
    ("SLACK_API_URL", Shown(&["slack.com/api/", "https://slack.example", "https://h:99999/api/"])),
    ("MAX_DAILY_SLACK_POSTS", NUMBERS),
    ("PAGERDUTY_ROUTING_KEY", PROOFS),
    ("PAGERDUTY_EVENTS_URL", PLACES),
    (
        "OUTGOING_WEBHOOK_SECRETS",
        Hidden(&[
            "hunter2",
            "whsec_c2hvcnQ=",
            "whsec_not-base64-not-base64-not-base64-not-",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,",
        ]),
    ),
    ("WEBHOOKS_ALLOW_NETWORKS", Shown(&["10.1.0.0/33", "10.1.0/16", "intranet", "10.1.0.0/16,"])),
    ("POLICY_PATH", ByWhoOpensIt),
    ("OPA_URL", PLACES),
    ("OPA_TIMEOUT_MS", Shown(&["0", "49", "30001", "-1", "2s", "NaN"])),
    ("OPA_UNANSWERED", Shown(&["deny", "Allow"])),
    ("RULES_PATH", ByWhoOpensIt),
    ("SIGNALS_INTERVAL_SECONDS", Shown(&["0", "9", "86401", "5m", "NaN"])),
    ("DORA_INCIDENT_WINDOW_SECONDS", Shown(&["-1", "1d", "NaN", "31536001"])),
    ("MAX_DAILY_RAG_SEARCHES", NUMBERS),
    ("CRAWLER_INTERVAL_SEC", Shown(&["-1", "1h", "NaN", "31536001"])),
    ("CRAWL_GH_OWNER", Shown(&["acme/shop", "a b", "..", "acme"])),
    ("CRAWL_GH_REPO", Shown(&["acme/shop", "a b", "..", "shop"])),
    ("CONFLUENCE_BASE_URL", PLACES),
    ("CONFLUENCE_EMAIL", Shown(&["ada:x", "a b", "a\nb"])),
    ("CONFLUENCE_TOKEN", PROOFS),
    ("LINEAR_API_URL", PLACES),
    ("LINEAR_API_KEY", PROOFS),
    ("SHORTCUT_API_URL", PLACES),
    ("SHORTCUT_API_TOKEN", PROOFS),
    ("PAGERDUTY_API_URL", PLACES),
    ("PAGERDUTY_API_TOKEN", PROOFS),
    ("RETENTION_DAYS", Shown(&["-1", "1.5", "NaN", "36501", "forever"])),
    ("AGENT_LLM_ENABLED", FLAGS),
    ("OPENAI_API_KEY", PROOFS),
    ("OPENAI_BASE_URL", PLACES),
    ("OPENAI_MODEL", MODELS),
    ("OPENAI_DEFAULT_MODEL", MODELS),
    ("OPENAI_LOW_COST_MODEL", MODELS),
    ("OPENAI_FAILOVER_MODEL", MODELS),
    ("OPENAI_EMBEDDING_MODEL", MODELS),
    ("ANTHROPIC_API_KEY", PROOFS),
    ("ANTHROPIC_BASE_URL", PLACES),
    ("AGENT_GEMINI_API_KEY", PROOFS),
    ("AGENT_GEMINI_BASE_URL", PLACES),
    ("AGENT_TEMPERATURE", Shown(&["warm", "-0.1", "2.1", "NaN", "inf"])),
    ("AGENT_TOKEN_BUDGET", Shown(&["0", "499", "-1", "NaN", "10000001"])),
    ("AGENT_SESSION_BUDGET_USD", DOLLARS),
    ("AGENT_DAILY_BUDGET_USD", DOLLARS),
    (
        "AGENT_BUDGETS",
        Shown(&[
            "tenant=1usd",
            "tenant/day=NaNusd",
            "tenant/day=-1tokens",
            "tenant:No Body/day=1usd",
            "x/day=1usd",
            "tenant/day=1",
        ]),
    ),
    ("AGENT_MODEL_PRICES", Shown(&["m", "m=1", "m=1/NaN", "m=-1/1", "=1/1", "m=1/2/3/4"])),
    ("AGENT_LLM_TIMEOUT_SECONDS", Shown(&["0", "601", "-1", "1m", "NaN"])),
    ("AGENT_LLM_RETRIES", Shown(&["-1", "11", "NaN"])),
    ("AGENT_LLM_CONTEXT_TOKENS", ABOVE_ZERO),
    ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", FLAGS),
    ("AGENT_PLANNER_MODE", Shown(&["model", "LLM"])),
    ("AGENT_FETCH_ALLOW", Shown(&["*", "localhost", "10.0.0.1", "https://a.example", "[\"a\""])),
    ("METRICS_ADDR", Shown(&["9100", "localhost:9100", ":99999", "0.0.0.0"])),
    ("OTEL_ENABLED", FLAGS),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", PLACES),
    ("OTEL_EXPORTER_OTLP_HEADERS", Hidden(&["authorization", "a b=c", "=c", "a=b,", "a=schlüssel"])),
    ("OTEL_SERVICE_NAME", LINES),
    ("EM_PG_BIN", ByWhoOpensIt),
    ("EM_NATS_BIN", ByWhoOpensIt),
];

/// The one line that is told for a value.
fn line(env: Env, name: &str, value: &str) -> String {
    let name = name.replace(SOURCE, "GITHUB");
    let mut all = variables(&[("JWT_SECRET_KEY", GOOD_KEY)]);
    all.insert(name.clone(), value.to_owned());
    let Err(bad) = Settings::read(&all, &["github", "slack"], env) else { panic!("{name} took {value:?}") };
    let about: Vec<String> = bad.iter().map(ToString::to_string).collect();
    assert_eq!(about.len(), 1, "{name} with {value:?}: {about:?}");
    about[0].clone()
}

fn is_one_good_line(name: &str, line: &str) {
    let name = name.replace(SOURCE, "GITHUB");
    // Of two that belong together, either may be named.
    let named = line.starts_with(&format!("{name}: got ")) || line.starts_with("CRAWL_GH_REPO: got ");
    assert!(named && line.contains(", takes ") && line.lines().count() == 1, "{line}");
}

#[test]
fn every_setting_has_values_that_it_refuses_in_one_line_that_says_what_it_takes() {
    let listed: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>(), "a row for every setting");
    for (name, refused) in TABLE {
        let (env, values, is_shown) = match refused {
            Shown(values) => (Env::Development, *values, true),
            Hidden(values) => (Env::Development, *values, false),
            InProduction(values) => (Env::Production, *values, false),
            ByWhoOpensIt => continue,
        };
        for value in values {
            let line = line(env, name, value);
            is_one_good_line(name, &line);
            let (got, _) = line.split_once(", takes ").expect("what it takes");
            let hides = got.ends_with(": got a value that is not shown") || got.ends_with(": got nothing");
            let shows = got.contains(&value.escape_debug().to_string()) || name.starts_with("CRAWL_GH");
            assert!(if is_shown { shows } else { hides }, "{line}");
        }
    }
}

#[test]
fn what_may_hold_a_login_or_is_very_long_is_not_repeated() {
    let line = |value: &str| line(Env::Development, "OPENAI_BASE_URL", value);
    let told = line("https://ada:hunter2@models.example/v1");
    assert!(!told.contains("hunter2") && told.contains("a value that is not shown"), "{told}");
    assert!(line(&"x".repeat(100_000)).len() < 400);
}

#[test]
fn an_empty_file_is_no_value() {
    let path = std::env::temp_dir().join(format!("em-setting-{}", uuid::Uuid::new_v4()));
    std::fs::write(&path, "\n").expect("written");
    let told = development(&[("GITHUB_WEBHOOK_SECRET_FILE", path.to_str().expect("a path"))]).expect_err("empty");
    std::fs::remove_file(&path).expect("removed");
    assert!(told[0].to_string().starts_with("GITHUB_WEBHOOK_SECRET_FILE: got '"), "{told:?}");
    let folder = development(&[("JWT_SECRET_KEY_FILE", "/")]).expect_err("a folder");
    assert_eq!(folder[0].name, "JWT_SECRET_KEY_FILE");
}
