//! A table that somebody else holds, as a migration or a maintenance job that hangs would.

use std::thread::JoinHandle;

/// A table that nobody else can read or write until it is released.
pub struct Held {
    url: String,
    session: String,
    holding: Option<JoinHandle<()>>,
}

impl Held {
    /// Takes the table; returns when it is held. Blocking.
    ///
    /// # Panics
    /// When the database does not answer.
    pub fn table(url: &str, table: &str) -> Self {
        let session = format!("holder-{}", uuid::Uuid::new_v4().simple());
        let hold = format!(
            "set application_name = '{session}'; begin; lock table {table} in access exclusive mode; \
             select pg_sleep(600); commit"
        );
        let theirs = url.to_owned();
        // It ends with an error: its session is terminated.
        let holding = std::thread::spawn(move || drop(store::migrate::execute(&theirs, &hold)));
        let once_held = format!(
            "do $$ begin
               while not exists (select from pg_stat_activity
                                 where application_name = '{session}' and wait_event = 'PgSleep') loop
                 perform pg_stat_clear_snapshot();
               end loop;
             end $$"
        );
        store::migrate::execute(url, &once_held).expect("the table is held");
        Self { url: url.to_owned(), session, holding: Some(holding) }
    }

    /// Lets the table go.
    pub fn release(self) {}
}

impl Drop for Held {
    fn drop(&mut self) {
        let end = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{}'",
            self.session
        );
        if store::migrate::execute(&self.url, &end).is_ok()
            && let Some(holding) = self.holding.take()
        {
            // A panic there was told already.
            let _ = holding.join();
        }
    }
}
