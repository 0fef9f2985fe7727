//! Slack's limits, at the limit, one below and one above, in Latin, Chinese and emoji; and whatever else is said.

use proptest::prelude::*;
use serde_json::Value;
use slack::blocks::{Block, Button, Confirm, Mrkdwn, Plain};
use slack::fit::{self, Message};
use slack::text::width;

/// A text of that width in one kind of character.
fn filled(letter: char, wanted: usize) -> String {
    let mut text: String = std::iter::repeat_n(letter, wanted / letter.len_utf16()).collect();
    text.extend(std::iter::repeat_n('x', wanted - width(&text)));
    text
}

fn json(message: &Message) -> Value {
    serde_json::to_value(message).expect("JSON")
}

fn confirm(text: String) -> Confirm {
    Confirm { title: Plain::new("t"), text: Mrkdwn(text), confirm: Plain::new("c"), deny: Plain::new("d"), style: None }
}

/// Where a text is cut: its limit, a block that holds it, and where it is found in the message.
type Place = (&'static str, usize, fn(String) -> Block, &'static str);

const PLACES: &[Place] = &[
    ("header", fit::HEADER, |text| Block::header(text), "/blocks/0/text/text"),
    ("section", fit::SECTION, |text| Block::section(text), "/blocks/0/text/text"),
    ("field", fit::FIELD, |text| Block::fields(vec![text]), "/blocks/0/fields/0/text"),
    ("context", fit::CONTEXT_TEXT, |text| Block::context(text), "/blocks/0/elements/0/text"),
    (
        "button",
        fit::BUTTON_TEXT,
        |text| Block::actions("b", vec![Button::new("a", text, "v")]),
        "/blocks/0/elements/0/text/text",
    ),
    (
        "confirm",
        fit::CONFIRM_TEXT,
        |text| Block::actions("b", vec![Button::new("a", "t", "v").confirmed(confirm(text))]),
        "/blocks/0/elements/0/confirm/text/text",
    ),
];

#[test]
fn texts_are_whole_up_to_their_limit_and_end_in_dots_beyond() {
    for (name, limit, block, pointer) in PLACES {
        for letter in ['a', '日', '😀'] {
            for wanted in [limit - 1, *limit, limit + 1, limit * 2] {
                let text = filled(letter, wanted);
                let made = json(&Message::new("t", vec![block(text.clone())], None));
                let shown = made.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                if wanted <= *limit {
                    assert_eq!(shown, text, "{name} of {wanted} {letter}");
                } else {
                    assert!(shown.ends_with('…') && width(shown) <= *limit, "{name} of {wanted} {letter}");
                    assert!(width(shown) >= limit - 2, "{name} of {wanted} {letter} lost too much: {}", width(shown));
                }
            }
        }
    }
}

#[test]
fn what_is_left_out_is_said_with_the_way_to_all_of_it() {
    let page = Some("https://em.example/a");
    let long = json(&Message::new("t", vec![Block::section("x".repeat(4_000))], page));
    assert_eq!(long["blocks"][1]["elements"][0]["text"], "_Shortened_ · <https://em.example/a|Open in console>");
    let whole = json(&Message::new("t", vec![Block::section("x")], page));
    assert_eq!(whole["blocks"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_long_report_goes_on_in_the_thread() {
    let sections =
        |count: usize| (0..count).map(|number| Block::section(format!("{number} {}", "日".repeat(2_900)))).collect();
    let series = Message::series("report", sections(12), None);
    assert_eq!(series.len(), 4);
    let shown: usize = series.iter().map(|message| message.blocks().len()).sum();
    assert_eq!(shown, 12);
    let endless = Message::series("report", sections(100), Some("https://em.example/r"));
    assert_eq!(endless.len(), fit::SERIES);
    assert!(json(&endless[fit::SERIES - 1]).to_string().contains("Open in console"));
    let many = Message::series("report", vec![Block::Divider; 120], None);
    assert_eq!(many.iter().map(|message| message.blocks().len()).sum::<usize>(), 120);
    assert!(many.iter().all(|message| message.blocks().len() <= fit::BLOCKS));
    let one = Message::new("report", sections(12), None);
    assert!(json(&one).to_string().contains("_Shortened_"));
}

#[test]
fn slack_refuses_what_is_empty_so_nothing_is() {
    let empty = Block::Section { text: None, fields: Vec::new(), accessory: None };
    let blocks = vec![
        empty,
        Block::context(""),
        Block::header(" "),
        Block::Context { elements: Vec::new() },
        Block::actions("b", vec![]),
    ];
    let made = json(&Message::new("", blocks, None));
    assert_eq!(made["text"], "–");
    assert_eq!(made["blocks"].as_array().map(Vec::len), Some(2));
    assert_eq!(made["blocks"][0]["elements"][0]["text"], "–");
}

#[test]
fn a_button_is_left_out_rather_than_given_another_value() {
    let button = |value: usize| Button::new("a", "t", "v".repeat(value));
    let made = json(&Message::new("t", vec![Block::actions("b", vec![button(2_000), button(2_001)])], None));
    assert_eq!(made["blocks"][0]["elements"].as_array().map(Vec::len), Some(1));
    assert!(made.to_string().contains("_Shortened_"));
    let link = Button::link("a", "t", format!("https://a.example/{}", "x".repeat(3_000)));
    assert_eq!(
        json(&Message::new("t", vec![Block::actions("b", vec![link])], None))["blocks"].as_array().map(Vec::len),
        Some(1)
    );
}

fn any_block() -> impl Strategy<Value = Block> {
    let letters = prop::sample::select(vec!["x", "<", "&amp;", "\"", "\n", "日", "😀", "<https://a.example|b> ", "👩‍👩‍👧‍👦"]);
    let text = move || {
        (letters.clone(), prop::sample::select(vec![0usize, 1, 70, 150, 400, 3_100]))
            .prop_map(|(letter, times)| letter.repeat(times))
    };
    let button = (text(), 0usize..2_100).prop_map(|(text, wide)| Button::new("a", text, "v".repeat(wide)));
    prop_oneof![
        text().prop_map(Block::header),
        text().prop_map(Block::section),
        text().prop_map(Block::context),
        Just(Block::Divider),
        prop::collection::vec(text(), 0..14).prop_map(Block::fields),
        prop::collection::vec(button, 0..30).prop_map(|buttons| Block::actions("b", buttons)),
    ]
}

proptest! {
    #[test]
    fn no_message_is_ever_beyond_a_limit(text in "\\PC{0,40}", blocks in prop::collection::vec(any_block(), 0..20)) {
        for message in Message::series(&text, blocks.clone(), Some("https://em.example")).into_iter().chain([Message::new(&text, blocks, None)]) {
            prop_assert!(!message.text().is_empty() && width(message.text()) <= fit::TEXT);
            prop_assert!(message.blocks().len() <= fit::BLOCKS);
            let made = json(&message);
            prop_assert!(width(&made["blocks"].to_string()) <= fit::TOTAL);
            for block in made["blocks"].as_array().into_iter().flatten() {
                let count = |name: &str| block[name].as_array().map_or(1, Vec::len);
                prop_assert!((1..=fit::FIELDS).contains(&count("fields")) && (1..=fit::ACTIONS).contains(&count("elements")));
            }
        }
    }
}
