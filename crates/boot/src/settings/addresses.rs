//! How addresses in settings are read: one pure function for each kind, `None` for what it does not take.
//!
//! What is taken here is looked at as closely as by who connects later: a password with a sign that ends it would otherwise be
//! read as a host or a port, connected to, and printed.

use std::net::{Ipv6Addr, SocketAddr};

/// A database URL as libpq takes it, from that or from what Python drivers take.
pub(super) fn database_url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let known = ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg"];
    if !known.contains(&scheme) || rest.is_empty() || !is_encoded(rest) {
        return None;
    }
    // As libpq reads it: the first '@' before any '/' ends the login.
    let before_slash = rest.find('/').map_or(rest, |slash| &rest[..slash]);
    let after_login = before_slash.find('@').map_or(rest, |at| &rest[at + 1..]);
    let hosts = after_login.split(['/', '?']).next().unwrap_or_default();
    if !hosts.split(',').all(|host| is_host(host, true)) {
        return None;
    }
    let (place, query) = match after_login.split_once('?') {
        Some((_, query)) => (&rest[..rest.len() - query.len() - 1], query),
        None => return Some(format!("postgresql://{rest}")),
    };
    let options: Option<Vec<String>> = query.split('&').map(option).collect();
    Some(format!("postgresql://{place}?{}", options?.join("&")))
}

/// One `name=value` behind the question mark.
fn option(text: &str) -> Option<String> {
    let (name, value) = text.split_once('=')?;
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    if name.is_empty() || !name.chars().all(plain) || value.contains('=') {
        return None;
    }
    Some(match (name, value) {
        ("ssl", "true") => "sslmode=require".to_owned(),
        ("ssl", mode) => format!("sslmode={mode}"),
        _ => text.to_owned(),
    })
}

/// Every `%` stands before two hexadecimal digits, which are not those of the character zero.
fn is_encoded(text: &str) -> bool {
    let digits =
        |part: &str| part.get(..2).is_some_and(|two| two != "00" && two.bytes().all(|digit| digit.is_ascii_hexdigit()));
    text.split('%').skip(1).all(digits)
}

/// `host`, `host:port`, `[address]:port`; nothing at all where `may_be_empty`.
fn is_host(text: &str, may_be_empty: bool) -> bool {
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) if address.parse::<Ipv6Addr>().is_ok() => (address, None),
        Some((address, rest)) if address.parse::<Ipv6Addr>().is_ok() && rest.starts_with(':') => {
            (address, Some(&rest[1..]))
        }
        Some(_) => return false,
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let plain = |c: char| c.is_alphanumeric() || ".-_%".contains(c);
    let is_address = text.starts_with('[');
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    (may_be_empty || !name.is_empty()) && (is_address || name.chars().all(plain)) && port.is_none_or(is_port)
}

/// One or more servers, separated by commas.
pub(super) fn nats_url(text: &str) -> Option<String> {
    let known = ["nats://", "tls://", "ws://", "wss://"];
    let good = |url: &str| {
        let Some(rest) = known.iter().find_map(|scheme| url.strip_prefix(scheme)) else { return false };
        let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        !login.contains(['/', '?', '#']) && is_host(place.split('/').next().unwrap_or_default(), false)
    };
    text.split(',').all(|url| good(url.trim())).then(|| text.to_owned())
}

/// Where a server listens: a name or an address, without a port.
pub(super) fn host(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".:-_".contains(c);
    let is_address = || text.parse::<std::net::IpAddr>().is_ok();
    (text.chars().all(plain) && (!text.contains(':') || is_address())).then(|| text.to_owned())
}

/// An http(s) URL, without a slash at its end. A login in it would be shown with it: proofs have settings of their own.
pub(super) fn http_url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let good = is_host(host, false) && !rest.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#');
    good.then(|| text.trim_end_matches('/').to_owned())
}

/// `https://host` as browsers send it, or `*`.
pub(super) fn origins(text: &str) -> Option<Vec<String>> {
    let is_one = |origin: &String| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        origin == "*" || rest.is_some_and(|host| is_host(&host.replace('*', "any"), false))
    };
    super::values::words(text).filter(|all| all.iter().all(is_one))
}

/// `address:port`; `:port` listens on every address.
pub(super) fn socket_addr(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix(':') {
        Some(port) => Some(SocketAddr::from(([0, 0, 0, 0], port.parse().ok()?))),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_would_be_read_as_something_else_is_not_taken() {
        for wrong in [
            "postgresql://u:hunter2/x@h/d",
            "postgresql://u:hunter2@x@h/d",
            "postgresql://u:p%zz@h/d",
            "postgresql://u:p%@h/d",
            "postgresql://u:p@h:port/d",
            "postgresql://u:p@h:0/d",
            "postgresql://u:p@h/d?sslmode",
            "postgresql://u:p@h/d?a=b=c",
            "postgresql://h d/x",
        ] {
            assert_eq!(database_url(wrong), None, "{wrong}");
        }
        for good in [
            "postgresql://u:a?b%2F@h:5432,h2:5433/d?sslmode=require",
            "postgresql://u:p@[::1]:5432/d",
            "postgresql:///d?host=/tmp/x",
            "postgresql://u:p@%2Fvar%2Frun/d",
        ] {
            assert_eq!(database_url(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn hosts_have_names_and_ports_that_are_ports() {
        for wrong in [
            "nats://",
            "nats://h:99999",
            "nats://h:port",
            "http://h:4222",
            "nats://a b",
            "nats://h,h2",
            "nats://u:a/b@h",
        ] {
            assert_eq!(nats_url(wrong), None, "{wrong}");
        }
        for good in ["nats://u:p@h:4222", "tls://h", "nats://a:1, nats://b:2", "nats://token@h:4222/"] {
            assert!(nats_url(good).is_some(), "{good}");
        }
        for wrong in ["http://", "http://:80", "http://h:99999", "http:///x", "https://u:p@h", "https://h/#x", "h:80"] {
            assert_eq!(http_url(wrong), None, "{wrong}");
        }
        for good in ["http://localhost:11434/v1", "https://[::1]:8181/x?y=z", "https://xn--bcher-kva.example"] {
            assert_eq!(http_url(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        for wrong in ["shop.example", "https://shop.example/", "https://shop.example/x", "https://", "null"] {
            assert_eq!(origins(wrong), None, "{wrong}");
        }
        assert!(origins("https://a.example, http://localhost:3000,*").is_some());
    }
}
