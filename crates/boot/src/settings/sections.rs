//! Settings that belong together, and how each group is read.

use std::path::PathBuf;

use secrecy::SecretString;

use super::reader::Reader;
use super::{Env, addresses, values};

#[derive(Clone, Debug)]
pub struct NatsSettings {
    /// May carry a password. `None`: `em-agent up` starts a private server.
    pub url: Option<SecretString>,
    pub creds_file: Option<PathBuf>,
    pub stream: String,
    pub subject_prefix: String,
}

impl NatsSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let name = "letters, digits, '-' and '_'";
        Self {
            url: reader.hidden("NATS_URL", "nats://host:4222 or tls://host:4222", addresses::nats_url),
            creds_file: reader.text("NATS_CREDS_FILE").map(PathBuf::from),
            stream: reader.parsed("NATS_STREAM", name, values::nats_name).unwrap_or("EVENTS".to_owned()),
            subject_prefix: reader
                .parsed("NATS_SUBJECT_PREFIX", "names with dots between them", values::nats_prefix)
                .unwrap_or("events".to_owned()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

impl LogFormat {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pretty => "pretty",
        }
    }
}

#[derive(Clone, Debug)]
pub struct LogSettings {
    /// A level or filter that `tracing-subscriber` takes.
    pub level: String,
    pub format: LogFormat,
}

impl LogSettings {
    pub(super) fn read(reader: &mut Reader<'_>, env: Env) -> Self {
        let takes = "off, error, warn, info, debug, trace, or a filter like info,store=debug";
        let format = |text: &str| [LogFormat::Json, LogFormat::Pretty].into_iter().find(|f| f.as_str() == text);
        let default = if env.is_production() { LogFormat::Json } else { LogFormat::Pretty };
        Self {
            level: reader.parsed("LOG_LEVEL", takes, values::log_level).unwrap_or("info".to_owned()),
            format: reader.parsed("LOG_FORMAT", "json or pretty", format).unwrap_or(default),
        }
    }
}

/// Empty lists: no other origin may read our answers.
#[derive(Clone, Debug, Default)]
pub struct CorsSettings {
    pub allow_origins: Vec<String>,
    pub allow_methods: Vec<String>,
    pub allow_headers: Vec<String>,
    pub allow_credentials: bool,
    pub max_age_seconds: u32,
}

impl CorsSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let cors = Self {
            allow_origins: reader
                .parsed(
                    "CORS_ALLOW_ORIGINS",
                    "a list of origins: https://host, without a path, or *",
                    addresses::origins,
                )
                .unwrap_or_default(),
            allow_methods: reader
                .parsed("CORS_ALLOW_METHODS", "a list of GET, POST and the like, or *", values::methods)
                .unwrap_or_default(),
            allow_headers: reader
                .parsed("CORS_ALLOW_HEADERS", "a list of names of headers, or *", values::headers)
                .unwrap_or_default(),
            allow_credentials: reader.flag("CORS_ALLOW_CREDENTIALS", false),
            max_age_seconds: reader.number("CORS_MAX_AGE", 0..=86_400, 600),
        };
        if cors.allow_credentials && cors.is_wildcard() {
            reader.refuse(
                "CORS_ALLOW_CREDENTIALS",
                "'true' beside a '*' in CORS_ALLOW_ORIGINS",
                "true only with named origins",
            );
        }
        cors
    }

    pub fn is_wildcard(&self) -> bool {
        self.allow_origins.iter().any(|origin| origin.contains('*'))
    }
}

#[derive(Clone, Debug)]
pub struct AuthSettings {
    pub enabled: bool,
    pub jwt_secret: Option<SecretString>,
    /// `HS256`, `HS384` or `HS512`.
    pub jwt_algorithm: String,
    pub access_token_minutes: u32,
    pub admin_key: Option<SecretString>,
}

impl AuthSettings {
    pub(super) fn read(reader: &mut Reader<'_>, env: Env) -> Self {
        let algorithm = |text: &str| ["HS256", "HS384", "HS512"].contains(&text).then(|| text.to_owned());
        Self {
            enabled: reader.flag("AUTH_ENABLED", env.is_production()),
            jwt_secret: reader.secret("JWT_SECRET_KEY"),
            jwt_algorithm: reader
                .parsed("JWT_ALGORITHM", "HS256, HS384 or HS512", algorithm)
                .unwrap_or("HS256".to_owned()),
            access_token_minutes: reader.number("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", 1..=525_600, 60),
            admin_key: reader.hidden("AGENT_ADMIN_KEY", "a key in one line, of ASCII characters", values::key),
        }
    }
}

#[derive(Clone, Debug)]
pub struct LimitSettings {
    pub api_enabled: bool,
    /// Per caller, for `/v1`.
    pub api_per_minute: u32,
    pub max_payload_bytes: usize,
    /// Per tenant and source; 0 is without limit.
    pub intake_per_second: u32,
}

impl LimitSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            api_enabled: reader.flag("RATE_LIMIT_ENABLED", true),
            api_per_minute: reader.number("RATE_LIMIT_PER_MIN", 1..=1_000_000, 120),
            max_payload_bytes: reader.number("MAX_PAYLOAD_BYTES", 1024..=268_435_456, 26_214_400),
            intake_per_second: reader.number("INTAKE_RATE_PER_SEC", 0..=1_000_000, 0),
        }
    }
}

#[derive(Clone, Debug)]
pub struct OtelSettings {
    /// The collector's base URL. `None`: no traces leave the process.
    pub endpoint: Option<String>,
    pub headers: Vec<(String, SecretString)>,
    pub service_name: String,
}

impl OtelSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let enabled = reader.flag("OTEL_ENABLED", true);
        let endpoint = reader.parsed("OTEL_EXPORTER_OTLP_ENDPOINT", "http://… or https://…", addresses::http_url);
        let listed = reader.text("OTEL_EXPORTER_OTLP_HEADERS");
        let headers = listed.as_deref().map_or(Some(Vec::new()), values::pairs);
        if headers.is_none() {
            reader.refuse(
                "OTEL_EXPORTER_OTLP_HEADERS",
                super::reader::HIDDEN,
                "name=value pairs with commas between them",
            );
        }
        let hide = |(name, value): (String, String)| (name, SecretString::from(value));
        Self {
            endpoint: endpoint.filter(|_| enabled),
            headers: headers.unwrap_or_default().into_iter().map(hide).collect(),
            service_name: reader
                .parsed("OTEL_SERVICE_NAME", "text in one line", values::line)
                .unwrap_or("em-agent".to_owned()),
        }
    }
}

/// Where history is fetched from, and as whom.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Without a slash at its end.
    pub github_url: String,
    pub github_token: Option<SecretString>,
    /// Without a slash at its end.
    pub gitlab_url: String,
    pub gitlab_token: Option<SecretString>,
}

impl ApiSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut url = |name: &str, usual: &str| {
            reader.parsed(name, "http://… or https://…", addresses::http_url).unwrap_or(usual.to_owned())
        };
        Self {
            github_url: url("GITHUB_API_URL", "https://api.github.com"),
            gitlab_url: url("GITLAB_API_URL", "https://gitlab.com/api/v4"),
            github_token: reader.token("GITHUB_TOKEN"),
            gitlab_token: reader.token("GITLAB_TOKEN"),
        }
    }
}
