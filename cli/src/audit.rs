//! `em-agent audit`: proves that nobody has changed, taken out or put in a row of the audit. It needs the database alone.

use clap::{Args, Subcommand};
use domain::ids::TenantId;
use serde_json::json;
use store::audit;

use crate::connections;
use crate::failure::Failure;

/// What people and policies did, in a chain of hashes
#[derive(Args)]
#[command(after_help = "Example:\n  em-agent audit verify")]
pub(crate) struct Audit {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Check the chain from its first row to its end; exit code 1 and the row where it does not hold
    Verify {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// Whose audit
        #[arg(long, default_value = TenantId::DEFAULT)]
        tenant: TenantId,
    },
}

impl Audit {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let What::Verify { json, tenant } = self.what;
        let store = connections::of_tenant(&tenant).await?;
        let found = store.call("audit_verify", move |conn| audit::verify(conn, &tenant)).await?;
        if json {
            let told = match found {
                Ok(rows) => json!({"ok": true, "rows": rows}),
                Err(tampered) => json!({"ok": false, "tampered_at": tampered.seq}),
            };
            println!("{told}");
        }
        match found {
            Ok(_) if json => Ok(()),
            Ok(rows) => {
                eprintln!("em-agent: the audit is whole: {rows} rows");
                Ok(())
            }
            Err(_) if json => Err(Failure::Told),
            Err(tampered) => Err(tampered.into()),
        }
    }
}
