//! Where an answer's next page is. It is followed only on the API's own host: the token goes along.

use outbound::Answer;

/// A next page on another host.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Elsewhere(pub(super) String);

/// The URL of the page after this one; `None`: it was the last.
pub(super) fn next(answer: &Answer, base: &str, url: &str) -> Result<Option<String>, Elsewhere> {
    // GitLab's number is safer than its link, which may name a host behind a proxy.
    if let Some(page) = answer.header("x-next-page") {
        return Ok((!page.trim().is_empty()).then(|| with_page(url, page.trim())));
    }
    let Some(next) = answer.header("link").and_then(named_next) else { return Ok(None) };
    if origin(next).is_none() || origin(next) != origin(base) {
        return Err(Elsewhere(next.to_owned()));
    }
    Ok(Some(next.to_owned()))
}

/// The target of `rel="next"` in a `Link` header.
fn named_next(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = |parameter: &str| matches!(parameter.trim(), "rel=\"next\"" | "rel=next");
        parameters.split(';').any(is_next).then_some(target)
    })
}

/// Scheme, host and port, in lower case and without a port that goes without saying.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(&host);
    (["http", "https"].contains(&scheme.as_str()) && !host.is_empty()).then(|| format!("{scheme}://{host}"))
}

fn with_page(url: &str, page: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let others = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("page="));
    let query: Vec<String> = others.map(str::to_owned).chain([format!("page={page}")]).collect();
    format!("{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use outbound::StatusCode;

    use super::*;

    const BASE: &str = "https://api.example.com/api/v3";

    fn found(header: (&str, &str)) -> Result<Option<String>, Elsewhere> {
        let headers = vec![(header.0.to_owned(), header.1.to_owned())];
        next(
            &Answer { status: StatusCode::OK, headers, body: Vec::new() },
            BASE,
            "https://api.example.com/x?a=1&page=2",
        )
    }

    #[test]
    fn the_next_page_is_in_the_link_or_by_its_number() {
        let link =
            "<https://api.example.com/x?page=1>; rel=\"prev\", <https://API.example.com:443/x?page=3>; rel=\"next\"";
        assert_eq!(found(("link", link)), Ok(Some("https://API.example.com:443/x?page=3".to_owned())));
        assert_eq!(found(("link", "<https://api.example.com/x?page=1>; rel=\"first\"")), Ok(None));
        assert_eq!(found(("x-next-page", "3")), Ok(Some("https://api.example.com/x?a=1&page=3".to_owned())));
        assert_eq!(found(("x-next-page", "")), Ok(None));
        assert_eq!(found(("etag", "x")), Ok(None));
    }

    #[test]
    fn no_other_host_is_followed() {
        for other in [
            "https://evil.example/x",
            "http://api.example.com/x",
            "https://api.example.com:8443/x",
            "https://api.example.com@evil.example/x",
            "https://api.example.com.evil.example/x",
            "https://api.example.com\\@evil.example/x",
            "//evil.example/x",
            "/x?page=2",
        ] {
            let link = format!("<{other}>; rel=\"next\"");
            assert_eq!(found(("link", &link)), Err(Elsewhere(other.to_owned())), "{other}");
        }
    }
}
