//! The fake Slack by itself, for strangers' clients to talk to: prints its address, listens until its input ends.
//!
//! The first `chat.update` is told to come again in a second.

use testkit::slack::{Fault, Slack};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let slack = Slack::start("xoxb-fake").await;
    slack.person("ada@acme.example", "U0ADA00001");
    slack.fault("chat.update", Fault::Limited(1));
    println!("{}", slack.url());
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await?;
    Ok(())
}
