//! What one delivery costs before it is kept, apart from I/O: proving it, reading it, sealing its events. Beside it the
//! time in which `serde_json` reads the same bytes into a `Value`, as a measure of the machine.
//!
//! Every figure is the best of several rounds, in microseconds of one core.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{ALL, Headers, Incoming, Integration, Secrets, identify, normalize, sign, verify};
use serde_json::Value;

use crate::bodies::push;

/// Fits every scheme there is.
const SECRET: &str = "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBjaGFyYWN0ZXJz";
const ROUNDS: usize = 40;
const ROUND: Duration = Duration::from_millis(5);

/// Prints the table.
pub(crate) fn run(now: DateTime<Utc>) -> Result<()> {
    println!("µs, best of {ROUNDS} rounds; share = (normalize + seal) / Value\n");
    println!(
        "{:<28} {:>6} {:>8} {:>10} {:>8} {:>8} {:>7}",
        "sample", "bytes", "verify", "normalize", "seal", "Value", "share"
    );
    let github = integrations::find("github").context("the github integration")?;
    measure(github, "push", "push of the intake bench", push(1).to_string().as_bytes(), now)?;
    for integration in ALL {
        for (sample, body) in integration.samples {
            let kind = sample.split('.').next().unwrap_or(sample);
            measure(integration, kind, &format!("{} {sample}", integration.name), body, now)?;
        }
    }
    Ok(())
}

fn measure(integration: &Integration, kind: &str, title: &str, body: &[u8], now: DateTime<Utc>) -> Result<()> {
    let signed = sign(integration, kind, "0a1b2c3d", body, SECRET.as_bytes(), now);
    let headers: Headers<'_> = signed.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let incoming = Incoming { headers: &headers, body };
    let secrets = Secrets { live: vec![SECRET.as_bytes().to_vec()], allow_unsigned: false };
    let (rules, tenant, delivery) = (Rules::default(), TenantId::default(), DeliveryId::new(now, [7; 16]));
    verify(integration, &incoming, &secrets, now).with_context(|| format!("{title} is not verified"))?;

    let drafts = || normalize(integration, &identify(integration, &incoming).kind, &headers, body, &rules);
    let verified = best(|| verify(integration, &incoming, &secrets, now));
    let normalized = best(drafts);
    let sealed = best(|| Event::seal(drafts(), integration.name, &tenant, delivery, None));
    let value = best(|| serde_json::from_slice::<Value>(body));
    println!(
        "{title:<28} {:>6} {verified:>8.2} {normalized:>10.2} {:>8.2} {value:>8.2} {:>6.0}%",
        body.len(),
        sealed - normalized,
        100.0 * sealed / value
    );
    Ok(())
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
