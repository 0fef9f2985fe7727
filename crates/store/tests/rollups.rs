//! Roll-ups are what the facts say, whatever was made before and however often.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Double, SmallInt, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::histogram;
use domain::ids::TenantId;
use store::{Role, rollups};
use testkit::database::Database;
use testkit::facts::History;

const UNTIL: &str = "2026-11-01T12:00:00Z";

fn until() -> DateTime<Utc> {
    UNTIL.parse().expect("a time")
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

/// Every row of a query as text.
fn rows(conn: &mut PgConnection, query: &str) -> Vec<String> {
    let rows: Vec<Row> = sql_query(format!("select r::text as row from ({query}) r")).load(conn).expect(query);
    rows.into_iter().map(|row| row.row).collect()
}

fn rollups(conn: &mut PgConnection) -> [Vec<String>; 2] {
    let slots = "select * from dora_slots order by tenant_id, tier, slot";
    [slots, "select * from dora_lead_days order by tenant_id, tier, day, unit, is_bot"].map(|query| rows(conn, query))
}

fn seeded() -> (Database, PgConnection) {
    let database = Database::fresh();
    let history = History { deployments: 400, ..History::small(until()) };
    history.write(&database.url, &TenantId::default()).expect("a history");
    let conn = database.store(Role::App).open(Role::App).expect("a connection");
    (database, conn)
}

#[test]
fn slots_add_up_to_what_the_facts_say() {
    let (_database, mut conn) = seeded();
    let of_slots = rows(
        &mut conn,
        "select tier, sum(deployments)::bigint, sum(redeploys)::bigint, sum(rollbacks)::bigint, sum(hotfixes)::bigint, sum(failed)::bigint,
                sum(rework)::bigint, sum(failed_attempts)::bigint from dora_v_slots group by tier order by tier",
    );
    let of_facts = rows(
        &mut conn,
        "select tier, count(*) filter (where outcome = 'success'), count(*) filter (where kind = 'redeploy'),
                count(*) filter (where kind = 'rollback'), count(*) filter (where kind = 'hotfix'),
                count(*) filter (where failed), count(*) filter (where rework), count(*) filter (where outcome in ('failure', 'error'))
         from dora_v_deployments group by tier order by tier",
    );
    assert_eq!(of_slots, of_facts);
    assert_eq!(of_slots.len(), 2, "{of_slots:?}");
}

#[derive(QueryableByName)]
struct Lead {
    #[diesel(sql_type = Double)]
    lead_s: f64,
}

#[derive(QueryableByName)]
struct Bucket {
    #[diesel(sql_type = SmallInt)]
    bucket: i16,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[test]
fn days_hold_the_buckets_that_the_pure_arithmetic_names() {
    let (_database, mut conn) = seeded();
    let leads: Vec<Lead> = sql_query("select lead_s from dora_v_lead_times where unit = 'change' and lead_s >= 0")
        .load(&mut conn)
        .expect("lead times");
    let mut expected: BTreeMap<i16, u64> = BTreeMap::new();
    for lead in &leads {
        *expected.entry(histogram::bucket(lead.lead_s)).or_default() += 1;
    }
    let made: Vec<Bucket> = sql_query(
        "select bucket, sum(count)::bigint as count from dora_v_lead_days where unit = 'change' group by bucket order by bucket",
    )
    .load(&mut conn)
    .expect("buckets");
    let made: Vec<(i16, u64)> = made.into_iter().map(|row| (row.bucket, row.count.unsigned_abs())).collect();
    assert_eq!(made, expected.into_iter().collect::<Vec<_>>());
    let mut seconds: Vec<f64> = leads.iter().map(|lead| lead.lead_s).collect();
    seconds.sort_by(f64::total_cmp);
    let exact = (seconds[(seconds.len() - 1) / 2] + seconds[seconds.len() / 2]) / 2.0;
    let told = histogram::percentile(&made, 0.5).expect("values");
    assert!((told / exact - 1.0).abs() <= 0.01, "{told} instead of {exact}");
}

#[test]
fn what_is_settled_is_what_a_rebuild_makes() {
    let (_database, mut conn) = seeded();
    // Whatever a fact was or became: its slots of before and after are dirty.
    let changed = "
      with before as (select tenant_id, tier, at from dora_deployments where deployment_id in ('7', '70', '170')),
      mark as (insert into dora_rollup_dirty (tenant_id, tier, slot)
               select tenant_id, tier, date_bin('15 minutes', at + step, 'epoch') from before, unnest(array[interval '0', interval '40 minutes']) step)
      update dora_deployments set at = at + interval '40 minutes', failed = true, kind = 'rollback', outcome = 'success'
      where deployment_id in ('7', '70', '170')";
    sql_query(changed).execute(&mut conn).expect("facts change");
    sql_query(
        "with gone as (delete from dora_changes where number in (select number from dora_changes order by number limit 20) returning *)
         insert into dora_rollup_dirty (tenant_id, tier, slot) select tenant_id, tier, date_bin('15 minutes', at, 'epoch') from gone",
    )
    .execute(&mut conn)
    .expect("facts go");
    let mut taken = 0;
    loop {
        match rollups::settle(&mut conn, 3).expect("it settles") {
            0 => break,
            slots => taken += slots,
        }
    }
    assert!(taken > 3, "{taken} slots");
    let settled = rollups(&mut conn);
    rollups::rebuild(&mut conn).expect("it is rebuilt");
    assert_eq!(settled, rollups(&mut conn));
    assert!(settled.iter().all(|rows| rows.len() > 20));
}

#[test]
fn one_at_a_time_settles_and_what_comes_meanwhile_stays() {
    let (database, mut conn) = seeded();
    let dirty = "insert into dora_rollup_dirty (tenant_id, tier, slot) values ('default', 'production', '2026-10-01T00:00:00Z')";
    sql_query(dirty).execute(&mut conn).expect("a dirty slot");
    let mut other = database.store(Role::App).open(Role::App).expect("a connection");
    let during: Result<(), store::StoreError> = store::transaction(&mut other, |other| {
        assert_eq!(rollups::settle(other, 10)?, 1, "the first takes it");
        sql_query(dirty).execute(&mut conn).expect("another dirty slot");
        assert_eq!(rollups::settle(&mut conn, 10)?, 0, "the second leaves it to the first");
        Ok(())
    });
    during.expect("both go on");
    assert_eq!(rollups::settle(&mut conn, 10).expect("it settles"), 1, "what came meanwhile");
}
