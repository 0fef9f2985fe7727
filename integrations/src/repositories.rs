//! `owner/name` from the URL that a repository is cloned from, for sources that say no more than that. Whatever host
//! and way of cloning, the same repository has one name; what has no owner in it is no repository.

use domain::text::clean;

use crate::drafts::NAME;

/// `acme/shop` of `https://github.com/acme/shop.git`, `git@github.com:acme/shop` or `ssh://git@host:22/acme/shop.git`.
pub(crate) fn repository(url: &str) -> Option<String> {
    let url = url.trim();
    let (before, after) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':')?,
    };
    if before.is_empty() || before.contains('/') {
        return None;
    }
    let path = after.split(['?', '#']).next().unwrap_or_default().trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    // Bitbucket Data Center clones over HTTP from /scm/<project>/<name>.
    let path = path.strip_prefix("scm/").unwrap_or(path);
    let named = path.contains('/') && path.split('/').all(|part| !part.is_empty());
    named.then(|| clean(path, NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_name_however_it_is_cloned() {
        for url in [
            "https://github.com/acme/shop",
            "https://github.com/acme/shop.git",
            "https://ada:pass@git.acme.example:8443/acme/shop.git/",
            "http://bitbucket.acme.example/scm/acme/shop.git",
            "ssh://git@git.acme.example:7999/acme/shop.git",
            "git@github.com:acme/shop.git",
            " github.com:acme/shop?ref=main",
        ] {
            assert_eq!(repository(url).as_deref(), Some("acme/shop"), "{url}");
        }
        assert_eq!(repository("https://gitlab.com/acme/web/shop.git").as_deref(), Some("acme/web/shop"));
        for none in [
            "",
            "shop",
            "acme/shop",
            "/srv/git/acme/shop.git",
            "file:///srv/git/shop",
            "https://host/shop",
            "https://h//x",
        ] {
            assert_eq!(repository(none), None, "{none}");
        }
    }
}
