//! `em-agent check` and how bad settings are told: by exit code, on the right stream, without secrets.

mod running;

use running::{em_agent, text};

#[test]
fn with_nothing_set_development_is_complete_and_every_setting_is_shown() {
    let output = em_agent(&["check", "--json"], &[("ENV", "development"), ("JWT_SECRET_KEY", "hunter2")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["settings"]["PORT"], "8000");
    assert_eq!(answer["settings"]["JWT_SECRET_KEY"], "set");
    let shown = answer["settings"].as_object().expect("an object");
    assert_eq!(shown.len(), boot::settings::SETTINGS.len());
    assert!(!text(&output.stdout).contains("hunter2"));
}

#[test]
fn what_is_missing_is_said_with_what_mends_it() {
    let variables =
        [("ENV", "development"), ("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/d"), ("EM_NATS_BIN", "/nowhere")];
    let output = em_agent(&["check"], &variables);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said.matches("BROKEN").count(), 2, "{said}");
    assert!(
        said.contains("mend: start the server, or set DATABASE_URL") && said.contains("EM_NATS_BIN is /nowhere"),
        "{said}"
    );
    assert!(!said.contains("hunter2") && !text(&output.stderr).contains("hunter2"));
}

#[test]
fn who_is_asked_for_what_is_told_and_what_has_no_price_is_broken() {
    let own = [
        ("ENV", "development"),
        ("AGENT_LLM_ENABLED", "true"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1"),
        ("OPENAI_MODEL", "house"),
    ];
    let output = em_agent(&["check"], &own);
    let said = text(&output.stdout);
    assert!(
        said.contains("BROKEN models: nobody knows what house costs") && said.contains("mend: AGENT_MODEL_PRICES"),
        "{said}"
    );
    let priced =
        [own.as_slice(), &[("AGENT_MODEL_PRICES", "house=0/0"), ("OPENAI_FAILOVER_MODEL", "gpt-4.1")]].concat();
    let said = text(&em_agent(&["check"], &priced).stdout);
    assert!(said.contains("models: digest: openai/house, then openai/gpt-4.1; extract: openai/house"), "{said}");
}

#[test]
fn bad_settings_end_every_command_with_a_line_each_and_code_2() {
    for command in ["check", "gateway", "up"] {
        let output = em_agent(&[command], &[("ENV", "development"), ("PORT", "http"), ("LOG_FORMAT", "xml")]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert_eq!(
            text(&output.stderr),
            "em-agent: PORT: got 'http', takes a whole number from 0 to 65535\n\
             em-agent: LOG_FORMAT: got 'xml', takes json or pretty\n"
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_gateway_without_anything_set_is_production_and_refused() {
    let output = em_agent(&["gateway"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("em-agent: JWT_SECRET_KEY: got nothing, takes 32 random bytes"));
}

#[test]
fn a_weak_secret_in_production_is_one_line_that_names_the_variable_and_not_the_secret() {
    let good = "k7Qz2mXv9RtBn4Wc8LpFy3Hd6Js1Ga5E";
    for (name, weak) in [("JWT_SECRET_KEY", "changeme"), ("AGENT_ADMIN_KEY", "aaaaaaaaaaaaaaaaaaaaaaaa")] {
        let variables = [("ENV", "production"), ("JWT_SECRET_KEY", good), (name, weak)];
        for command in ["gateway", "worker"] {
            let output = em_agent(&[command], &variables);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{command}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(said.starts_with(&format!("em-agent: {name}: got ")) && !said.contains(weak), "{said}");
            assert!(output.stdout.is_empty());
        }
    }
}

#[test]
fn a_gateway_needs_its_urls() {
    let output = em_agent(&["gateway"], &[("ENV", "development")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("em-agent: DATABASE_URL: got nothing"), "{}", text(&output.stderr));
}

#[test]
fn a_path_that_is_no_good_is_told_by_who_opens_it_with_the_name_of_its_setting() {
    let away =
        [("ENV", "development"), ("DATABASE_URL", "postgresql://127.0.0.1:1/d"), ("NATS_URL", "nats://127.0.0.1:1")];
    for (command, name, path, code) in [
        ("gateway", "POLICY_PATH", "/nowhere", 2),
        ("worker", "POLICY_PATH", "/etc/hostname", 2),
        ("gateway", "RULES_PATH", "/nowhere", 2),
        ("worker", "RULES_PATH", "/", 2),
        ("gateway", "NATS_CREDS_FILE", "/nowhere", 2),
        ("worker", "NATS_CREDS_FILE", "/etc/hostname", 2),
    ] {
        let output = em_agent(&[command], &[away.as_slice(), &[(name, path)]].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{command}: {said}");
        assert!(said.contains(&format!("em-agent: {name}: ")) && said.contains(path), "{said}");
    }
    let output = em_agent(&["up"], &[("ENV", "development"), ("DATA_DIR", "/proc/nowhere")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("DATA_DIR is /proc/nowhere, which cannot be made"),
        "{}",
        text(&output.stderr)
    );
    let output = em_agent(&["check"], &[("ENV", "development"), ("EM_PG_BIN", "/nowhere")]);
    assert!(text(&output.stdout).contains("EM_PG_BIN is /nowhere"), "{}", text(&output.stdout));
    let output = em_agent(&["check"], &[("ENV", "development"), ("PLUGINS_DIR", "/etc/hostname")]);
    assert!(text(&output.stdout).contains("BROKEN plugins: PLUGINS_DIR is no folder"), "{}", text(&output.stdout));
    let output = em_agent(&["check"], &[("ENV", "development"), ("RULES_PATH", "/nowhere")]);
    assert!(text(&output.stdout).contains("BROKEN documents: RULES_PATH: cannot read /nowhere"));
}

#[test]
fn a_misspelt_setting_is_warned_about() {
    let output = em_agent(&["check"], &[("ENV", "development"), ("RATE_LIMIT_PER_MINUTE", "5")]);
    assert!(text(&output.stderr).contains("did you mean RATE_LIMIT_PER_MIN?"));
}

#[test]
fn wrong_usage_is_code_2_and_help_has_examples() {
    assert_eq!(em_agent(&["fly"], &[]).status.code(), Some(2));
    assert_eq!(em_agent(&["token"], &[]).status.code(), Some(2));
    for command in ["up", "send", "token", "replay", "renormalize", "retention", "migrate", "check"] {
        let help = text(&em_agent(&[command, "--help"], &[]).stdout);
        assert!(help.contains("Example"), "{command}: {help}");
    }
}

#[test]
fn a_token_is_the_only_thing_on_standard_output() {
    let output = em_agent(&["token", "--role", "viewer"], &[("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef")]);
    let token = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(token.trim_end().split('.').count(), 3, "{token}");
    assert_eq!(em_agent(&["token", "--role", "viewer"], &[]).status.code(), Some(2), "without a key there is no token");
}

#[test]
fn a_gateway_is_named_by_a_whole_url() {
    for arguments in [
        &["send", "github", "push", "--to", "localhost:8000"][..],
        &["replay", "--from", "2026-11-20", "--to", "2026-11-21", "--url", "localhost:8000"],
    ] {
        let output = em_agent(arguments, &[("ENV", "development")]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("takes a URL like http://localhost:8000"), "{}", text(&output.stderr));
    }
}
