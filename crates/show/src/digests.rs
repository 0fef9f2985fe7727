//! A digest as people read it: in Slack, as Markdown, as plain text, and as the data of a webhook.
//!
//! What a digest says is text, whoever worded it: it is escaped for where it is shown. Links are made from the addresses
//! that the facts have, never from the text. The last line says who worded it, and against how much it was checked.

use std::fmt::Write;

use domain::digests::{About, Digest, Item, Kind, Number, Section, Severity};
use domain::inert::is_unseen;
use serde_json::{Value, json};
use slack::blocks::{Block, Button};
use slack::fit::Message;
use slack::text::{duration, escape, link, moment, plain, spoken};
use store::digests::kept::{Kept, name_of};

/// Of an item, as the digest's own limit is.
const TEXT: usize = 300;
const HEADLINE: usize = 150;
/// Bytes of a webhook's data: what jobs take is a little more.
const WEBHOOK_BYTES: usize = 18_000;
/// A text of one block takes 3,000 characters.
const BLOCK_BYTES: usize = 2_900;
/// The buttons, by which a press is known.
pub const USEFUL: &str = "digest.useful";
pub const NOT_USEFUL: &str = "digest.not_useful";
/// Said where a model worded it.
pub const MAY_BE_WRONG: &str = "Generated summary, may be wrong";

/// What it is called.
pub fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Standup => "Stand-up",
        Kind::SprintHealth => "Sprint health",
        Kind::Weekly => "The week",
        Kind::Release => "Release notes",
        Kind::Incident => "Incident",
        Kind::Postmortem => "Post-mortem, a draft",
        Kind::PullRequest => "Change",
    }
}

fn section_title(about: About) -> &'static str {
    match about {
        About::Shipped => "Shipped",
        About::Incident => "Incidents",
        About::Risk => "Risks",
        About::Review => "In review",
        About::PeopleBlocked => "Waiting for people",
        About::Timeline => "What happened",
        About::Cause => "What may have led to it",
        About::FollowUp => "Left to be done",
    }
}

fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "🔴",
        Severity::Warn => "🟠",
        Severity::Info => "•",
    }
}

/// Who worded it.
pub fn footer(kept: &Kept) -> String {
    let events = format!("checked against {} {}", kept.events, if kept.events == 1 { "event" } else { "events" });
    match (kept.generated_by.as_str(), &kept.model) {
        ("model", Some(model)) => {
            let prompt = kept.prompt.as_ref().map(|prompt| format!(" · prompt {prompt}")).unwrap_or_default();
            format!("Summary by {model}{prompt} · {events}")
        }
        _ => {
            let why = kept.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("By rule{why} · {events}")
        }
    }
}

fn is_generated(kept: &Kept) -> bool {
    kept.generated_by == "model"
}

/// Where an item can be looked at: the web address of the first of its events that has one.
fn address<'k>(kept: &'k Kept, item: &Item) -> Option<&'k str> {
    item.event_ids.iter().filter_map(|event| kept.links.get(event)).map(String::as_str).find(|url| is_web(url))
}

fn is_web(url: &str) -> bool {
    let fits = url.len() <= 2_000 && !url.chars().any(|one| one.is_whitespace() || is_unseen(one));
    fits && ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme))
}

/// On one line, with nothing in it that a reader does not see.
fn seen(text: &str, cap: usize) -> String {
    plain(&domain::inert::inert(text, cap), cap)
}

/// The same for Slack's markup.
fn escaped(text: &str, cap: usize) -> String {
    escape(&seen(text, cap))
}

fn heading(kept: &Kept) -> String {
    match &kept.subject {
        Some(subject) => format!("{} · {}", title(kept.kind), seen(subject, HEADLINE)),
        None => title(kept.kind).to_owned(),
    }
}

/// As many messages as it needs; the last has the buttons.
pub fn series(kept: &Kept) -> Vec<Message> {
    let mut blocks = blocks(kept);
    blocks.push(feedback(kept));
    Message::series(&notification(kept), blocks, None)
}

/// In one message, for one person.
pub fn brief(kept: &Kept) -> Message {
    let mut blocks = blocks(kept);
    blocks.push(feedback(kept));
    Message::new(&notification(kept), blocks, None)
}

fn notification(kept: &Kept) -> String {
    format!("{}: {}", escaped(&heading(kept), HEADLINE), escaped(&kept.digest.headline, HEADLINE))
}

fn blocks(kept: &Kept) -> Vec<Block> {
    let Digest { headline, sections, numbers } = &kept.digest;
    let mut blocks = vec![Block::header(heading(kept)), Block::section(format!("*{}*", escaped(headline, HEADLINE)))];
    if is_generated(kept) {
        blocks.push(Block::context(MAY_BE_WRONG));
    }
    blocks.extend(sections.iter().flat_map(|one| section(kept, one)).map(Block::section));
    if !numbers.is_empty() {
        let lines: Vec<String> = numbers.iter().map(|number| escaped(&in_words(number), TEXT)).collect();
        blocks.push(Block::section(format!("*Numbers*\n{}", lines.join("\n"))));
    }
    let time = format!("{} – {}", moment(kept.from), moment(kept.to));
    blocks.push(Block::context(format!("{time} · {}", escaped(&footer(kept), TEXT))));
    blocks
}

/// A title and its items, in as many texts as it takes: Slack cuts what is longer than a block, and an item is not cut.
fn section(kept: &Kept, section: &Section) -> Vec<String> {
    let line = |item: &Item| {
        let text = escaped(&item.text, TEXT);
        let open = address(kept, item).map(|url| format!(" · {}", link(url, "Open"))).unwrap_or_default();
        format!("{} {text}{open}", mark(item.severity))
    };
    let mut texts = vec![format!("*{}*", section_title(section.about))];
    for line in section.items.iter().map(line) {
        match texts.last_mut() {
            Some(text) if text.len() + line.len() < BLOCK_BYTES => {
                text.push('\n');
                text.push_str(&line);
            }
            _ => texts.push(line),
        }
    }
    texts
}

fn feedback(kept: &Kept) -> Block {
    let id = kept.id.to_string();
    let buttons = vec![Button::new(USEFUL, "👍 Useful", &id), Button::new(NOT_USEFUL, "👎 Not useful", &id)];
    Block::actions(format!("digest {id}"), buttons)
}

/// A number with its unit, and the time before.
pub fn in_words(number: &Number) -> String {
    let name = number.name.replace('_', " ");
    let before = number.previous.map(|value| format!(" (before: {})", shown(value, &number.unit))).unwrap_or_default();
    format!("{name}: {}{before}", shown(number.value, &number.unit))
}

fn shown(value: f64, unit: &str) -> String {
    match unit {
        "seconds" => duration(chrono::TimeDelta::milliseconds((value * 1000.0) as i64)),
        "ratio" => format!("{:.1} %", value * 100.0),
        "per_day" => format!("{value:.2} a day"),
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// For terminals and mail: no markup at all.
pub fn text(kept: &Kept) -> String {
    // Behind its title no headline is read as a formula where this is put into a table.
    let mut text = format!("{}: {}\n", heading(kept), seen(&kept.digest.headline, HEADLINE));
    for section in &kept.digest.sections {
        let _ = writeln!(text, "\n{}", section_title(section.about));
        for item in &section.items {
            let open = address(kept, item).map(|url| format!(" ({url})")).unwrap_or_default();
            let _ = writeln!(text, "{} {}{open}", mark(item.severity), seen(&item.text, TEXT));
        }
    }
    if !kept.digest.numbers.is_empty() {
        let _ = writeln!(text, "\nNumbers");
    }
    for number in &kept.digest.numbers {
        let _ = writeln!(text, "• {}", seen(&in_words(number), TEXT));
    }
    let warning = if is_generated(kept) { format!("{MAY_BE_WRONG}. ") } else { String::new() };
    let _ = write!(text, "\n{warning}{}", seen(&footer(kept), TEXT));
    spoken(&text)
}

/// Markdown in which the digest's own text is text.
pub fn markdown(kept: &Kept) -> String {
    let mut text = format!("## {}\n\n**{}**\n", inert(&heading(kept)), inert(&seen(&kept.digest.headline, HEADLINE)));
    for section in &kept.digest.sections {
        let _ = writeln!(text, "\n### {}\n", section_title(section.about));
        for item in &section.items {
            let open = address(kept, item).and_then(angled).map(|url| format!(" ([open]({url}))")).unwrap_or_default();
            let _ = writeln!(text, "- {} {}{open}", mark(item.severity), inert(&seen(&item.text, TEXT)));
        }
    }
    if !kept.digest.numbers.is_empty() {
        let _ = writeln!(text, "\n### Numbers\n");
    }
    for number in &kept.digest.numbers {
        let _ = writeln!(text, "- {}", inert(&seen(&in_words(number), TEXT)));
    }
    let warning = if is_generated(kept) { format!("{MAY_BE_WRONG}. ") } else { String::new() };
    let _ = write!(text, "\n---\n\n{warning}{}\n", inert(&seen(&footer(kept), TEXT)));
    text
}

/// An address as a link's target.
fn angled(url: &str) -> Option<String> {
    (!url.contains(['<', '>', '\\'])).then(|| format!("<{url}>"))
}

/// Every character that Markdown or HTML could read stands for itself. Addresses are broken, so that none becomes a link.
fn inert(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("&#64;"),
            ':' => safe.push_str("&#58;"),
            '.' if is_www(&safe) => safe.push_str("&#46;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' => {
                safe.push('\\');
                safe.push(character);
            }
            other => safe.push(other),
        }
    }
    safe
}

/// Behind it a full stop makes an address.
fn is_www(text: &str) -> bool {
    text.get(text.len().saturating_sub(3)..).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// The data of a webhook: all of it, or so much as it may hold; then `shortened` says so.
pub fn data(kept: &Kept) -> Value {
    let mut digest = kept.digest.clone();
    digest.headline = seen(&digest.headline, HEADLINE);
    for item in digest.sections.iter_mut().flat_map(|section| &mut section.items) {
        item.text = seen(&item.text, TEXT);
    }
    let mut data = whole(kept, &digest, false);
    while data.to_string().len() > WEBHOOK_BYTES {
        let Some(longest) = digest.sections.iter_mut().max_by_key(|section| section.items.len()) else { break };
        if longest.items.pop().is_none() {
            break;
        }
        data = whole(kept, &digest, true);
    }
    data
}

fn whole(kept: &Kept, digest: &Digest, shortened: bool) -> Value {
    let shown = Kept { digest: digest.clone(), ..kept.clone() };
    let told = |text: &Option<String>| text.as_ref().map(|text| seen(text, TEXT));
    json!({
        "id": kept.id, "kind": name_of(kept.kind), "subject": told(&kept.subject), "from": kept.from, "to": kept.to,
        "digest": digest, "generated_by": kept.generated_by, "why": told(&kept.why), "model": told(&kept.model), "prompt": kept.prompt,
        "text": text(&shown), "shortened": shortened,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn kept(text: &str, items: usize) -> Kept {
        let item = |number: usize| Item {
            text: text.to_owned(),
            event_ids: vec![Uuid::from_u128(9), Uuid::from_u128(number as u128)],
            severity: Severity::Warn,
        };
        let section = Section { about: About::Risk, items: (1..=items).map(item).collect() };
        let number = Number {
            name: "lead_time".to_owned(),
            value: 7_500.0,
            previous: Some(60.0),
            unit: "seconds".to_owned(),
            source: "metric:lead_time:2026-11-20".to_owned(),
        };
        Kept {
            id: Uuid::from_u128(7),
            kind: Kind::Weekly,
            subject: Some("shop <1>".to_owned()),
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH,
            digest: Digest { headline: text.to_owned(), sections: vec![section], numbers: vec![number] },
            links: BTreeMap::from([(Uuid::from_u128(1), "https://a.example/1".to_owned())]),
            events: 2,
            generated_by: "rules".to_owned(),
            why: Some("no model is set up".to_owned()),
            model: None,
            prompt: None,
            input_tokens: 0,
            output_tokens: 0,
            cost_micro_usd: 0,
            made_at: DateTime::UNIX_EPOCH,
            made_by: "ada".to_owned(),
            schedule_id: None,
        }
    }

    const HOSTILE: &str = "Fix <!channel> [x](https://evil.example) <script> `a` ![i](http://e.example/p)";

    #[test]
    fn what_it_says_is_text_wherever_it_is_shown() {
        let kept = kept(HOSTILE, 1);
        let slack = serde_json::to_string(&series(&kept)).expect("JSON");
        assert!(!slack.contains("<!channel>") && !slack.contains("<script>"), "{slack}");
        assert!(slack.contains("<https://a.example/1|Open>"), "{slack}");
        assert!(!slack.contains("<https://evil"), "{slack}");
        let markdown = markdown(&kept);
        for sign in ["](https://evil", "<script>", "![i]", "https://evil", "<!channel>"] {
            assert!(!markdown.contains(sign), "{sign}: {markdown}");
        }
        assert!(markdown.contains("([open](<https://a.example/1>))"), "{markdown}");
        let text = text(&kept);
        assert!(
            text.contains("(https://a.example/1)") && text.contains("lead time: 2 h 5 min (before: 1 min)"),
            "{text}"
        );
    }

    #[test]
    fn the_last_line_says_who_worded_it() {
        let by_rule = kept("a", 1);
        assert_eq!(footer(&by_rule), "By rule: no model is set up · checked against 2 events");
        assert!(!text(&by_rule).contains(MAY_BE_WRONG));
        let by_model = Kept {
            generated_by: "model".to_owned(),
            model: Some("gpt-x".to_owned()),
            prompt: Some("digest/1".to_owned()),
            why: None,
            ..kept("a", 1)
        };
        assert_eq!(footer(&by_model), "Summary by gpt-x · prompt digest/1 · checked against 2 events");
        let slack = serde_json::to_string(&brief(&by_model)).expect("JSON");
        assert!(slack.contains(MAY_BE_WRONG) && slack.contains(USEFUL) && slack.contains(NOT_USEFUL), "{slack}");
        assert!(markdown(&by_model).contains(MAY_BE_WRONG) && text(&by_model).contains(MAY_BE_WRONG));
    }

    #[test]
    fn long_ones_fit() {
        let long = kept(&"é<&".repeat(80), 200);
        assert!(series(&long).len() > 1);
        let data = data(&long);
        assert!(data.to_string().len() <= WEBHOOK_BYTES && data["shortened"] == true);
        assert_eq!(super::data(&kept("a", 2))["shortened"], false);
    }
}
