//! Who is calling, and what that caller may do: bearer tokens, the admin key, roles.
//!
//! The role that a handler needs stands in its signature: `Caller<Operator>`. A handler without a caller serves no
//! tenant's rows. `admit` has proved the caller before; a caller that nobody proved is refused.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use boot::settings::AuthSettings;
use domain::ids::TenantId;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problem::{Code, Problem};

/// Clocks of different machines may differ by this much.
const LEEWAY_SECONDS: u64 = 30;

/// What a caller may do. `admin` includes all others; `operator` and `approver` include `viewer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Viewer,
    Operator,
    Approver,
    Admin,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Operator, Role::Approver, Role::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// Whether a caller of this role may do what `needed` may do.
    pub fn includes(self, needed: Role) -> bool {
        self == needed || self == Self::Admin || needed == Self::Viewer
    }
}

/// What a bearer token says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    pub sub: String,
    pub tenant: TenantId,
    pub role: Role,
    /// Seconds since the epoch.
    pub exp: i64,
}

/// A caller that has been proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) tenant: TenantId,
    /// `None` where access is open.
    pub(crate) subject: Option<String>,
    pub(crate) role: Role,
}

/// How callers are proved.
pub(crate) struct Access {
    enabled: bool,
    token: Option<(DecodingKey, Validation)>,
    admin_key_hash: Option<[u8; 32]>,
}

impl Access {
    pub(crate) fn new(settings: &AuthSettings) -> Self {
        let token = settings.jwt_secret.as_ref().map(|secret| {
            let mut validation = Validation::new(algorithm(&settings.jwt_algorithm));
            validation.leeway = LEEWAY_SECONDS;
            validation.validate_nbf = true;
            validation.set_required_spec_claims(&["exp", "sub"]);
            (DecodingKey::from_secret(secret.expose_secret().as_bytes()), validation)
        });
        let admin_key_hash = settings.admin_key.as_ref().map(|key| hash(key.expose_secret().as_bytes()));
        Self { enabled: settings.enabled, token, admin_key_hash }
    }

    /// Whether callers have to say who they are.
    pub(crate) fn is_open(&self) -> bool {
        !self.enabled
    }

    /// Proves the caller of a request. The answer to a wrong key or token does not say what was wrong with it.
    pub(crate) fn prove(&self, headers: &HeaderMap) -> Result<Identity, Problem> {
        if !self.enabled {
            return Ok(Identity { tenant: TenantId::default(), subject: None, role: Role::Admin });
        }
        if let Some(key) = headers.get("x-admin-key") {
            return self.prove_admin(key.as_bytes());
        }
        let missing = || refused("send `Authorization: Bearer <token>` or `X-Admin-Key`");
        let bearer = headers.get(AUTHORIZATION).ok_or_else(missing)?;
        let (scheme, token) = bearer.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(missing());
        }
        self.prove_token(token.trim())
    }

    fn prove_admin(&self, key: &[u8]) -> Result<Identity, Problem> {
        // Hashes of equal length, so that the time taken tells nothing about the key or its length.
        let same = self.admin_key_hash.is_some_and(|known| bool::from(known.ct_eq(&hash(key))));
        let admin =
            || Identity { tenant: TenantId::default(), subject: Some("admin-key".to_owned()), role: Role::Admin };
        if same { Ok(admin()) } else { Err(refused("the admin key is not accepted")) }
    }

    fn prove_token(&self, token: &str) -> Result<Identity, Problem> {
        let not_accepted =
            || refused("the token is not accepted: it may be expired, or signed with another key or algorithm");
        let (key, validation) = self.token.as_ref().ok_or_else(not_accepted)?;
        let data = jsonwebtoken::decode::<Claims>(token, key, validation).map_err(|_| not_accepted())?;
        let Claims { sub, tenant, role, .. } = data.claims;
        Ok(Identity { tenant, subject: Some(sub), role })
    }
}

/// Makes a bearer token; `settings` name the key and the algorithm. For `em-agent token` and tests.
pub fn mint(
    claims: &Claims,
    secret: &SecretString,
    algorithm_name: &str,
) -> Result<String, jsonwebtoken::errors::Error> {
    let key = jsonwebtoken::EncodingKey::from_secret(secret.expose_secret().as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::new(algorithm(algorithm_name)), claims, &key)
}

/// Settings take only these three.
fn algorithm(name: &str) -> Algorithm {
    match name {
        "HS384" => Algorithm::HS384,
        "HS512" => Algorithm::HS512,
        _ => Algorithm::HS256,
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(Code::NotAuthenticated, detail)
}

/// The role that a handler needs, as a type.
pub(crate) trait Needs: 'static {
    const ROLE: Role;
}

macro_rules! roles {
    ($($name:ident),+) => { $(
        #[derive(Debug)]
        pub(crate) struct $name;
        impl Needs for $name {
            const ROLE: Role = Role::$name;
        }
    )+ };
}
roles!(Viewer, Operator, Approver, Admin);

/// The caller of this request, who has at least the role `R`.
#[derive(Debug)]
pub(crate) struct Caller<R> {
    pub(crate) tenant: TenantId,
    pub(crate) subject: Option<String>,
    pub(crate) role: Role,
    needed: PhantomData<R>,
}

impl<R> Caller<R> {
    /// The name under which this caller's requests are remembered.
    pub(crate) fn name(&self) -> &str {
        self.subject.as_deref().unwrap_or("anyone")
    }
}

impl<R: Needs> FromRequest for Caller<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let identity = request.extensions().get::<Identity>().cloned();
        ready(identity.ok_or_else(|| refused("nobody has proved this caller")).and_then(Self::grant))
    }
}

impl<R: Needs> Caller<R> {
    /// The caller as this handler needs them.
    pub(crate) fn grant(identity: Identity) -> Result<Self, Problem> {
        let Identity { tenant, subject, role } = identity;
        if role.includes(R::ROLE) {
            return Ok(Self { tenant, subject, role, needed: PhantomData });
        }
        let (needed, has) = (R::ROLE.as_str(), role.as_str());
        Err(Problem::new(Code::Forbidden, format!("this needs the role {needed}; the caller's is {has}")))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const FAR: i64 = 4_102_444_800;

    fn access() -> Access {
        Access::new(&AuthSettings {
            enabled: true,
            jwt_secret: Some(SECRET.into()),
            jwt_algorithm: "HS256".to_owned(),
            access_token_minutes: 60,
            admin_key: Some("admin-key-of-the-test".into()),
        })
    }

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header value"));
        headers
    }

    fn token(exp: i64, secret: &str, algorithm: &str) -> String {
        let claims =
            Claims { sub: "ada".to_owned(), tenant: "acme".parse().expect("a tenant"), role: Role::Viewer, exp };
        mint(&claims, &secret.into(), algorithm).expect("a token")
    }

    #[test]
    fn a_good_token_says_tenant_subject_and_role() {
        let caller =
            access().prove(&with("authorization", &format!("bearer {}", token(FAR, SECRET, "HS256")))).expect("proved");
        assert_eq!(
            (caller.tenant.as_str(), caller.subject.as_deref(), caller.role),
            ("acme", Some("ada"), Role::Viewer)
        );
    }

    #[test]
    fn wrong_keys_algorithms_times_and_shapes_are_refused() {
        let unsigned =
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwidGVuYW50IjoiYSIsInJvbGUiOiJhZG1pbiIsImV4cCI6NDEwMjQ0NDgwMH0.";
        for bearer in [
            token(1, SECRET, "HS256"),
            token(FAR, "another secret, which is as long", "HS256"),
            token(FAR, SECRET, "HS512"),
            unsigned.to_owned(),
            String::new(),
        ] {
            let problem = access().prove(&with("authorization", &format!("Bearer {bearer}"))).expect_err("refused");
            assert_eq!(problem.code(), Code::NotAuthenticated, "{bearer}");
        }
        assert!(access().prove(&HeaderMap::new()).is_err());
        assert!(access().prove(&with("authorization", "Basic YTpi")).is_err());
    }

    #[test]
    fn the_admin_key_is_all_of_it_or_nothing() {
        assert_eq!(access().prove(&with("x-admin-key", "admin-key-of-the-test")).expect("proved").role, Role::Admin);
        for wrong in ["admin-key-of-the-tes", "admin-key-of-the-test ", "x"] {
            assert!(access().prove(&with("x-admin-key", wrong)).is_err(), "{wrong}");
        }
        let without = Access { admin_key_hash: None, ..access() };
        assert!(without.prove(&with("x-admin-key", "")).is_err());
    }

    #[test]
    fn operators_and_approvers_do_not_include_each_other() {
        assert!(Role::Admin.includes(Role::Approver) && Role::Approver.includes(Role::Viewer));
        assert!(!Role::Operator.includes(Role::Approver) && !Role::Approver.includes(Role::Operator));
        assert!(!Role::Viewer.includes(Role::Operator) && !Role::Operator.includes(Role::Admin));
    }
}
