//! What people do about an outage: PagerDuty's incident, the public page of Statuspage, a flag of LaunchDarkly.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::story::Delivery;
use super::world::{Person, SHOP, time};

/// The one incident of the day. Its service has the name that deployments have for it: its repository's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incident {
    pub(super) number: u64,
    pub(super) opened: DateTime<Utc>,
    pub(super) on_call: &'static Person,
}

impl Incident {
    pub(super) fn triggered(&self) -> Delivery {
        let agent = reference("service", "PSHOP01", SHOP.full_name);
        self.delivery("incident.triggered", "triggered", &agent, self.opened)
    }

    pub(super) fn acknowledged(&self, at: DateTime<Utc>) -> Delivery {
        self.delivery("incident.acknowledged", "acknowledged", &self.person(), at)
    }

    pub(super) fn resolved(&self, at: DateTime<Utc>) -> Delivery {
        self.delivery("incident.resolved", "resolved", &self.person(), at)
    }

    fn person(&self) -> Value {
        reference("user", &self.on_call.code("P"), self.on_call.login)
    }

    fn delivery(&self, kind: &'static str, status: &'static str, agent: &Value, at: DateTime<Utc>) -> Delivery {
        let id = format!("Q1SHOPDOWN{}", self.number);
        let data = json!({
            "id": id, "type": "incident", "self": format!("https://api.pagerduty.com/incidents/{id}"),
            "html_url": format!("https://acme.pagerduty.com/incidents/{id}"), "number": self.number, "status": status,
            "incident_key": format!("{:032x}", self.number), "created_at": time(self.opened),
            "title": "Checkout answers 500 for one order in five",
            "service": reference("service", "PSHOP01", SHOP.full_name),
            "assignees": if status == "resolved" { json!([]) } else { json!([self.person()]) },
            "escalation_policy": reference("escalation_policy", "PESC001", "Shop, day and night"),
            "teams": [reference("team", "PTEAM01", "Storefront")], "priority": reference("priority", "PPRIO01", "P1"),
            "urgency": "high", "conference_bridge": null, "resolve_reason": null,
        });
        let body = json!({"event": {
            "id": format!("01E2EVT{:019}", at.timestamp()), "event_type": kind, "resource_type": "incident",
            "occurred_at": time(at), "agent": agent, "client": null, "data": data,
        }});
        Delivery::new("pagerduty", kind, at, &body)
    }
}

fn reference(kind: &str, id: &str, summary: &str) -> Value {
    json!({
        "id": id, "type": format!("{kind}_reference"), "summary": summary,
        "self": format!("https://api.pagerduty.com/{kind}s/{id}"),
        "html_url": format!("https://acme.pagerduty.com/{kind}s/{id}"),
    })
}

/// The component of the public page that stands for the shop.
pub(super) fn component(at: DateTime<Utc>, old: &'static str, new: &'static str) -> Delivery {
    let body = json!({
        "meta": {"generated_at": time(at)},
        "page": {"id": "p4g3acme0001", "status_indicator": if new == "operational" { "none" } else { "minor" }},
        "component_update": {
            "id": format!("cu{}", at.timestamp()), "created_at": time(at), "old_status": old, "new_status": new,
            "component_id": "c0mpacme0002",
        },
        "component": {"id": "c0mpacme0002", "name": SHOP.name, "status": new, "position": 1},
    });
    Delivery::new("statuspage", "component_update", at, &body)
}

/// What a change brought is switched off until it is mended.
pub(super) fn flag_off(by: &Person, at: DateTime<Utc>) -> Delivery {
    let resource = "proj/shop:env/production:flag/reserve-stock";
    let body = json!({
        "_id": format!("{:024x}", at.timestamp()), "_accountId": "5f8e7d6c5b4a3928aaaa0001",
        "date": at.timestamp_millis(), "kind": "flag", "name": "Reserve stock",
        "accesses": [{"action": "updateOn", "resource": resource}],
        "description": "* Turned the flag off", "shortDescription": "", "comment": "Checkout runs out of connections",
        "member": {"_id": by.code("m"), "email": by.email, "firstName": by.name, "lastName": ""},
        "titleVerb": "turned off the flag",
        "title": format!("{} turned off the flag Reserve stock in `Production`", by.name),
        "target": {"name": "Reserve stock", "resources": [resource]},
    });
    Delivery::new("launchdarkly", "flag:updateOn", at, &body)
}
