//! A digest by rule: the facts in the order in which they matter, in the shape that a model's words have too.
//!
//! It is what people get where there is no model, no money for one, or no answer that holds. Every item is a unit as it was
//! found; nothing is worded anew, so nothing can be wrong that the material does not have wrong.

use uuid::Uuid;

use super::{About, Digest, HEADLINE, Item, Kind, Material, Section, Severity, TEXT, Unit, said};

/// Items of a section that are shown one by one.
pub const SHOWN: usize = 8;
/// A timeline is read as a whole.
const SHOWN_OF_TIMELINE: usize = 20;
/// Events that one item names at most; of what is left over the first are enough.
pub const CITED: usize = 50;

/// What is said by rule. It holds whatever the material: `check` of it always passes.
pub fn by_rule(material: &Material) -> Digest {
    let sections = order(material.kind).iter().filter_map(|about| section(material, *about)).collect();
    Digest { headline: headline(material), sections, numbers: material.numbers.clone() }
}

/// The sections that this kind may have, in the order in which they are shown: first what needs people.
pub fn order(kind: Kind) -> &'static [About] {
    use About::{Cause, FollowUp, Incident, PeopleBlocked, Review, Risk, Shipped, Timeline};
    match kind {
        Kind::Standup => &[Incident, PeopleBlocked, Risk, Review, Shipped, Timeline, Cause, FollowUp],
        Kind::SprintHealth | Kind::Weekly => {
            &[Incident, Risk, PeopleBlocked, Shipped, Review, Timeline, Cause, FollowUp]
        }
        Kind::Release => &[Risk, Shipped, Incident, Review, PeopleBlocked, Timeline, Cause, FollowUp],
        Kind::Incident | Kind::Postmortem => {
            &[Incident, Timeline, Cause, FollowUp, Risk, PeopleBlocked, Shipped, Review]
        }
        Kind::PullRequest => &[Shipped, Risk, Review, PeopleBlocked, Timeline, Incident, Cause, FollowUp],
    }
}

/// The word of a section in a count.
fn counted(about: About) -> &'static str {
    match about {
        About::Shipped => "shipped",
        About::Incident => "incident",
        About::Risk => "risk",
        About::Review => "review",
        About::PeopleBlocked => "waiting",
        About::Timeline => "timeline",
        About::Cause => "cause",
        About::FollowUp => "follow-up",
    }
}

/// The item that stands for a unit.
pub(super) fn item(unit: &Unit) -> Item {
    let event_ids = unit.event_ids.iter().take(CITED).copied().collect();
    Item { text: said(&unit.text, TEXT), event_ids, severity: unit.severity }
}

fn section(material: &Material, about: About) -> Option<Section> {
    let mut units: Vec<&Unit> = material.units().filter(|unit| unit.about == about && is_sayable(unit)).collect();
    let most = if about == About::Timeline { SHOWN_OF_TIMELINE } else { SHOWN };
    if about == About::Timeline {
        units.sort_by(|one, other| (one.at, &one.text).cmp(&(other.at, &other.text)));
    } else {
        units.sort_by(|one, other| (other.severity, other.at, &one.text).cmp(&(one.severity, one.at, &other.text)));
    }
    let (shown, rest) = units.split_at(most.min(units.len()));
    let mut items: Vec<Item> = shown.iter().map(|unit| item(unit)).collect();
    items.extend(left_over(rest));
    (!items.is_empty()).then_some(Section { about, items })
}

/// What nothing proves, and what has no words, is not said.
fn is_sayable(unit: &Unit) -> bool {
    !unit.event_ids.is_empty() && !said(&unit.text, TEXT).is_empty()
}

fn left_over(rest: &[&Unit]) -> Option<Item> {
    let severity = rest.iter().map(|unit| unit.severity).max()?;
    let mut event_ids: Vec<Uuid> = Vec::new();
    for id in rest.iter().flat_map(|unit| &unit.event_ids) {
        if event_ids.len() < CITED && !event_ids.contains(id) {
            event_ids.push(*id);
        }
    }
    Some(Item { text: format!("and {} more", rest.len()), event_ids, severity })
}

fn headline(material: &Material) -> String {
    let count = |about: About| material.units().filter(|unit| unit.about == about && is_sayable(unit)).count();
    let told: Vec<String> = order(material.kind)
        .iter()
        .map(|about| (*about, count(*about)))
        .filter(|(_, count)| *count > 0)
        .map(|(about, count)| how_many(about, count))
        .collect();
    let high = material.units().filter(|unit| unit.severity == Severity::High && is_sayable(unit)).count();
    let mut words = if told.is_empty() { "Nothing to report".to_owned() } else { told.join(", ") };
    if high > 0 {
        words.push_str(&format!("; {high} urgent"));
    }
    match material.subject.as_deref().map(|subject| said(subject, HEADLINE.saturating_sub(words.len() + 2))) {
        Some(subject) if !subject.is_empty() => format!("{subject}: {words}"),
        _ => words,
    }
}

fn how_many(about: About, count: usize) -> String {
    let word = counted(about);
    match about {
        About::Shipped | About::PeopleBlocked => format!("{count} {word}"),
        About::Timeline if count == 1 => format!("{count} event"),
        About::Timeline => format!("{count} events"),
        _ if count == 1 => format!("{count} {word}"),
        _ => format!("{count} {word}s"),
    }
}
