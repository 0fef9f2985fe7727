//! Who we are on GitHub: a token, or an app that signs its own short-lived proof and takes a token of an installation for
//! one repository with only the permissions that a call needs.
//!
//! Tokens are kept until shortly before they end. Which are kept is decided by repository and permission, so that no
//! call ever has more than it needs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::target::Repository;

/// A permission of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Permission {
    pub name: &'static str,
    pub level: &'static str,
}

impl Permission {
    pub const ACTIONS_READ: Self = Self { name: "actions", level: "read" };
    pub const ACTIONS: Self = Self { name: "actions", level: "write" };
    pub const CONTENTS_READ: Self = Self { name: "contents", level: "read" };
    pub const DEPLOYMENTS: Self = Self { name: "deployments", level: "write" };
    pub const ISSUES: Self = Self { name: "issues", level: "write" };
    pub const PULLS: Self = Self { name: "pull_requests", level: "write" };
}

/// A proof lives at most ten minutes by GitHub's clock, and may not come from its future.
const PROOF_SECONDS: i64 = 540;
const CLOCKS_DIFFER_SECONDS: i64 = 60;
/// A token that ends this soon is not used any more.
const TOO_LATE_SECONDS: i64 = 120;
/// More than so many tokens are not kept.
const KEPT: usize = 1_000;

/// The key of the app cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AppKeyError {
    #[error("GITHUB_APP_PRIVATE_KEY is no RSA key in PEM: take the file that GitHub made under the app's settings")]
    Key(#[source] jsonwebtoken::errors::Error),
    #[error("GITHUB_APP_ID is the app's number or its client id")]
    Id,
}

#[derive(Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

type Of = (Repository, Permission);

struct Kept {
    token: SecretString,
    ends: DateTime<Utc>,
}

/// A GitHub App.
pub(super) struct App {
    id: String,
    key: EncodingKey,
    tokens: Mutex<HashMap<Of, Kept>>,
    installations: Mutex<HashMap<Repository, u64>>,
}

impl App {
    pub(super) fn new(id: &str, private_key_pem: &SecretString) -> Result<Self, AppKeyError> {
        let id = id.trim();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
            return Err(AppKeyError::Id);
        }
        let key = EncodingKey::from_rsa_pem(private_key_pem.expose_secret().as_bytes()).map_err(AppKeyError::Key)?;
        Ok(Self { id: id.to_owned(), key, tokens: Mutex::default(), installations: Mutex::default() })
    }

    /// Proves that we are the app.
    pub(super) fn proof(&self, now: DateTime<Utc>) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let now = now.timestamp();
        let claims = Claims { iat: now - CLOCKS_DIFFER_SECONDS, exp: now + PROOF_SECONDS, iss: &self.id };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key).map(SecretString::from)
    }

    pub(super) fn kept(&self, repo: &Repository, permission: Permission, now: DateTime<Utc>) -> Option<SecretString> {
        let tokens = locked(&self.tokens);
        let kept = tokens.get(&(repo.clone(), permission))?;
        (kept.ends - TimeDelta::seconds(TOO_LATE_SECONDS) > now).then(|| kept.token.clone())
    }

    pub(super) fn keep(
        &self,
        (repo, permission): (&Repository, Permission),
        (token, ends): (SecretString, DateTime<Utc>),
        now: DateTime<Utc>,
    ) {
        let mut tokens = locked(&self.tokens);
        if tokens.len() >= KEPT {
            tokens.retain(|_, kept| kept.ends > now);
        }
        if tokens.len() < KEPT {
            tokens.insert((repo.clone(), permission), Kept { token, ends });
        }
    }

    /// GitHub does not take the token any more.
    pub(super) fn forget(&self, repo: &Repository, permission: Permission) {
        locked(&self.tokens).remove(&(repo.clone(), permission));
    }

    pub(super) fn installation(&self, repo: &Repository) -> Option<u64> {
        locked(&self.installations).get(repo).copied()
    }

    pub(super) fn keep_installation(&self, repo: &Repository, id: u64) {
        let mut installations = locked(&self.installations);
        if installations.len() >= KEPT {
            installations.clear();
        }
        installations.insert(repo.clone(), id);
    }

    /// The app was taken out and put in again: the installation has another number.
    pub(super) fn forget_installation(&self, repo: &Repository) {
        locked(&self.installations).remove(repo);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
