//! `em-agent send` with every kind of every source, at one gateway that has the secrets.

use std::collections::BTreeSet;

use integrations::{ALL, Clock, Integration, Sample, Scheme, Signature, Timestamp};
use serde_json::Value;
use testkit::database::Database;
use testkit::servers;

use crate::support::World;

/// Written as Standard Webhooks writes secrets; to all others it is a text like any.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const AT_ONCE: usize = 4;

/// Whether the delivery can say when it was sent: Linear signs that inside the body, and a body that is cut short says
/// nothing.
fn says_when(integration: &Integration, kind: &str) -> bool {
    let in_body = |scheme: &Scheme| {
        matches!(scheme, Scheme::Signature(Signature { timestamp: Some(Timestamp { clock: Clock::Body(_), .. }), .. }))
    };
    let is_read = |sample: &Sample| serde_json::from_slice::<Value>(sample.body).is_ok();
    !integration.schemes.iter().any(in_body) || integration.sample(kind).is_some_and(is_read)
}

fn send(world: &World, integration: &Integration, kind: &str) {
    let output = world.run(&["send", integration.name, kind]);
    let (name, said) = (integration.name, String::from_utf8_lossy(&output.stderr));
    if says_when(integration, kind) {
        assert!(output.status.success() && said.is_empty(), "{name} {kind}: {said}");
        let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert!(answer.is_object(), "{name} {kind}: {answer}");
    } else {
        assert!(output.status.code() == Some(1) && said.contains("refused (401"), "{name} {kind}: {said}");
    }
}

#[test]
fn every_kind_of_every_source_can_be_sent() {
    let database = Database::fresh();
    let mut world = World::on(database.url.clone(), servers::nats_url());
    world.settings = ALL.iter().map(|integration| (integration.secret_setting, SECRET.to_owned())).collect();
    let _gateway = world.gateway();
    let mut kinds = Vec::new();
    for integration in ALL {
        let folders: BTreeSet<&str> = integration.samples.iter().map(Sample::folder).collect();
        kinds.extend(folders.into_iter().map(|folder| (*integration, folder)));
    }
    let (world, share) = (&world, kinds.len().div_ceil(AT_ONCE));
    std::thread::scope(|scope| {
        for kinds in kinds.chunks(share) {
            scope.spawn(move || kinds.iter().for_each(|(integration, kind)| send(world, integration, kind)));
        }
    });
}
