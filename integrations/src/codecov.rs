//! Codecov: the coverage of a commit, sent when its report is complete.
//!
//! Nothing is signed: the token stands in the URL. Nothing says when the report was made either, the timestamps are the
//! commits'. `pull.head.branch` is a constant of the sender and never read. A report that is processed again is another
//! delivery with another body, so the body is the delivery's key.

use domain::data::{Body, Common, Coverage};
use domain::event::Draft;
use domain::rules::Rules;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::drafts::{NAME, URL, draft, sha, text};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;

pub(crate) static CODECOV: Integration = Integration {
    name: "codecov",
    title: "Codecov",
    setup: Setup {
        paste: "codecov.yml: coverage.notify.webhook.default.url, with the secret as ?token= (store it encrypted)",
        ticks: "Nothing to tick: every complete report is sent",
        docs: "https://docs.codecov.com/docs/notifications#webhook",
    },
    manners: Manners {
        deadline_seconds: Some(10),
        refused: After::GivesUp,
        limited: After::GivesUp,
        failed: After::GivesUp,
        note: "The URL is the only place for a token: it must be allowed there.",
    },
    secret_setting: "CODECOV_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Constant("coverage"),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "Codecov")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("codecov/coverage/pull.json", "coverage"),
    sample!("codecov/coverage/first_of_branch.json", "coverage"),
    sample!("codecov/coverage/minimal.json", "coverage"),
    sample!("codecov/coverage/no_totals.json", "coverage"),
    sample!("codecov/coverage/nothing_covered.json", "coverage"),
    sample!("codecov/coverage/patch.json", "coverage"),
    sample!("codecov/coverage/unparsable.json", "coverage"),
];

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow)]
    repo: Option<Repository<'a>>,
    #[serde(borrow)]
    owner: Option<Owner<'a>>,
    #[serde(borrow)]
    head: Option<Commit<'a>>,
    #[serde(borrow)]
    base: Option<Commit<'a>>,
    #[serde(borrow)]
    compare: Option<Comparison<'a>>,
    pull: Option<Pull>,
}

#[derive(Deserialize)]
struct Repository<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Owner<'a> {
    #[serde(borrow)]
    username: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Commit<'a> {
    #[serde(borrow)]
    commitid: Option<Text<'a>>,
    #[serde(borrow)]
    branch: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    totals: Option<Totals>,
}

#[derive(Deserialize)]
struct Totals {
    coverage: Option<Number>,
    diff: Option<Diff>,
}

#[derive(Deserialize)]
struct Comparison<'a> {
    #[serde(borrow)]
    url: Option<Text<'a>>,
    coverage: Option<Number>,
    /// The sign of the coverage, which has none itself.
    #[serde(borrow)]
    notation: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Pull {
    number: Option<Id>,
}

/// Of the changed lines: a list of files, lines, hits, misses, partials and the coverage.
#[derive(Deserialize)]
#[serde(untagged)]
enum Diff {
    Numbers(Vec<Number>),
    Other(IgnoredAny),
}

/// A number, or a text of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(f64),
    Text(String),
    Other(IgnoredAny),
}

impl Number {
    fn value(&self) -> Option<f64> {
        let number = match self {
            Self::Plain(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Other(_) => None,
        };
        number.filter(|number| number.is_finite())
    }
}

const PLACE_OF_COVERAGE: usize = 5;

fn normalize(delivery: &Delivery<'_>, _rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let report: Report<'_> = json::read(body)?;
        let repo = report.repository();
        let draft = report.draft(repo.clone());
        draft.map(|draft| vec![draft]).map_err(|reason| Unreadable { scope: repo, ..Unreadable::new(reason) })
    })
}

impl Report<'_> {
    /// Groups of GitLab inside of each other have colons between them.
    fn repository(&self) -> Option<String> {
        let owner = text(self.owner.as_ref()?.username.as_ref(), NAME)?;
        let name = text(self.repo.as_ref()?.name.as_ref(), NAME)?;
        Some(format!("{}/{name}", owner.replace(':', "/")))
    }

    fn draft(&self, repo: Option<String>) -> Result<Draft, &'static str> {
        let head = self.head.as_ref().ok_or("it has no head")?;
        let commit = sha(head.commitid.as_deref()).ok_or("it says no commit")?;
        let totals = head.totals.as_ref().ok_or("the report has no totals")?;
        let patch = match &totals.diff {
            Some(Diff::Numbers(numbers)) => numbers.get(PLACE_OF_COVERAGE).and_then(Number::value),
            Some(Diff::Other(_)) | None => None,
        };
        let fact = Coverage {
            coverage_pct: totals.coverage.as_ref().and_then(Number::value),
            diff_pct: patch,
            base_sha: sha(self.base.as_ref().and_then(|base| base.commitid.as_deref())),
        };
        if fact.coverage_pct.is_none() && fact.diff_pct.is_none() {
            return Err("the report says no coverage");
        }
        let compared = self.compare.as_ref().and_then(|compare| compare.url.as_ref());
        let scope = repo.clone().unwrap_or_default();
        let subject = format!("codecov:{scope}@{commit}");
        let common = Common {
            repo,
            commit_sha: Some(commit),
            branch: text(head.branch.as_ref(), NAME),
            url: text(compared.or(head.url.as_ref()), URL),
            ..Common::default()
        };
        let mut draft = draft("coverage.reported", &scope, subject, None, common, Body::Coverage(fact));
        let own = self.own();
        if !own.is_empty() {
            draft.data.extra.insert("codecov".to_owned(), Value::Object(own));
        }
        Ok(draft)
    }

    /// How much it went up or down, and the pull request.
    fn own(&self) -> Map<String, Value> {
        let mut own = Map::new();
        let compare = self.compare.as_ref();
        let down = compare.and_then(|compare| compare.notation.as_deref()) == Some("-");
        if let Some(by) = compare.and_then(|compare| compare.coverage.as_ref()).and_then(Number::value) {
            own.insert("change_pct".to_owned(), Value::from(if down { -by.abs() } else { by }));
        }
        if let Some(number) = self.pull.as_ref().and_then(|pull| pull.number.as_ref()) {
            own.insert("pull".to_owned(), Value::from(number.0.clone()));
        }
        own
    }
}
