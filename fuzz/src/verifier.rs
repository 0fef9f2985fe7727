//! Nobody is believed who does not know the secret, whatever they send; and who does know it cannot break anything.
//!
//! The secrets stand in no input and in no seed. The verifier compares without telling how near a guess came, so that
//! the fuzzer cannot find them either: a delivery that is believed is a hole.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use integrations::{Headers, Incoming, Integration, Options, Secrets, Shipment, sign, verify};

use crate::inputs::Input;

/// A secret of every shape that a scheme takes for a key.
const PLAIN: &str = "k7Qv-2mZr9xT4bWn8sLd1pHc6yGf3uJe";
const WHSEC: &str = "whsec_q83vEjRWeJq83vASNFZ4kKvN7wEjRWeJ";
/// The public key of the first test of RFC 8032; nothing here holds the other half.
const WHPK: &str = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// The topics of the samples.
const TOPICS: [&str; 3] = [
    "arn:aws:sns:eu-west-1:123456789012:acme-alarms",
    "arn:aws:sns:eu-west-1:123456789012:acme-events",
    "arn:aws:sns:eu-west-1:123456789012:acme-news",
];

/// An authority whose certificates stand in the seeds: what they did not sign must be refused.
const AUTHORITY: &str = include_str!("../../integrations/fixtures/sns/TEST_ONLY_root.pem");

/// The header that Grafana's operators are asked to name.
const NAMED: &str = "x-grafana-alerting-timestamp";

/// One source, and the ways in which it may be set up.
pub struct Verifier {
    integration: &'static Integration,
    setups: Vec<Secrets>,
    now: DateTime<Utc>,
}

impl Verifier {
    pub fn of(integration: &'static Integration) -> Self {
        let now = DateTime::from_timestamp(1_795_200_247, 0).expect("a time");
        Self { integration, setups: setups(), now }
    }

    pub fn check(&self, input: &[u8]) {
        let input = Input::read(input);
        let headers = input.headers();
        let incoming = input.incoming(&headers);
        for setup in &self.setups {
            let outcome = verify(self.integration, &incoming, setup, self.now);
            assert!(outcome.is_err() || self.is_open(setup), "believed without the secret: {outcome:?}");
            assert_eq!(outcome, verify(self.integration, &incoming, setup, self.now), "not the same twice");
        }
        for setup in &self.setups {
            self.check_signed(&input, setup);
        }
    }

    /// A delivery with a true proof, and whatever else the input holds. It may well be refused, for a header that
    /// stands there twice or a signed time of the input's.
    fn check_signed(&self, input: &Input<'_>, setup: &Secrets) {
        let Some(secret) = setup.live.first() else { return };
        let kind = input.kind.unwrap_or("push");
        let shipment = Shipment {
            options: &setup.options,
            ..Shipment::of(kind, input.query_token.unwrap_or("d-1"), input.body, secret, self.now)
        };
        let proof = sign(self.integration, &shipment);
        let added = proof.iter().map(|(name, value)| (*name, value.as_bytes()));
        let others = input.headers.iter().copied().filter(|(name, _)| !proof.iter().any(|(taken, _)| taken == name));
        let headers: Headers<'_> = added.chain(others).collect();
        if let Ok(verified) = verify(self.integration, &Incoming::new(&headers, input.body), setup, self.now) {
            let known = |scheme: &&integrations::Scheme| scheme.name() == verified.scheme;
            assert!(self.integration.schemes.iter().any(|scheme| known(&scheme)), "by no scheme: {verified:?}");
        }
    }

    /// Whether it was set up to take deliveries without any proof, as nothing could tell them apart.
    fn is_open(&self, setup: &Secrets) -> bool {
        setup.allow_unsigned && !self.integration.schemes.iter().any(|scheme| setup.can_use(scheme))
    }
}

fn setups() -> Vec<Secrets> {
    let bytes = |secret: &str| secret.as_bytes().to_vec();
    let topics = TOPICS.map(str::to_owned).to_vec();
    let everything = Options {
        token_in_url: true,
        timestamp_header: Some(NAMED),
        topics: topics.clone(),
        allow_sha1: true,
        authorities: vec![der(AUTHORITY)],
    };
    let of = |live: Vec<Vec<u8>>, options: Options| Secrets { live, allow_unsigned: false, options };
    vec![
        of(vec![bytes(PLAIN)], Options { token_in_url: true, ..Options::default() }),
        of(vec![bytes(WHSEC), bytes(PLAIN)], everything.clone()),
        of(vec![bytes(WHPK)], Options { topics, ..Options::default() }),
        // A secret that no key is made of, and none at all.
        of(vec![Vec::new()], everything.clone()),
        of(Vec::new(), Options::default()),
        Secrets { allow_unsigned: true, ..of(Vec::new(), everything) },
    ]
}

fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).expect("a certificate")
}
