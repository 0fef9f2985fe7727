//! `em-agent retention`: drops raw deliveries that were kept long enough.

use chrono::Utc;
use clap::Args;
use store::Role;
use store::retention::{apply, plan};

use crate::failure::Failure;
use crate::{connections, settings};

/// Drop raw deliveries older than RETENTION_DAYS; events and facts stay
///
/// Prints what is dropped, a day of a table each. Workers do the same by themselves.
#[derive(Args)]
#[command(after_help = "Example:\n  RETENTION_DAYS=90 em-agent retention --dry-run")]
pub(crate) struct Retention {
    /// Only print what would be dropped
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Retention {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load_for_tool()?;
        let store = connections::store(&settings, &settings::database_url(&settings)?, Role::Owner)?;
        let (now, days, dry_run) = (Utc::now(), settings.retention_days, self.dry_run);
        let dropped = store
            .call("retention", move |conn| if dry_run { plan(conn, now, days) } else { apply(conn, now, days) })
            .await?;
        let rows: Vec<(&str, String)> =
            dropped.iter().flat_map(|table| table.days.iter().map(|day| (table.table, day.day.to_string()))).collect();
        if self.json {
            let rows: Vec<_> =
                rows.iter().map(|(table, day)| serde_json::json!({"table": table, "day": day})).collect();
            println!("{}", serde_json::json!({"dry_run": dry_run, "dropped": rows}));
        } else {
            rows.iter().for_each(|(table, day)| println!("{table}\t{day}"));
        }
        if days == 0 {
            eprintln!("em-agent: RETENTION_DAYS is 0: raw deliveries are kept for ever");
        }
        Ok(())
    }
}
