//! Who is at the other end: what this is, for whoever opens the bare address, and whom a token makes its caller. Neither
//! reads the database, so both answer while it is away.

use actix_web::http::header::{ACCEPT, LOCATION, VARY};
use actix_web::{HttpRequest, HttpResponse};
use domain::ids::TenantId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Caller, Viewer};
use crate::problem::ProblemBody;
use crate::query::NoQuery;
use crate::state::Shared;

/// What answers here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Greeting {
    /// Always `gateway`.
    service: &'static str,
    /// Always `ok`: `/health` says how its parts are.
    status: &'static str,
    /// Where its calls are described.
    docs: &'static str,
}

/// The caller, as the gateway sees them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The token's subject; `anonymous` where access is open.
    sub: String,
    #[schema(value_type = String)]
    tenant: TenantId,
    /// `viewer`, `operator`, `approver` or `admin`.
    role: &'static str,
    /// Whether nobody is asked who they are (development).
    auth_disabled: bool,
}

/// What answers at this address. A browser is led to the page that describes it.
#[utoipa::path(get, path = "/", tag = "operations", responses(
    (status = 200, body = Greeting),
    (status = 302, description = "Who accepts `text/html` finds the page at /docs"),
))]
pub(crate) async fn greeting(request: HttpRequest) -> HttpResponse {
    let accepted = request.headers().get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
    if accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        return HttpResponse::Found().insert_header((LOCATION, "/docs")).insert_header((VARY, "Accept")).finish();
    }
    HttpResponse::Ok().insert_header((VARY, "Accept")).json(Greeting {
        service: "gateway",
        status: "ok",
        docs: "/docs",
    })
}

/// Who the caller is, and what they may do.
#[utoipa::path(get, path = "/v1/auth/me", tag = "access", responses(
    (status = 200, body = Me),
    (status = 400, body = ProblemBody),
    (status = 401, body = ProblemBody),
))]
pub(crate) async fn me(caller: Caller<Viewer>, state: Shared, _: NoQuery) -> HttpResponse {
    let Caller { tenant, subject, role, .. } = caller;
    let sub = subject.unwrap_or_else(|| "anonymous".to_owned());
    HttpResponse::Ok().json(Me { sub, tenant, role: role.as_str(), auth_disabled: state.access.is_open() })
}
