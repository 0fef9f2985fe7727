//! The OpenAPI document and a page that renders it. The page's files are part of the program: nothing is loaded from
//! elsewhere.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ContentEncoding};
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::{Config, serve};

use crate::openapi;
use crate::problem::Problem;

/// What the page may do: show itself and call this gateway. Its styles are written into its elements by the renderer.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// What every call takes and answers.
#[utoipa::path(get, path = "/openapi.json", tag = "operations", responses((status = 200, description = "OpenAPI 3.1")))]
pub(crate) async fn openapi() -> HttpResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| openapi::document().to_json().unwrap_or_default());
    HttpResponse::Ok().content_type("application/json").body(TEXT.as_str())
}

/// This document as a page.
#[utoipa::path(get, path = "/docs", tag = "operations", responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn page() -> Result<HttpResponse, Problem> {
    let page = serve("index.html", config()).ok().flatten().ok_or_else(|| Problem::not_found("page"))?;
    let text = String::from_utf8_lossy(&page.bytes)
        .replacen("<head>", "<head><base href=\"/docs/\"><meta name=\"viewport\" content=\"width=device-width\">", 1)
        .replacen("<title>Swagger UI</title>", "<title>EM Agent: API</title>", 1);
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    Ok(answer.content_type("text/html; charset=utf-8").body(text))
}

/// What the page loads.
#[utoipa::path(get, path = "/docs/{file}", tag = "operations", params(("file" = String, Path, description = "Name of the file")),
    responses((status = 200, description = "A script, a style or an image")))]
pub(crate) async fn file(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let file = serve(&name, config()).ok().flatten().ok_or_else(|| Problem::not_found("file"))?;
    let mut response = HttpResponse::Ok();
    if file.gzpipped {
        response.insert_header((CONTENT_ENCODING, ContentEncoding::Gzip));
    }
    Ok(response.content_type(file.content_type).body(file.bytes.into_owned()))
}

fn config() -> Arc<Config<'static>> {
    // Chapters closed, a field that finds them, and no bar that would load documents from elsewhere.
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        let config = Config::from("/openapi.json").validator_url("none").use_base_layout();
        Arc::new(config.doc_expansion("none").filter(true).default_models_expand_depth(-1))
    });
    CONFIG.clone()
}
