//! Where a deployment protection rule is answered. The payload names an address; it is never called: ours is made of the
//! repository, the run and the API that is set, and the payload's has to be the same.

use crate::target::Repository;

/// Why a payload's address is not believed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CallbackError {
    #[error("the callback does not end in /actions/runs/<id>/deployment_protection_rule")]
    Form,
    #[error(
        "the callback leads elsewhere than to {expected}: is GITHUB_API_URL the API of the GitHub that sends the webhooks?"
    )]
    Elsewhere { expected: String },
}

/// Where the rule of a run is answered, below the API's base address.
pub fn path(repo: &Repository, run_id: u64) -> String {
    format!("/repos/{repo}/actions/runs/{run_id}/deployment_protection_rule")
}

/// The whole address.
pub fn callback_url(api_url: &str, repo: &Repository, run_id: u64) -> String {
    format!("{}{}", api_url.trim_end_matches('/'), path(repo, run_id))
}

/// The run that a payload's `deployment_callback_url` is about, when it is the address that we would make ourselves.
/// Letters of host and names may differ in case, as GitHub takes them.
pub fn run_of(callback: &str, api_url: &str, repo: &Repository) -> Result<u64, CallbackError> {
    let rest = callback.strip_suffix("/deployment_protection_rule").ok_or(CallbackError::Form)?;
    let (before, run) = rest.rsplit_once('/').ok_or(CallbackError::Form)?;
    let digits = before.ends_with("/actions/runs") && run.bytes().all(|byte| byte.is_ascii_digit());
    let run_id: u64 = run.parse().ok().filter(|_| digits).ok_or(CallbackError::Form)?;
    let expected = callback_url(api_url, repo, run_id);
    if callback.eq_ignore_ascii_case(&expected) { Ok(run_id) } else { Err(CallbackError::Elsewhere { expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "https://api.github.com";

    fn run(callback: &str) -> Result<u64, CallbackError> {
        run_of(callback, API, &"acme/shop".parse().expect("a repository"))
    }

    #[test]
    fn only_the_address_that_we_would_make_is_believed() {
        let good = "https://api.github.com/repos/acme/shop/actions/runs/79/deployment_protection_rule";
        assert_eq!(run(good), Ok(79));
        assert_eq!(run(&good.replace("acme/shop", "Acme/Shop")), Ok(79));
        let elsewhere = Err(CallbackError::Elsewhere { expected: good.to_owned() });
        assert_eq!(run(&good.replace("api.github.com", "evil.example")), elsewhere);
        assert_eq!(run(&good.replace("api.github.com", "api.github.com@evil.example")), elsewhere);
        assert_eq!(run(&good.replace("acme/shop", "acme/other")), elsewhere);
        assert_eq!(run(&good.replace("https", "http")), elsewhere);
        for bad in [
            "",
            "https://api.github.com/",
            &good.replace("79", "+79"),
            &good.replace("79", ""),
            &good.replace("79", "99999999999999999999999"),
            &format!("{good}?x=/deployment_protection_rul"),
            &good.replace("/runs", ""),
        ] {
            assert_eq!(run(bad), Err(CallbackError::Form), "{bad}");
        }
    }

    #[test]
    fn an_enterprise_server_has_its_api_below_a_path() {
        let repo = "acme/shop".parse().expect("a repository");
        let url = callback_url("https://ghe.example/api/v3/", &repo, 7);
        assert_eq!(url, "https://ghe.example/api/v3/repos/acme/shop/actions/runs/7/deployment_protection_rule");
        assert_eq!(run_of(&url, "https://ghe.example/api/v3", &repo), Ok(7));
    }
}
