//! Settings of models as an operator meets them.

use super::*;
use crate::settings::{Env, Settings};

fn read(pairs: &[(&str, &str)]) -> Result<ModelSettings, Vec<String>> {
    let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let read = Settings::read(&variables, &[], Env::Development);
    read.map(|(settings, _)| settings.models).map_err(|bad| bad.iter().map(ToString::to_string).collect())
}

#[test]
fn without_settings_no_model_is_asked() {
    let settings = read(&[]).expect("good settings");
    assert!(!settings.enabled && settings.model.is_none() && settings.embedding_model.is_none());
    assert_eq!((settings.session_budget_micro_usd, settings.daily_budget_micro_usd), (750_000, 50_000_000));
}

#[test]
fn models_that_are_on_need_somebody_to_ask() {
    let bad = read(&[("AGENT_LLM_ENABLED", "true")]).expect_err("nobody can be asked");
    assert!(bad[0].contains("AGENT_LLM_ENABLED") && bad[0].contains("OPENAI_API_KEY"), "{bad:?}");
    let bad = read(&[("AGENT_LLM_ENABLED", "true"), ("OPENAI_API_KEY", "sk-x"), ("OPENAI_MODEL", "claude-opus-4-1")]);
    assert!(bad.expect_err("no key of Anthropic's")[0].contains("ANTHROPIC_API_KEY"));
    let own = [
        ("AGENT_LLM_ENABLED", "true"),
        ("OPENAI_BASE_URL", "http://localhost:11434/v1/"),
        ("OPENAI_MODEL", "llama3.2:3b"),
    ];
    let settings = read(&own).expect("a server of one's own needs no key");
    assert_eq!(settings.openai.url, "http://localhost:11434/v1");
    assert!(settings.embedding_model.is_none());
}

#[test]
fn the_name_of_a_model_chooses_who_is_asked() {
    let cases = [
        ("gpt-4.1", Provider::OpenAi, "gpt-4.1"),
        ("claude-sonnet-4-5", Provider::Anthropic, "claude-sonnet-4-5"),
        ("gemini-2.5-flash", Provider::Gemini, "gemini-2.5-flash"),
        ("openai/claude-sonnet-4-5", Provider::OpenAi, "claude-sonnet-4-5"),
        ("openai/anthropic/claude-sonnet-4.5", Provider::OpenAi, "anthropic/claude-sonnet-4.5"),
        ("meta-llama/Llama-3.1-8B-Instruct", Provider::OpenAi, "meta-llama/Llama-3.1-8B-Instruct"),
    ];
    for (text, provider, name) in cases {
        assert_eq!(ModelName::read(text), Some(ModelName { provider, name: name.to_owned() }), "{text}");
    }
    assert_eq!(ModelName::read("a model"), None);
    let gemini = read(&[("AGENT_LLM_ENABLED", "true"), ("AGENT_GEMINI_API_KEY", "k")]).expect("good settings");
    assert_eq!(gemini.model.expect("a model").name, "gemini-2.5-flash");
}

#[test]
fn money_is_read_to_the_millionth_and_written_back() {
    let cases = [
        ("50", 50_000_000, "50.00"),
        ("0.75", 750_000, "0.75"),
        ("0.000001", 1, "0.000001"),
        ("1.5", 1_500_000, "1.50"),
    ];
    for (text, amount, written) in cases {
        assert_eq!((micro_usd(text), usd(amount).as_str()), (Some(amount), written));
    }
    for text in ["", "-1", "1e3", ".5", "0.0000001", "1,5", "99999999"] {
        assert_eq!(micro_usd(text), None, "{text}");
    }
}

#[test]
fn prices_and_caps_say_what_they_are_of() {
    let settings = read(&[
        ("AGENT_MODEL_PRICES", "llama3.2:3b=0/0, house=1.25/10/0.125"),
        ("AGENT_BUDGETS", "tenant/day=10usd, purpose:digest/month=5usd,tenant:acme/day=2000000tokens,session=0.5usd"),
    ])
    .expect("good settings");
    assert_eq!(
        settings.prices[1],
        Price { model: "house".to_owned(), input: 1_250_000, output: 10_000_000, cached: 125_000 }
    );
    let last = Cap { whose: Whose::Session, period: Period::Ever, unit: Unit::Usd, most: 500_000 };
    assert_eq!((settings.caps.len(), &settings.caps[3]), (4, &last));
    for bad in
        ["tenant=1usd", "session/day=1usd", "purpose:lunch/day=1usd", "tenant/week=1usd", "tenant/day=1", "x/day=1usd"]
    {
        assert!(read(&[("AGENT_BUDGETS", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn keys_are_never_part_of_the_debug_text() {
    let settings = read(&[("OPENAI_API_KEY", "sk-very-secret"), ("AGENT_LLM_ENABLED", "true")]).expect("good settings");
    assert!(!format!("{settings:?}").contains("very-secret"));
}
