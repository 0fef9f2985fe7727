//! `em-agent token`: makes a bearer token for the API.

use ::gateway::access::{Claims, Role, mint};
use boot::settings::Env;
use chrono::{TimeDelta, Utc};
use clap::{Args, ValueEnum};
use domain::ids::TenantId;

use crate::failure::Failure;
use crate::settings;

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Viewer,
    Operator,
    Approver,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Operator => Self::Operator,
            RoleName::Approver => Self::Approver,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Make a bearer token for the API, signed with JWT_SECRET_KEY
#[derive(Args)]
#[command(
    after_help = "Example:\n  curl -H \"Authorization: Bearer $(em-agent token --role viewer)\" localhost:8000/v1/events"
)]
pub(crate) struct Token {
    /// What the bearer may do
    #[arg(long, value_enum)]
    role: RoleName,
    /// Whose rows the bearer sees
    #[arg(long, default_value = TenantId::DEFAULT)]
    tenant: TenantId,
    /// Who the bearer is, as logs name it
    #[arg(long, default_value = "em-agent-token")]
    subject: String,
    /// How long it is good; JWT_ACCESS_TOKEN_EXPIRE_MINUTES when left out
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=525_600))]
    minutes: Option<u32>,
}

impl Token {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let auth = settings::load(Env::Development)?.auth;
        let secret =
            auth.jwt_secret.ok_or_else(|| Failure::needs("JWT_SECRET_KEY", "the key that the gateway uses"))?;
        let minutes = i64::from(self.minutes.unwrap_or(auth.access_token_minutes));
        let exp = (Utc::now() + TimeDelta::minutes(minutes)).timestamp();
        let claims = Claims { sub: self.subject, tenant: self.tenant, role: self.role.into(), exp };
        println!("{}", mint(&claims, &secret, &auth.jwt_algorithm)?);
        Ok(())
    }
}
