//! Payloads for vendors whose body is whatever the operator writes: to be pasted as they are.

/// The source, and what its webhook is to send.
pub static TEMPLATES: &[(&str, &str)] =
    &[("datadog", include_str!("../templates/datadog.json")), ("newrelic", include_str!("../templates/newrelic.hbs"))];
