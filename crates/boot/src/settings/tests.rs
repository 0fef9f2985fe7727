//! Settings as an operator meets them: what is read, what is refused and how that is said.

mod bad;

use std::collections::BTreeSet;

use secrecy::ExposeSecret;

use super::reader::Reader;
use super::table::SOURCE;
use super::*;

const SOURCES: &[&str] = &["github", "generic"];
const GOOD_KEY: &str = "0123456789abcdef0123456789abcdef";

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn development(pairs: &[(&str, &str)]) -> Result<(Settings, Vec<Warning>), Vec<BadSetting>> {
    Settings::read(&variables(pairs), SOURCES, Env::Development)
}

fn good(pairs: &[(&str, &str)]) -> Settings {
    development(pairs).expect("good settings").0
}

/// Production settings that are good, with `pairs` put over them.
fn production(pairs: &[(&str, &str)]) -> Result<Settings, Vec<BadSetting>> {
    let mut all = variables(&[("JWT_SECRET_KEY", GOOD_KEY)]);
    all.extend(variables(pairs));
    Settings::read(&all, SOURCES, Env::Production).map(|(settings, _)| settings)
}

#[test]
fn with_nothing_set_development_is_open_on_this_machine_only() {
    let settings = good(&[]);
    assert_eq!((settings.host.as_str(), settings.port), ("127.0.0.1", 8000));
    assert!(!settings.auth.enabled && settings.database_url.is_none() && settings.nats.url.is_none());
    assert!(settings.sources.allows_unsigned("github"));
    assert_eq!(settings.log.format, LogFormat::Pretty);
    assert_eq!(settings.rules, Rules::default());
}

#[test]
fn with_nothing_set_production_is_closed() {
    let settings = production(&[]).expect("good settings");
    assert_eq!(settings.host, "0.0.0.0");
    assert!(settings.auth.enabled);
    assert!(!settings.sources.allows_unsigned("github"));
    assert_eq!(settings.log.format, LogFormat::Json);
}

#[test]
fn every_bad_value_is_told_in_one_line_that_names_the_variable_what_it_got_and_what_it_takes() {
    let cases = [
        ("ENV", "maybe"),
        ("NATS_STREAM", "a.b"),
        ("NATS_SUBJECT_PREFIX", "a..b"),
        ("HOST", "a b"),
        ("PORT", "65536"),
        ("PUBLIC_URL", "localhost"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("DB_POOL_SIZE", "0"),
        ("DB_POOL_TIMEOUT_MS", "-1"),
        ("CORS_ALLOW_ORIGINS", "[\"a\""),
        ("CORS_ALLOW_CREDENTIALS", "perhaps"),
        ("CORS_MAX_AGE", "1e3"),
        ("AUTH_ENABLED", "2"),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
        ("RATE_LIMIT_ENABLED", "x"),
        ("RATE_LIMIT_PER_MIN", "0"),
        ("MAX_PAYLOAD_BYTES", "25MB"),
        ("INTAKE_RATE_PER_SEC", "fast"),
        ("WEBHOOKS_ALLOW_UNSIGNED", "gitub"),
        ("INTEGRATIONS_GITHUB_ENABLED", "nope"),
        ("SLACK_DEFAULT_CHANNEL", "the shop"),
        ("SLACK_API_URL", "https://slack.example"),
        ("MAX_DAILY_SLACK_POSTS", "many"),
        ("GITHUB_APP_ID", "12345"),
        ("PAGERDUTY_EVENTS_URL", "events.pagerduty.com"),
        ("WEBHOOKS_ALLOW_NETWORKS", "10.1.0.0/33"),
        ("RETENTION_DAYS", "1.5"),
        ("METRICS_ADDR", "9100"),
        ("OTEL_ENABLED", "x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ];
    for (name, value) in cases {
        let bad = development(&[(name, value)]).expect_err(name);
        assert_eq!(bad.len(), 1, "{name}: {bad:?}");
        let line = bad[0].to_string();
        assert!(line.starts_with(&format!("{name}: got '")) && line.contains(", takes "), "{line}");
        assert!(!line.contains('\n') && line.contains(&value.escape_debug().to_string()), "{line}");
    }
}

#[test]
fn all_bad_values_are_told_at_once() {
    let bad = development(&[("PORT", "x"), ("LOG_FORMAT", "y"), ("DB_POOL_SIZE", "z")]).expect_err("three");
    assert_eq!(bad.len(), 3);
}

#[test]
fn a_line_stays_one_line_whatever_the_value_is() {
    let bad = development(&[("PORT", "80\nfake: line")]).expect_err("bad");
    assert_eq!(bad[0].to_string().lines().count(), 1);
}

#[test]
fn python_database_urls_are_understood() {
    for (given, read) in [
        ("postgresql://u:p@h:5432/d", "postgresql://u:p@h:5432/d"),
        ("postgres://h/d", "postgresql://h/d"),
        ("postgresql+psycopg://u@h/d?connect_timeout=3", "postgresql://u@h/d?connect_timeout=3"),
        ("postgresql+asyncpg://u:p%40@h/d?ssl=require", "postgresql://u:p%40@h/d?sslmode=require"),
        ("postgresql://h/d?a=b&ssl=verify-full", "postgresql://h/d?a=b&sslmode=verify-full"),
        ("postgresql://postgres@/em?host=/tmp/x", "postgresql://postgres@/em?host=/tmp/x"),
    ] {
        let url = good(&[("DATABASE_URL", given)]).database_url.expect("set");
        assert_eq!(url.expose_secret(), read);
    }
    for other in ["mysql://h/d", "h/d", "postgresql://", "sqlite:///x"] {
        let line = development(&[("DATABASE_URL", other)]).expect_err(other)[0].to_string();
        assert!(line.starts_with("DATABASE_URL: got a value that is not shown, takes postgresql://"), "{line}");
    }
}

#[test]
fn a_value_may_come_from_the_file_that_its_twin_names() {
    let path = std::env::temp_dir().join(format!("em-setting-{}", uuid::Uuid::new_v4()));
    std::fs::write(&path, format!("{GOOD_KEY}\n")).expect("written");
    let file = path.to_str().expect("a path");
    let read = good(&[("JWT_SECRET_KEY_FILE", file)]).auth.jwt_secret.expect("set");
    let both = development(&[("JWT_SECRET_KEY_FILE", file), ("JWT_SECRET_KEY", "x")]).expect_err("both");
    std::fs::remove_file(&path).expect("removed");
    let gone = development(&[("JWT_SECRET_KEY_FILE", file)]).expect_err("no file");
    assert_eq!(read.expose_secret(), GOOD_KEY);
    assert_eq!(
        both[0].to_string(),
        "JWT_SECRET_KEY: got both JWT_SECRET_KEY and JWT_SECRET_KEY_FILE, takes only one of the two"
    );
    assert_eq!(gone[0].name, "JWT_SECRET_KEY_FILE");
}

#[test]
fn an_empty_value_is_no_value_except_where_it_means_none() {
    assert_eq!(good(&[("PORT", ""), ("INCIDENT_LABELS", " ")]).port, 8000);
    assert_eq!(good(&[("WEBHOOKS_ALLOW_UNSIGNED", "")]).sources.unsigned, Unsigned::None);
}

#[test]
fn secrets_rotate_in_a_comma_list_and_a_source_with_a_secret_is_never_unsigned() {
    let settings = good(&[("GITHUB_WEBHOOK_SECRET", "new, old,"), ("WEBHOOKS_ALLOW_UNSIGNED", "*")]);
    let live: Vec<_> = settings.sources.secrets("github").iter().map(|one| one.expose_secret().to_owned()).collect();
    assert_eq!(live, ["new", "old"]);
    assert!(!settings.sources.allows_unsigned("github"));
    assert!(settings.sources.allows_unsigned("generic"));
    assert!(settings.sources.secrets("generic").is_empty());
}

#[test]
fn a_source_is_turned_off_by_name() {
    let settings = good(&[("INTEGRATIONS_GENERIC_ENABLED", "false")]);
    assert!(settings.sources.enabled("github") && !settings.sources.enabled("generic"));
}

#[test]
fn lists_are_written_with_commas_or_as_json() {
    for written in ["a, b", r#"["a","b"]"#] {
        assert_eq!(good(&[("PRODUCTION_PATTERNS", written)]).rules.production_patterns, ["a", "b"]);
    }
}

#[test]
fn a_misspelt_name_is_warned_about_with_the_nearest_known_one() {
    let (_, warnings) = development(&[
        ("RATE_LIMIT_PER_MINUTE", "5"),
        ("GITUB_WEBHOOK_SECRET", "x"),
        ("AGENT_SOMETHING_ELSE_ALTOGETHER", "x"),
        ("GITHUB_WEBHOOK_SECRET_FILE", ""),
        ("OUR_OWN_TOOL_WEBHOOK_SECRET", "x"),
        ("OTEL_SDK_DISABLED", "true"),
        ("DATABASE_URI", "x"),
        ("PATHS", "x"),
        ("HOME", "/"),
    ])
    .expect("only warnings");
    let lines: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(
        lines,
        [
            "AGENT_SOMETHING_ELSE_ALTOGETHER is not a setting of this version",
            "DATABASE_URI is not a setting of this version; did you mean DATABASE_URL?",
            "GITUB_WEBHOOK_SECRET is not a setting of this version; did you mean GITHUB_WEBHOOK_SECRET?",
            "OUR_OWN_TOOL_WEBHOOK_SECRET: there is no source 'our_own_tool' now, built in or as a plugin",
            "RATE_LIMIT_PER_MINUTE is not a setting of this version; did you mean RATE_LIMIT_PER_MIN?",
        ]
    );
}

#[test]
fn production_refuses_what_is_weak_missing_or_open() {
    let same_letter = "a".repeat(64);
    for (name, value) in [
        ("AUTH_ENABLED", "false"),
        ("JWT_SECRET_KEY", ""),
        ("JWT_SECRET_KEY", &GOOD_KEY[..31]),
        ("JWT_SECRET_KEY", &same_letter),
        ("AGENT_ADMIN_KEY", "short"),
        ("CORS_ALLOW_ORIGINS", "https://a.example, *"),
        ("CORS_ALLOW_ORIGINS", "https://*.example"),
        ("WEBHOOKS_ALLOW_UNSIGNED", "github"),
        ("WEBHOOKS_ALLOW_UNSIGNED", "*"),
        ("SLACK_API_URL", "http://slack.example/api/"),
    ] {
        let bad = production(&[(name, value)]).expect_err(name);
        assert_eq!(bad.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [name]);
        let line = bad[0].to_string();
        assert!(line.ends_with("(ENV is production)") && !line.contains("aaaa") && !line.contains("short"), "{line}");
    }
    production(&[("AGENT_ADMIN_KEY", &GOOD_KEY[..16]), ("CORS_ALLOW_ORIGINS", "https://a.example")]).expect("accepted");
}

#[test]
fn secrets_are_in_no_debug_text_and_no_shown_value() {
    let secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
    let key = "hunter2hunter2hunter2hunter2hunter2a";
    let settings = good(&[
        ("DATABASE_URL", &format!("postgresql://u:{secret}@h/d")),
        ("NATS_URL", &format!("nats://u:{secret}@h:4222")),
        ("JWT_SECRET_KEY", secret),
        ("AGENT_ADMIN_KEY", secret),
        ("GITHUB_WEBHOOK_SECRET", secret),
        ("SLACK_BOT_TOKEN", secret),
        ("GITHUB_APP_ID", "12345"),
        (
            "GITHUB_APP_PRIVATE_KEY",
            &format!("-----BEGIN RSA PRIVATE KEY-----\n{secret}\n-----END RSA PRIVATE KEY-----"),
        ),
        ("PAGERDUTY_ROUTING_KEY", secret),
        ("OUTGOING_WEBHOOK_SECRETS", &format!("whsec_{key}, whsec_{key}")),
        ("SLACK_WEBHOOK_URL", &format!("https://hooks.slack.com/services/{secret}")),
        ("OTEL_EXPORTER_OTLP_HEADERS", &format!("authorization={secret}")),
    ]);
    assert!(!format!("{settings:?}").contains("hunter2"));
    for setting in SETTINGS {
        assert!(!(setting.show)(&settings).contains("hunter2"), "{}", setting.name);
    }
}

#[test]
fn what_jobs_act_with_is_taken_as_a_whole() {
    let settings = good(&[
        ("GITHUB_APP_ID", "12345"),
        ("GITHUB_APP_PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----\\nabc\\n-----END RSA PRIVATE KEY-----"),
        ("WEBHOOKS_ALLOW_NETWORKS", "10.1.0.0/16, fd00::/8,192.0.2.7"),
    ]);
    let app = settings.actions.github_app.expect("an app");
    assert_eq!((app.id.as_str(), app.private_key.expose_secret().lines().count()), ("12345", 3));
    assert_eq!(settings.actions.inside, ["10.1.0.0/16", "fd00::/8", "192.0.2.7"]);
    for (name, value) in [("GITHUB_APP_PRIVATE_KEY", "hunter2"), ("OUTGOING_WEBHOOK_SECRETS", "hunter2")] {
        let bad = development(&[(name, value)]).expect_err(name);
        assert!(bad.len() == 1 && bad[0].name == name && !bad[0].to_string().contains("hunter2"), "{bad:?}");
    }
}

#[test]
fn the_table_holds_exactly_what_is_read() {
    // Where WEBHOOKS_ALLOW_UNSIGNED is absent in development it is not read: it is there in this one.
    let variables = variables(&[("WEBHOOKS_ALLOW_UNSIGNED", "")]);
    let mut reader = Reader::new(&variables);
    Settings::assemble(&mut reader, &["x", "slack"], Env::Development);
    let mut read: BTreeSet<String> = reader.asked().clone();
    assert!(read.remove("INTEGRATIONS_SLACK_ENABLED"), "a source's switch");
    let listed: BTreeSet<String> = SETTINGS.iter().map(|setting| setting.name.replace(SOURCE, "X")).collect();
    assert_eq!(read, listed);
}
