//! The chapters of the API document, in the order in which a newcomer needs them. A test holds them against the tags of
//! the handlers.

use utoipa::openapi::tag::{Tag, TagBuilder};

const TAGS: &[(&str, &str)] = &[
    ("intake", "Where sources post their webhooks. Each proves itself by its own signature."),
    ("sources", "Which sources there are, which are on, and when each was last heard."),
    ("deliveries", "What was received or refused, with its raw bytes; read again on request."),
    ("events", "What deliveries mean: a list, one, and a stream of what comes in."),
    ("metrics", "The five DORA metrics, and what delivery, review, quality and incidents say besides."),
    ("deployments", "Deployments that ended: what each ships, what it broke or mended."),
    ("catalog", "Services, teams and environments: which facts are whose."),
    ("reports", "How the last days went and what is stuck, as an answer or in Slack."),
    ("digests", "What happened, in words that cite events; schedules of it."),
    ("ask", "Questions, conversations and runs of agents."),
    ("knowledge", "Documents that are kept, crawled and found again."),
    ("signals", "What deserves a look: rules, and what fires now."),
    ("policy", "What may happen by itself and what people must allow."),
    ("approvals", "What waits for people, their decisions, and what became of them."),
    ("workflows", "What was started, and its jobs in other systems."),
    ("audit", "Who did what, as a chain of hashes."),
    ("incidents", "Incidents across tools, each with one timeline."),
    ("projects", "Projects that people keep beside."),
    ("onboarding", "Onboarding plans and their tasks."),
    ("okr", "Objectives and key results."),
    ("identities", "Who is who in which system."),
    ("slack", "What Slack posts to us, and what it would be told."),
    ("jobs", "Long work that was asked for: replays."),
    ("access", "Who the caller is and what they may do."),
    ("operations", "Health, metrics, usage, and this document."),
];

/// For the document's own list.
pub(super) fn all() -> Vec<Tag> {
    TAGS.iter().map(|(name, says)| TagBuilder::new().name(*name).description(Some(*says)).build()).collect()
}
