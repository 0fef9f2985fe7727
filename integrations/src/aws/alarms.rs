//! Alarms of CloudWatch, as SNS messages and as EventBridge events.
//!
//! An alarm goes by its ARN: nothing else is the same when it fires and when it is over. `INSUFFICIENT_DATA` is
//! neither. How bad it is, only its name or a `severity: …` in its description can say.

use chrono::{DateTime, Utc};
use domain::data::Common;
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::envelope::{Event, scope};
use crate::alerts::Monitored;
use crate::drafts::{NAME, TITLE, plain, text};
use crate::integration::Unreadable;
use crate::json::{self, Text};

/// The text of an SNS message.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, rename = "AlarmName")]
    name: Text<'a>,
    #[serde(borrow, rename = "AlarmDescription")]
    description: Option<Text<'a>>,
    #[serde(borrow, rename = "AlarmArn")]
    arn: Option<Text<'a>>,
    #[serde(borrow, rename = "AWSAccountId")]
    account: Option<Text<'a>>,
    #[serde(borrow, rename = "NewStateValue")]
    state: Text<'a>,
    #[serde(rename = "StateChangeTime", default, deserialize_with = "time::lenient")]
    at: Option<DateTime<Utc>>,
    #[serde(borrow, rename = "Trigger")]
    trigger: Option<Trigger<'a>>,
}

#[derive(Deserialize)]
struct Trigger<'a> {
    #[serde(borrow, default, rename = "Dimensions", deserialize_with = "json::list")]
    dimensions: Vec<Dimension<'a>>,
    /// Of an alarm that computes with several metrics, each with dimensions of its own.
    #[serde(borrow, default, rename = "Metrics", deserialize_with = "json::list")]
    metrics: Vec<Computed<'a>>,
}

#[derive(Deserialize)]
struct Computed<'a> {
    #[serde(borrow, rename = "MetricStat")]
    stat: Option<ComputedStat<'a>>,
}

#[derive(Deserialize)]
struct ComputedStat<'a> {
    #[serde(borrow, rename = "Metric")]
    metric: Option<ComputedMetric<'a>>,
}

#[derive(Deserialize)]
struct ComputedMetric<'a> {
    #[serde(borrow, default, rename = "Dimensions", deserialize_with = "json::list")]
    dimensions: Vec<Dimension<'a>>,
}

impl<'a> Trigger<'a> {
    /// What one of its metrics is about.
    fn dimension(&self, name: &str) -> Option<&Text<'a>> {
        let computed = self.metrics.iter().filter_map(|metric| metric.stat.as_ref()?.metric.as_ref());
        let mut all = self.dimensions.iter().chain(computed.flat_map(|metric| &metric.dimensions));
        all.find(|dimension| *dimension.name == *name).map(|dimension| &dimension.value)
    }
}

#[derive(Deserialize)]
struct Dimension<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    value: Text<'a>,
}

/// The details of `CloudWatch Alarm State Change`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    alarm_name: Text<'a>,
    #[serde(borrow)]
    state: State<'a>,
    #[serde(borrow)]
    previous_state: Option<State<'a>>,
    #[serde(borrow)]
    configuration: Option<Configuration<'a>>,
}

#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    timestamp: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Configuration<'a> {
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    metrics: Vec<Metric<'a>>,
}

#[derive(Deserialize)]
struct Metric<'a> {
    #[serde(borrow, rename = "metricStat")]
    stat: Option<Stat<'a>>,
}

#[derive(Deserialize)]
struct Stat<'a> {
    #[serde(borrow)]
    metric: Option<Measured<'a>>,
}

#[derive(Deserialize)]
struct Measured<'a> {
    #[serde(borrow)]
    dimensions: Option<Dimensions<'a>>,
}

/// As many as are read.
#[derive(Deserialize)]
struct Dimensions<'a> {
    #[serde(borrow, rename = "ServiceName")]
    service: Option<Text<'a>>,
    #[serde(borrow, rename = "ClusterName")]
    cluster: Option<Text<'a>>,
}

pub(super) fn message_drafts(
    source: &'static str,
    message: Message<'_>,
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    // The message gives its region as people say it, "EU (Ireland)"; its ARN as programs do.
    let region = message.arn.as_ref().and_then(|arn| arn.split(':').nth(3)).map(|region| Text(region.into()));
    let fired = (*message.state == *"ALARM").then_some(message.at).flatten();
    let dimension = |name| message.trigger.as_ref()?.dimension(name);
    Alarm {
        scope: scope(message.account.as_ref(), region.as_ref()),
        arn: text(message.arn.as_ref(), 500),
        name: &message.name,
        description: message.description.as_ref(),
        state: &message.state,
        at: message.at,
        fired_at: fired,
        common: measured(dimension("ServiceName"), dimension("ClusterName"), rules),
    }
    .drafts(source, rules)
}

pub(super) fn event_drafts(
    source: &'static str,
    event: Event<'_, Change<'_>>,
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    let change = &event.detail;
    let at = change.state.timestamp.or(event.time);
    // The state before is the one that it fired with.
    let fires = |state: &&State<'_>| state.value.as_deref() == Some("ALARM");
    let before = change.previous_state.as_ref().filter(fires).and_then(|state| state.timestamp);
    let fired = if fires(&&change.state) { at } else { before };
    let configuration = change.configuration.as_ref();
    let metrics = configuration.iter().flat_map(|configuration| &configuration.metrics);
    let dimensions = metrics.filter_map(|metric| metric.stat.as_ref()?.metric.as_ref()?.dimensions.as_ref());
    let (service, cluster) = dimensions.fold((None, None), |(service, cluster), found| {
        (found.service.as_ref().or(service), found.cluster.as_ref().or(cluster))
    });
    Alarm {
        scope: event.scope(),
        arn: event.resources.iter().find(|arn| arn.contains(":alarm:")).map(|arn| arn.clean(500)),
        name: &change.alarm_name,
        description: configuration.and_then(|configuration| configuration.description.as_ref()),
        state: change.state.value.as_deref().unwrap_or_default(),
        at,
        fired_at: fired,
        common: measured(service, cluster, rules),
    }
    .drafts(source, rules)
}

/// An alarm, from whichever of the two.
struct Alarm<'a> {
    scope: String,
    arn: Option<String>,
    name: &'a Text<'a>,
    description: Option<&'a Text<'a>>,
    state: &'a str,
    at: Option<DateTime<Utc>>,
    fired_at: Option<DateTime<Utc>>,
    common: Common,
}

impl Alarm<'_> {
    fn drafts(self, source: &'static str, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
        let resolved = match self.state {
            "ALARM" => false,
            "OK" => true,
            "INSUFFICIENT_DATA" => {
                let reason = "the alarm has no data: it neither fired nor resolved";
                return Err(Unreadable { scope: Some(self.scope), ..Unreadable::new(reason) });
            }
            _ => {
                return Err(Unreadable {
                    scope: Some(self.scope),
                    ..Unreadable::new("the alarm's state is not known")
                });
            }
        };
        // An alarm without its ARN is one of that name in its account and region.
        let id = self.arn.unwrap_or_else(|| format!("{}/{}", self.scope, self.name.clean(NAME)));
        let alert = Monitored {
            source,
            scope: self.scope,
            fingerprint: Some(id.clone()),
            id,
            name: text(Some(self.name), TITLE),
            severity: severity(self.name, self.description.map_or("", |text| text), rules),
            resolved,
            fired_at: self.fired_at,
            resolved_at: self.at.filter(|_| resolved),
            at: self.at,
            common: self.common,
            ..Monitored::default()
        };
        Ok(alert.drafts(rules))
    }
}

/// What the measured thing belongs to, where it is one of ECS.
fn measured(service: Option<&Text<'_>>, cluster: Option<&Text<'_>>, rules: &Rules) -> Common {
    let environment = text(cluster, NAME);
    Common {
        service: text(service, NAME),
        environment_tier: environment.as_deref().map(|name| rules.tier(name, None)),
        environment,
        ..Common::default()
    }
}

/// A word of the name that is the severity of an incident (`shop-p1-latency`), or what the description says after
/// `severity` or `priority`. Not `page`: alarms watch pages of websites.
fn severity(name: &str, description: &str, rules: &Rules) -> Option<String> {
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        parts.map(str::to_ascii_lowercase).collect()
    };
    let severe = |word: &&String| word.as_str() != "page" && rules.is_incident_severity(word);
    if let Some(word) = words(name).iter().find(severe) {
        return Some(word.clone());
    }
    let described = words(description);
    let said = described.windows(2).find(|pair| pair[0] == "severity" || pair[0] == "priority")?;
    plain(Some(&said[1]), 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_bad_an_alarm_is_only_its_own_words_say() {
        let rules = Rules::default();
        for (name, description, expected) in [
            ("shop-p1-latency", "", Some("p1")),
            ("[CRITICAL] shop 5xx", "", Some("critical")),
            ("shop-5xx", "Severity: SEV1. See the runbook.", Some("sev1")),
            ("shop-5xx", "priority=low", Some("low")),
            ("checkout-page-latency", "critical when it is dark", None),
            ("criticality", "the severity", None),
        ] {
            assert_eq!(severity(name, description, &rules).as_deref(), expected, "{name}");
        }
    }
}
