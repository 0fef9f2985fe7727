//! The pool and its one door: [`Store::call`] takes a connection, runs blocking code on the blocking threads, measures it.
//!
//! Every connection works under one of the database roles that the first migration makes, so that intake cannot
//! read jobs and the relay cannot write events. Connecting is lazy: a store can be made while the server is down.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, HandleError, Pool};

use crate::{StoreError, address};

/// The database role that a connection works under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// API and worker: rows of tenants.
    App,
    /// The intake writer: adds to ledger, deliveries, events and outbox, across tenants.
    Ingest,
    /// The relay: reads events and clears the outbox, across tenants.
    Relay,
    /// Migrations, partitions, retention: owns the tables.
    Owner,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "em_app",
            Self::Ingest => "em_ingest",
            Self::Relay => "em_relay",
            Self::Owner => "em_owner",
        }
    }
}

/// How to reach the database.
#[derive(Clone)]
pub struct StoreOptions {
    /// `postgresql://…`; holds the password, so it is never printed.
    pub url: String,
    pub pool_size: u32,
    /// How long a call waits for a free connection before it is [`StoreError::Busy`].
    pub pool_timeout: Duration,
    pub role: Role,
}

/// A pool of connections that all work under one role. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool<ConnectionManager<PgConnection>>,
    last_refusal: Refusals,
    waiting: Arc<AtomicUsize>,
    options: StoreOptions,
}

/// The pool's state at one moment.
#[derive(Clone, Copy, Debug)]
pub struct PoolGauges {
    pub size: usize,
    pub in_use: usize,
    pub waiting: usize,
}

/// Why the last connection could not be made. The pool itself tells only the first of those who wait for one.
#[derive(Clone, Debug, Default)]
struct Refusals(Arc<Mutex<String>>);

impl HandleError<PoolError> for Refusals {
    fn handle_error(&self, error: PoolError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
    }
}

impl Refusals {
    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The last one where there was one, else what the pool says.
    fn or(&self, pool: &impl ToString) -> String {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if last.is_empty() { pool.to_string() } else { last }
    }
}

#[derive(Debug)]
struct WorkAs(Role, Refusals);

impl CustomizeConnection<PgConnection, PoolError> for WorkAs {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), PoolError> {
        prepare(conn, self.0).map_err(PoolError::QueryError)?;
        self.1.forget();
        Ok(())
    }
}

/// Readies a fresh connection: its role, UTC, and limits, so that no call can hang for good.
fn prepare(conn: &mut PgConnection, role: Role) -> diesel::QueryResult<()> {
    // The writer's plans join a batch with itself: nested loops over unknown row counts would be quadratic.
    let planner =
        if role == Role::Ingest { "set enable_nestloop = off; set plan_cache_mode = force_generic_plan;" } else { "" };
    // The relay only forgets what the bus has: a forgotten forgetting is published once more, so it need not wait
    // for the disk. Everybody else's commits are promises.
    let commit = if role == Role::Relay { "off" } else { "on" };
    let timeout = match role {
        Role::Owner => "0",
        Role::Ingest => "10s",
        Role::App | Role::Relay => "30s",
    };
    conn.batch_execute(&format!(
        "set role {}; set timezone = 'UTC'; set synchronous_commit = {commit}; set statement_timeout = '{timeout}'; \
         set idle_in_transaction_session_timeout = '60s'; {planner}",
        role.name()
    ))
}

impl Store {
    /// Makes a pool; the server may be down. Fails only on options that can never work.
    pub fn connect(options: &StoreOptions) -> Result<Self, StoreError> {
        let last_refusal = Refusals::default();
        let pool = Pool::builder()
            .max_size(options.pool_size.max(1))
            .min_idle(Some(0))
            .connection_timeout(options.pool_timeout)
            .test_on_check_out(true)
            .connection_customizer(Box::new(WorkAs(options.role, last_refusal.clone())))
            .error_handler(Box::new(last_refusal.clone()))
            .build_unchecked(ConnectionManager::new(address::completed(&options.url)));
        Ok(Self { pool, last_refusal, waiting: Arc::default(), options: options.clone() })
    }

    /// The same database under another role, with a pool of its own.
    pub fn working_as(&self, role: Role, pool_size: u32) -> Result<Self, StoreError> {
        Self::connect(&StoreOptions { role, pool_size, ..self.options.clone() })
    }

    /// One connection of one's own under this role, outside the pool: for the intake writer's thread.
    pub fn open(&self, role: Role) -> Result<PgConnection, StoreError> {
        let mut conn = address::open(&self.options.url)?;
        prepare(&mut conn, role)?;
        Ok(conn)
    }

    /// Runs `work` on a pooled connection, off the async threads. `query` names it in `db_query_duration_seconds`.
    pub async fn call<T, F>(&self, query: &'static str, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let store = self.clone();
        let measured = move || {
            store.waiting.fetch_add(1, Ordering::Relaxed);
            let conn = store.take();
            store.waiting.fetch_sub(1, Ordering::Relaxed);
            let mut conn = conn?;
            let started = Instant::now();
            let result = work(&mut conn);
            metrics::histogram!("db_query_duration_seconds", "query" => query).record(started.elapsed());
            result
        };
        tokio::task::spawn_blocking(measured).await.map_err(|_| StoreError::Stopped)?
    }

    /// As [`call`](Self::call), for looking only: what `work` sees is of one moment, and it can write nothing.
    pub async fn look<T, F>(&self, query: &'static str, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.call(query, |conn| conn.build_transaction().repeatable_read().read_only().run(work)).await
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn take(&self) -> Result<diesel::r2d2::PooledConnection<ConnectionManager<PgConnection>>, StoreError> {
        self.pool.get().map_err(|error| {
            let all_in_use = self.pool.state().connections >= self.pool.max_size();
            if all_in_use { StoreError::Busy } else { StoreError::Unavailable(self.last_refusal.or(&error).into()) }
        })
    }

    /// For the gauges `db_connection_pool_{size,in_use,waiting}`.
    pub fn gauges(&self) -> PoolGauges {
        let state = self.pool.state();
        PoolGauges {
            size: state.connections as usize,
            in_use: (state.connections - state.idle_connections) as usize,
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}
