//! The database's address as libpq gets it: with deadlines, and with the system's certificates where they are wanted.

use std::path::Path;

use diesel::{Connection, PgConnection};

use crate::StoreError;

/// What libpq would otherwise wait for without end: a host that is gone, or one that never answers.
const DEFAULTS: [(&str, &str); 3] =
    [("connect_timeout", "5"), ("tcp_user_timeout", "10000"), ("application_name", "em-agent")];

/// Where systems keep their bundle of trusted certificates: Debian, Fedora, Alpine, SUSE, macOS with Homebrew.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
];

/// A connection of one's own under the login's role.
pub(crate) fn open(url: &str) -> Result<PgConnection, StoreError> {
    Ok(PgConnection::establish(&completed(url))?)
}

/// The URL with our defaults for what it leaves open.
pub(crate) fn completed(url: &str) -> String {
    let bundle = BUNDLES.into_iter().find(|path| Path::new(path).exists());
    with_defaults(&with_system_certificates(url, bundle))
}

fn with_defaults(url: &str) -> String {
    let mut url = url.to_owned();
    for (option, value) in
        DEFAULTS.into_iter().filter(|(option, _)| !url.contains(&format!("{option}="))).collect::<Vec<_>>()
    {
        let joint = if url.contains('?') { '&' } else { '?' };
        url.push_str(&format!("{joint}{option}={value}"));
    }
    url
}

/// The bundled OpenSSL does not know where this system keeps its certificates, so `sslrootcert=system` is
/// given the file; libpq's promise that it then verifies fully is kept.
fn with_system_certificates(url: &str, bundle: Option<&str>) -> String {
    let (Some(bundle), true) = (bundle, url.contains("sslrootcert=system")) else { return url.to_owned() };
    let full = if url.contains("sslmode=") { "" } else { "&sslmode=verify-full" };
    url.replace("sslrootcert=system", &format!("sslrootcert={bundle}{full}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_url_says_stays_and_what_it_leaves_open_is_bounded() {
        assert_eq!(
            with_defaults("postgresql://h/d?connect_timeout=1"),
            "postgresql://h/d?connect_timeout=1&tcp_user_timeout=10000&application_name=em-agent"
        );
        assert!(with_defaults("postgresql://h/d").starts_with("postgresql://h/d?connect_timeout=5&"));
    }

    #[test]
    fn the_systems_certificates_are_named_and_then_verified_fully() {
        let bundle = Some("/certs.pem");
        assert_eq!(
            with_system_certificates("postgresql://h/d?sslrootcert=system", bundle),
            "postgresql://h/d?sslrootcert=/certs.pem&sslmode=verify-full"
        );
        let chosen = "postgresql://h/d?sslmode=verify-full&sslrootcert=system";
        assert_eq!(
            with_system_certificates(chosen, bundle),
            "postgresql://h/d?sslmode=verify-full&sslrootcert=/certs.pem"
        );
        assert_eq!(with_system_certificates(chosen, None), chosen);
    }
}
