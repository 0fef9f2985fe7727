//! Groups of alerts as Alertmanager sends them, and Grafana after it: one delivery, several alerts, each with the
//! labels of its own.
//!
//! The same group comes again every repeat interval and from every peer: an alert is known by its fingerprint and the
//! time it began, so that all of these say the same fact. A group that was cut says how much is missing. A payload
//! that the operator wrote has no alerts of this shape and is left unread.

use chrono::{DateTime, Utc};
use domain::data::Common;
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::alerts::Monitored;
use crate::drafts::{MESSAGE, NAME, TITLE, URL, plain, text};
use crate::integration::{Delivery, Unreadable};
use crate::json::{self, Id, Pairs, Text};
use crate::tags::Tags;
use crate::walk::{hash, leave_out, unmapped};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    receiver: Option<Text<'a>>,
    #[serde(borrow)]
    alerts: Vec<Alert<'a>>,
    /// Grafana's: labels, and so fingerprints, are alike in several organizations.
    org_id: Option<Id>,
    truncated_alerts: Option<u64>,
}

#[derive(Deserialize)]
struct Alert<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    labels: Option<Pairs<'a>>,
    #[serde(borrow)]
    annotations: Option<Annotations<'a>>,
    #[serde(rename = "startsAt", default, deserialize_with = "time::lenient")]
    starts_at: Option<DateTime<Utc>>,
    #[serde(rename = "endsAt", default, deserialize_with = "time::lenient")]
    ends_at: Option<DateTime<Utc>>,
    #[serde(borrow, rename = "generatorURL")]
    generator_url: Option<Text<'a>>,
    #[serde(borrow)]
    fingerprint: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Annotations<'a> {
    #[serde(borrow)]
    summary: Option<Text<'a>>,
}

pub(crate) fn normalize(
    source: &'static str,
    delivery: &Delivery<'_>,
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let mut group: Group<'_> = json::read(body)?;
        let left_out = leave_out(&mut group.alerts, source, delivery.kind);
        if group.alerts.is_empty() {
            return Err(Unreadable { scope: Some(group.scope()), ..Unreadable::new("the group has no alerts") });
        }
        let mut drafts: Vec<Draft> =
            group.alerts.iter().flat_map(|alert| group.monitored(source, alert).drafts(rules)).collect();
        if let Some(missing) = group.truncated_alerts.filter(|missing| *missing > 0) {
            let reason = format!("{missing} more alerts of this group were not sent: raise max_alerts or set it to 0");
            let why = Unreadable { scope: Some(group.scope()), ..Unreadable::new(reason) };
            drafts.push(unmapped(source, delivery.kind, why));
        }
        drafts.extend(left_out);
        Ok(drafts)
    })
}

impl Group<'_> {
    fn scope(&self) -> String {
        let org = self.org_id.as_ref().map(|id| id.0.clone());
        org.or_else(|| text(self.receiver.as_ref(), NAME)).unwrap_or_else(|| "unknown".to_owned())
    }

    fn monitored(&self, source: &'static str, alert: &Alert<'_>) -> Monitored {
        let labels = alert.labels.as_ref().map(|labels| labels.0.as_slice()).unwrap_or_default();
        let tags = Tags::of(labels.iter().map(|(name, value)| (&**name, &**value)));
        // While it fires, an end is none, or the time until which it is believed to fire.
        let resolved = alert.status.as_deref().or(self.status.as_deref()) == Some("resolved");
        let resolved_at = alert.ends_at.filter(|_| resolved);
        let fingerprint = alert.print(labels);
        Monitored {
            source,
            scope: self.scope(),
            id: self.id(&fingerprint, alert.starts_at),
            fingerprint: Some(fingerprint),
            name: plain(tags.get("alertname"), TITLE),
            title: alert.annotations.as_ref().and_then(|notes| text(notes.summary.as_ref(), TITLE)),
            severity: plain(tags.get("severity"), NAME),
            resolved,
            fired_at: alert.starts_at,
            resolved_at,
            // An end that is not told was not at the beginning.
            at: if resolved { resolved_at } else { alert.starts_at },
            common: Common {
                service: tags.service(),
                environment: tags.environment(),
                url: text(alert.generator_url.as_ref(), URL),
                labels: tags.labels(),
                ..Common::default()
            },
            ..Monitored::default()
        }
    }

    /// The beginning is written in milliseconds: the same instant comes in several time zones.
    fn id(&self, fingerprint: &str, began: Option<DateTime<Utc>>) -> String {
        let org = self.org_id.as_ref().map(|id| format!("{}-", id.0)).unwrap_or_default();
        let began = began.map(|began| format!("-{}", began.timestamp_millis())).unwrap_or_default();
        format!("{org}{fingerprint}{began}")
    }
}

impl Alert<'_> {
    /// Old versions send no fingerprint: what it stands for is the labels.
    fn print(&self, labels: &[(Text<'_>, Text<'_>)]) -> String {
        text(self.fingerprint.as_ref(), MESSAGE).unwrap_or_else(|| {
            let mut labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (&**name, &**value)).collect();
            labels.sort_unstable();
            let parts: Vec<&[u8]> =
                labels.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
            hash(&parts).chars().skip("sha256:".len()).take(16).collect()
        })
    }
}
