//! Grafana: contact points of the kind webhook.
//!
//! With HMAC switched on, the body is signed, together with a time where a header for it is named; without it, the
//! secret stands in `Authorization`. Once the operator has named the header of the time, nothing else is taken. The
//! body is Alertmanager's with more in it, by POST or PUT, with times in the zone of the server.

use domain::event::Draft;
use domain::rules::Rules;

use crate::alert_groups;
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::manners::Manners;
use crate::scheme::{Clock, Part, Scheme, Signature, Timestamp, Unit};
use crate::schemes::{ANY_TOKEN, WINDOW_SECONDS};

const SIGNATURE_HEADER: &str = "x-grafana-alerting-signature";

pub(crate) static GRAFANA: Integration = Integration {
    name: "grafana",
    title: "Grafana Alerting",
    setup: Setup {
        paste: "Alerting → Contact points → Add contact point → Webhook: URL, and under HMAC signature the secret; \
                the header names as they are, with a timestamp header if the gateway is told its name. Without HMAC: \
                authorization header Bearer with the secret",
        ticks: "Resolved messages (do not disable them), no custom payload. Labels that matter: service (or app, job), \
                environment (or env), severity",
        docs: "https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/",
    },
    manners: Manners { note: "POST or PUT, as the contact point says.", ..Manners::UNKNOWN },
    secret_setting: "GRAFANA_WEBHOOK_SECRET",
    schemes: &[
        Scheme::Signature(Signature {
            name: "grafana-timed-sha256",
            header: SIGNATURE_HEADER,
            signed: &[Part::NamedTime, Part::Text(":"), Part::Body],
            timestamp: Some(Timestamp { clock: Clock::Named, unit: Unit::Seconds, window_seconds: WINDOW_SECONDS }),
            ..Signature::BODY_HEX
        }),
        Scheme::Signature(Signature {
            name: "grafana-sha256",
            header: SIGNATURE_HEADER,
            yields: true,
            ..Signature::BODY_HEX
        }),
        ANY_TOKEN,
    ],
    kind: Field::Body(&["/status"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "Grafana")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("grafana/firing/one.json", "firing"),
    sample!("grafana/firing/no_data.json", "firing"),
    sample!("grafana/resolved/one.json", "resolved"),
    sample!("grafana/resolved/another_organization.json", "resolved"),
    sample!("grafana/unknown/custom_payload.json", "unknown"),
    sample!("grafana/unknown/before_version_nine.json", "unknown"),
];

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    alert_groups::normalize("grafana", delivery, rules)
}
