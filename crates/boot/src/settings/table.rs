//! Every setting in one table: name, default, meaning, and how its effective value is shown.
//!
//! docs/CONFIG.md is held against this table, and so is what is really read. `em-agent check` prints it.

use secrecy::SecretString;

use super::{ModelName, Settings, Unsigned, usd};

/// Stands for a source's name in capitals.
pub(super) const SOURCE: &str = "<SOURCE>";

/// One setting. Each is also read from the file that `<name>_FILE` names.
pub struct Setting {
    pub name: &'static str,
    /// As documented.
    pub default: &'static str,
    pub meaning: &'static str,
    /// The effective value; secrets as `set` or `not set`.
    pub show: fn(&Settings) -> String,
}

const fn row(
    name: &'static str,
    default: &'static str,
    meaning: &'static str,
    show: fn(&Settings) -> String,
) -> Setting {
    Setting { name, default, meaning, show }
}

/// The table. Order is the order of docs/CONFIG.md.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    row("DATABASE_URL", "private local PostgreSQL", "Where PostgreSQL is: `postgresql://user:password@host/database`. `postgresql+psycopg://` and `+asyncpg` are understood, `ssl=require` is read as `sslmode=require`.", |s| masked(s.database_url.as_ref())),
    row("NATS_URL", "private local NATS", "Where NATS is: `nats://user:password@host:4222` or `tls://host:4222`; several with commas. A name without a password is a token.", |s| masked(s.nats.url.as_ref())),
    row("NATS_CREDS_FILE", "none", "Path of the NATS credentials file.", |s| path(s.nats.creds_file.as_ref())),
    row("NATS_STREAM", "EVENTS", "Name of the JetStream stream; another one per installation on a shared NATS.", |s| s.nats.stream.clone()),
    row("NATS_SUBJECT_PREFIX", "events", "First part of every subject.", |s| s.nats.subject_prefix.clone()),
    row("DATA_DIR", ".em-agent", "What the private local servers keep.", |s| s.data_dir.display().to_string()),
    row("ENV", "production; development for `em-agent up`", "`development` or `production`. Production refuses weak or missing secrets, unsigned intake, `*` in CORS and open access.", |s| s.env.as_str().to_owned()),
    row("HOST", "0.0.0.0; 127.0.0.1 in development", "Address that the gateway listens on.", |s| s.host.clone()),
    row("PORT", "8000", "Port that the gateway listens on; 0 takes a free one.", |s| s.port.to_string()),
    row("APP_NAME", "EM Agent", "What the API and its documentation call this installation.", |s| s.app_name.clone()),
    row("LOG_LEVEL", "info", "`off`, `error`, `warn`, `info`, `debug`, `trace`, or a filter like `info,store=debug`.", |s| s.log.level.clone()),
    row("LOG_FORMAT", "json; pretty in development", "`json` or `pretty`. Logs go to standard error.", |s| s.log.format.as_str().to_owned()),
    row("PUBLIC_URL", "http://localhost:8000", "The URL under which people reach this installation.", |s| s.public_url.clone()),
    row("DB_POOL_SIZE", "10", "Connections to PostgreSQL that each process may hold.", |s| s.db_pool_size.to_string()),
    row("DB_POOL_TIMEOUT_MS", "2000", "How long a request waits for a free connection, in milliseconds.", |s| s.db_pool_timeout.as_millis().to_string()),
    row("CORS_ALLOW_ORIGINS", "none", "Origins whose pages may call the API: comma list or JSON array.", |s| s.cors.allow_origins.join(", ")),
    row("CORS_ALLOW_METHODS", "none", "Methods that such pages may use.", |s| s.cors.allow_methods.join(", ")),
    row("CORS_ALLOW_HEADERS", "none", "Headers that such pages may send.", |s| s.cors.allow_headers.join(", ")),
    row("CORS_ALLOW_CREDENTIALS", "false", "Whether such pages may send credentials; only with named origins.", |s| s.cors.allow_credentials.to_string()),
    row("CORS_MAX_AGE", "600", "How long a browser may remember the answer to a preflight, in seconds.", |s| s.cors.max_age_seconds.to_string()),
    row("AUTH_ENABLED", "true; false in development", "Whether the API asks who is calling. Production refuses `false`.", |s| s.auth.enabled.to_string()),
    row("JWT_SECRET_KEY", "none", "Key that signs and checks bearer tokens; 32 bytes or more in production.", |s| masked(s.auth.jwt_secret.as_ref())),
    row("JWT_ALGORITHM", "HS256", "`HS256`, `HS384` or `HS512`; no other is accepted in a token.", |s| s.auth.jwt_algorithm.clone()),
    row("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "60", "How long a token is good that `em-agent token` makes.", |s| s.auth.access_token_minutes.to_string()),
    row("AGENT_ADMIN_KEY", "none", "The key of `X-Admin-Key`; 16 characters or more in production.", |s| masked(s.auth.admin_key.as_ref())),
    row("RATE_LIMIT_ENABLED", "true", "Whether calls to `/v1` are limited.", |s| s.limits.api_enabled.to_string()),
    row("RATE_LIMIT_PER_MIN", "120", "Calls to `/v1` that one caller may make in a minute.", |s| s.limits.api_per_minute.to_string()),
    row("MAX_PAYLOAD_BYTES", "26214400", "Size of the largest body that is taken, compressed or not.", |s| s.limits.max_payload_bytes.to_string()),
    row("INTAKE_RATE_PER_SEC", "0", "Deliveries a second that one tenant and source may send; 0 is without limit.", |s| s.limits.intake_per_second.to_string()),
    row("<SOURCE>_WEBHOOK_SECRET", "none", "The secret that a source signs with or shows, its name in capitals (`GITHUB_WEBHOOK_SECRET`). While it is rotated: a comma list, the active one first. `GITLAB_WEBHOOK_SECRET` that begins with `whsec_` is a signing token, else it is compared with `X-Gitlab-Token`.", |s| s.sources.secrets.iter().map(|(name, live)| format!("{name}: {} set", live.len())).collect::<Vec<_>>().join(", ")),
    row("SLACK_SIGNING_SECRET", "none", "Slack's signing secret, in the place of `SLACK_WEBHOOK_SECRET`.", |s| format!("{} set", s.sources.secrets("slack").len())),
    row("WEBHOOKS_TOKEN_IN_URL", "none", "Sources that may show their token in the URL, `?token=` or `?access_token=`: a comma list. URLs end up in the logs of proxies: only for vendors that can send it nowhere else.", |s| s.sources.token_in_url.iter().cloned().collect::<Vec<_>>().join(", ")),
    row("AWS_SNS_TOPIC_ARNS", "none", "The SNS topics whose messages are taken, for `cloudwatch` and `ecs`: a comma list of ARNs. A signature alone says only that some AWS customer's topic sent it.", |s| s.sources.sns_topics.join(", ")),
    row("AWS_SNS_ALLOW_SHA1", "false", "Takes SNS messages of signature version 1 (SHA-1) as well. Better: set `SignatureVersion` 2 on the topic.", |s| s.sources.sns_allow_sha1.to_string()),
    row("GRAFANA_TIMESTAMP_HEADER", "none", "The timestamp header that is configured beside the HMAC secret of Grafana's contact point; with it, the signed time must be there and near ours.", |s| s.sources.grafana_timestamp_header.clone().unwrap_or_default()),
    row("PLUGINS_DIR", "plugins", "Folder of declarative integrations, `*.toml`; looked at again every two seconds.", |s| s.sources.plugins_dir.display().to_string()),
    row("WEBHOOKS_ALLOW_UNSIGNED", "none; * in development", "Sources without a secret whose deliveries are taken unsigned: a comma list or `*`. Set and empty is none. Never applies to a source that has a secret. Production refuses any.", |s| unsigned(&s.sources.unsigned)),
    row("INTEGRATIONS_<SOURCE>_ENABLED", "true", "`false` turns a source away.", |s| s.sources.disabled.iter().map(|name| format!("{name}: false")).collect::<Vec<_>>().join(", ")),
    row("PRODUCTION_PATTERNS", "prod, production, live", "Environments that are production: equal to one of these, or beginning with it before ` `, `-`, `_` or `/`.", |s| s.rules.production_patterns.join(", ")),
    row("INCIDENT_LABELS", "incident, outage, postmortem", "Labels that make an issue an incident.", |s| s.rules.incident_labels.join(", ")),
    row("BOT_LOGINS", "dependabot, renovate-bot, github-actions, snyk-bot", "Logins that are bots, beside those that the source marks or that end in `[bot]`.", |s| s.rules.bot_logins.join(", ")),
    row("INCIDENT_SEVERITIES", "critical, page, fatal, emergency, p0, p1, p2, sev0, sev1, sev2", "Severities and priorities of alerts that are incidents; any other alert is an alert only.", |s| s.rules.incident_severities.join(", ")),
    row("DEPLOY_PATTERNS", "deploy, deployment, rollout, promote", "Jobs, stages and workflows whose runs are deployments: a comma list of `[source:]words[=environment]`. Without a source it counts for sources that tell of no deployments themselves ([how](sources/README.md#deployments-by-rule)).", |s| s.rules.deploy_patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    row("GITHUB_TOKEN", "none", "Token that `em-agent backfill github` reads history with (without one GitHub answers 60 requests an hour, about public repositories only), and that jobs act with where no GitHub App is set ([what it may](ACTIONS.md)).", |s| masked(s.apis.github_token.as_ref())),
    row("GITHUB_API_URL", "https://api.github.com", "GitHub's REST API; of GitHub Enterprise Server `https://<host>/api/v3`. The token is sent nowhere else.", |s| s.apis.github_url.clone()),
    row("GITHUB_APP_ID", "none", "The GitHub App that jobs act as: its number or its client id. Deployments that GitHub holds back need one.", |s| s.actions.github_app.as_ref().map(|app| app.id.clone()).unwrap_or_default()),
    row("GITHUB_APP_PRIVATE_KEY", "none", "Its private key in PEM; in one line with `\\n` for the ends of lines. `GITHUB_APP_PRIVATE_KEY_FILE` names the file.", |s| masked(s.actions.github_app.as_ref().map(|app| &app.private_key))),
    row("GITLAB_TOKEN", "none", "Token (scope `read_api`) that `em-agent backfill gitlab` reads history with; without one only public projects are seen.", |s| masked(s.apis.gitlab_token.as_ref())),
    row("GITLAB_API_URL", "https://gitlab.com/api/v4", "GitLab's REST API; of an instance of one's own `https://<host>/api/v4`. The token is sent nowhere else.", |s| s.apis.gitlab_url.clone()),
    row("SLACK_BOT_TOKEN", "none", "The bot token (`xoxb-…`) that approvals are posted to Slack with; without one nothing is posted.", |s| masked(s.slack.bot_token.as_ref())),
    row("SLACK_WEBHOOK_URL", "none", "An incoming webhook (`https://hooks.slack.com/…`). Only without a bot token: reports and notes to `SLACK_DEFAULT_CHANNEL` go through it, approvals do not, as it can update nothing.", |s| masked(s.slack.webhook_url.as_ref())),
    row("SLACK_DEFAULT_CHANNEL", "none", "The channel of approvals that have no better place: its id, or `#name`. Without it only escalations are posted, where they say.", |s| s.slack.default_channel.clone().unwrap_or_default()),
    row("SLACK_API_URL", "https://slack.com/api/", "Slack's Web API; ends in `/api/`. The token is sent nowhere else. Production refuses `http://`.", |s| s.slack.api_url.clone()),
    row("MAX_DAILY_SLACK_POSTS", "1000", "Messages that one tenant may post to Slack in one day (UTC); more wait for the next. Updates of messages are not counted; 0 posts none.", |s| s.slack.max_daily_posts.to_string()),
    row("PAGERDUTY_ROUTING_KEY", "none", "Key of an Events API v2 integration of PagerDuty, whose people jobs page.", |s| masked(s.actions.pagerduty_key.as_ref())),
    row("PAGERDUTY_EVENTS_URL", "https://events.pagerduty.com", "PagerDuty's Events API; in its European region `https://events.eu.pagerduty.com`. Production refuses `http://`.", |s| s.actions.pagerduty_url.clone()),
    row("OUTGOING_WEBHOOK_SECRETS", "none", "What the webhooks that jobs send are signed with: `whsec_` and base64 of 24 to 64 random bytes. While it is rotated: a comma list, the active one first. Without one none is sent.", |s| format!("{} set", s.actions.webhook_secrets.len())),
    row("WEBHOOKS_ALLOW_NETWORKS", "none", "Networks of one's own that such webhooks may reach, on any port: a comma list like `10.1.0.0/16`. All other private addresses are refused.", |s| s.actions.inside.join(", ")),
    row("POLICY_PATH", "the shipped policy", "The document that says what may happen by itself and what people are asked first, YAML or JSON ([how](POLICY.md)). Read at start; one that does not fit stops the start.", |s| path(s.policy_path.as_ref())),
    row("OPA_URL", "none", "An Open Policy Agent that decides in the place of the document: `http://opa:8181` (asked for `/v1/data/em_agent/decision`), or the whole address of a decision ([how](POLICY.md#opa)).", |s| s.opa.as_ref().map(|opa| opa.url.clone()).unwrap_or_default()),
    row("OPA_TIMEOUT_MS", "2000", "How long it may take to decide, in milliseconds.", |s| s.opa.as_ref().map(|opa| opa.timeout.as_millis().to_string()).unwrap_or_default()),
    row("OPA_UNANSWERED", "approval", "What counts when it does not answer, or what it says does not fit: `approval` (one approver is asked), `document` (the policy's document decides) or `allow`.", |s| s.opa.as_ref().map(|opa| opa.unanswered.as_str().to_owned()).unwrap_or_default()),
    row("RULES_PATH", "the shipped rules", "The document of rules for signals, YAML or JSON ([how](SIGNALS.md)). Read at start; one that does not fit stops the start.", |s| path(s.rules_path.as_ref())),
    row("SIGNALS_INTERVAL_SECONDS", "300", "How often a worker looks at the signals, in seconds: 10 to 86400.", |s| s.signals_interval.as_secs().to_string()),
    row("DORA_INCIDENT_WINDOW_SECONDS", "86400", "How long after a deployment an incident is put down to it, where the catalog says nothing else; 0 is off.", |s| s.incident_window.as_secs().to_string()),
    row("MAX_DAILY_RAG_SEARCHES", "5000", "Searches in documents that one tenant may make in one day (UTC) over the API; 0 allows none ([how](KNOWLEDGE.md)).", |s| s.knowledge.max_daily_searches.to_string()),
    row("CRAWLER_INTERVAL_SEC", "0", "From one run of a crawl to the next, in seconds, where the crawl does not say; 0: only when somebody asks.", |s| s.knowledge.crawl_interval.as_secs().to_string()),
    row("CRAWL_GH_OWNER", "none", "Owner of a GitHub repository whose documents are read without a crawl being made over the API; with `CRAWL_GH_REPO`.", |s| s.knowledge.github_repo.as_ref().map(|(owner, _)| owner.clone()).unwrap_or_default()),
    row("CRAWL_GH_REPO", "none", "Its name. It is read with `GITHUB_TOKEN`.", |s| s.knowledge.github_repo.as_ref().map(|(_, repo)| repo.clone()).unwrap_or_default()),
    row("CONFLUENCE_BASE_URL", "none", "Confluence, with `/wiki` where it is Atlassian's: `https://acme.atlassian.net/wiki`. The token is sent nowhere else. Production refuses `http://`.", |s| s.knowledge.confluence_url.clone().unwrap_or_default()),
    row("CONFLUENCE_EMAIL", "none", "Whose token it is; without one the token is a personal access token (Data Center).", |s| s.knowledge.confluence_email.clone().unwrap_or_default()),
    row("CONFLUENCE_TOKEN", "none", "API token that pages are read with.", |s| masked(s.knowledge.confluence_token.as_ref())),
    row("LINEAR_API_URL", "https://api.linear.app/graphql", "Linear's GraphQL API. Production refuses `http://`.", |s| s.knowledge.linear_url.clone()),
    row("LINEAR_API_KEY", "none", "Key that Linear's issues are read with.", |s| masked(s.knowledge.linear_key.as_ref())),
    row("SHORTCUT_API_URL", "https://api.app.shortcut.com/api/v3", "Shortcut's REST API. Production refuses `http://`.", |s| s.knowledge.shortcut_url.clone()),
    row("SHORTCUT_API_TOKEN", "none", "Token that Shortcut's stories are read with.", |s| masked(s.knowledge.shortcut_token.as_ref())),
    row("PAGERDUTY_API_URL", "https://api.pagerduty.com", "PagerDuty's REST API; in its European region `https://api.eu.pagerduty.com`. Production refuses `http://`.", |s| s.knowledge.pagerduty_url.clone()),
    row("PAGERDUTY_API_TOKEN", "none", "Token (read-only) that PagerDuty's incidents and notes are read with.", |s| masked(s.knowledge.pagerduty_token.as_ref())),
    row("RETENTION_DAYS", "0", "Days that raw deliveries are kept; 0 is for ever. Events and what follows from them stay.", |s| s.retention_days.to_string()),
    row("AGENT_LLM_ENABLED", "false", "Whether language models are asked. Without them everything is worded by rule.", |s| s.models.enabled.to_string()),
    row("OPENAI_API_KEY", "none", "Key for OpenAI, or for whoever `OPENAI_BASE_URL` names.", |s| masked(s.models.openai.key.as_ref())),
    row("OPENAI_BASE_URL", "https://api.openai.com/v1", "Any server that speaks as OpenAI does: Azure, vLLM, Ollama, LiteLLM. With it no key is needed.", |s| s.models.openai.url.clone()),
    row("OPENAI_MODEL", "one of whoever has a key", "The model for digests, answers and plans, of any provider: `claude-…` is Anthropic's, `gemini-…` Gemini's; `openai/…`, `anthropic/…` and `gemini/…` say it.", |s| model(s.models.model.as_ref())),
    row("OPENAI_DEFAULT_MODEL", "none", "Another name of `OPENAI_MODEL`, which counts where both are set.", |s| model(s.models.model.as_ref())),
    row("OPENAI_LOW_COST_MODEL", "the same as OPENAI_MODEL", "The model for parts of large digests and for texts that are made short.", |s| model(s.models.low_cost_model.as_ref())),
    row("OPENAI_FAILOVER_MODEL", "none", "The model that is asked when another does not answer, will not, or takes no prompt so long.", |s| model(s.models.failover_model.as_ref())),
    row("OPENAI_EMBEDDING_MODEL", "text-embedding-3-small at OpenAI, else none", "The model for vectors of texts.", |s| model(s.models.embedding_model.as_ref())),
    row("ANTHROPIC_API_KEY", "none", "Key for Anthropic.", |s| masked(s.models.anthropic.key.as_ref())),
    row("ANTHROPIC_BASE_URL", "https://api.anthropic.com/v1", "Where Anthropic's protocol is spoken.", |s| s.models.anthropic.url.clone()),
    row("AGENT_GEMINI_API_KEY", "none", "Key for Gemini.", |s| masked(s.models.gemini.key.as_ref())),
    row("AGENT_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com/v1beta", "Where Gemini's protocol is spoken.", |s| s.models.gemini.url.clone()),
    row("AGENT_TEMPERATURE", "the provider's own", "How freely models word things: 0 to 2.", |s| s.models.temperature.map(|value| value.to_string()).unwrap_or_default()),
    row("AGENT_TOKEN_BUDGET", "800000", "Tokens that a conversation is trimmed to.", |s| s.models.token_budget.to_string()),
    row("AGENT_SESSION_BUDGET_USD", "0.75", "What one session (a conversation, a digest) may cost; 0: nothing.", |s| usd(s.models.session_budget_micro_usd)),
    row("AGENT_DAILY_BUDGET_USD", "50", "What all of the installation may cost in a day of the tenant `default`; 0: nothing, rules answer.", |s| usd(s.models.daily_budget_micro_usd)),
    row("AGENT_BUDGETS", "none", "More caps, with commas: `tenant/day=10usd`, `tenant:acme/month=100usd`, `purpose:digest/day=2000000tokens`, `installation/month=500usd`, `session=50000tokens`.", |s| s.models.caps.len().to_string()),
    row("AGENT_MODEL_PRICES", "none", "Prices of models in US dollars for a million tokens, over those that are shipped: `name=input/output` or `name=input/output/cached`, with commas. A model without a price is not asked.", |s| s.models.prices.iter().map(|price| price.model.clone()).collect::<Vec<_>>().join(", ")),
    row("AGENT_LLM_TIMEOUT_SECONDS", "60", "How long a call may take with every try: 1 to 600.", |s| s.models.timeout.as_secs().to_string()),
    row("AGENT_LLM_RETRIES", "2", "Tries after the first, of one model, where it is busy or fails: 0 to 10.", |s| s.models.retries.to_string()),
    row("AGENT_LLM_CONTEXT_TOKENS", "32768", "What a model takes at once that is not in the table of models.", |s| s.models.context_tokens.to_string()),
    row("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "false", "Whether traces hold what models were asked and what they answered.", |s| s.models.capture_content.to_string()),
    row("AGENT_PLANNER_MODE", "rules", "Who chooses the tools that answer a question: `rules` (its words) or `llm` (a model, where one is set up; [how](ASK.md)).", |s| s.ask.planner.as_str().to_owned()),
    row("AGENT_FETCH_ALLOW", "none", "Hosts that agents may fetch from: a comma list like `docs.example.org, *.acme.io`. Without any nothing is fetched.", |s| s.ask.fetch_allow.join(", ")),
    row("METRICS_ADDR", "none", "Address and port of the worker's own listener for `/metrics`, `/health` and `/ready`.", |s| s.metrics_addr.map(|addr| addr.to_string()).unwrap_or_default()),
    row("OTEL_ENABLED", "true", "`false` keeps traces in the process also when an endpoint is set.", |s| s.otel.endpoint.is_some().to_string()),
    row("OTEL_EXPORTER_OTLP_ENDPOINT", "none", "Base URL of an OpenTelemetry collector (OTLP over HTTP); traces are sent when it is set.", |s| s.otel.endpoint.clone().unwrap_or_default()),
    row("OTEL_EXPORTER_OTLP_HEADERS", "none", "Headers for the collector: `name=value`, with commas between them.", |s| s.otel.headers.iter().map(|(name, _)| format!("{name}: set")).collect::<Vec<_>>().join(", ")),
    row("OTEL_SERVICE_NAME", "em-agent", "What traces call this service.", |s| s.otel.service_name.clone()),
    row("EM_PG_BIN", "searched", "Folder of PostgreSQL's programs for the private server; else PATH and the distribution's folders.", |s| path(s.pg_bin.as_ref())),
    row("EM_NATS_BIN", "searched", "The `nats-server` program for the private server, or its folder; else PATH and `.tools`.", |s| path(s.nats_bin.as_ref())),
];

fn masked(secret: Option<&SecretString>) -> String {
    if secret.is_some() { "set".to_owned() } else { "not set".to_owned() }
}

fn path(path: Option<&std::path::PathBuf>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

fn model(model: Option<&ModelName>) -> String {
    model.map(|model| format!("{}/{}", model.provider.as_str(), model.name)).unwrap_or_default()
}

fn unsigned(unsigned: &Unsigned) -> String {
    match unsigned {
        Unsigned::None => String::new(),
        Unsigned::All => "*".to_owned(),
        Unsigned::Only(listed) => listed.iter().cloned().collect::<Vec<_>>().join(", "),
    }
}
