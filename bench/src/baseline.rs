//! What a gateway costs that keeps nothing: the same HTTP server verifies the same signature and answers.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use bytes::BytesMut;
use futures::StreamExt;
use integrations::{Headers, Incoming, Integration, Secrets};

use crate::bodies::SECRET;

/// Serves on a free port, prints it, and runs until it is killed.
pub(crate) async fn serve() -> Result<()> {
    let server = HttpServer::new(|| App::new().route("/webhooks/github", web::post().to(verify)))
        .workers(std::thread::available_parallelism().map_or(1, usize::from))
        .backlog(4096)
        .disable_signals()
        .bind("127.0.0.1:0")?;
    let address = server.addrs().first().copied().context("no address")?;
    println!("{address}");
    Ok(server.run().await?)
}

fn github() -> Option<&'static Integration> {
    integrations::find("github")
}

async fn verify(request: HttpRequest, mut payload: web::Payload) -> HttpResponse {
    let mut body = BytesMut::new();
    while let Some(Ok(chunk)) = payload.next().await {
        body.extend_from_slice(&chunk);
    }
    let headers: Headers<'_> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let secrets = Secrets::of(vec![SECRET.as_bytes().to_vec()]);
    let incoming = Incoming::new(&headers, &body);
    let verified = github().map(|github| integrations::verify(github, &incoming, &secrets, chrono::Utc::now()));
    match verified {
        Some(Ok(_)) => HttpResponse::Ok().body(r#"{"status":"ok"}"#),
        _ => HttpResponse::Unauthorized().finish(),
    }
}
