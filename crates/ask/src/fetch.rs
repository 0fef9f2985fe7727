//! Fetches a text from a host that is allowed (`AGENT_FETCH_ALLOW`), for a run of an agent. Nothing is fetched where no host is
//! allowed; redirects are not followed; inner addresses are not reached, whatever a name resolves to; what is no text, or too
//! long, is refused. What comes back is data.

use std::time::Duration;

use domain::inert::inert;
use outbound::guard::Guard;
use outbound::{Outbound, OutboundError, Request};
use serde_json::{Value, json};

const TIMEOUT: Duration = Duration::from_secs(15);
const MOST_BYTES: usize = 1024 * 1024;
/// Characters of the text that are told.
const MOST_CHARS: usize = 20_000;
const TEXTS: [&str; 4] = ["text/", "application/json", "application/xml", "application/xhtml+xml"];

/// Who may be fetched from.
#[derive(Clone)]
pub(crate) struct Fetching {
    client: Outbound,
    allow: Vec<String>,
}

/// JSON Schema of the arguments.
pub(crate) fn arguments() -> Value {
    json!({"type": "object", "additionalProperties": false, "required": ["url"], "properties": {
        "url": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "https:// and a host of AGENT_FETCH_ALLOW"}}})
}

impl Fetching {
    pub(crate) fn of(allow: &[String]) -> Result<Self, OutboundError> {
        Ok(Self { client: Outbound::guarded(TIMEOUT, MOST_BYTES, Guard::default())?, allow: allow.to_vec() })
    }

    /// The text at an address; or why there is none, for who asked.
    pub(crate) async fn fetch(&self, url: &str) -> Result<String, String> {
        if self.allow.is_empty() {
            return Err("nothing is fetched: whoever runs this installation must set AGENT_FETCH_ALLOW".to_owned());
        }
        let host = host_of(url).ok_or("`url` is no address of the form https://host/path")?;
        if !is_allowed(&self.allow, &host) {
            return Err(format!("{} is not among the hosts of AGENT_FETCH_ALLOW", inert(&host, 100)));
        }
        self.read(url).await
    }

    /// The text at an address that is allowed.
    async fn read(&self, url: &str) -> Result<String, String> {
        let answer = self.client.send(Request::get(url)).await.map_err(|error| match error {
            OutboundError::Barred { why } => format!("it is not fetched: {why}"),
            other => format!("it could not be fetched: {}", other.kind()),
        })?;
        if !answer.status.is_success() {
            return Err(format!("it could not be fetched: the answer is {}", answer.status.as_u16()));
        }
        let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !TEXTS.iter().any(|text| kind.starts_with(text)) {
            return Err("it is no text".to_owned());
        }
        let text = answer.text();
        let text = if kind.contains("html") { without_tags(&text) } else { text };
        Ok(inert(&text, MOST_CHARS))
    }
}

/// The host of an https address, in lower case; no port, name or password may stand around it.
fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].to_ascii_lowercase();
    let plain = |one: u8| one.is_ascii_alphanumeric() || matches!(one, b'.' | b'-');
    (!host.is_empty() && host.bytes().all(plain)).then_some(host)
}

/// `*.example.org` means all below it, not itself.
fn is_allowed(allow: &[String], host: &str) -> bool {
    let below = |suffix: &str| {
        host.strip_suffix(suffix).and_then(|rest| rest.strip_suffix('.')).is_some_and(|rest| !rest.is_empty())
    };
    allow.iter().any(|allowed| allowed.strip_prefix("*.").map_or(allowed == host, below))
}

/// HTML as text: without scripts, styles and tags.
fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        out.push(' ');
        let tag = &rest[start + 1..];
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let end = if matches!(name.as_str(), "script" | "style") {
            let close = format!("</{name}");
            tag.to_ascii_lowercase()
                .find(&close)
                .map_or(tag.len(), |at| tag[at..].find('>').map_or(tag.len(), |end| at + end + 1))
        } else {
            tag.find('>').map_or(tag.len(), |end| end + 1)
        };
        rest = &tag[end..];
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use testkit::listening::{Listening, Reply};

    use super::*;

    /// A host on loopback, which the guard lets in here.
    async fn host() -> (Listening, Fetching) {
        let typed = |kind: &str, body: &str| Reply::with(200, &[("content-type", kind.to_owned())], body);
        let listening = Listening::start(move |asked| match asked.path.as_str() {
            "/page" => typed("text/html; charset=utf-8", "<h1>Roll back</h1><script>evil()</script><p>Run it.</p>"),
            "/json" => typed("application/json", "{\"a\": 1}"),
            "/image" => typed("image/png", "PNG"),
            "/large" => typed("text/plain", &"x".repeat(MOST_BYTES + 1)),
            "/long" => typed("text/plain", &"word ".repeat(MOST_CHARS)),
            "/moved" => Reply::with(302, &[("location", "/page".to_owned())], ""),
            "/cut" => Reply::Cut,
            _ => Reply::with(404, &[], "nothing"),
        })
        .await;
        let guard = Guard { inside: vec!["127.0.0.1/32".parse().expect("a network")], plain_http: true };
        let client = Outbound::guarded(TIMEOUT, MOST_BYTES, guard).expect("a client");
        (listening, Fetching { client, allow: Vec::new() })
    }

    #[tokio::test]
    async fn a_text_is_read_and_nothing_else() {
        let (listening, fetching) = host().await;
        let read = async |path: &str| fetching.read(&format!("{}{path}", listening.url())).await;
        assert_eq!(read("/page").await.as_deref(), Ok("Roll back Run it."));
        assert_eq!(read("/json").await.as_deref(), Ok("{\"a\": 1}"));
        assert!(read("/long").await.expect("a text").chars().count() <= MOST_CHARS + 1, "it is cut");
        for (path, why) in [
            ("/image", "it is no text"),
            ("/large", "too large"),
            ("/moved", "the answer is 302"),
            ("/nowhere", "the answer is 404"),
            ("/cut", "broke off"),
        ] {
            let refused = read(path).await.expect_err("refused");
            assert!(refused.contains(why) && !refused.contains("127.0.0.1"), "{path}: {refused}");
        }
    }

    #[tokio::test]
    async fn inner_addresses_are_not_reached_even_where_their_host_is_allowed() {
        let fetching = Fetching::of(&["localhost.localdomain".to_owned(), "localhost".to_owned()]).expect("a client");
        let refused = fetching.fetch("https://localhost/").await.expect_err("refused");
        assert!(refused.contains("private, local or reserved"), "{refused}");
        assert!(fetching.read("http://127.0.0.1:8080/").await.expect_err("refused").contains("it needs https"));
    }

    #[test]
    fn only_hosts_that_are_allowed_are_meant() {
        let allow = ["docs.example.org".to_owned(), "*.acme.io".to_owned()];
        let may = |url: &str| host_of(url).is_some_and(|host| is_allowed(&allow, &host));
        for url in ["https://docs.example.org/a?b#c", "https://DOCS.example.org", "https://a.b.acme.io/"] {
            assert!(may(url), "{url}");
        }
        for url in [
            "http://docs.example.org/",
            "https://acme.io/",
            "https://evilacme.io/",
            "https://docs.example.org.evil.example/",
            "https://docs.example.org@evil.example/",
            "https://evil.example/docs.example.org",
            "https://docs.example.org:8443/",
            "https://docs.example.org\\@evil.example/",
            "https://.acme.io/",
            "https://[::1]/",
            "https:///x",
            "docs.example.org",
        ] {
            assert!(!may(url), "{url}");
        }
    }

    #[test]
    fn html_is_read_as_text() {
        let html = "<h1>Roll&amp;back</h1><script>evil('<b>')</script><style>p{}</style><p>Run <b>it</b>.<!-- x --><br";
        let text = inert(&without_tags(html), 200);
        assert_eq!(text, "Roll&back Run it .");
    }

    #[tokio::test]
    async fn without_an_allowed_host_nothing_is_fetched() {
        let fetching = Fetching::of(&[]).expect("a client");
        assert!(fetching.fetch("https://docs.example.org/").await.expect_err("refused").contains("AGENT_FETCH_ALLOW"));
        let fetching = Fetching::of(&["docs.example.org".to_owned()]).expect("a client");
        assert!(fetching.fetch("https://evil.example/").await.expect_err("refused").contains("not among the hosts"));
    }
}
