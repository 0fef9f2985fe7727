//! What is stored of a body that holds a Secret: all of it but what the Secret keeps. Nothing here is read for events.

use serde_json::{Map, Value};

/// Members of a Secret that hold what it keeps, or a copy of it.
const KEPT: [&str; 3] = ["data", "stringData", "metadata"];

/// The body without what Secrets keep; `None` when it tells of none.
pub(super) fn without(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    // A plain search first: most bodies tell of no Secret, and are stored as they came.
    if !text.contains("ecret") {
        return None;
    }
    let mut value: Value = serde_json::from_str(text).ok()?;
    let before = value.clone();
    walk(&mut value);
    (value != before).then(|| value.to_string().into_bytes())
}

fn walk(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(walk),
        Value::Object(map) => {
            clear(map);
            map.values_mut().for_each(walk);
        }
        _ => {}
    }
}

fn clear(map: &mut Map<String, Value>) {
    let says = |map: &Map<String, Value>, name: &str, word: &str| {
        map.get(name).and_then(Value::as_str).is_some_and(|said| said.eq_ignore_ascii_case(word))
    };
    // kubewatch: the kind stands beside the objects.
    if says(map, "kind", "Secret") {
        for name in ["obj", "oldObj"] {
            map.get_mut(name).and_then(Value::as_object_mut).into_iter().for_each(empty);
        }
        if map.contains_key("apiVersion") && !map.contains_key("obj") {
            empty(map);
        }
    }
    // Audit: the request and its answer, in whatever shape.
    let audited = map.get("objectRef").and_then(Value::as_object).is_some_and(|of| says(of, "resource", "secrets"));
    if audited {
        map.remove("requestObject");
        map.remove("responseObject");
    }
}

/// Leaves only the names of a Secret's metadata: its annotations may repeat what was applied.
fn empty(secret: &mut Map<String, Value>) {
    let metadata = secret.get("metadata").and_then(Value::as_object).map(|metadata| {
        let named = ["name", "namespace", "uid", "generation"];
        metadata.iter().filter(|(name, _)| named.contains(&&***name)).map(|(k, v)| (k.clone(), v.clone())).collect()
    });
    secret.retain(|name, _| !KEPT.contains(&&**name));
    secret.extend(metadata.map(|metadata| ("metadata".to_owned(), Value::Object(metadata))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_secret_keeps_is_not_stored_and_all_else_is() {
        for body in [
            r#"{"data":{"kind":"secret","obj":{"metadata":{"name":"db","annotations":{"a":"aHVudGVyMg"}},"data":{"p":"aHVudGVyMg"}},"oldObj":{"stringData":{"p":"aHVudGVyMg"}}}}"#,
            r#"{"kind":"EventList","items":[{"objectRef":{"resource":"secrets"},"requestObject":["aHVudGVyMg"],"responseObject":{"p":"aHVudGVyMg"}}]}"#,
            r#"{"items":[{"responseObject":{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db"},"data":{"p":"aHVudGVyMg"}}}]}"#,
        ] {
            let kept = without(body.as_bytes()).expect("less of it");
            let kept = String::from_utf8(kept).expect("text");
            assert!(!kept.contains("aHVudGVyMg"), "{kept}");
            assert!(kept.contains("db") || kept.contains("secrets"), "{kept}");
        }
        for body in [r#"{"data":{"kind":"Deployment","obj":{"data":{"secret":"name"}}}}"#, r#"{"a":1}"#, "{secret"] {
            assert_eq!(without(body.as_bytes()), None, "{body}");
        }
    }
}
