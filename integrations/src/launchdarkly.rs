//! LaunchDarkly: webhooks, each of which is an entry of the audit log.
//!
//! Signed with HMAC-SHA256 over the raw body. An entry names what was done to which resources: each flag, in each
//! environment, is a workload that was changed. Deliveries come in any order; the entry's date decides. The versions
//! of the flag that come along hold its salts, which programs in the open know: they are not stored. Other kinds are
//! kept as `launchdarkly.unmapped`.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Common, Workload};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::clean;
use domain::time;
use serde::Deserialize;

use crate::drafts::{MESSAGE, NAME, draft, text};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Text};
use crate::manners::{After, Manners};
use crate::scheme::{Scheme, Signature};

pub(crate) static LAUNCHDARKLY: Integration = Integration {
    name: "launchdarkly",
    title: "LaunchDarkly",
    setup: Setup {
        paste: "Integrations → Webhooks → Add integration: URL, Sign this webhook, secret",
        ticks: "Policy: all actions on `proj/*:env/*:flag/*`, or on the projects and environments that matter",
        docs: "https://launchdarkly.com/docs/home/infrastructure/webhooks",
    },
    manners: Manners {
        deadline_seconds: None,
        refused: After::Unknown,
        limited: After::Unknown,
        failed: After::Retries,
        note: "One more attempt. Deliveries may come in any order.",
    },
    secret_setting: "LAUNCHDARKLY_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "launchdarkly-sha256",
        header: "x-ld-signature",
        ..Signature::BODY_HEX
    })],
    kind: Field::First(&[Field::Body(&["/kind", "/accesses/0/action"]), Field::Body(&["/kind"])]),
    key: Field::Body(&["/_id"]),
    kept_body: Some(without_versions),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "LaunchDarkly-Webhooks/1.0")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("launchdarkly/flag/turned_on.json", "flag:updateOn"),
    sample!("launchdarkly/flag/by_service_token.json", "flag:updateOn"),
    sample!("launchdarkly/flag/created.json", "flag:createFlag"),
    sample!("launchdarkly/flag/deleted.json", "flag:deleteFlag"),
    sample!("launchdarkly/flag/name_and_tags.json", "flag:updateName"),
    sample!("launchdarkly/flag/several_actions.json", "flag:updateRules"),
    sample!("launchdarkly/flag/smallest.json", "flag:updateOn"),
    sample!("launchdarkly/flag/without_resource.json", "flag"),
    sample!("launchdarkly/flag/by_app.json", "flag:updateOn"),
    sample!("launchdarkly/flag/created_in_all.json", "flag:createFlag"),
    sample!("launchdarkly/environment/renamed.json", "environment:updateName"),
    sample!("launchdarkly/unknown/truncated.txt", "unknown"),
];

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    date: Option<DateTime<Utc>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    accesses: Vec<Access<'a>>,
    #[serde(borrow)]
    member: Option<Member<'a>>,
    #[serde(borrow)]
    token: Option<Token<'a>>,
    #[serde(borrow)]
    app: Option<Token<'a>>,
    #[serde(borrow)]
    comment: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Access<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    resource: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Member<'a> {
    #[serde(borrow, rename = "_id")]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
}

/// An access token, or an app that acts for a member.
#[derive(Deserialize)]
struct Token<'a> {
    #[serde(borrow, rename = "_id")]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    /// It belongs to no member.
    #[serde(rename = "serviceToken")]
    is_service: Option<bool>,
}

/// A flag in an environment, as a resource names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Flag {
    project: String,
    /// `None` where the resource means all of them.
    environment: Option<String>,
    key: String,
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| drafts(body, rules))
}

fn drafts(body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let entry: Entry<'_> = json::read(body)?;
    let unmapped = |reason: &str| {
        let resource = entry.accesses.iter().find_map(|access| access.resource.as_deref());
        Unreadable { scope: resource.and_then(|resource| part(resource, "proj")), ..Unreadable::new(reason) }
    };
    if entry.kind.as_deref() != Some("flag") {
        return Err(unmapped("this kind has no mapping"));
    }
    let flags = entry.flags();
    if flags.is_empty() {
        return Err(unmapped("it names no flag"));
    }
    Ok(flags.into_iter().map(|(flag, actions)| entry.draft(&flag, &actions, rules)).collect())
}

/// More than this is not done at once.
const MOST_ACCESSES: usize = 500;

impl Entry<'_> {
    /// Each flag with what was done to it, in order.
    fn flags(&self) -> Vec<(Flag, Vec<&str>)> {
        let mut flags: Vec<(Flag, Vec<&str>)> = Vec::new();
        for access in self.accesses.iter().take(MOST_ACCESSES) {
            let Some(flag) = access.resource.as_deref().and_then(Flag::parse) else { continue };
            let action = access.action.as_deref().filter(|action| !action.is_empty());
            let place = flags.iter().position(|(known, _)| *known == flag).unwrap_or_else(|| {
                flags.push((flag, Vec::new()));
                flags.len() - 1
            });
            let actions = &mut flags[place].1;
            actions.extend(action.filter(|action| !actions.contains(action)));
        }
        flags
    }

    fn draft(&self, flag: &Flag, actions: &[&str], rules: &Rules) -> Draft {
        let kind = match actions {
            ["createFlag"] => "workload.created",
            ["deleteFlag"] => "workload.deleted",
            _ => "workload.updated",
        };
        let message = text(self.comment.as_ref(), MESSAGE).or_else(|| text(self.description.as_ref(), MESSAGE));
        let fact = Workload {
            kind: Some("feature_flag".to_owned()),
            namespace: Some(flag.project.clone()),
            name: Some(flag.key.clone()),
            reason: Some(clean(&actions.join(", "), NAME)).filter(|reason| !reason.is_empty()),
            message,
            ..Workload::default()
        };
        let common = Common {
            environment_tier: flag.environment.as_deref().map(|name| rules.tier(name, None)),
            environment: flag.environment.clone(),
            actor: self.actor(rules),
            revision: self.date,
            ..Common::default()
        };
        let place = flag.environment.as_deref().map(|name| format!("{name}/")).unwrap_or_default();
        let subject = format!("launchdarkly:{}/{place}{}", flag.project, flag.key);
        draft(kind, &flag.project, subject, self.date, common, Body::Workload(fact))
    }

    /// Members log in by their address. A service token stands for nobody; any other acts for the member beside it.
    fn actor(&self, rules: &Rules) -> Option<Actor> {
        let service = self.token.as_ref().filter(|token| token.is_service == Some(true));
        if let Some(member) = self.member.as_ref().filter(|_| service.is_none()) {
            let email = text(member.email.as_ref(), NAME);
            let bot = rules.is_bot(email.as_deref().unwrap_or_default(), false);
            return Some(Actor { id: text(member.id.as_ref(), NAME), login: email.clone(), email, bot });
        }
        let token = service.or(self.token.as_ref()).or(self.app.as_ref())?;
        Some(Actor {
            id: text(token.id.as_ref(), NAME),
            login: text(token.name.as_ref(), NAME),
            email: None,
            bot: true,
        })
    }
}

impl Flag {
    fn parse(resource: &str) -> Option<Self> {
        Some(Self {
            project: part(resource, "proj")?,
            environment: part(resource, "env"),
            key: part(resource, "flag")?,
        })
    }
}

/// A part of `proj/shop:env/production;tag:flag/new-checkout`, without the tags that it may end with; `*` is none.
fn part(resource: &str, kind: &str) -> Option<String> {
    let found = resource.split(':').find_map(|part| part.strip_prefix(kind)?.strip_prefix('/'))?;
    let name = found.split(';').next().unwrap_or_default();
    (!name.is_empty() && name != "*").then(|| clean(name, NAME))
}

/// What is not stored of a body.
const VERSIONS: [&str; 2] = ["currentVersion", "previousVersion"];

/// The body without the flag's versions; `None` for one that has none.
fn without_versions(body: &[u8]) -> Option<Vec<u8>> {
    json::without(body, &VERSIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_by_their_parts() {
        let flag = |project: &str, environment: Option<&str>, key: &str| {
            Some(Flag { project: project.into(), environment: environment.map(str::to_owned), key: key.into() })
        };
        for (resource, expected) in [
            ("proj/shop:env/production:flag/new-checkout", flag("shop", Some("production"), "new-checkout")),
            ("proj/shop;web,eu:env/prod;critical:flag/beta;old", flag("shop", Some("prod"), "beta")),
            ("proj/shop:env/*:flag/beta", flag("shop", None, "beta")),
            ("proj/shop:flag/beta", flag("shop", None, "beta")),
            ("proj/shop:env/production:segment/beta", None),
            ("proj/shop:env/production:flag/*", None),
            ("member/5f", None),
            ("", None),
        ] {
            assert_eq!(Flag::parse(resource), expected, "{resource}");
        }
    }

    #[test]
    fn versions_are_cut_out_however_they_are_written() {
        let body = br#"{"_id":"1","currentVersion":{"salt":"s1"}, "date":1.50 ,"previous\u0056ersion":[{"salt":"s2"}],"currentVersion":"s3"}"#;
        let kept = without_versions(body).expect("something to cut");
        assert_eq!(String::from_utf8_lossy(&kept), r#"{"_id":"1","date":1.50}"#);
        for other in [&br#"{"_id":"1"}"#[..], b"[]", b"{", b""] {
            assert_eq!(without_versions(other), None);
        }
    }
}
