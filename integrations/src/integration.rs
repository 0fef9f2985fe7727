//! The shape of a source: everything there is to know about it is one static value.

use domain::event::Draft;
use domain::rules::Rules;
use serde_json::Value;

use crate::headers::Headers;
use crate::manners::Manners;
use crate::plugin::Mappings;
use crate::pointer::Sought;
use crate::scheme::{Part, Place, Scheme, Signature};
use crate::verify::Fetched;

/// A source of deliveries.
#[derive(Debug)]
pub struct Integration {
    /// Its name in paths, settings and events: `github`.
    pub name: &'static str,
    /// Its name as people write it.
    pub title: &'static str,
    /// What a person does in the vendor's tool to have it send here.
    pub setup: Setup,
    /// How the vendor takes our answers.
    pub manners: Manners,
    /// The setting that holds its secret.
    pub secret_setting: &'static str,
    /// How it proves itself, strongest first.
    pub schemes: &'static [Scheme],
    /// Proofs it also sends that we never take; alone, they are told apart from no proof at all.
    pub weaker_headers: &'static [&'static str],
    /// What kind of delivery it is.
    pub kind: Field,
    /// The source's own id of the delivery.
    pub key: Field,
    /// The only headers that are stored.
    pub kept_headers: &'static [&'static str],
    /// What is stored of the body, where it is not all of it.
    pub kept_body: Option<Cut>,
    pub max_body_bytes: usize,
    /// Grows when `normalize` gives other events for the same bytes: deliveries of an older version are worth a replay.
    pub mapping_version: i32,
    /// The answer to a handshake of that kind, if it is one. Asked after the proof.
    pub greeting: Option<fn(&Delivery<'_>) -> Option<Greeting>>,
    /// The fixed answer to a handshake that the vendor does not sign. Nothing else of such a delivery is looked at.
    pub unsigned_greeting: Option<fn(&Incoming<'_>) -> Option<Value>>,
    pub normalize: Normalizer,
    /// Headers with a constant value that the vendor sends.
    pub sends: &'static [(&'static str, &'static str)],
    /// Example deliveries: the fixtures, each of which `em-agent send` offers.
    pub samples: &'static [Sample],
}

/// Takes out of a body what must not be stored; `None` where it cannot be read.
pub(crate) type Cut = fn(&[u8]) -> Option<Vec<u8>>;

/// What makes a delivery's events.
#[derive(Clone, Copy, Debug)]
pub enum Normalizer {
    Coded(fn(&Delivery<'_>, &Rules) -> Result<Vec<Draft>, Unreadable>),
    /// A plugin's mappings. They answer its greetings as well.
    Mapped(&'static Mappings),
}

/// What a person does in the vendor's tool, in the words of its own pages.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Where the URL and the secret are pasted: `Settings → Webhooks → Add webhook`.
    pub paste: &'static str,
    /// Which events to tick.
    pub ticks: &'static str,
    /// The vendor's page about it.
    pub docs: &'static str,
}

/// A delivery as the vendor sends it, with names and values of our own.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Its file under `fixtures/`: `gitlab/push/branch.json`.
    pub path: &'static str,
    /// The vendor's own word for its kind: `Push Hook`.
    pub kind: &'static str,
    /// Headers that matter, beyond those of kind, key and proof.
    pub headers: &'static [(&'static str, &'static str)],
    pub body: &'static [u8],
}

/// A fixture as a sample: its path under `fixtures/`, its kind, and the headers that matter.
macro_rules! sample {
    ($path:literal, $kind:literal) => {
        $crate::integration::sample!($path, $kind, [])
    };
    ($path:literal, $kind:literal, [$($header:expr),* $(,)?]) => {
        $crate::integration::Sample {
            path: $path,
            kind: $kind,
            headers: &[$($header),*],
            body: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $path)),
        }
    };
}
pub(crate) use sample;

/// Where something is found in a delivery.
#[derive(Debug)]
pub enum Field {
    /// The first of these headers that is there.
    Headers(&'static [&'static str]),
    /// It is the same for all.
    Constant(&'static str),
    /// Members of the JSON body by JSON pointer, with `:` between them; absent unless all are there.
    Body(&'static [&'static str]),
    /// The first of these that is there.
    First(&'static [Field]),
    /// What takes more than looking up.
    Read(fn(&Incoming<'_>) -> Option<String>),
}

/// What came in, before anything is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    pub headers: &'a Headers<'a>,
    pub body: &'a [u8],
    /// The token that the URL's query carries.
    pub query_token: Option<&'a str>,
    /// Certificates that an earlier look at this delivery asked for.
    pub certificates: &'a [Fetched],
    /// The scheme that proved it, once one has: [`crate::Verified::scheme`].
    pub proved: Option<&'static str>,
}

impl<'a> Incoming<'a> {
    pub fn new(headers: &'a Headers<'a>, body: &'a [u8]) -> Self {
        Self { headers, body, query_token: None, certificates: &[], proved: None }
    }
}

/// What a verified delivery is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The source's word for what happened, `push`; `unknown` if it gives none.
    pub kind: String,
    /// What makes it a duplicate of another: at most 200 characters.
    pub key: String,
}

/// How a handshake is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Greeting {
    Answer(Value),
    /// This URL of the vendor is requested (GET) first; only its success is answered so. Only for what a signature
    /// proved.
    Call {
        url: String,
        answer: Value,
    },
}

/// A verified delivery, for its normalizer.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    pub kind: &'a str,
    pub headers: &'a Headers<'a>,
    pub body: &'a [u8],
}

/// Why a verified body gives no events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// Short, without the body's own words.
    pub reason: String,
    /// Where in the source, when at least that could be read.
    pub scope: Option<String>,
    /// The body gives a field more than once: it can be read when only the last of each is taken.
    pub(crate) repeats: bool,
}

impl Unreadable {
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), scope: None, repeats: false }
    }
}

/// The largest body of most sources. Those that send more say so.
const USUAL_BODY_BYTES: usize = 5 * 1024 * 1024;

impl Integration {
    /// What most sources have in common; a source says what differs. By itself it is closed.
    pub(crate) const USUAL: Self = Self {
        name: "",
        title: "",
        setup: Setup { paste: "", ticks: "", docs: "" },
        manners: Manners::UNKNOWN,
        secret_setting: "",
        schemes: &[],
        weaker_headers: &[],
        kind: Field::Constant("unknown"),
        key: Field::Headers(&[]),
        kept_headers: &[],
        kept_body: None,
        max_body_bytes: USUAL_BODY_BYTES,
        mapping_version: 1,
        greeting: None,
        unsigned_greeting: None,
        normalize: Normalizer::Coded(|_, _| Err(Unreadable::new("this source has no mapping"))),
        sends: &[],
        samples: &[],
    };

    /// Headers that decide what happens to a delivery: each may be sent once only, in plain ASCII.
    pub fn deciding_headers(&self) -> impl Iterator<Item = &'static str> {
        let fields = self.kind.headers().into_iter().chain(self.key.headers());
        self.schemes.iter().flat_map(Scheme::headers).chain(fields)
    }

    /// The sample of that name: the first of a folder, `<folder>.<case>`, the vendor's word for the kind, or a case.
    pub fn sample(&self, name: &str) -> Option<&'static Sample> {
        let find = |fits: &dyn Fn(&Sample) -> bool| self.samples.iter().find(|sample| fits(sample));
        find(&|sample| sample.folder() == name)
            .or_else(|| find(&|sample| sample.name() == name))
            .or_else(|| find(&|sample| sample.kind == name))
            .or_else(|| find(&|sample| sample.case() == name))
    }

    /// Whether it was loaded from a file rather than built in.
    pub fn is_plugin(&self) -> bool {
        !matches!(self.normalize, Normalizer::Coded(_))
    }

    /// Whether a token in the URL is one of its proofs.
    pub fn takes_token_in_url(&self) -> bool {
        let in_query = |place: &Place| matches!(place, Place::Query);
        self.schemes.iter().any(|scheme| matches!(scheme, Scheme::Token(token) if token.places.iter().any(in_query)))
    }

    /// Whether messages of Amazon SNS are one of its proofs.
    pub fn takes_sns(&self) -> bool {
        self.schemes.iter().any(|scheme| matches!(scheme, Scheme::Sns(_)))
    }

    /// Whether its signed time may stand in a header that the operator names.
    pub fn takes_named_header(&self) -> bool {
        let named = |part: &Part| matches!(part, Part::NamedTime);
        let signs = |signature: &Signature| signature.signed.iter().any(named);
        self.schemes.iter().any(|scheme| matches!(scheme, Scheme::Signature(signature) if signs(signature)))
    }
}

impl Sample {
    /// The folder of its file: `push`.
    pub fn folder(&self) -> &'static str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// The name of its file: `branch`.
    pub fn case(&self) -> &'static str {
        let file = self.path.rsplit('/').next().unwrap_or_default();
        file.split_once('.').map_or(file, |(case, _)| case)
    }

    /// What `em-agent send` calls it: `push.branch`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.folder(), self.case())
    }
}

impl Field {
    /// The headers that it is read from.
    pub(crate) fn headers(&self) -> Vec<&'static str> {
        match self {
            Self::Headers(names) => names.to_vec(),
            Self::First(fields) => fields.iter().flat_map(Self::headers).collect(),
            Self::Constant(_) | Self::Body(_) | Self::Read(_) => Vec::new(),
        }
    }

    /// The members of the body that it may be read from.
    pub(crate) fn pointers(&self) -> Vec<&'static str> {
        match self {
            Self::Body(pointers) => pointers.to_vec(),
            Self::First(fields) => fields.iter().flat_map(Self::pointers).collect(),
            Self::Constant(_) | Self::Headers(_) | Self::Read(_) => Vec::new(),
        }
    }

    /// `members` are those of its pointers.
    pub(crate) fn read(&self, incoming: &Incoming<'_>, members: &Sought<'_>) -> Option<String> {
        match self {
            Self::Constant(value) => Some((*value).to_owned()),
            Self::Headers(names) => {
                names.iter().find_map(|name| incoming.headers.one(name).ok().flatten()).map(str::to_owned)
            }
            Self::Body(pointers) => {
                let all: Option<Vec<&str>> = pointers.iter().map(|pointer| members.get(pointer)).collect();
                all.map(|all| all.join(":"))
            }
            Self::First(fields) => fields.iter().find_map(|field| field.read(incoming, members)),
            Self::Read(read) => read(incoming),
        }
        .filter(|value| !value.is_empty())
    }
}
