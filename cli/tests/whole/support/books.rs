//! The books that must balance: what was answered, what is kept, what is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use testkit::senders::Sender;

use super::eventually;

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The deployments of the day on which `deployment_succeeded` happens.
const FREQUENCY: &str = "/v1/metrics/dora/deployment-frequency?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";

/// Every row of a list of the API.
pub(crate) async fn walk(sender: &Sender, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = sender.get(&format!("{path}?limit=200{cursor}")).await.expect("a page");
        rows.extend(page["data"].as_array().unwrap_or_else(|| panic!("no list: {page}")).clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

pub(crate) fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_else(|| panic!("{field} in {row}")).to_owned()
}

/// Every delivery that was answered (key → id) is there, and none is there twice; how many are there.
pub(crate) async fn kept_once(sender: &Sender, acked: &BTreeMap<String, String>) -> usize {
    let rows = walk(sender, "/v1/deliveries").await;
    let by_key: BTreeMap<String, String> = rows.iter().map(|row| (text(row, "key"), text(row, "id"))).collect();
    assert_eq!(by_key.len(), rows.len(), "a key was kept twice");
    for (key, id) in acked {
        assert_eq!(by_key.get(key), Some(id), "{key} was answered with 200");
    }
    rows.len()
}

/// How many deployments are counted, and whether that is all, when asked to wait so many seconds.
pub(crate) async fn counted(sender: &Sender, wait: u32) -> (u64, bool) {
    let answer = sender.get(&format!("{FREQUENCY}&wait={wait}")).await.expect("an answer");
    let rows = answer["data"].as_array().unwrap_or_else(|| panic!("no list: {answer}"));
    let total = rows.iter().filter_map(|row| row["total_deployments"].as_u64()).sum();
    (total, answer["settled"].as_bool().unwrap_or_else(|| panic!("no word on that: {answer}")))
}

/// Waits until `kept` deployments are counted; more is a failure at once.
pub(crate) async fn counted_once(sender: &Sender, kept: usize) {
    let total = || async {
        let (total, _) = counted(sender, 1).await;
        assert!(total <= kept as u64, "{total} deployments were counted for {kept} deliveries");
        total == kept as u64
    };
    eventually("every deployment is counted", PATIENCE, total).await;
}
