//! A database with approvals in it, and crowds that decide at once.

use std::sync::{Barrier, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::approvals::{Choice, Command, Of, Person, Requirement, Terms, Via};
use domain::ids::{ApprovalId, TenantId};
use serde_json::json;
use store::approvals::{Answer, Approval, Proposal, decide, one, propose};
use store::{Role, audit};
use testkit::database::Database;
use testkit::world::minute;
use uuid::Uuid;

pub(crate) const LEASE: TimeDelta = TimeDelta::minutes(2);

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) tenant: TenantId,
}

impl World {
    pub(crate) fn fresh() -> Self {
        Self { database: Database::fresh(), tenant: TenantId::default() }
    }

    pub(crate) fn conn(&self) -> PgConnection {
        self.database.store(Role::App).open(Role::App).expect("a connection")
    }

    pub(crate) fn asked(&self, terms: Terms) -> ApprovalId {
        let proposal = proposal(terms);
        propose(&mut self.conn(), &self.tenant, &proposal, minute(0)).expect("proposed").id
    }

    pub(crate) fn give(&self, id: ApprovalId, command: &Command, now: DateTime<Utc>) -> Answer {
        decide(&mut self.conn(), &self.tenant, id, command, now).expect("decided")
    }

    pub(crate) fn one(&self, id: ApprovalId) -> Approval {
        one(&mut self.conn(), &self.tenant, id).expect("read").expect("an approval")
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        sql_query(format!("select count(*) as count from {sql}"))
            .get_result::<Count>(&mut self.conn())
            .expect("a count")
            .count
    }

    /// What the audit says was done, in order; the chain holds.
    pub(crate) fn audited(&self) -> Vec<String> {
        let conn = &mut self.conn();
        assert!(audit::verify(conn, &self.tenant).expect("read").is_ok());
        let rows: Vec<Line> =
            sql_query("select action || ' ' || actor as line from audit_log order by seq").load(conn).expect("rows");
        rows.into_iter().map(|row| row.line).collect()
    }
}

#[derive(QueryableByName)]
pub(crate) struct Count {
    #[diesel(sql_type = BigInt)]
    pub(crate) count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct Line {
    #[diesel(sql_type = Text)]
    pub(crate) line: String,
}

pub(crate) fn terms(votes: u32) -> Terms {
    let require = vec![Requirement { votes, of: Of::Role("approver".to_owned()) }];
    Terms { require, ..Terms::usual(minute(0)) }
}

pub(crate) fn proposal(terms: Terms) -> Proposal {
    Proposal {
        id: ApprovalId::new(minute(0), *Uuid::new_v4().as_bytes()),
        subject: "acme/shop".to_owned(),
        action: "deploy".to_owned(),
        kind: Some("deploy".to_owned()),
        payload: json!({"sha": "c3d4"}),
        reason: Some("a fix".to_owned()),
        terms,
        requested_by: Some("github:rita".to_owned()),
        authors: vec!["github:otto".to_owned()],
        again_of: None,
    }
}

pub(crate) fn approver(name: &str) -> Person {
    Person { roles: vec!["approver".to_owned()], ..Person::known_as("slack", name) }
}

pub(crate) fn vote(person: &Person, choice: Choice) -> Command {
    Command::Vote { person: person.clone(), choice, via: Via::Slack, reason: None, seen: None }
}

/// One crowd at a time: the server has connections for a few hundred.
static CROWD: Mutex<()> = Mutex::new(());

/// All at once, each on a connection of its own.
pub(crate) fn together(world: &World, id: ApprovalId, commands: Vec<Command>) -> Vec<Answer> {
    let _alone = CROWD.lock().unwrap_or_else(PoisonError::into_inner);
    let barrier = Barrier::new(commands.len());
    std::thread::scope(|scope| {
        let answer = |command: Command| {
            let barrier = &barrier;
            scope.spawn(move || {
                let mut conn = world.conn();
                barrier.wait();
                decide(&mut conn, &world.tenant, id, &command, minute(1)).expect("an answer")
            })
        };
        let threads: Vec<_> = commands.into_iter().map(answer).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}
