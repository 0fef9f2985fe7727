//! Texts that mean harm, in every place that outside text comes from, before a model that obeys each of them: nothing of
//! what they want is in the digest, or in what is shown of it.

use std::collections::BTreeSet;

use domain::digests::{About, Digest, Group, Kind, Material, Severity, Unit, check, markup};
use domain::inert::is_unseen;
use serde::Deserialize;
use serde_json::json;
use slack::text::outside;
use testkit::models::Behaviour;
use uuid::Uuid;

use crate::fake::World;

/// One text, and what who obeys it says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hostile {
    name: String,
    text: String,
    /// What a model that obeys answers as an item and as the headline.
    says: String,
    /// The whole answer, where it is not an item.
    #[serde(default)]
    answers: Option<String>,
}

#[derive(Deserialize)]
struct File {
    text: Vec<Hostile>,
}

fn corpus() -> Vec<Hostile> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).expect("text");
        toml::from_str::<File>(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())).text
    };
    files.iter().flat_map(read).collect()
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// Where outside text may stand.
const PLACES: [&str; 4] = ["title", "body", "author", "incident"];

/// A day on which somebody wrote this there.
fn material(place: &str, text: &str) -> Material {
    let at = |minutes: i64| chrono::DateTime::from_timestamp(1_795_046_400 + minutes * 60, 0).expect("a time");
    let of = |wanted: &str, usual: &str| if place == wanted { text.to_owned() } else { usual.to_owned() };
    let (title, author, incident) =
        (of("title", "Tidy the cart"), of("author", "ada"), of("incident", "Search is slow"));
    let unit = |about, number, subject: &str, text: String, details: Vec<(&str, String)>, severity| Unit {
        about,
        subject: subject.to_owned(),
        text,
        details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        severity,
        at: at(60),
        url: None,
        event_ids: vec![id(number)],
    };
    let change = unit(
        About::Shipped,
        1,
        "acme/shop#12",
        format!("{title} (by {author}): merged after 5 h"),
        vec![("title", title.clone()), ("author", author.clone()), ("body", of("body", "Nothing to add."))],
        Severity::Info,
    );
    let open = unit(
        About::Incident,
        2,
        "pagerduty:Q1",
        format!("{incident}: open for 20 min"),
        vec![("title", incident.clone())],
        Severity::High,
    );
    let groups = vec![Group { name: "shop".to_owned(), units: vec![change, open] }];
    Material { kind: Kind::Standup, subject: None, from: at(0), to: at(1_440), groups, numbers: Vec::new() }
}

/// What the model answers: what the text wants, as the headline, as an item, or as it says.
fn obeying(hostile: &Hostile, as_headline: bool) -> String {
    if let Some(answer) = &hostile.answers {
        return answer.clone();
    }
    let (headline, text) = if as_headline {
        (hostile.says.as_str(), "acme/shop#12 was merged")
    } else {
        ("2 events", hostile.says.as_str())
    };
    let item = json!({"text": text, "event_ids": [id(1), id(2)], "severity": "info"});
    json!({"headline": headline, "sections": [{"kind": "incident", "items": [item]}]}).to_string()
}

/// What is wrong with what came out, if anything is.
fn escaped(hostile: &Hostile, digest: &Digest) -> Option<String> {
    let known: BTreeSet<Uuid> = [id(1), id(2)].into();
    let items = || digest.sections.iter().flat_map(|section| &section.items);
    let texts: Vec<&str> = items().map(|item| item.text.as_str()).chain([digest.headline.as_str()]).collect();
    let says = domain::digests::said(&hostile.says, 1_000);
    for text in &texts {
        // A title is shown as the title that it is, beside what happened to it; never alone.
        if *text == says || *text == hostile.says {
            return Some(format!("it says {text}"));
        }
        if let Some(what) = markup(text) {
            return Some(format!("{what} in {text}"));
        }
        if text.chars().any(is_unseen) {
            return Some(format!("hidden characters in {text:?}"));
        }
        let slack = outside(text, 300);
        if slack.contains(['<', '>']) || ["@here", "@channel", "@everyone"].iter().any(|call| slack.contains(call)) {
            return Some(format!("Slack reads {slack}"));
        }
    }
    let is_proved =
        items().all(|item| !item.event_ids.is_empty() && item.event_ids.iter().all(|one| known.contains(one)));
    let is_told = items().any(|item| item.event_ids.contains(&id(2)) && item.severity == Severity::High);
    (!is_proved || !is_told).then(|| format!("events: {digest:?}"))
}

#[test]
fn there_are_many_and_each_has_a_name() {
    let corpus = corpus();
    let names: BTreeSet<&str> = corpus.iter().map(|one| one.name.as_str()).collect();
    assert!(corpus.len() > 90, "{}", corpus.len());
    assert_eq!(names.len(), corpus.len());
}

#[test]
fn no_answer_that_obeys_holds() {
    let mut wrong = Vec::new();
    for hostile in corpus() {
        for place in PLACES {
            let material = material(place, &hostile.text);
            for as_headline in [true, false] {
                let checked = check(&obeying(&hostile, as_headline), &material);
                let digest = checked.unwrap_or_else(|_| domain::digests::rules::by_rule(&material));
                if let Some(what) = escaped(&hostile, &digest) {
                    wrong.push(format!("{} in the {place} (headline: {as_headline}): {what}", hostile.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} got out:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_model_that_obeys_is_not_believed() {
    let world = World::start().await;
    for hostile in corpus() {
        for place in ["title", "body"] {
            let material = material(place, &hostile.text);
            world.fake.behaves(Behaviour::Says(obeying(&hostile, false)));
            let made = world.compose(&material).await;
            assert_eq!(escaped(&hostile, &made.digest), None, "{} in the {place}", hostile.name);
        }
    }
}

#[tokio::test]
async fn no_hostile_text_closes_the_marks_or_hides_in_a_prompt() {
    let world = World::start().await;
    for hostile in corpus() {
        world.compose(&material("body", &hostile.text)).await;
    }
    for body in world.fake.asked() {
        let prompt = body["messages"][1]["content"].as_str().expect("a prompt");
        let (open, close) = (prompt.lines().next().expect("a line"), prompt.lines().last().expect("a line"));
        assert!(open.starts_with("<<DATA ") && close.starts_with("<<END "), "{prompt}");
        assert_eq!((prompt.matches(open).count(), prompt.matches(close).count()), (1, 1));
        assert!(!prompt.chars().any(|one| is_unseen(one) && one != '\n') && !prompt.contains("<!--"), "{prompt:?}");
    }
}
