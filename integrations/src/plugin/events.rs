//! What a mapping made, as events: each object is one, checked field by field.

use domain::data::{Common, Data};
use domain::event::{Draft, EventType};
use domain::rules::Rules;
use domain::text::clean;
use serde_json::{Value as Json, json};

use super::misfit::Misfit;
use super::nouns::{self, Noun, TOLD_BY_TIME};
use super::shape::{self, Members, fields};
use crate::drafts::{MESSAGE, NAME};

/// Members that are about the event, not of its data.
const ABOUT: [&str; 4] = ["type", "time", "subject", "scope"];

/// The event of one object.
pub(super) fn draft(source: &str, made: Json, rules: &Rules) -> Result<Draft, Misfit> {
    let Json::Object(mut members) = made else {
        return Err(Misfit::new("an event", "takes an object"));
    };
    let kind = member(&members, "type").ok_or_else(|| Misfit::new("type", "is missing"))?;
    let noun = nouns::find(&kind).ok_or_else(|| Misfit::new("type", "is none of the types of events"))?;
    let known =
        |name: &str| ABOUT.contains(&name) || fields::<Common>().contains(&name) || (noun.fields)().contains(&name);
    if let Some(unknown) = members.keys().find(|name| !known(name) && *name != source) {
        return Err(Misfit::new(&clean(unknown, 60), format!("is no field of {}", noun.name)));
    }
    let time =
        members.get("time").map_or(Ok(None), |given| shape::time_of(given).map_err(|misfit| misfit.inside("time")))?;
    fill(&kind, noun, &mut members);
    let mut common: Common = shape::read(&members, rules)?;
    common.revision = common.revision.or(time);
    common.environment_tier =
        common.environment_tier.or_else(|| common.environment.as_deref().map(|name| rules.tier(name, None)));
    let body = (noun.read)(&members, rules)?;
    nouns::check(&kind, &body)?;
    let subject = member(&members, "subject").map_or_else(|| nouns::subject(source, &common, &body), Ok)?;
    let scope = member(&members, "scope").or_else(|| common.repo.clone()).or_else(|| common.service.clone());
    let extra = members.remove(source).filter(|own| !own.is_null());
    Ok(Draft {
        kind: EventType::parse(&kind).ok_or_else(|| Misfit::new("type", "is none of the types of events"))?,
        scope: scope.unwrap_or_else(|| "unknown".to_owned()),
        subject,
        time: time.or(common.revision),
        data: Data { common, body, extra: extra.map(|own| (source.to_owned(), cleaned(own))).into_iter().collect() },
    })
}

/// A text that is there, cleaned.
fn member(members: &Members, name: &str) -> Option<String> {
    let text = members.get(name)?.as_str()?;
    Some(clean(text.trim(), NAME)).filter(|text| !text.is_empty())
}

/// What follows from what the mapping gave: its time is that of the verb, a build is of its commit, and a deployment
/// ships what it names.
fn fill(kind: &str, noun: &Noun, members: &mut Members) {
    let time =
        ["time", "revision"].into_iter().find_map(|name| members.get(name).filter(|time| !time.is_null()).cloned());
    let told = TOLD_BY_TIME.iter().filter(|(verb, _)| *verb == kind).flat_map(|(_, fields)| fields.iter());
    for field in told {
        set(members, field, time.clone());
    }
    let commit = members.get("commit_sha").filter(|sha| !sha.is_null()).cloned();
    match noun.name {
        "build" => set(members, "head_sha", commit),
        "deployment" if commit.is_some() => {
            let component = json!({ "repo": members.get("repo"), "sha": commit, "ref": members.get("branch") });
            set(members, "components", Some(json!([component])));
        }
        _ => {}
    }
}

fn set(members: &mut Members, name: &str, value: Option<Json>) {
    if let (None | Some(Json::Null), Some(value)) = (members.get(name), value) {
        members.insert(name.to_owned(), value);
    }
}

/// What only the source knows: its texts are free.
fn cleaned(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(clean(&text, MESSAGE)),
        Json::Array(items) => Json::Array(items.into_iter().map(cleaned).collect()),
        Json::Object(members) => {
            let member = |(name, value): (String, Json)| (clean(&name, NAME), cleaned(value));
            Json::Object(members.into_iter().map(member).collect())
        }
        other => other,
    }
}
