//! Documents that people write: YAML, of which JSON is a part. What stands twice in one object is a mistake, not the
//! last of both.

use serde_json::{Map, Number, Value};
use serde_norway::Value as Yaml;

/// The text cannot be read as a document.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum YamlError {
    #[error("the document is no YAML or JSON: {0}")]
    Unreadable(String),
    #[error("the document holds what JSON has no form for: {0}")]
    NoJson(&'static str),
}

/// Reads a document of YAML or JSON.
pub fn read(text: &str) -> Result<Value, YamlError> {
    let yaml: Yaml = serde_norway::from_str(text).map_err(|error| YamlError::Unreadable(error.to_string()))?;
    json(yaml)
}

/// Writes a document as YAML.
pub fn write(document: &Value) -> Result<String, YamlError> {
    serde_norway::to_string(document).map_err(|error| YamlError::Unreadable(error.to_string()))
}

fn json(yaml: Yaml) -> Result<Value, YamlError> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(said) => Value::Bool(said),
        Yaml::String(text) => Value::String(text),
        Yaml::Number(number) => Value::Number(whole_or_not(&number)?),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(members) => {
            let mut all = Map::new();
            for (name, value) in members {
                let name = name_of(name)?;
                // `1` and `"1"` are two keys to YAML, and one to us.
                if all.insert(name, json(value)?).is_some() {
                    return Err(YamlError::NoJson("a name that stands twice, once as a number"));
                }
            }
            Value::Object(all)
        }
        Yaml::Tagged(_) => return Err(YamlError::NoJson("a tag (`!…`)")),
    })
}

fn whole_or_not(number: &serde_norway::Number) -> Result<Number, YamlError> {
    let whole = number.as_i64().map(Number::from).or_else(|| number.as_u64().map(Number::from));
    let with_fraction = || number.as_f64().and_then(Number::from_f64);
    whole.or_else(with_fraction).ok_or(YamlError::NoJson("a number that is none"))
}

/// A service may be called 404.
fn name_of(name: Yaml) -> Result<String, YamlError> {
    match name {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(said) => Ok(said.to_string()),
        _ => Err(YamlError::NoJson("a name that is not text")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_and_json_say_the_same() {
        let expected = json!({"version": 1, "services": {"404": {"repos": ["acme/shop"], "incident_window": "off"}}});
        let yaml = "version: 1\nservices:\n  404: {repos: [acme/shop], incident_window: off}\n";
        assert_eq!(read(yaml), Ok(expected.clone()));
        assert_eq!(read(&expected.to_string()), Ok(expected.clone()));
        assert_eq!(read(&write(&expected).expect("written")), Ok(expected));
        assert_eq!(read("from: 2026-01-01"), Ok(json!({"from": "2026-01-01"})));
        assert_eq!(read(""), Ok(Value::Null));
    }

    #[test]
    fn what_stands_twice_or_has_no_form_is_refused() {
        for wrong in
            ["a: 1\na: 2", "{\"a\": 1, \"a\": 2}", "1: a\n\"1\": b", "a: [", "? [x]\n: y", "a: !secret x", "a: .nan"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]";
        assert!(read(bomb).is_err());
    }
}
