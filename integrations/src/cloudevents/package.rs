//! Package URLs, as CDEvents name artifacts: `pkg:github/acme/shop@5f0c2a9`, `pkg:oci/shop@sha256%3A74b2…`.

use domain::text::clean;
use percent_encoding::percent_decode_str;

use crate::drafts::{NAME, sha};

/// What a package URL says of what we know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    /// Only of code hosts: other namespaces are no repositories.
    pub(super) repo: Option<String>,
    /// One of these at most.
    pub(super) digest: Option<String>,
    pub(super) sha: Option<String>,
    pub(super) version: Option<String>,
}

impl Package {
    /// Reads a package URL; a digest alone is one as well. Anything else says nothing.
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Some(digest) = digest(text) {
            return Some(Self { digest: Some(digest), ..Self::default() });
        }
        let path = text.strip_prefix("pkg:")?.split(['?', '#']).next()?;
        let (kind, rest) = path.trim_start_matches('/').split_once('/')?;
        // A digest's own `@` is never there: the last one begins the version.
        let (name, version) = rest.rsplit_once('@').map_or((rest, None), |(name, version)| (name, Some(version)));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|text| clean(&text, NAME));
        let version = version.and_then(decoded).filter(|version| !version.is_empty());
        let digest = version.as_deref().and_then(digest);
        let sha = if digest.is_some() { None } else { sha(version.as_deref()) };
        let hosts = ["github", "gitlab", "bitbucket"];
        Some(Self {
            repo: decoded(name).filter(|name| hosts.contains(&kind) && name.contains('/')),
            version: version.filter(|_| digest.is_none() && sha.is_none()),
            digest,
            sha,
        })
    }
}

/// `sha256:` and what follows, if it is a digest.
fn digest(text: &str) -> Option<String> {
    let hex = text.strip_prefix("sha256:")?;
    (hex.len() == 64 && hex.bytes().all(|c| c.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_read_for_what_we_know() {
        let hex = "74b2c688c700ec95a93e478cdb959737c148df3fbf5ea706abe0318726e885e6";
        let some = |text: &str| Some(text.to_owned());
        let digest = Some(format!("sha256:{hex}"));
        let none = Package::default;
        for (text, expected) in [
            (
                "pkg:github/acme/shop@5f0c2a9b",
                Some(Package { repo: some("acme/shop"), sha: some("5f0c2a9b"), ..none() }),
            ),
            ("pkg:gitlab/acme/a/b@v1.2#x", Some(Package { repo: some("acme/a/b"), version: some("v1.2"), ..none() })),
            (&format!("pkg:oci/shop@sha256%3A{hex}?tag=1"), Some(Package { digest: digest.clone(), ..none() })),
            (&format!("sha256:{hex}"), Some(Package { digest, ..none() })),
            ("pkg:npm/%40acme/shop@1.0.0", Some(Package { version: some("1.0.0"), ..none() })),
            ("pkg:generic/shop", Some(none())),
            ("shop:1.0", None),
            ("", None),
        ] {
            assert_eq!(Package::read(text), expected, "{text}");
        }
    }
}
