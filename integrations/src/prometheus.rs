//! Prometheus: the groups of alerts that Alertmanager sends.
//!
//! Nothing is signed, so a token stands in a header. There is no delivery id and none is made up: the same group comes
//! again from every peer and after every repeat interval, and with other alerts in it is another delivery.

use domain::event::Draft;
use domain::rules::Rules;

use crate::alert_groups;
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;

pub(crate) static PROMETHEUS: Integration = Integration {
    name: "prometheus",
    title: "Prometheus Alertmanager",
    setup: Setup {
        paste: "alertmanager.yml → receivers → webhook_configs: url, and http_config.authorization with type Bearer \
                and the secret as credentials",
        ticks: "send_resolved: true, max_alerts: 0, no payload of your own. Labels that matter: service (or app, job), \
                environment (or env), severity",
        docs: "https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
    },
    manners: Manners {
        deadline_seconds: None,
        refused: After::GivesUp,
        limited: After::GivesUp,
        failed: After::Retries,
        note: "A group that was refused comes again with its next notification, after group_interval or \
               repeat_interval.",
    },
    secret_setting: "PROMETHEUS_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Body(&["/status"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "Alertmanager/0.28.1")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("prometheus/firing/critical.json", "firing"),
    sample!("prometheus/firing/believed_until.json", "firing"),
    sample!("prometheus/firing/mixed_group.json", "firing"),
    sample!("prometheus/firing/without_fingerprint.json", "firing"),
    sample!("prometheus/firing/bare.json", "firing"),
    sample!("prometheus/firing/repeated_field.json", "firing"),
    sample!("prometheus/resolved/critical.json", "resolved"),
    sample!("prometheus/resolved/without_end.json", "resolved"),
    sample!("prometheus/resolved/no_alerts.json", "resolved"),
    sample!("prometheus/unknown/payload_of_your_own.json", "unknown"),
    sample!("prometheus/unknown/cut_off.txt", "unknown"),
];

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    alert_groups::normalize("prometheus", delivery, rules)
}
