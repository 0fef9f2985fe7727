//! What conditions mean, and that nothing one can write gets out of hand.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::policy::Input;

fn input(facts: Value) -> Input {
    Input {
        kind: "deploy".to_owned(),
        environment: Some("production".to_owned()),
        now: "2026-11-20T16:30:00Z".parse().ok(),
        facts: facts.as_object().expect("an object").clone(),
        ..Input::default()
    }
}

fn evaluate(condition: &str, facts: Value) -> Result<bool, String> {
    let mut patterns = Patterns::new();
    let condition = on_a_large_stack(|| Condition::compile(condition, &mut patterns)).expect("a thread")?;
    let ground = Ground::new(&input(facts), &Arc::new(patterns))?;
    holds(&condition.evaluate(&ground))
}

#[test]
fn conditions_are_cel() {
    let facts = json!({
        "lines": 512, "ratio": 0.5, "big": u64::MAX, "labels": ["risky", "db"], "paths": ["docs/a.md", "docs/b.md"],
        "title": "SHOP-12 new cart", "change": {"author": "ada"}, "none": null, "n": [1, 2, 3]
    });
    for (condition, expected) in [
        ("facts.lines > 400", true),
        ("facts.lines > 512.5", false),
        ("facts.ratio < 1 && facts.ratio == 0.5", true),
        ("facts.big > 5u", true),
        ("'risky' in facts.labels", true),
        ("facts.labels.exists(l, l == 'db') && facts.paths.all(p, p.startsWith('docs/'))", true),
        ("facts.labels.exists_one(l, l == 'db')", true),
        ("facts.paths.filter(p, p.endsWith('b.md')).size() == 1", true),
        ("facts.n.map(x, x + 1) == [2, 3, 4]", true),
        ("facts.n.map(x, x > 1, x * 2) == [4, 6]", true),
        ("facts.n.all(x, facts.n.exists(y, x == y))", true),
        ("has(facts.lines) && !has(facts.color)", true),
        ("facts.?color.orValue('red') == 'red'", true),
        ("facts.change.author + '!' == 'ada!'", true),
        ("facts.title.matches('^[A-Z]+-[0-9]+ ')", true),
        ("matches(facts.title, 'cart$')", true),
        ("has(facts.environment) && facts.environment == environment && !has(facts.team)", true),
        ("kind == 'deploy' && environment == 'production'", true),
        ("now.getDayOfWeek('Europe/Berlin') == 5 && now.getHours('Europe/Berlin') >= 17", true),
        ("now < timestamp('2026-12-01T00:00:00Z') && now - duration('1h') < now", true),
        ("kind == 'deploy' ? facts.lines > 1000 : true", false),
        ("facts.none == null", true),
        ("type(facts.lines) == int", true),
        ("{'a': facts.lines}.a == 512 && [facts.lines][0] == 512", true),
    ] {
        assert_eq!(evaluate(condition, facts.clone()), Ok(expected), "{condition}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_an_error_unless_something_else_is_false() {
    for (condition, part) in [
        ("facts.lines > 1", "`lines` is missing"),
        ("team == 'core'", "`team` is not known here"),
        ("facts.text > 1", "does not take"),
        ("facts.text", "neither true nor false"),
        ("facts.text.size() / 0 == 1", "divides by zero"),
        ("9223372036854775807 + facts.one > 0", "too large"),
        ("-9223372036854775808 / (0 - facts.one) > 0", "too large"),
        ("facts.text[3] == 'a'", "cannot be evaluated"),
        ("facts.list[7] == 1", "no such item"),
        ("int(facts.text) > 1", "cannot be evaluated"),
        ("duration(facts.text) > duration('1s')", "cannot be evaluated"),
        ("now.getHours(facts.text) > 1", "cannot be evaluated"),
        ("kind == 'deploy' && facts.lines > 1 && true", "`facts.lines > 1` cannot be evaluated"),
        ("facts.list.all(x, x.size() > 0)", "cannot be evaluated"),
    ] {
        let error = evaluate(condition, json!({"text": "x", "one": 1, "list": [1]})).expect_err(condition);
        assert!(error.contains(part), "{condition}: {error}");
    }
    assert_eq!(evaluate("facts.lines > 1 && kind == 'label'", json!({})), Ok(false));
    assert_eq!(evaluate("(facts.lines > 1 || kind == 'deploy') && true", json!({})), Ok(true));
}

#[test]
fn mistakes_are_told_when_the_document_is_read() {
    for (condition, part) in [
        ("facts.lines >", "line 1, column"),
        (
            "kind ==\n  'deploy' && enviroment == 'x'",
            "line 2, column 15: `enviroment` is no known name; did you mean `environment`?",
        ),
        ("facts.title.startswith('x')", "did you mean `startsWith`?"),
        ("facts.title.lowerAscii() == 'x'", "`lowerAscii` is no known function"),
        ("facts.list.exists(x)", "`exists` is no known function"),
        ("facts.list.all(x, y > 1)", "`y` is no known name"),
        ("facts.title.matches(facts.pattern)", "stands in the condition"),
        ("facts.title.matches('(')", "unclosed group"),
        ("facts.title.matches('(\\\\w{100}){100}')", "repeat less"),
        ("Point{x: 1} == 1", "no type `Point`"),
        ("", "line 1"),
        ("@go(1)", "line 1"),
        ("1 && (2", "line 1"),
    ] {
        let error = evaluate(condition, json!({})).expect_err(condition);
        assert!(error.contains(part), "{condition}: {error}");
    }
}

/// The deepest texts that are taken at all, evaluated on half of the stack that threads of ours have.
#[test]
fn depth_is_bounded() {
    let nested = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    let run = move || {
        for times in [5, 8, 9, 10, 12, 16, 17, 18, 19, 20, 24, 25, 26, 27, 28, 40, 95, 190, 399, 1000, 100_000] {
            for condition in [
                nested("(", "true", ")", times),
                nested("[", "", "]", times) + ".size() == 0",
                nested("!", "true", "", times),
                nested("-", "1", "", times) + " > 0",
                nested("", "1", "+1", times) + " > 0",
                nested("", "facts", ".a", times) + " > 0",
                nested("", "facts", "[0]", times) + " > 0",
                nested("true ? true : ", "true", "", times),
                nested("true ? (", "true", ") : true", times),
                nested("", "true", " && true", times),
                nested("", "true", " || false", times),
                nested("size(", "[]", ")", times) + " == 0",
                nested("[1].all(a, ", "true", ")", times),
                nested("{'a': ", "1", "}", times) + " == 1",
                nested("", "'a'", ".startsWith('a')", times),
                nested("", "1", " == 1", times),
            ] {
                let facts = (0..30).fold(json!(1), |inner, _| json!({"a": inner}));
                let _ = evaluate(&condition, facts);
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run).expect("a thread");
    thread.join().expect("no panic, and no overflow of the stack");
}

#[test]
fn work_is_bounded() {
    let many: Vec<u32> = (0..2000).collect();
    let facts = json!({"n": many, "text": "x".repeat(20_000)});
    for condition in [
        "facts.n.all(a, facts.n.all(b, facts.n.all(c, a + b + c >= 0)))",
        "facts.n.exists(a, facts.n.exists(b, a * b < 0))",
        "facts.n.map(a, facts.n.map(b, a)).size() > 0",
        "facts.n.filter(a, facts.n.filter(b, a == b).size() > 2).size() > 0",
        "facts.n.exists_one(a, facts.n.exists_one(b, a == b))",
        "facts.n.exists(a, facts.text.matches('(x+)+y'))",
    ] {
        let error = evaluate(condition, facts.clone()).expect_err(condition);
        assert!(error.contains("too many steps"), "{condition}: {error}");
    }
    for growing in [".map(a, a + a)", ".map(a, [a, a])", ".map(a, {'l': a, 'r': a})", ".map(a, [a] + [a])"] {
        let condition = format!("[facts.text]{}.size() > 0", growing.repeat(9));
        let error = evaluate(&condition, facts.clone()).expect_err(growing);
        assert!(error.contains("too many steps"), "{condition}: {error}");
    }
    assert_eq!(evaluate("facts.n.all(a, facts.n[0] <= a)", facts), Ok(true));
    let error = evaluate("true", json!({"text": "x".repeat(70_000)})).expect_err("too large");
    assert!(error.contains("larger than"), "{error}");
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    assert!(evaluate("true", json!({"deep": deep})).expect_err("too deep").contains("deep"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_panics(text in "[ -~]{0,40}", words in proptest::collection::vec(
        proptest::sample::select(vec![
            "facts", ".", "a", "(", ")", "[", "]", "{", "}", "&&", "||", "!", "-", "+", "?", ":", "1", "'x'", "has(facts.a)",
            "==", "in", ".all(x, x)", "now", "b'\\xff'", "''' '''", "r'\\'", ",", "0u", "1.5", "@", "\\", "ü", ".?a",
        ]), 0..12)) {
        let facts = json!({"a": [1, "x", null, {"b": 1.5}]});
        let _ = evaluate(&text, facts.clone());
        let _ = evaluate(&words.concat(), facts);
    }
}
