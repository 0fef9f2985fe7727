//! Holds the hot queries: with many rows, none of them reads a whole big table.

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel::{Connection, PgConnection, QueryResult, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use uuid::Uuid;

use super::{After, EventFilter, page, stream};
use crate::deliveries::{self, DeliveryFilter};

/// `explain` in front of any query.
#[derive(QueryId)]
struct Explain<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.unsafe_to_cache_prepared();
        pass.push_sql("explain ");
        self.0.walk_ast(pass)
    }
}

impl<Q> Query for Explain<Q> {
    type SqlType = Text;
}

impl<Q> RunQueryDsl<PgConnection> for Explain<Q> {}

/// How the database would go about a query.
pub(crate) fn plan<Q: QueryFragment<Pg> + QueryId>(conn: &mut PgConnection, query: Q) -> String {
    Explain(query).load::<String>(conn).expect("a plan").join("\n")
}

const ROWS: &str = "
insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, service, environment, actor, data)
select 'default', gen_random_uuid(), gen_random_uuid(), 'github', '/github/acme/r' || n % 50,
       (array['commits.pushed', 'change.merged', 'build.finished', 'deployment.finished'])[1 + n % 4],
       'acme/r' || n % 50 || '#' || n % 900, now() - n * interval '1 minute', 'acme/r' || n % 50, 's' || n % 20, 'production',
       'u' || n % 30, '{}'
from generate_series(1, 30000) n;
insert into deliveries (tenant_id, id, received_at, source, kind, key, key_hash, result, scheme, secret, mapping_version,
                        event_count, headers, body, body_encoding, body_bytes)
select 'default', gen_random_uuid(), now() - n * interval '1 minute', 'github', 'push', n::text, sha256(n::text::bytea), 'accepted',
       'github', 'active', 1, 1, '[]', '', 0, 0
from generate_series(1, 30000) n;
insert into delivery_ledger (tenant_id, key_hash, body_hash, delivery_id)
select tenant_id, key_hash, '', id from deliveries;
analyze;";

#[test]
fn the_hot_queries_walk_indexes() {
    let database = testkit::database::Database::fresh();
    let mut conn = PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let tenant = TenantId::default();
    let after = Some(After { time: "2026-11-20T00:00:00Z".parse().expect("a time"), id: Uuid::from_u128(1) });
    let word = |text: &str| Some(text.to_owned());
    let any = EventFilter::default;
    let filters = [
        any(),
        EventFilter { type_prefix: word("deployment"), ..any() },
        EventFilter { source: word("github"), ..any() },
        EventFilter { subject: word("acme/r1#1"), ..any() },
        EventFilter { repo: word("acme/r1"), ..any() },
        EventFilter { service: word("s1"), ..any() },
        EventFilter { actor: word("u1"), ..any() },
    ];
    let mut plans: Vec<String> = Vec::new();
    for filter in &filters {
        plans.push(plan(&mut conn, page(&tenant, filter, None, 51)));
        plans.push(plan(&mut conn, page(&tenant, filter, after, 51)));
    }
    let position = |transaction| stream::Position { transaction, id: Uuid::nil() };
    plans.push(plan(&mut conn, stream::between(&tenant, &any(), position(1_000_000), position(1_000_001))));
    let edge = sql_query(stream::EDGE).bind::<Text, _>("3").bind::<SqlUuid, _>(Uuid::nil()).bind::<BigInt, _>(199);
    plans.push(plan(&mut conn, edge));
    for source in [None, word("github")] {
        let filter = DeliveryFilter { source, ..DeliveryFilter::default() };
        plans.push(plan(&mut conn, deliveries::page(&tenant, &filter, after, 51)));
    }
    for plan in plans {
        assert!(!plan.contains("Seq Scan on events") && !plan.contains("Seq Scan on deliveries"), "{plan}");
    }
}
