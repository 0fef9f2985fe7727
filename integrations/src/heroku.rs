//! Heroku: app webhooks for releases and builds.
//!
//! Every change of an app is a release, also of its configuration: deployments are those that change what runs, which
//! only the description tells (`Deploy …`, `Promote …`, `Rollback …`). The others are kept without a meaning. An app's
//! name says its environment by a word (`shop-staging`, `shop-pr-12`); an app whose name says none is production, as
//! Heroku's own are. A static `Authorization` value may come along; it is never taken in place of the signature.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Common, Component, Deployment};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::builds::{Phase, Run};
use crate::deployments::Told;
use crate::drafts::{NAME, TITLE, plain, sha, text};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::{After, Manners};
use crate::scheme::{Encoding, Scheme, Signature};

pub(crate) static HEROKU: Integration = Integration {
    name: "heroku",
    title: "Heroku",
    setup: Setup {
        paste: "App → More → View Webhooks → Create Webhook: payload URL, secret, event level sync \
                (or: heroku webhooks:add -i api:release api:build -l sync -s <secret> -u <url> -a <app>)",
        ticks: "api:release, api:build",
        docs: "https://devcenter.heroku.com/articles/app-webhooks",
    },
    manners: Manners {
        deadline_seconds: None,
        refused: After::Retries,
        limited: After::Retries,
        failed: After::Retries,
        note: "Only at level sync. At level notify each is sent once, whatever the answer.",
    },
    secret_setting: "HEROKU_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "heroku-sha256",
        header: "heroku-webhook-hmac-sha256",
        encoding: Encoding::Base64,
        ..Signature::BODY_HEX
    })],
    weaker_headers: &["authorization"],
    kind: Field::First(&[Field::Body(&["/webhook_metadata/event/include"]), Field::Body(&["/resource"])]),
    key: Field::Body(&["/webhook_metadata/event/id"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "Heroku-Webhooks/1.0")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("heroku/release/succeeded.json", "api:release"),
    sample!("heroku/release/config_change.json", "api:release"),
    sample!("heroku/release/created_pending.json", "api:release"),
    sample!("heroku/release/created_succeeded.json", "api:release"),
    sample!("heroku/release/failed_staging.json", "api:release"),
    sample!("heroku/release/minimal.json", "api:release"),
    sample!("heroku/release/promoted.json", "api:release"),
    sample!("heroku/release/review_app.json", "api:release"),
    sample!("heroku/release/rollback.json", "api:release"),
    sample!("heroku/build/succeeded.json", "api:build"),
    sample!("heroku/build/failed.json", "api:build"),
    sample!("heroku/build/pending.json", "api:build"),
    sample!("heroku/other/dyno.json", "api:dyno"),
];

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    actor: Option<Person<'a>>,
    #[serde(borrow)]
    data: Option<Thing<'a>>,
}

/// A release or a build.
#[derive(Deserialize)]
struct Thing<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    app: Option<App<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    slug: Option<Slug<'a>>,
    #[serde(borrow)]
    source_blob: Option<Blob<'a>>,
    #[serde(borrow)]
    user: Option<Person<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct App<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Slug<'a> {
    #[serde(borrow)]
    commit: Option<Text<'a>>,
}

/// The source of a build; its URL is signed and so a secret.
#[derive(Deserialize)]
struct Blob<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Person<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let event: Event<'_> = json::read(body)?;
        let app = event.app();
        let found = match delivery.kind {
            "api:release" | "release" => event.release(rules),
            "api:build" | "build" => event.build(rules),
            _ => Err("this kind has no mapping"),
        };
        found.map_err(|why| Unreadable { scope: app, ..Unreadable::new(why) })
    })
}

impl Event<'_> {
    fn app(&self) -> Option<String> {
        text(self.data.as_ref()?.app.as_ref()?.name.as_ref(), NAME)
    }

    fn actor(&self, rules: &Rules) -> Option<Actor> {
        let person = self.actor.as_ref().or(self.data.as_ref()?.user.as_ref())?;
        let email = text(person.email.as_ref(), NAME);
        let bot = rules.is_bot(email.as_deref().unwrap_or_default(), false);
        Some(Actor { id: person.id.as_ref().map(|id| id.0.clone()), login: None, email, bot })
    }

    fn release(&self, rules: &Rules) -> Result<Vec<Draft>, &'static str> {
        let release = self.data.as_ref().ok_or(NOTHING)?;
        let id = release.id.as_ref().ok_or(NOTHING)?;
        let description = text(release.description.as_ref(), TITLE);
        let way = description.as_deref().and_then(deploys).ok_or("a release that deploys nothing has no mapping")?;
        let outcome = match release.status.as_deref() {
            Some("succeeded") => Some("success"),
            Some("failed") => Some("failure"),
            Some("expired") => Some("error"),
            _ => None,
        };
        let began = self.action.as_deref() == Some("create") && release.status.as_deref() == Some("pending");
        let at = if began { release.created_at } else { release.updated_at };
        let app = self.app();
        let sha = sha(release.slug.as_ref().and_then(|slug| slug.commit.as_deref()));
        let fact = Deployment {
            deployment_id: Some(id.0.clone()),
            state: text(release.status.as_ref(), NAME),
            at,
            started_at: release.created_at,
            finished_at: release.updated_at.filter(|_| outcome.is_some()),
            outcome: outcome.map(str::to_owned),
            components: sha.iter().map(|sha| Component { sha: Some(sha.clone()), ..Component::default() }).collect(),
            explicit_kind: (way == Way::Back).then(|| "rollback".to_owned()),
            title: description,
            ..Deployment::default()
        };
        let common = Common {
            environment: app.as_deref().map(|app| environment(app, rules)),
            service: app.clone(),
            actor: self.actor(rules),
            commit_sha: sha,
            revision: release.updated_at,
            ..Common::default()
        };
        Ok(vec![Told { scope: app.unwrap_or_default(), began, fact, common }.draft(rules)])
    }

    fn build(&self, rules: &Rules) -> Result<Vec<Draft>, &'static str> {
        let build = self.data.as_ref().ok_or(NOTHING)?;
        let id = build.id.as_ref().ok_or(NOTHING)?;
        let (phase, outcome) = match build.status.as_deref() {
            Some("pending") => (Phase::Started, None),
            Some("succeeded") => (Phase::Finished, Some("success")),
            Some("failed") => (Phase::Finished, Some("failure")),
            _ => return Err("it has no status that has a mapping"),
        };
        let version = build.source_blob.as_ref().and_then(|blob| blob.version.as_deref());
        let run = Run {
            source: "heroku",
            tells_deployments: true,
            project: self.app(),
            service: self.app(),
            name: "build".to_owned(),
            run_id: id.0.clone(),
            phase,
            outcome,
            state: text(build.status.as_ref(), NAME).unwrap_or_default(),
            started_at: build.created_at,
            finished_at: build.updated_at,
            at: build.updated_at,
            sha: sha(version),
            actor: self.actor(rules),
            ..Run::default()
        };
        Ok(run.drafts(rules))
    }
}

const NOTHING: &str = "it does not say which release or build it is about";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Forth,
    Back,
}

/// Whether a release changes what runs: Heroku says so only in the words that it describes the release with.
fn deploys(description: &str) -> Option<Way> {
    let begins = |word: &str| description.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins("rollback") {
        return Some(Way::Back);
    }
    (begins("deploy") || begins("promote")).then_some(Way::Forth)
}

/// Review apps are called after their pull request: `shop-pr-12`.
fn environment(app: &str, rules: &Rules) -> String {
    let mut parts = app.rsplit('-');
    let numbered = parts.next().is_some_and(|last| !last.is_empty() && last.bytes().all(|c| c.is_ascii_digit()));
    if numbered && parts.next() == Some("pr") {
        return "review".to_owned();
    }
    let said = rules.environment_in(app).and_then(|word| plain(Some(&word), NAME));
    said.unwrap_or_else(|| "production".to_owned())
}
