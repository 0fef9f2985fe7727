//! The fake models by themselves, to try things by hand: prints their address, says back the end of what it is asked, listens until its
//! input ends.

use std::sync::Arc;

use serde_json::Value;
use testkit::models::{Behaviour, FakeModels};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let models = FakeModels::start().await;
    models.behaves(Behaviour::Answers(Arc::new(|body: &Value| {
        let last = body["messages"].as_array().and_then(|all| all.last()).map(|message| message["content"].to_string());
        last.unwrap_or_default().chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect()
    })));
    println!("{}", models.url());
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await?;
    Ok(())
}
