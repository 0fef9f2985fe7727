//! Texts that mean harm, shown as digests in every way that there is: nothing of them acts where it is shown.

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::digests::{About, Digest, Item, Kind, Number, Section, Severity};
use domain::inert::is_unseen;
use serde::Deserialize;
use serde_json::Value;
use show::digests::{brief, data, markdown, series, text};
use store::digests::kept::Kept;
use uuid::Uuid;

#[derive(Deserialize)]
struct File {
    text: Vec<Hostile>,
}

/// One text; what a model that obeys it would say is shown too.
#[derive(Deserialize)]
struct Hostile {
    name: String,
    text: String,
    says: String,
}

/// Of our own: what a terminal, a table, Markdown and Slack act on.
const MORE: [(&str, &str); 10] = [
    ("formula", "=HYPERLINK(\"https://evil.example\",\"x\")"),
    ("plus", "+1+cmd|' /C calc'!A0"),
    ("at", "@SUM(1+1)"),
    ("dash", "-2+3"),
    ("terminal", "\u{1b}[31mred\u{1b}[0m \u{1b}]8;;https://evil.example\u{7}x\u{1b}]8;;\u{7} \u{9b}1m"),
    ("bidi", "a\u{202e}b\u{2066}c\u{200f}d\u{feff}e\u{200b}f\u{e0041}"),
    ("slack", "<!channel> <@U0ADA00001> <#C1|x> <https://evil.example|Open> &lt;!here&gt; @here"),
    ("markdown", "](https://evil.example) ![i](https://evil.example/p.png) [x]: https://evil.example\n# head\n1. one"),
    ("html", "<img src=x onerror=alert(1)><script>alert(1)</script> &#60;b&#62; www.evil.example"),
    ("code", "`a` ```b``` ~~c~~ *d* _e_ | f | > g"),
];

fn corpus() -> Vec<(String, String)> {
    let file = include_str!("../../summaries/hostile/texts.toml");
    let file: File = toml::from_str(file).expect("the texts");
    assert!(file.text.len() > 50);
    let both = |one: Hostile| [(one.name.clone(), one.text), (one.name, one.says)];
    let more = MORE.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    file.text.into_iter().flat_map(both).chain(more).collect()
}

/// A digest that says it everywhere, with addresses made of it.
fn kept(hostile: &str, by_model: bool) -> Kept {
    let item = |number: u128| Item {
        text: hostile.to_owned(),
        event_ids: vec![Uuid::from_u128(number)],
        severity: Severity::Warn,
    };
    let number = Number {
        name: "lead_time".to_owned(),
        value: 60.0,
        previous: None,
        unit: "seconds".to_owned(),
        source: "metric:lead_time:2026-11-20".to_owned(),
    };
    let addresses = [hostile.to_owned(), format!("https://a.example/{hostile}"), format!("javascript:{hostile}")];
    Kept {
        id: Uuid::from_u128(7),
        kind: Kind::Weekly,
        subject: Some(hostile.to_owned()),
        from: DateTime::UNIX_EPOCH,
        to: DateTime::UNIX_EPOCH,
        digest: Digest {
            headline: hostile.to_owned(),
            sections: vec![Section { about: About::Risk, items: (1..=3).map(item).collect() }],
            numbers: vec![number],
        },
        links: (1..).map(Uuid::from_u128).zip(addresses).collect::<BTreeMap<_, _>>(),
        events: 3,
        generated_by: if by_model { "model" } else { "rules" }.to_owned(),
        why: (!by_model).then(|| hostile.to_owned()),
        model: by_model.then(|| hostile.to_owned()),
        prompt: Some("digest/1".to_owned()),
        input_tokens: 0,
        output_tokens: 0,
        cost_micro_usd: 0,
        made_at: DateTime::UNIX_EPOCH,
        made_by: "ada".to_owned(),
        schedule_id: None,
    }
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(all) => all.iter().flat_map(strings).collect(),
        Value::Object(all) => all.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// Characters that nobody sees, but for line breaks.
fn hidden(text: &str) -> bool {
    text.chars().any(|one| one != '\n' && !matches!(one, '\u{fe0f}' | '\u{200d}') && is_unseen(one))
}

/// What Slack would do with a text of markup: only dates and the links that we make may stand in it.
fn acts_in_slack(text: &str) -> Option<String> {
    for piece in text.split('<').skip(1) {
        let inside = piece.split('>').next().unwrap_or_default();
        let is_ours = inside.starts_with("!date^0^{") || inside.starts_with("https://a.example/") || is_own(inside);
        if !is_ours || !piece.contains('>') {
            return Some(format!("<{inside}>"));
        }
    }
    hidden(text).then(|| "hidden characters".to_owned())
}

/// An address that the facts have is linked, and says `Open`, never the text of an item.
fn is_own(inside: &str) -> bool {
    inside.starts_with("https://") && inside.ends_with("|Open") && inside.matches('|').count() == 1
}

/// What a reader of Markdown would do with it.
fn acts_in_markdown(text: &str) -> Option<String> {
    // Behind what is escaped nothing acts.
    let mut bare = String::new();
    let mut all = text.chars();
    while let Some(one) = all.next() {
        if one == '\\' {
            all.next();
            bare.push('x');
        } else {
            bare.push(one);
        }
    }
    let ours = bare.split("([open](<").map(|piece| piece.split_once(">))").map_or(piece, |(_, after)| after));
    let rest: Vec<&str> = bare.split("([open](<").take(1).chain(ours.skip(1)).collect();
    let rest = rest.join("");
    let signs = ["](", "![", "<", "://", "`", "]:", "www.", "@", "~~"];
    let found = signs.iter().find(|sign| rest.contains(**sign)).map(|sign| format!("{sign} in {rest}"));
    let begins = |line: &&str| line.starts_with("# ") || line.starts_with("> ") || line.starts_with("1.");
    found
        .or_else(|| rest.lines().find(begins).map(str::to_owned))
        .or_else(|| hidden(text).then(|| "hidden characters".to_owned()))
}

#[test]
fn nothing_acts_in_slack() {
    for (name, hostile) in corpus() {
        for kept in [kept(&hostile, true), kept(&hostile, false)] {
            let messages: Vec<Value> = series(&kept)
                .iter()
                .chain([&brief(&kept)])
                .map(|one| serde_json::to_value(one).expect("JSON"))
                .collect();
            for message in messages {
                for block in message["blocks"].as_array().expect("blocks") {
                    // Headers and buttons are plain: Slack reads nothing into them.
                    let is_plain = block["text"]["type"] == "plain_text" || block["type"] == "actions";
                    let texts = strings(block);
                    let acts = texts.iter().find_map(|text| if is_plain { None } else { acts_in_slack(text) });
                    assert_eq!(acts, None, "{name}: {block}");
                    assert!(!texts.iter().any(|text| hidden(text)), "{name}: {block}");
                }
                let told = message["text"].as_str().expect("a text");
                assert_eq!(acts_in_slack(told), None, "{name}: {told}");
            }
        }
    }
}

#[test]
fn nothing_acts_in_markdown() {
    for (name, hostile) in corpus() {
        for kept in [kept(&hostile, true), kept(&hostile, false)] {
            let shown = markdown(&kept);
            assert_eq!(acts_in_markdown(&shown), None, "{name}: {shown}");
        }
    }
}

#[test]
fn nothing_acts_in_text_and_in_data() {
    for (name, hostile) in corpus() {
        for kept in [kept(&hostile, true), kept(&hostile, false)] {
            let (text, data) = (text(&kept), data(&kept));
            assert!(!hidden(&text), "{name}: {text:?}");
            let formula = |line: &&str| line.starts_with(['=', '+', '-', '@', '\t', '\r']);
            assert_eq!(text.lines().find(formula), None, "{name}");
            for one in strings(&data) {
                assert!(!hidden(one), "{name}: {one:?}");
            }
        }
    }
}
