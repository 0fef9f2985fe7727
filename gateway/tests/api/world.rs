//! A gateway of its own for a test: a fresh database, a stream of its own, access on, and callers of every role.

use std::sync::Arc;

use boot::Settings;
use boot::environment::Variables;
use boot::metrics::Metrics;
use boot::settings::Env;
use boot::stop::CancellationToken;
use bus::{Bus, BusOptions};
use chrono::Utc;
use domain::ids::TenantId;
use gateway::access::{Claims, Role, mint};
use gateway::{Parts, Running};
use relay::Relay;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use testkit::database::Database;

const SECRET: &str = "a secret of the tests, long enough for all";

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) stop: CancellationToken,
    pub(crate) running: Running,
    pub(crate) bus: Bus,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A world with other settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let database = Database::fresh();
        let stop = CancellationToken::new();
        let stream = format!("T{}", uuid::Uuid::new_v4().simple());
        let url = testkit::servers::nats_url();
        let options = BusOptions { url, creds_file: None, subject_prefix: stream.to_lowercase(), stream };
        let bus = Bus::connect(&options).await.expect("a bus");
        let (relay, _) = Relay::start(database.store(store::Role::Relay), bus.clone(), &[], stop.clone());
        let parts = Parts {
            sources: integrations::Sources::built_in(),
            settings: Arc::new(read(settings)),
            store: database.store(store::Role::App),
            bus: bus.clone(),
            relay,
            metrics: Metrics::install().expect("a recorder"),
            stop: stop.clone(),
        };
        let running = gateway::start(parts).expect("a gateway");
        Self { database, stop, running, bus, http: reqwest::Client::new() }
    }

    /// Runs SQL as the owner of everything.
    pub(crate) fn sql(&self, text: &str) {
        store::migrate::execute(&self.database.url, text).expect("the statement");
    }

    /// A request by nobody.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.running.address))
    }

    /// A request by a caller of the default tenant with this role.
    pub(crate) fn request_as(&self, role: Role, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(token(TenantId::default(), role))
    }

    /// A viewer's request for JSON that must succeed.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.get_of("default", path).await
    }

    /// The same by a viewer of another tenant.
    pub(crate) async fn get_of(&self, tenant: &str, path: &str) -> Value {
        let bearer = token(tenant.parse().expect("a tenant"), Role::Viewer);
        let response = self.request(Method::GET, path).bearer_auth(bearer).send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.expect("json")
    }

    /// The answer to a viewer's request, whatever it is.
    pub(crate) async fn answer(&self, path: &str) -> Response {
        self.request_as(Role::Viewer, Method::GET, path).send().await.expect("an answer")
    }
}

fn read(settings: &[(&str, &str)]) -> Settings {
    let usual = [
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("AUTH_ENABLED", "true"),
        ("JWT_SECRET_KEY", SECRET),
        ("RATE_LIMIT_PER_MIN", "100000"),
    ];
    let variables: Variables =
        usual.iter().chain(settings).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let names: Vec<&str> = integrations::ALL.iter().map(|integration| integration.name).collect();
    Settings::read(&variables, &names, Env::Development).expect("settings").0
}

pub(crate) fn token(tenant: TenantId, role: Role) -> String {
    token_of(&format!("the {}", role.as_str()), tenant, role)
}

pub(crate) fn token_of(subject: &str, tenant: TenantId, role: Role) -> String {
    let claims = Claims { sub: subject.to_owned(), tenant, role, exp: Utc::now().timestamp() + 600 };
    mint(&claims, &SECRET.into(), "HS256").expect("a token")
}

/// SQL that inserts events `first..=last` of a tenant, one a second.
pub(crate) fn events(tenant: &str, first: u32, last: u32) -> String {
    format!(
        "insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, data)
         select '{tenant}', gen_random_uuid(), gen_random_uuid(), 'github', '/github/acme/shop',
                case when n % 2 = 0 then 'change.merged' else 'commits.pushed' end, 'acme/shop#' || n,
                '2026-11-20T00:00:00Z'::timestamptz + n * interval '1 second', 'acme/shop', json_build_object('number', n)
         from generate_series({first}, {last}) n"
    )
}

/// The problem that an answer holds.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let id = response.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let body: Value = response.json().await.expect("json");
    assert_eq!(body["type"], format!("urn:em-agent:problem:{code}"), "{body}");
    assert_eq!((&body["status"], &body["request_id"]), (&status.into(), &id.into()), "{body}");
    body
}
