//! The kinds of signals: what each means, what it takes, and what it looks at. The documentation and the answers that
//! list them come from this table.

/// A kind of signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KindName {
    StalePr,
    WipLimitExceeded,
    NoTicketLink,
    PrWithoutReview,
    FailedDeploymentOpen,
    IncidentUnattributed,
    FlakyPipeline,
    SourceSilent,
}

/// What a kind is evaluated over: a caller reads only what its rules need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Needs {
    OpenChanges,
    FailedDeployments,
    Incidents,
    PipelineRuns,
    Sources,
}

/// A kind as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub id: KindName,
    pub name: &'static str,
    pub about: &'static str,
    pub needs: Needs,
    /// Beside `name`, `kind`, `description`, `cooldown` and `repeat`, which all rules take.
    pub parameters: &'static [Parameter],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    /// As it would be written; empty: no bound.
    pub default: &'static str,
}

const fn parameter(name: &'static str, default: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, default }
}

const TEAM: Parameter = parameter("team", "", "only of these teams: a name or a list");
const REPO: Parameter = parameter("repo", "", "only of these repositories: names with stars, one or a list");
const SERVICE: Parameter = parameter("service", "", "only of these services: names with stars, one or a list");
const NO_BOTS: Parameter = parameter("bots", "false", "whether changes of bots count");
const NO_DRAFTS: Parameter = parameter("drafts", "false", "whether drafts count");
const DRAFTS: Parameter = parameter("drafts", "true", "whether drafts count");

pub static KINDS: &[Kind] = &[
    Kind {
        id: KindName::StalePr,
        name: "stale_pr",
        about: "an open change that nobody has moved for some time: opened, made ready, reviewed or approved",
        needs: Needs::OpenChanges,
        parameters: &[parameter("older_than_hours", "48", "for how long"), TEAM, REPO, NO_DRAFTS, NO_BOTS],
    },
    Kind {
        id: KindName::WipLimitExceeded,
        name: "wip_limit_exceeded",
        about: "more open changes than were agreed",
        needs: Needs::OpenChanges,
        parameters: &[
            parameter("limit", "5", "so many are well, one more is not"),
            parameter("per", "all", "counted together (all), or for each team, repo or author"),
            TEAM,
            REPO,
            DRAFTS,
            NO_BOTS,
        ],
    },
    Kind {
        id: KindName::NoTicketLink,
        name: "no_ticket_link",
        about: "an open change that names no ticket in its title, its branch or its text",
        needs: Needs::OpenChanges,
        parameters: &[
            parameter(
                "pattern",
                "[A-Z][A-Z0-9]*-[0-9]+",
                "what a ticket looks like: a regular expression (also ticket_pattern)",
            ),
            parameter("limit", "200", "at most so many rows, the oldest first"),
            TEAM,
            REPO,
            DRAFTS,
            NO_BOTS,
        ],
    },
    Kind {
        id: KindName::PrWithoutReview,
        name: "pr_without_review",
        about: "an open change that nobody has reviewed",
        needs: Needs::OpenChanges,
        parameters: &[
            parameter("older_than_hours", "12", "for how long, since it was ready"),
            TEAM,
            REPO,
            NO_DRAFTS,
            NO_BOTS,
        ],
    },
    Kind {
        id: KindName::FailedDeploymentOpen,
        name: "failed_deployment_open",
        about: "a deployment that failed, and nothing has put it right since",
        needs: Needs::FailedDeployments,
        parameters: &[
            parameter("older_than_hours", "1", "for how long"),
            parameter("tier", "production", "of which tiers: one or a list"),
            TEAM,
            REPO,
            SERVICE,
        ],
    },
    Kind {
        id: KindName::IncidentUnattributed,
        name: "incident_unattributed",
        about: "an incident that counts for the metrics and that no deployment is known to have caused",
        needs: Needs::Incidents,
        parameters: &[
            parameter("older_than_hours", "24", "how long people have to say which"),
            parameter("within_days", "30", "older ones are let go"),
            TEAM,
            SERVICE,
        ],
    },
    Kind {
        id: KindName::FlakyPipeline,
        name: "flaky_pipeline",
        about: "a pipeline that both fails and succeeds on the same commits",
        needs: Needs::PipelineRuns,
        parameters: &[
            parameter("limit", "3", "on so many commits at least"),
            parameter("within_days", "7", "looking back so far"),
            TEAM,
            REPO,
        ],
    },
    Kind {
        id: KindName::SourceSilent,
        name: "source_silent",
        about: "a source that is set up and has sent something before, but nothing for some time",
        needs: Needs::Sources,
        parameters: &[
            parameter("older_than_hours", "24", "for how long"),
            parameter("source", "", "only these sources: names with stars, one or a list"),
        ],
    },
];

impl Kind {
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The default of a parameter, as it would be written.
    pub(super) fn default(&self, parameter: &str) -> &'static str {
        self.parameters.iter().find(|known| known.name == parameter).map_or("", |known| known.default)
    }
}
