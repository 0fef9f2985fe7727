//! What PostgreSQL says, as what mends it: libpq has no codes for failed connections, and diesel keeps no SQLSTATE, so both
//! are known by parts of their (untranslated) text. What is not known says what is most often wrong.

use std::error::Error;

use diesel::result::Error as DieselError;

const AWAY: &str = "PostgreSQL does not answer; check DATABASE_URL and that the server is up";
pub(super) const UNPREPARED: &str = "the database is not set up for this version; run `em-agent migrate`";
pub(super) const READ_ONLY: &str =
    "PostgreSQL takes no writes; check that it is no standby and that default_transaction_read_only is off";
const FULL: &str = "PostgreSQL has no room left; free disk space, or raise the limit that the cause names";
const SLOW: &str = "PostgreSQL took too long; look for locks and long statements in pg_stat_activity";
const REFUSED: &str = "PostgreSQL refused the statement";

/// Why there is no connection: parts of the text, all of which it has, and the sentence. The first that fits counts.
const UNREACHED: &[(&[&str], &str)] = &[
    (&["role \"em_", "does not exist"], UNPREPARED),
    (
        &["permission denied to set role"],
        "the login of DATABASE_URL may not work as em_app, em_ingest, em_relay and em_owner; grant it these roles",
    ),
    (&["password authentication failed"], "PostgreSQL refuses the login; check user and password in DATABASE_URL"),
    (&["no password supplied"], "PostgreSQL refuses the login; DATABASE_URL needs a password"),
    (&["authentication failed"], "PostgreSQL refuses the login; check user and password in DATABASE_URL"),
    (&["pg_hba.conf"], "PostgreSQL lets this user not in from here; check pg_hba.conf"),
    (&["is not permitted to log in"], "PostgreSQL refuses the login; let the user of DATABASE_URL log in"),
    (&["FATAL", "role \"", "does not exist"], "PostgreSQL does not know the user of DATABASE_URL; check its name"),
    (
        &["database \"", "does not exist"],
        "PostgreSQL has no such database; create it, or check its name in DATABASE_URL",
    ),
    (&["permission denied for database"], "the login may not connect to this database; grant it connect"),
    (&["too many"], "PostgreSQL has no connection left; raise max_connections, or lower DB_POOL_SIZE"),
    (
        &["connection slots are reserved"],
        "PostgreSQL has no connection left; raise max_connections, or lower DB_POOL_SIZE",
    ),
    (&["the database system is"], "PostgreSQL is starting or stopping; it is tried again"),
    (&["could not translate host name"], "the host of DATABASE_URL is not known; check its name"),
    (&["SSL"], "PostgreSQL and we do not agree on TLS; check sslmode and sslrootcert in DATABASE_URL"),
    (&["certificate"], "PostgreSQL and we do not agree on TLS; check sslmode and sslrootcert in DATABASE_URL"),
    (&["invalid URI"], "DATABASE_URL cannot be used; check what stands behind its '?'"),
    (&["connection option"], "DATABASE_URL cannot be used; check what stands behind its '?'"),
];

/// Why a statement was refused, likewise.
const TURNED_DOWN: &[(&[&str], &str)] = &[
    (&["role \"em_", "does not exist"], UNPREPARED),
    (&["relation \"", "does not exist"], UNPREPARED),
    (&["column ", "does not exist"], UNPREPARED),
    (&["function ", "does not exist"], UNPREPARED),
    (&["read-only"], READ_ONLY),
    (&["No space left"], FULL),
    (&["could not extend"], FULL),
    (&["could not write"], FULL),
    (&["temp_file_limit"], FULL),
    (&["out of memory"], "PostgreSQL is out of memory; give it more, or lower work_mem"),
    (&["out of shared memory"], "PostgreSQL is out of shared memory; raise max_locks_per_transaction"),
    (&["canceling statement"], SLOW),
    (
        &["permission denied"],
        "PostgreSQL does not allow it to our role; run `em-agent migrate` as the owner of the database",
    ),
];

/// The sentence for a connection that is not there.
pub(super) fn of_unreached(error: &(dyn Error + Send + Sync + 'static)) -> &'static str {
    sentence(UNREACHED, &error.to_string()).unwrap_or(AWAY)
}

/// The sentence for a statement that was not done.
pub(super) fn of_refused(error: &DieselError) -> &'static str {
    match error {
        DieselError::DatabaseError(_, info) => sentence(TURNED_DOWN, info.message()).unwrap_or(REFUSED),
        _ => REFUSED,
    }
}

fn sentence(table: &[(&[&str], &'static str)], text: &str) -> Option<&'static str> {
    table.iter().find(|(parts, _)| parts.iter().all(|part| text.contains(part))).map(|(_, sentence)| *sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> &'static str {
        of_unreached(&*Box::<dyn Error + Send + Sync>::from(text))
    }

    #[test]
    fn what_libpq_says_names_what_to_do() {
        for (text, part) in [
            (
                "connection to server at \"h\", port 5432 failed: FATAL:  password authentication failed for user \"em\"",
                "user and password",
            ),
            ("connection to server at \"h\", port 5432 failed: FATAL:  database \"em\" does not exist", "create it"),
            (
                "connection to server at \"h\", port 5432 failed: FATAL:  role \"bob\" does not exist",
                "does not know the user",
            ),
            (
                "failed: FATAL:  pg_hba.conf rejects connection for host \"h\", user \"em\", database \"em\", no encryption",
                "check pg_hba.conf",
            ),
            (
                "failed: FATAL:  no pg_hba.conf entry for host \"h\", user \"em\", database \"em\", SSL off",
                "check pg_hba.conf",
            ),
            ("timed out waiting for connection: role \"em_app\" does not exist", "em-agent migrate"),
            ("permission denied to set role \"em_app\"", "grant it these roles"),
            ("connection to server at \"h\" failed: FATAL:  sorry, too many clients already", "max_connections"),
            (
                "FATAL:  remaining connection slots are reserved for non-replication superuser connections",
                "max_connections",
            ),
            ("could not translate host name \"nowhere\" to address: Name or service not known", "host of DATABASE_URL"),
            ("FATAL:  the database system is starting up", "starting or stopping"),
            ("server does not support SSL, but SSL was required", "sslmode"),
            ("connection to server at \"127.0.0.1\", port 1 failed: Connection refused", "that the server is up"),
            ("timed out waiting for connection", "that the server is up"),
        ] {
            assert!(told(text).contains(part), "{text}: {}", told(text));
        }
    }
}
