//! What notices that something is wrong: Alertmanager of Prometheus, Sentry, and the events of the cluster.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::story::Delivery;
use super::world::{SHOP, time, uuid};

/// An alert of the severity `warning`: it is an alert only, the incident is what those on call make of it.
pub(super) fn alert(fired: DateTime<Utc>, resolved: Option<DateTime<Utc>>) -> Delivery {
    let status = if resolved.is_some() { "resolved" } else { "firing" };
    let labels = json!({
        "alertname": "HighErrorRate", "service": SHOP.full_name, "environment": "production", "severity": "warning",
        "cluster": "eu-1",
    });
    let body = json!({
        "receiver": "em-agent", "status": status, "version": "4",
        "alerts": [{
            "status": status, "labels": labels, "startsAt": time(fired),
            "annotations": {"summary": "5xx of the shop above 5 % for two minutes"},
            "endsAt": resolved.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), time),
            "generatorURL": "https://prometheus.acme.example/graph?g0.expr=errors", "fingerprint": "3c9f0e7ab1d24587",
        }],
        "groupLabels": {"alertname": "HighErrorRate"}, "commonLabels": labels, "commonAnnotations": {},
        "externalURL": "https://alertmanager-0.acme.example", "truncatedAlerts": 0,
        "groupKey": "{}/{severity=\"warning\"}:{alertname=\"HighErrorRate\"}",
    });
    Delivery::new("prometheus", status, resolved.unwrap_or(fired), &body)
}

/// Sentry says when an error was seen first, but not when it was resolved: that is left out here.
pub(super) fn error(number: u64, at: DateTime<Utc>) -> Delivery {
    let id = 6_120_000_000 + number;
    let url = format!("https://acme.sentry.io/issues/{id}/");
    let body = json!({
        "action": "created", "installation": {"uuid": uuid(9, 1)},
        "data": {"issue": {
            "id": id.to_string(), "shortId": format!("SHOP-{number:X}"), "shareId": null, "web_url": url,
            "permalink": url, "metadata": {"type": "PoolTimeout", "value": "no connection within 5 s"},
            "title": "PoolTimeout: no connection within 5 s", "culprit": "shop.checkout.reserve", "level": "error",
            "status": "unresolved", "statusDetails": {}, "substatus": "new", "platform": "python", "logger": null,
            "project": {"id": "4508110022", "name": SHOP.name, "slug": SHOP.name, "platform": "python"},
            "type": "error", "issueType": "error", "issueCategory": "error",
            "priority": "high", "isUnhandled": true, "count": "1",
            "userCount": 1, "firstSeen": time(at), "lastSeen": time(at),
        }},
        "actor": {"type": "application", "id": "sentry", "name": "Sentry"},
    });
    Delivery::new("sentry", "issue", at, &body)
}

/// The new pods stop again and again. One event counts up: each count is a delivery.
pub(super) fn back_off(number: u64, first: DateTime<Utc>, at: DateTime<Utc>, count: u64) -> Delivery {
    let pod = format!("shop-6d9f7c5b8-{number:05}");
    let body = json!({
        "metadata": {
            "name": format!("{pod}.18a1f0c2d3e4"), "namespace": "production", "uid": uuid(10, number),
            "resourceVersion": (918_000 + count).to_string(), "creationTimestamp": time(first),
        },
        "reason": "BackOff", "message": format!("Back-off restarting failed container web in pod {pod}"),
        "source": {"component": "kubelet"}, "firstTimestamp": time(first), "lastTimestamp": time(at), "count": count,
        "type": "Warning", "eventTime": null, "reportingComponent": "kubelet", "reportingInstance": "",
        "clusterName": "acme-eu-1",
        "involvedObject": {
            "kind": "Pod", "namespace": "production", "name": pod, "uid": uuid(11, number), "apiVersion": "v1",
            "labels": {"app.kubernetes.io/name": SHOP.name, "app.kubernetes.io/part-of": "storefront"},
            "annotations": null, "ownerReferences": null, "deleted": false,
        },
    });
    Delivery::new("kubernetes", "BackOff", at, &body)
}
