//! Examples of data parse as what they say they are: JSON, YAML and TOML in blocks, and the bodies of calls with curl.

use serde::Deserialize;
use serde_json::Value;

use crate::lines::typed;
use crate::pages::{nothing_of, pages};

/// What is wrong with a block, by its language. Several objects may follow each other.
fn wrong(language: &str, text: &str) -> Option<String> {
    match language {
        "json" => {
            serde_json::Deserializer::from_str(text).into_iter::<Value>().find_map(Result::err).map(|e| e.to_string())
        }
        "toml" => toml::from_str::<toml::Table>(text).err().map(|error| error.to_string()),
        "yaml" => {
            let mut documents = serde_norway::Deserializer::from_str(text);
            documents.find_map(|one| serde_norway::Value::deserialize(one).err()).map(|error| error.to_string())
        }
        _ => None,
    }
}

#[test]
fn every_block_of_data_parses() {
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages() {
        for block in page.blocks() {
            seen += usize::from(["json", "toml", "yaml"].contains(&block.language.as_str()));
            let said = wrong(&block.language, &block.text);
            found.extend(said.map(|said| format!("{}:{}: {} {said}", page.name, block.line, block.language)));
        }
    }
    assert!(seen > 12, "found only {seen} blocks");
    nothing_of("these do not parse", &found);
}

#[test]
fn every_body_that_is_sent_with_curl_is_json() {
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages() {
        for line in typed(&page) {
            let Some(words) = line.of("curl") else { continue };
            let bodies =
                words.iter().zip(words.iter().skip(1)).filter(|(flag, body)| *flag == "-d" && !body.starts_with('$'));
            for (_, body) in bodies {
                seen += 1;
                let said = serde_json::from_str::<Value>(body).err();
                found.extend(said.map(|said| format!("{}:{}: {said}: {body}", page.name, line.at)));
            }
        }
    }
    assert!(seen > 10, "found only {seen} bodies");
    nothing_of("no JSON", &found);
}

#[test]
fn what_does_not_parse_is_seen() {
    assert!(
        wrong("json", "{\"a\": 1,}").is_some() && wrong("yaml", "a: [1").is_some() && wrong("toml", "a = ").is_some()
    );
    assert!(wrong("json", "{\"a\": 1}\n{\"b\": 2}").is_none() && wrong("rego", "{").is_none());
}
