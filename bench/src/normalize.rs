//! What one delivery costs before it is kept, apart from I/O: proving it, naming it, reading it, sealing its events.
//! Beside it the time in which `serde_json` reads the same bytes into a `Value`, as a measure of the machine.
//!
//! Every figure is the best of several rounds, in microseconds of one core. A source's line is the mean of its fixtures
//! that are JSON and mean something; `bench normalize <source>` shows each of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{
    ALL, Headers, Incoming, Integration, Sample, Secrets, Shipment, freshen, identify, normalize, sign, verify,
};
use serde_json::Value;

use crate::bodies::push;

/// Fits every scheme there is but SNS, whose certificates only Amazon has.
const SECRET: &str = "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBjaGFyYWN0ZXJz";
const ROUNDS: usize = 25;
const ROUND: Duration = Duration::from_millis(2);

/// Microseconds of each step.
#[derive(Clone, Copy, Default)]
struct Cost {
    bytes: f64,
    verify: f64,
    identify: f64,
    normalize: f64,
    seal: f64,
    value: f64,
}

/// Prints the table: a line a source, or a line a fixture of one source.
pub(crate) fn run(only: Option<&str>, now: DateTime<Utc>) -> Result<()> {
    if let Some(name) = only.filter(|name| integrations::find(name).is_none()) {
        bail!("there is no source '{name}'");
    }
    println!("µs, best of {ROUNDS} rounds; share = (identify + normalize + seal) / Value\n");
    println!(
        "{:<44} {:>7} {:>8} {:>8} {:>9} {:>8} {:>8} {:>7}",
        "", "bytes", "verify", "identify", "normalize", "seal", "Value", "share"
    );
    let github = integrations::find("github").context("the github integration")?;
    let body = push(1).to_string();
    cost(github, "push", &[], body.as_bytes(), now)?.print("push of the intake bench");
    for integration in ALL.iter().filter(|integration| only.is_none_or(|name| name == integration.name)) {
        let mut costs = Vec::new();
        for sample in integration.samples.iter().filter(|sample| means_something(integration, sample)) {
            let cost = cost(integration, sample.kind, sample.headers, sample.body, now)?;
            if only.is_some() {
                cost.print(&sample.name());
            }
            costs.push(cost);
        }
        Cost::mean(&costs).print(&format!("{} ({} fixtures)", integration.name, costs.len()));
    }
    Ok(())
}

fn means_something(integration: &Integration, sample: &Sample) -> bool {
    let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let drafts = normalize(integration, sample.kind, &headers, sample.body, &Rules::default());
    let json = serde_json::from_slice::<Value>(sample.body).is_ok();
    json && !drafts.is_empty() && drafts.iter().all(|draft| !draft.kind.is_unmapped())
}

fn cost(
    integration: &Integration,
    kind: &str,
    own: &[(&'static str, &'static str)],
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Cost> {
    let body = &freshen(integration, body, now);
    let signed = sign(integration, &Shipment::of(kind, "0a1b2c3d", body, SECRET.as_bytes(), now));
    let signed = signed.iter().filter(|(name, _)| !own.iter().any(|(other, _)| other == name));
    let headers: Headers<'_> = signed
        .map(|(name, value)| (*name, value.as_bytes()))
        .chain(own.iter().map(|(n, v)| (*n, v.as_bytes())))
        .collect();
    let incoming = Incoming::new(&headers, body);
    let secrets = Secrets::of(vec![SECRET.as_bytes().to_vec()]);
    let (rules, tenant, delivery) = (Rules::default(), TenantId::default(), DeliveryId::new(now, [7; 16]));
    verify(integration, &incoming, &secrets, now)
        .with_context(|| format!("{} {kind} is not verified", integration.name))?;

    let drafts = || normalize(integration, kind, &headers, body, &rules);
    let normalize = best(drafts);
    Ok(Cost {
        bytes: body.len() as f64,
        verify: best(|| verify(integration, &incoming, &secrets, now)),
        identify: best(|| identify(integration, &incoming)),
        normalize,
        seal: (best(|| Event::seal(drafts(), integration.name, &tenant, delivery, None)) - normalize).max(0.0),
        value: best(|| serde_json::from_slice::<Value>(body)),
    })
}

impl Cost {
    fn mean(costs: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| costs.iter().map(of).sum::<f64>() / costs.len().max(1) as f64;
        Self {
            bytes: mean(|cost| cost.bytes),
            verify: mean(|cost| cost.verify),
            identify: mean(|cost| cost.identify),
            normalize: mean(|cost| cost.normalize),
            seal: mean(|cost| cost.seal),
            value: mean(|cost| cost.value),
        }
    }

    fn print(&self, title: &str) {
        let Self { bytes, verify, identify, normalize, seal, value } = self;
        let share = 100.0 * (identify + normalize + seal) / value;
        println!(
            "{title:<44} {bytes:>7.0} {verify:>8.2} {identify:>8.2} {normalize:>9.2} {seal:>8.2} {value:>8.2} {share:>6.0}%"
        );
    }
}

/// Microseconds of one call in the best round.
fn best<T>(call: impl Fn() -> T) -> f64 {
    let round = || {
        let (start, mut calls) = (Instant::now(), 0u32);
        while start.elapsed() < ROUND {
            for _ in 0..16 {
                black_box(call());
            }
            calls += 16;
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}
