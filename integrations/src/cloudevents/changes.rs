//! `change.*` and `branch.*` of CDEvents. A change goes by its repository and id.

use domain::data::{Body, Change, Common, RefFact};
use domain::event::Draft;
use domain::rules::Rules;

use super::cdevents::CdEvent;
use crate::drafts::{TITLE, draft, text};

pub(super) fn change_drafts(predicate: &str, event: &CdEvent<'_>, rules: &Rules) -> Option<Vec<Draft>> {
    let kind = match predicate {
        "created" => "change.opened",
        "updated" => "change.updated",
        "reviewed" => "change.reviewed",
        "merged" => "change.merged",
        "abandoned" => "change.closed",
        _ => return None,
    };
    let at = |this: &str| event.at.filter(|_| kind == this);
    let fact = Change {
        number: event.subject.parse().ok(),
        id: Some(event.subject.clone()),
        title: text(event.content.description.as_ref(), TITLE),
        opened_at: at("change.opened"),
        merged_at: at("change.merged"),
        closed_at: at("change.closed"),
        ..Change::default()
    };
    let place = event.repo().unwrap_or_else(|| event.source.clone());
    let subject = format!("{place}#{}", event.subject);
    Some(vec![draft(kind, &event.scope, subject, event.at, event.common(rules), Body::Change(Box::new(fact)))])
}

pub(super) fn branch_drafts(predicate: &str, event: &CdEvent<'_>, rules: &Rules) -> Option<Vec<Draft>> {
    let kind = match predicate {
        "created" => "branch.created",
        "deleted" => "branch.deleted",
        _ => return None,
    };
    let place = event.repo().unwrap_or_else(|| event.source.clone());
    let subject = format!("{place}@{}", event.subject);
    let name = event.subject.strip_prefix("refs/heads/").unwrap_or(&event.subject).to_owned();
    let common = Common { branch: Some(name), ..event.common(rules) };
    let fact = RefFact { r#ref: Some(event.subject.clone()), ..RefFact::default() };
    Some(vec![draft(kind, &event.scope, subject, event.at, common, Body::Ref(fact))])
}
