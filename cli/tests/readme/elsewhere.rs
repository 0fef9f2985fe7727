//! Commands of the README that a test cannot simply run, each with what is done for it.

use crate::blocks::Step;

/// What is done for a command instead of running it to a good end.
#[derive(Clone, Copy)]
pub(crate) enum Instead {
    /// It goes on until it is stopped. It is run beside the others, and waited for until it serves.
    Serves(Door),
    /// It is run, and ends with a failure: that is what the README shows.
    Fails,
    /// What stands before `./dev run` are settings: they are checked, and the answer has these words.
    Checked(&'static str),
    /// It needs what a test has not; this file holds what it does.
    Elsewhere(&'static str),
}

/// Where it is seen that it serves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// `PORT`, once the demo's day has been counted.
    Demo,
    /// `PORT`.
    Port,
    /// `METRICS_ADDR`.
    Status,
}

/// Beginnings of commands.
pub(crate) const TABLE: &[(&str, Instead)] = &[
    ("./dev run", Instead::Serves(Door::Demo)),
    ("em-agent gateway", Instead::Serves(Door::Port)),
    ("em-agent worker", Instead::Serves(Door::Status)),
    ("em-agent check", Instead::Fails),
    ("GITHUB_WEBHOOK_SECRET=another em-agent send", Instead::Fails),
    ("AGENT_LLM_ENABLED=true OPENAI_API_KEY=… ./dev run", Instead::Checked("ok     models: ")),
    // GitHub's program; what it forwards is signed as these are.
    ("gh extension install", Instead::Elsewhere("integrations/fixtures/github/vectors.toml")),
    ("gh webhook forward", Instead::Elsewhere("integrations/fixtures/github/vectors.toml")),
    ("docker compose -f docker-compose.prod.yml", Instead::Elsewhere("cli/tests/deployment/compose.rs")),
    ("kubectl apply -f k8s/base/namespace.yaml", Instead::Elsewhere("cli/tests/deployment/kubernetes.rs")),
    ("kubectl -n em-agent create secret", Instead::Elsewhere("cli/tests/deployment/kubernetes.rs")),
    ("kubectl apply -k k8s/base", Instead::Elsewhere("cli/tests/deployment/kustomize.rs")),
];

pub(crate) fn of(step: &Step) -> Option<Instead> {
    TABLE.iter().find(|(begins, _)| step.command.starts_with(begins)).map(|(_, instead)| *instead)
}
