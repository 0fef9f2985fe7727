//! Every source through its own door: a sample of it, signed as its vendor signs, is taken once, as what it means.

use integrations::{ALL, Headers, Integration, Sample, Scheme, Secrets, Shipment, freshen, normalize, sign};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::world::{World, problem};

/// Written as Standard Webhooks writes secrets; to all others it is a text like any.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The one secret for every source.
pub(crate) fn secrets() -> Vec<(&'static str, &'static str)> {
    ALL.iter().map(|integration| (integration.secret_setting, SECRET)).collect()
}

/// A delivery as it goes over the wire.
pub(crate) struct Parcel {
    pub(crate) source: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Parcel {
    /// A sample with a proof of now.
    pub(crate) fn of(integration: &Integration, sample: &Sample) -> Self {
        let now = chrono::Utc::now();
        let body = freshen(integration, sample.body, now);
        let key = format!("{}-1", integration.name);
        let mut headers = sign(integration, &Shipment::of(sample.kind, &key, &body, SECRET.as_bytes(), now));
        headers.retain(|(name, _)| !sample.headers.iter().any(|(own, _)| own == name));
        headers.extend(sample.headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { source: integration.name, headers, body }
    }

    /// The first sample of a source that has a meaning.
    pub(crate) fn first(name: &str) -> Self {
        let integration = integrations::find(name).expect("a source");
        Self::of(integration, understood(integration))
    }

    /// The same headers with another body.
    fn with_last_byte_flipped(mut self) -> Self {
        *self.body.last_mut().expect("a body") ^= 1;
        self
    }

    pub(crate) fn request(&self, world: &World, method: Method) -> RequestBuilder {
        let request = world.request(method, &format!("/webhooks/{}", self.source)).body(self.body.clone());
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    /// Sends what must be taken; the answer.
    pub(crate) async fn taken(&self, world: &World, method: Method) -> Value {
        let answer = self.request(world, method).send().await.expect("an answer");
        let status = answer.status();
        let body: Value = answer.json().await.expect("json");
        assert_eq!(status, 200, "{}: {body}", self.source);
        body
    }
}

fn understood(integration: &Integration) -> &'static Sample {
    let means_something = |sample: &&Sample| {
        let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let drafts = normalize(integration, sample.kind, &headers, sample.body, &Default::default());
        !drafts.is_empty() && drafts.iter().all(|draft| !draft.kind.is_unmapped())
    };
    integration.samples.iter().find(means_something).expect("a sample with a meaning")
}

/// Whether the proof covers the body.
fn signs(integration: &Integration) -> bool {
    let secrets = Secrets::of(vec![SECRET.as_bytes().to_vec()]);
    let strongest = integration.schemes.iter().find(|scheme| secrets.can_use(scheme));
    matches!(strongest, Some(Scheme::Signature(_)))
}

#[tokio::test]
async fn every_source_is_taken_by_its_own_proof_once_and_means_something() {
    let world = World::with(&secrets()).await;
    for integration in ALL {
        let parcel = Parcel::of(integration, understood(integration));
        let first = parcel.taken(&world, Method::POST).await;
        assert_eq!(first["status"], "ok", "{}: {first}", integration.name);
        let again = parcel.taken(&world, Method::POST).await;
        assert_eq!(again, json!({"status": "duplicate", "id": first["id"]}), "{}", integration.name);
        let delivery = world.get(&format!("/v1/deliveries/{}", first["id"].as_str().expect("an id"))).await;
        assert_eq!(delivery["result"], "accepted", "{delivery}");
        assert_eq!(
            (&delivery["verification"]["ok"], &delivery["verification"]["secret"]),
            (&json!(true), &json!("active"))
        );
        assert!(delivery["events"].as_array().is_some_and(|events| !events.is_empty()), "{delivery}");
        if signs(integration) {
            let forged = parcel.with_last_byte_flipped().request(&world, Method::POST).send().await;
            problem(forged.expect("an answer"), 401, "not-verified").await;
        }
    }
    let unmapped = world.get("/v1/deliveries?result=unmapped").await;
    assert_eq!(unmapped["data"], json!([]));
    let sources = world.get("/v1/sources").await;
    let rows = sources["data"].as_array().expect("rows");
    assert_eq!(rows.len(), ALL.len());
    for (row, integration) in rows.iter().zip(ALL) {
        let named = |scheme: &Value| scheme["name"].as_str().expect("a name").to_owned();
        let schemes: Vec<String> = row["schemes"].as_array().expect("schemes").iter().map(named).collect();
        let expected: Vec<&str> = integration.schemes.iter().map(Scheme::name).collect();
        assert_eq!(
            (&row["name"], schemes),
            (&json!(integration.name), expected.iter().map(ToString::to_string).collect())
        );
        assert_eq!(row["secret_configured"], true, "{row}");
        assert!(row["last_verified_delivery_at"].is_string(), "{row}");
        assert_eq!((&row["counts_24h"]["accepted"], &row["counts_24h"]["unmapped"]), (&json!(1), &json!(0)), "{row}");
    }
}

#[tokio::test]
async fn what_is_put_is_taken_as_what_is_posted() {
    let world = World::with(&secrets()).await;
    for name in ["grafana", "github"] {
        let parcel = Parcel::first(name);
        let put = parcel.taken(&world, Method::PUT).await;
        assert_eq!(put["status"], "ok", "{put}");
        let posted = parcel.taken(&world, Method::POST).await;
        assert_eq!(posted, json!({"status": "duplicate", "id": put["id"]}));
        let forged = parcel.with_last_byte_flipped().request(&world, Method::PUT).send().await.expect("an answer");
        problem(forged, 401, "not-verified").await;
    }
}

#[tokio::test]
async fn row_20_what_is_not_proved_takes_nobodys_key() {
    let world = World::with(&secrets()).await;
    let forged = Parcel::first("github").with_last_byte_flipped().request(&world, Method::POST).send().await;
    problem(forged.expect("an answer"), 401, "not-verified").await;
    let parcel = Parcel::first("github");
    assert_eq!(parcel.taken(&world, Method::POST).await["status"], "ok");
    // Another source may use the same id for what it sends.
    let mut other = Parcel::first("sentry");
    let id = parcel.headers.iter().find(|(name, _)| *name == "x-github-delivery").expect("an id").1.clone();
    for header in other.headers.iter_mut().filter(|(name, _)| *name == "request-id") {
        header.1.clone_from(&id);
    }
    assert_eq!(other.taken(&world, Method::POST).await["status"], "ok");
    let rows = world.get("/v1/deliveries").await;
    let conflicts = rows["data"].as_array().expect("rows").iter().filter(|row| row["conflict"] == true).count();
    assert_eq!((rows["data"].as_array().map(Vec::len), conflicts), (Some(2), 0), "{rows}");
}
