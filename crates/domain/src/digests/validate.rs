//! Whether a model's answer may be shown: every item cites what is there, and says no more than that.
//!
//! The answer is text that anybody may have had a hand in. [`check`] reads it strictly, holds each text against the units
//! that it cites, and puts right what needs no model: how severe an item is, the numbers, and urgent things that were left
//! out. What does not hold comes back as faults that a model can mend.

use std::collections::HashMap;

use uuid::Uuid;

use super::answer::{self, Answer};
use super::evidence::Evidence;
use super::faults::{Fault, Place, What};
use super::grounding;
use super::rules::{CITED, by_rule, item, order};
use super::said::markup;
use super::{Digest, HEADLINE, Item, Material, Section, Severity, TEXT, Unit, said};
use crate::inert::inert;

const MOST_SECTIONS: usize = 8;
const MOST_ITEMS: usize = 21;
/// What is told of faults: the first are enough to mend by.
const MOST_FAULTS: usize = 20;
/// Urgent things that are put to an answer that left them out.
const MOST_ADDED: usize = 20;

/// The digest that the answer is, or what does not hold. The material is what the model was shown.
pub fn check(answer: &str, material: &Material) -> Result<Digest, Vec<Fault>> {
    let answer = answer::read(answer).map_err(|why| vec![Fault { place: Place::Answer, what: What::Shape(why) }])?;
    let checked = Checked::of(material);
    let mut faults = checked.shape(&answer);
    let mut headline = inert(&answer.headline, HEADLINE + 1);
    match checked.headline(&headline) {
        // It claims nothing: "Weekly summary". Ours says more.
        found if matches!(found[..], [What::Empty]) => headline = checked.ruled.headline.clone(),
        found => faults.extend(found.into_iter().map(|what| Fault { place: Place::Headline, what })),
    }
    let mut sections: Vec<Section> = Vec::new();
    for (at, section) in answer.sections.iter().enumerate().take(MOST_SECTIONS) {
        let mut items = Vec::new();
        for (number, one) in section.items.iter().enumerate().take(MOST_ITEMS) {
            match checked.item(section.kind, one) {
                Ok(item) => items.push(item),
                Err(found) => {
                    let place = Place::Item { section: at, item: number };
                    faults.extend(found.into_iter().map(|what| Fault { place, what }));
                }
            }
        }
        match sections.iter_mut().find(|other| other.about == section.kind) {
            Some(same) => same.items.extend(items),
            None if !items.is_empty() => sections.push(Section { about: section.kind, items }),
            None => {}
        }
    }
    if !faults.is_empty() {
        faults.truncate(MOST_FAULTS);
        return Err(faults);
    }
    add_what_is_missing(&mut sections, material);
    let place = |about| order(material.kind).iter().position(|one| *one == about);
    sections.sort_by_key(|section| place(section.about));
    Ok(Digest { headline, sections, numbers: material.numbers.clone() })
}

/// The material, made ready to hold answers against.
struct Checked<'a> {
    material: &'a Material,
    by_event: HashMap<Uuid, Vec<&'a Unit>>,
    /// What rules would say: it needs no proof.
    ruled: Digest,
}

impl<'a> Checked<'a> {
    fn of(material: &'a Material) -> Self {
        let mut by_event: HashMap<Uuid, Vec<&Unit>> = HashMap::new();
        for unit in material.units() {
            for id in &unit.event_ids {
                by_event.entry(*id).or_default().push(unit);
            }
        }
        Self { material, by_event, ruled: by_rule(material) }
    }

    fn shape(&self, answer: &Answer) -> Vec<Fault> {
        let fault = |what| Fault { place: Place::Answer, what };
        let mut faults = Vec::new();
        if answer.sections.len() > MOST_SECTIONS || answer.sections.iter().any(|one| one.items.len() > MOST_ITEMS) {
            faults.push(fault(What::TooMany));
        }
        let says_nothing = answer.sections.iter().all(|section| section.items.is_empty());
        if says_nothing && !self.ruled.sections.is_empty() {
            faults.push(fault(What::Empty));
        }
        let allowed = order(self.material.kind);
        let foreign = answer.sections.iter().find(|section| !allowed.contains(&section.kind));
        faults.extend(foreign.map(|section| fault(What::Section(format!("{:?}", section.kind)))));
        faults
    }

    fn headline(&self, text: &str) -> Vec<What> {
        if let Some(what) = unfit(text, HEADLINE) {
            return vec![what];
        }
        if text == self.ruled.headline {
            return Vec::new();
        }
        grounding::faults(text, &Evidence::of_all(self.material))
    }

    fn item(&self, about: super::About, one: &answer::Item) -> Result<Item, Vec<What>> {
        let text = inert(&one.text, TEXT + 1);
        if let Some(what) = unfit(&text, TEXT) {
            return Err(vec![what]);
        }
        let event_ids = self.cited(&one.event_ids)?;
        let units = self.units(&event_ids);
        let severity = units.iter().map(|unit| unit.severity).max().unwrap_or(Severity::Info);
        let item = Item { text, event_ids, severity };
        if self.is_ruled(&item, &units) {
            return Ok(item);
        }
        let evidence = Evidence::of(self.material, &units);
        let mut found = grounding::faults(&item.text, &evidence);
        found.extend(grounding::loose(&item.text, &evidence));
        if is_strict(about) && !units.iter().any(|unit| unit.about == about) {
            found.push(What::WrongSection(about));
        }
        if found.is_empty() { Ok(item) } else { Err(found) }
    }

    /// The ids, each once. None is not in the material.
    fn cited(&self, ids: &[String]) -> Result<Vec<Uuid>, Vec<What>> {
        let mut cited = Vec::new();
        let mut unknown = Vec::new();
        for text in ids {
            match answer::event_id(text).filter(|id| self.by_event.contains_key(id)) {
                Some(id) if !cited.contains(&id) => cited.push(id),
                Some(_) => {}
                None => unknown.push(What::UnknownEvent(inert(text, 40))),
            }
        }
        if cited.is_empty() && unknown.is_empty() {
            unknown.push(What::NoEvents);
        }
        if cited.len() > CITED {
            unknown.push(What::TooMany);
        }
        if unknown.is_empty() { Ok(cited) } else { Err(unknown) }
    }

    fn units(&self, ids: &[Uuid]) -> Vec<&'a Unit> {
        let mut units: Vec<&Unit> = Vec::new();
        for unit in ids.iter().filter_map(|id| self.by_event.get(id)).flatten() {
            if !units.iter().any(|one| std::ptr::eq(*one, *unit)) {
                units.push(unit);
            }
        }
        units
    }

    /// Whether a rule says the same of the same.
    fn is_ruled(&self, item: &Item, units: &[&Unit]) -> bool {
        let same = |other: &Item| other.text == item.text && other.event_ids == item.event_ids;
        units.iter().any(|unit| said(&unit.text, TEXT) == item.text)
            || self.ruled.sections.iter().flat_map(|section| &section.items).any(same)
    }
}

/// What is wrong with a text whatever it says.
fn unfit(text: &str, most: usize) -> Option<What> {
    if text.is_empty() {
        Some(What::Empty)
    } else if text.chars().count() > most {
        Some(What::TooLong)
    } else {
        markup(text).map(What::Markup)
    }
}

/// Sections that say by themselves what happened.
fn is_strict(about: super::About) -> bool {
    use super::About::{Incident, PeopleBlocked, Shipped};
    matches!(about, Shipped | Incident | PeopleBlocked)
}

/// What is urgent is said, whether a model found it worth a word or not.
fn add_what_is_missing(sections: &mut Vec<Section>, material: &Material) {
    let mut missing: Vec<&Unit> = Vec::new();
    for unit in material.units().filter(|unit| unit.severity == Severity::High && !unit.event_ids.is_empty()) {
        let items = sections.iter().flat_map(|section| &section.items);
        let is_cited = items.flat_map(|item| &item.event_ids).any(|id| unit.event_ids.contains(id));
        if !is_cited && !said(&unit.text, TEXT).is_empty() {
            missing.push(unit);
        }
    }
    missing.sort_by_key(|unit| std::cmp::Reverse(unit.at));
    for unit in missing.into_iter().take(MOST_ADDED).rev() {
        match sections.iter_mut().find(|section| section.about == unit.about) {
            Some(section) => section.items.insert(0, item(unit)),
            None => sections.push(Section { about: unit.about, items: vec![item(unit)] }),
        }
    }
}
