//! SonarQube and SonarCloud: an analysis is done, and whether it passed the quality gate.
//!
//! A task that failed has no gate and says nothing of the code: it is kept without a meaning. A gate that looks at coverage
//! tells how much there is. `branch.name` is a pull request's number where the branch is one. The body is signed as it
//! is: Sonar writes `&` as `\u0026`, so that it must not be written anew.

use chrono::{DateTime, Utc};
use domain::data::{self, Body, Common, Coverage};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde_json::json;

use crate::drafts::{NAME, URL, draft, sha, text};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Text, list};
use crate::manners::{After, Manners};
use crate::scheme::{Scheme, Signature};

pub(crate) static SONARQUBE: Integration = Integration {
    name: "sonarqube",
    title: "SonarQube",
    setup: Setup {
        paste: "Project Settings → Webhooks → Create (or Administration → Configuration → Webhooks for all projects): \
                URL, secret",
        ticks: "Nothing to tick: every finished analysis is sent",
        docs: "https://docs.sonarsource.com/sonarqube-server/latest/project-administration/webhooks/",
    },
    manners: Manners {
        deadline_seconds: Some(10),
        refused: After::GivesUp,
        limited: After::GivesUp,
        failed: After::GivesUp,
        note: "A secret has 16 to 200 characters since 10.6.",
    },
    secret_setting: "SONARQUBE_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "sonarqube-sha256",
        header: "x-sonar-webhook-hmac-sha256",
        ..Signature::BODY_HEX
    })],
    weaker_headers: &["authorization"],
    kind: Field::Constant("analysis"),
    // A gate can change after its analysis, when somebody closes issues.
    key: Field::Body(&["/taskId", "/changedAt"]),
    kept_headers: &["x-sonarqube-project"],
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json; charset=utf-8"), ("user-agent", "SonarQube/2026.1")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("sonarqube/analysis/passed.json", "analysis"),
    sample!("sonarqube/analysis/failed_gate.json", "analysis"),
    sample!("sonarqube/analysis/failed_task.json", "analysis"),
    sample!("sonarqube/analysis/cancelled_task.json", "analysis"),
    sample!("sonarqube/analysis/minimal.json", "analysis"),
    sample!("sonarqube/analysis/no_gate.json", "analysis"),
    sample!("sonarqube/analysis/pull_request.json", "analysis"),
    sample!("sonarqube/analysis/unparsable.json", "analysis"),
    sample!("sonarqube/analysis/warn_old.json", "analysis"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    analysed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    changed_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    revision: Option<Text<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow)]
    branch: Option<Branch<'a>>,
    #[serde(borrow)]
    quality_gate: Option<Gate<'a>>,
}

#[derive(Deserialize)]
struct Project<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Branch<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Gate<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    conditions: Vec<Condition<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition<'a> {
    #[serde(borrow)]
    metric: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    /// Missing where there is no code to measure: the status is then `NO_VALUE`.
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(borrow)]
    error_threshold: Option<Text<'a>>,
}

/// More conditions than this are cut.
const MOST_CONDITIONS: usize = 100;

fn normalize(delivery: &Delivery<'_>, _rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let analysis: Analysis<'_> = json::read(body)?;
        let project = analysis.project.as_ref().and_then(|project| text(project.key.as_ref(), NAME));
        let drafts = analysis.drafts(project.clone());
        drafts.map_err(|reason| Unreadable { scope: project, ..Unreadable::new(reason) })
    })
}

impl Analysis<'_> {
    fn drafts(&self, project: Option<String>) -> Result<Vec<Draft>, &'static str> {
        let gate = match (&self.quality_gate, self.status.as_deref()) {
            (_, Some("FAILED")) => return Err("the analysis failed: it says nothing of the code"),
            (_, Some("CANCELED")) => return Err("the analysis was cancelled: it says nothing of the code"),
            (Some(gate), _) => gate,
            (None, _) => return Err("the project has no quality gate"),
        };
        let kind = match gate.status.as_deref() {
            // Until 7.6 a gate could warn, which it passes.
            Some("OK" | "WARN") => "quality_gate.passed",
            Some("ERROR") => "quality_gate.failed",
            _ => return Err("the quality gate has no status that has a mapping"),
        };
        let fact = data::QualityGate { project: project.clone(), conditions: gate.conditions() };
        let mut drafts = vec![self.draft(kind, project.as_deref(), Body::QualityGate(fact))];
        if let Some(coverage) = gate.coverage() {
            drafts.push(self.draft("coverage.reported", project.as_deref(), Body::Coverage(coverage)));
        }
        Ok(drafts)
    }

    fn draft(&self, kind: &'static str, project: Option<&str>, body: Body) -> Draft {
        let branch = self.branch.as_ref();
        let name = branch.and_then(|branch| text(branch.name.as_ref(), NAME));
        let is_pull = branch.and_then(|branch| branch.kind.as_deref()) == Some("PULL_REQUEST");
        let project_url = self.project.as_ref().and_then(|project| project.url.as_ref());
        let at = self.changed_at.or(self.analysed_at);
        let common = Common {
            commit_sha: sha(self.revision.as_deref()),
            branch: name.clone().filter(|_| !is_pull),
            url: text(branch.and_then(|branch| branch.url.as_ref()).or(project_url), URL),
            revision: at,
            ..Common::default()
        };
        let scope = project.unwrap_or_default();
        let place = match &name {
            Some(number) if is_pull => format!("#{number}"),
            Some(branch) => format!("@{branch}"),
            None => String::new(),
        };
        let mut draft = draft(kind, scope, format!("sonarqube:{scope}{place}"), at, common, body);
        if let (Some(number), true) = (name, is_pull) {
            draft.data.extra.insert("sonarqube".to_owned(), json!({"pull": number}));
        }
        draft
    }
}

impl Gate<'_> {
    fn conditions(&self) -> Vec<data::Condition> {
        let conditions = self.conditions.iter().take(MOST_CONDITIONS);
        conditions
            .map(|condition| data::Condition {
                metric: text(condition.metric.as_ref(), NAME),
                status: text(condition.status.as_ref(), NAME),
                value: text(condition.value.as_ref(), NAME),
                threshold: text(condition.error_threshold.as_ref(), NAME),
            })
            .collect()
    }

    /// How much the tests cover of all and of new code, where the gate looks at it.
    fn coverage(&self) -> Option<Coverage> {
        let percent = |metric: &str| {
            let mut found = self.conditions.iter().filter(|condition| condition.metric.as_deref() == Some(metric));
            let value: f64 = found.find_map(|condition| condition.value.as_deref())?.trim().parse().ok()?;
            value.is_finite().then_some(value)
        };
        let coverage =
            Coverage { coverage_pct: percent("coverage"), diff_pct: percent("new_coverage"), base_sha: None };
        (coverage != Coverage::default()).then_some(coverage)
    }
}
