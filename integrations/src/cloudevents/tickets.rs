//! Incidents and tickets of CDEvents. Their ids are their source's only, and are qualified by it.

use domain::data::{Body, Common, Incident, Ticket};
use domain::event::Draft;
use domain::rules::Rules;

use super::NAME as SOURCE;
use super::cdevents::CdEvent;
use crate::drafts::{NAME, TITLE, actor, draft, text};

pub(super) fn incident_drafts(predicate: &str, event: &CdEvent<'_>, rules: &Rules) -> Option<Vec<Draft>> {
    let kind = match predicate {
        "detected" | "reported" => "incident.opened",
        "resolved" => "incident.resolved",
        _ => return None,
    };
    let id = event.qualified();
    let subject = format!("{SOURCE}:{id}");
    let fact = Incident {
        incident_id: Some(id),
        title: text(event.content.description.as_ref(), TITLE),
        opened_at: event.at.filter(|_| kind == "incident.opened"),
        resolved_at: event.at.filter(|_| kind == "incident.resolved"),
        ..Incident::default()
    };
    Some(vec![draft(kind, &event.scope, subject, event.at, event.common(rules), Body::Incident(fact))])
}

pub(super) fn ticket_drafts(predicate: &str, event: &CdEvent<'_>, rules: &Rules) -> Option<Vec<Draft>> {
    let kind = match predicate {
        "created" => "ticket.created",
        "updated" => "ticket.updated",
        "closed" => "ticket.closed",
        _ => return None,
    };
    let content = &event.content;
    let who = if kind == "ticket.created" { &content.creator } else { &content.updated_by };
    let common = Common { actor: actor(who.as_deref(), rules), ..event.common(rules) };
    let fact = Ticket {
        key: Some(event.subject.clone()),
        kind: text(content.ticket_type.as_ref(), NAME),
        title: text(content.summary.as_ref(), TITLE),
        status: text(content.resolution.as_ref(), NAME).filter(|_| kind == "ticket.closed"),
        assignee: actor(content.assignees.first().map(|login| &**login), rules),
        created_at: event.at.filter(|_| kind == "ticket.created"),
        closed_at: event.at.filter(|_| kind == "ticket.closed"),
        ..Ticket::default()
    };
    let subject = format!("{SOURCE}:{}", event.qualified());
    Some(vec![draft(kind, &event.scope, subject, event.at, common, Body::Ticket(fact))])
}
